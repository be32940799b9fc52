"""One contender in a process of its own: what the benchmarks against peers start.

    python bench/contend.py compete NAME SEED ROUND OUT     fit and score; labels and times
    python bench/contend.py train NAME SEED ROUND FOLDER OUT    fit and save
    python bench/contend.py respond NAME TEXTS FOLDER OUT   load; latency and throughput
    python bench/contend.py stream NAME TEXTS FOLDER OUT    load; score a file, a text a line

Reading the data and loading the libraries is outside all times and alike for everybody; whatever
turns raw text into a model or a label is inside: cleaning, tokenising, files that a library wants.
"""

from __future__ import annotations

import json
import resource
import sys
import time
from importlib.metadata import version
from itertools import islice
from pathlib import Path
from typing import Any

import sets
from contenders import Contender, create, size_of

WARM_UP = 100  # requests before the clock runs
CHUNK = 10_000  # texts read at once from a file


def peak_mib() -> int:
    """The largest resident memory of this process so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def fitted(model: Contender, given: sets.Round) -> dict[str, Any]:
    """Train; wall and processor seconds, and what the contender notes."""
    before = peak_mib()
    started, used = time.monotonic(), time.process_time()
    notes = model.fit(given.train.texts, given.train.labels, given.many)
    return {
        "fit_seconds": time.monotonic() - started,
        "fit_cpu_seconds": time.process_time() - used,
        "data_and_libraries_mib": before,
        "fit_peak_mib": peak_mib(),
        "notes": notes,
        "libraries": {name: version(name) for name in model.libraries},
    }


def compete(name: str, seed: str, path: str) -> dict[str, Any]:
    """Fit and score one round; the labels go back to be judged alike for all."""
    given, model = sets.load(path), create(name, int(seed))
    facts = fitted(model, given)
    started, used = time.monotonic(), time.process_time()
    labels = model.predict(given.test.texts)
    return facts | {
        "score_seconds": time.monotonic() - started,
        "score_cpu_seconds": time.process_time() - used,
        "labels": labels,
    }


def train(name: str, seed: str, path: str, folder: str) -> dict[str, Any]:
    """Fit and save; the size on disk."""
    model, target = create(name, int(seed)), Path(folder)
    facts = fitted(model, sets.load(path))
    target.mkdir(parents=True, exist_ok=True)
    model.save(target)
    return facts | {"size_bytes": size_of(target)}


def _percentiles(seconds: list[float]) -> dict[str, float]:
    ordered = sorted(seconds)
    places = {"p50": 0.5, "p99": 0.99}
    return {k: ordered[min(len(ordered) - 1, int(q * len(ordered)))] for k, q in places.items()}


def respond(name: str, path: str, folder: str) -> dict[str, Any]:
    """Latency of single requests and texts a second of many, for each kind of text."""
    model = create(name)
    model.load(Path(folder))
    facts: dict[str, Any] = {"loaded_mib": peak_mib()}
    for kind, given in json.loads(Path(path).read_text(encoding="utf-8")).items():
        single, many = given["single"], given["many"]
        for text in single[:WARM_UP]:
            model.predict([text])
        taken = []
        for text in single:
            started = time.perf_counter()
            model.predict([text])
            taken.append(time.perf_counter() - started)
        model.predict(many[: len(many) // 10])
        started = time.perf_counter()
        model.predict(many)
        rate = len(many) / (time.perf_counter() - started)
        facts[kind] = {**_percentiles(taken), "texts_a_second": rate, "peak_mib": peak_mib()}
    return facts


def stream(name: str, path: str, folder: str) -> dict[str, Any]:
    """Score a file, chunk by chunk, into a file of labels beside it."""
    model, source, count = create(name), Path(path), 0
    model.load(Path(folder))
    with (
        source.open(encoding="utf-8", newline="\n") as lines,
        source.with_suffix(".labels").open("w", encoding="utf-8") as sink,
    ):
        next(lines)
        while chunk := [line.rstrip("\n") for line in islice(lines, CHUNK)]:
            sink.writelines(" ".join(names) + "\n" for names in model.predict(chunk))
            count += len(chunk)
    return {"texts": count, "peak_mib": peak_mib()}


def main() -> None:
    """Do what the first argument names; figures go to the file that the last one names."""
    what = {"compete": compete, "train": train, "respond": respond, "stream": stream}
    figures = what[sys.argv[1]](*sys.argv[2:-1])
    Path(sys.argv[-1]).write_text(json.dumps(figures), encoding="utf-8")


if __name__ == "__main__":
    main()

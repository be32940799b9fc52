"""A pre-trained transformer beside heedful's own presets: accuracy, time and memory.

    python bench/pretrained.py --data ../shared/data --model FOLDER trec frozen tuned default
    python bench/pretrained.py --data ../shared/data --model FOLDER mr frozen --folds 10
    python bench/pretrained.py --data ../shared/data --model FOLDER imdb frozen

Each run is a `heedful train` and a `heedful evaluate` of its own process; wall time and peak memory
are the whole training process's. States are cached where heedful keeps them (HEEDFUL_HOME), so a
second run is sooner; --fresh takes an empty folder. Ctrl-C ends it; what the transformer has read
by then stays in the cache, finished rows are in bench/results/pretrained-SET.json. The test part
is read once a run.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import sys
import tempfile
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from presets import RESULTS, heedful
from sets import Part, Round, rounds

from heedful.presets import PRESETS

WAYS = {
    "frozen": [],
    "frozen-alone": ["evidence.orders=0"],
    "uniform-alone": ["evidence.orders=0", "model.attention=uniform"],
    "tuned": ["hf.tune=true", "train.epochs=3"],
    "tuned-alone": ["hf.tune=true", "train.epochs=3", "evidence.orders=0"],
}
Row = dict[str, Any]


def flags_of(name: str, model: str) -> list[str]:
    """What `heedful train` is told beside data and place."""
    if name not in WAYS:
        return ["--preset", name]
    sets = [part for setting in WAYS[name] for part in ("--set", setting)]
    return ["--encoder", f"hf:{model}", *sets]


def write(part: Part, path: Path) -> str:
    """The texts as JSON lines."""
    rows = zip(part.texts, part.labels, strict=True)
    lines = (json.dumps({"text": text, "label": labels[0]}) for text, labels in rows)
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return str(path)


def measure(name: str, given: Round, flags: list[str]) -> Row:
    """Train and evaluate once."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        run, figures = str(folder / "run"), folder / "figures.json"
        train = write(given.train, folder / "train.jsonl")
        test = write(given.test, folder / "test.jsonl")
        named = ["--text", "text", "--label", "label", "--no-baseline"]
        seconds, peak = heedful("train", train, "--out", run, *named, *flags)
        scoring, _ = heedful("evaluate", run, test, "--json", str(figures))
        found = json.loads(figures.read_text())
    return {
        "name": name,
        "accuracy": found["accuracy"],
        "train_seconds": round(seconds, 1),
        "evaluate_seconds": round(scoring, 1),
        "peak_mib": peak,
    }


def table(rows: list[Row]) -> str:
    """Markdown: means over rounds, and the spread of the accuracy."""
    lines = [
        "| | accuracy | rounds | train, s | evaluate, s | peak, MiB |",
        "|---|---|---|---|---|---|",
    ]
    for name in dict.fromkeys(row["name"] for row in rows):
        mine = [row for row in rows if row["name"] == name]
        known = [row["accuracy"] for row in mine]
        mean = f"{statistics.mean(known):.4f}"
        if len(known) > 1:
            mean += f" ({min(known):.4f} to {max(known):.4f})"
        times = [
            statistics.mean(r[key] for r in mine) for key in ("train_seconds", "evaluate_seconds")
        ]
        peak = max(row["peak_mib"] for row in mine)
        lines.append(
            f"| {name} | {mean} | {len(mine)} | {times[0]:.0f} | {times[1]:.0f} | {peak:,} |"
        )
    return "\n".join(lines)


def main() -> None:
    """Read the arguments, run, print, write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("dataset", choices=("imdb", "trec", "mr"))
    parser.add_argument("names", nargs="+", choices=(*WAYS, *PRESETS), metavar="NAME")
    parser.add_argument("--data", type=Path, required=True, help="folder of the data sets")
    parser.add_argument("--model", required=True, help="the transformer: folder or name")
    parser.add_argument("--folds", type=int, default=1, help="of MR's ten, the first so many")
    parser.add_argument("--limit", type=int, default=0, help="so many texts of each part")
    parser.add_argument("--test-limit", type=int, default=0, help="so many test texts, by chance")
    parser.add_argument("--fresh", action="store_true", help="begin with no states in the cache")
    parser.add_argument("--note", default="", help="kept with the numbers: what else was running")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as home:
        if options.fresh:
            os.environ["HEEDFUL_HOME"] = home
        run(options)


def run(options: argparse.Namespace) -> None:
    """Every name on every round; the file is written after each."""
    RESULTS.mkdir(exist_ok=True)
    target = RESULTS / f"pretrained-{options.dataset}.json"
    found: list[Row] = []
    for given in rounds(options.data, options.dataset, options.limit, options.folds):
        given = replace(given, test=given.test.limited(options.test_limit))
        for name in options.names:
            found.append(measure(name, given, flags_of(name, options.model)))
            print(table(found[-1:]).splitlines()[-1], file=sys.stderr, flush=True)
            facts = {
                "date": datetime.now(UTC).date().isoformat(),
                "cores": os.cpu_count(),
                "python": platform.python_version(),
                "model": Path(options.model).name,
                "names": options.names,
                "limit": options.limit,
                "test_texts": len(given.test.texts),
                "note": options.note,
                "results": found,
            }
            target.write_text(json.dumps(facts, indent=2) + "\n")
    print(table(found))


if __name__ == "__main__":
    main()

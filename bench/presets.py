"""Accuracy, time and memory of presets, and of every encoder x score, on real data.

    python bench/presets.py --data ../shared/data imdb default stacked-bilstm
    python bench/presets.py --data ../shared/data trec grid

Each run is a `heedful train` and a `heedful evaluate` of its own process, as a user would
start them; wall time and peak memory are the whole training process's. The table goes to
stdout, the numbers to bench/results/DATASET-NAME.json. The test set is read once a run.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from heedful.config import ENCODERS, SCORES
from heedful.presets import PRESETS

RESULTS = Path(__file__).parent / "results"
# What the grid changes beside encoder and score, so that 32 runs end within the hour.
GRID = {
    "imdb": ["text.max_tokens=100", "train.epochs=1", "train.patience=0"],
    "trec": [],
}


@dataclass(frozen=True)
class Result:
    """One row of the table."""

    name: str
    accuracy: float
    f1: float
    auc: float
    epochs: int
    train_seconds: float
    evaluate_seconds: float
    peak_mib: int


def heedful(*arguments: str) -> tuple[float, int]:
    """Run the command line; returns wall seconds and peak memory in MiB."""
    started = time.monotonic()
    process = subprocess.Popen(
        [sys.executable, "-m", "heedful", *arguments], stdout=subprocess.DEVNULL
    )
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        raise SystemExit(f"heedful {' '.join(arguments)} failed")
    return time.monotonic() - started, usage.ru_maxrss // 1024


def measure(name: str, data: Path, flags: list[str]) -> Result:
    """Train and evaluate once."""
    with tempfile.TemporaryDirectory() as folder:
        run, figures = f"{folder}/run", Path(folder) / "figures.json"
        seconds, peak = heedful("train", str(data / "train.tsv"), "--out", run, *flags)
        scoring, _ = heedful("evaluate", run, str(data / "test.tsv"), "--json", str(figures))
        found = json.loads(figures.read_text())
        epochs = len((Path(run) / "history.jsonl").read_text().splitlines())
    numbers = (found["accuracy"], found["f1"], found["auc"])
    return Result(name, *numbers, epochs, round(seconds, 1), round(scoring, 1), peak)


def jobs(names: list[str], dataset: str) -> list[tuple[str, list[str]]]:
    """Name and flags of every run that is asked for."""
    if names == ["grid"]:
        sets = [part for setting in GRID[dataset] for part in ("--set", setting)]
        return [
            (f"{encoder} x {score}", ["--encoder", encoder, "--attention", score, *sets])
            for encoder in ENCODERS
            for score in SCORES
        ]
    unknown = set(names) - set(PRESETS)
    if unknown:
        raise SystemExit(f"unknown preset {sorted(unknown)[0]}; known are {', '.join(PRESETS)}")
    return [(name, ["--preset", name]) for name in names]


def table(results: list[Result]) -> str:
    """Markdown."""
    lines = [
        "| | accuracy | F1 | AUC | epochs | train, s | evaluate, s | peak, MiB |",
        "|---|---|---|---|---|---|---|---|",
    ]
    lines += [
        f"| {r.name} | {r.accuracy:.4f} | {r.f1:.4f} | {r.auc:.4f} | {r.epochs} | "
        f"{r.train_seconds:.0f} | {r.evaluate_seconds:.0f} | {r.peak_mib:,} |"
        for r in results
    ]
    return "\n".join(lines)


def main() -> None:
    """Read the arguments, run, print, write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("dataset", choices=sorted(GRID))
    parser.add_argument("names", nargs="+", help="presets, or `grid`")
    parser.add_argument("--data", type=Path, required=True, help="folder of the data sets")
    parser.add_argument("--set", action="append", default=[], help="more settings, key=value")
    options = parser.parse_args()
    more = [part for setting in options.set for part in ("--set", setting)]
    results: list[Result] = []
    RESULTS.mkdir(exist_ok=True)
    target = RESULTS / f"{options.dataset}-{'-'.join(options.names)}.json"
    for name, flags in jobs(options.names, options.dataset):
        results.append(measure(name, options.data / options.dataset, [*flags, *more]))
        print(table(results[-1:]).splitlines()[-1], file=sys.stderr, flush=True)
        facts = {
            "date": datetime.now(UTC).date().isoformat(),
            "cores": os.cpu_count(),
            "python": platform.python_version(),
            "command": " ".join(["python", *sys.argv]).replace(str(options.data), "DATA"),
            "results": [asdict(result) for result in results],
        }
        target.write_text(json.dumps(facts, indent=2) + "\n")
    print(table(results))


if __name__ == "__main__":
    main()

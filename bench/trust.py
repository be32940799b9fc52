"""How far maps may be trusted, run by run, on the same texts: the table of docs/benchmarks.md.

    python bench/trust.py --data ../shared/data/imdb/test.tsv default=RUN faithful=RUN2

Runs `heedful trust` on 1,000 test texts for every run and `heedful evaluate` on all of them, and
prints a table in Markdown. The numbers go to bench/results/trust.json.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

RESULTS = Path(__file__).parent / "results"
COLUMNS = {
    "beats all 20": "beats_all",
    "way to best": "share",
    "comprehensiveness": "comprehensiveness",
    "sufficiency": "sufficiency",
    "flip, weights": "attention_flip",
    "flip, words": "input_flip",
    "τ-LOO": "tau",
    "τ-LOO signed": "tau_signed",
    "RACU": "racu",
}
CHANCE = ("comprehensiveness", "sufficiency", "attention_flip", "input_flip")


def heedful(*arguments: object) -> tuple[float, int]:
    """Run a command of heedful's; wall seconds and peak memory in MiB."""
    started = time.monotonic()
    command = [sys.executable, "-m", "heedful", *(str(a) for a in arguments)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        raise SystemExit(f"heedful {' '.join(map(str, arguments))} failed")
    return time.monotonic() - started, usage.ru_maxrss // 1024


def measured(run: str, data: Path, options: argparse.Namespace) -> dict[str, Any]:
    """One run's record, without the single texts."""
    with tempfile.TemporaryDirectory() as folder:
        score, trust = Path(folder) / "score.json", Path(folder) / "trust.json"
        columns = ("--text", "text", "--label", "label")
        heedful("evaluate", run, data, *columns, "--json", score)
        methods = [part for method in options.method for part in ("--method", method)]
        flags = (*columns, "--limit", options.texts, *methods, "--json", trust)
        seconds, peak = heedful("trust", run, data, *flags)
        record = json.loads(trust.read_text())
        accuracy = json.loads(score.read_text())["accuracy"]
    del record["cards"], record["run"], record["data"]
    return record | {"test_accuracy": accuracy, "seconds": round(seconds, 1), "peak_mib": peak}


def rows(name: str, record: dict[str, Any]) -> list[str]:
    """The Markdown rows of one run: random orders, then each method."""
    known, inside = record["chance"], record["attention"]
    of_attention = "no attention network"
    if inside is not None:
        of_attention = (
            f"conicity {inside['conicity']['value']:.2f}, "
            f"Δp uniform {known['uniform']['value']:.2f}, "
            f"permuted {inside['permuted']['value']:.2f}, "
            f"adversary {inside['divergence']['value']:.2f}"
        )
    about = (
        f"| **{name}** | test accuracy {record['test_accuracy']:.4f}, {of_attention}, "
        f"τ ceiling {known['tau_ceiling']['value']:.2f}; {record['seconds']:.0f} s |"
        + " |"
        * (len(COLUMNS) - 1)
    )
    cells = [_figure(known[key]) if key in CHANCE else "" for key in COLUMNS.values()]
    lines = [about, f"| random orders | {' | '.join(cells)} |"]
    for method, row in record["methods"].items():
        shown = " (shown)" if method == record["show"] else ""
        cells = [_figure(row[key]) for key in COLUMNS.values()]
        lines.append(f"| {method}{shown} | {' | '.join(cells)} |")
    return lines


def _figure(figure: dict[str, float | None]) -> str:
    value, low, high = figure["value"], figure["low"], figure["high"]
    if value is None or low is None or high is None:
        return "n/a"
    return f"{value:.2f} ±{(high - low) / 2:.2f}"


def main() -> None:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("runs", nargs="+", metavar="NAME=RUN")
    parser.add_argument("--data", type=Path, required=True, help="labelled test texts")
    parser.add_argument("--texts", type=int, default=1000)
    parser.add_argument("--method", action="append", default=[], help="else every method")
    options = parser.parse_args()
    path = RESULTS / "trust.json"
    found = json.loads(path.read_text())["runs"] if path.exists() else {}
    for pair in options.runs:
        name, _, run = pair.partition("=")
        found[name] = measured(run, options.data, options)
        facts = {"texts": options.texts, "date": datetime.now(UTC).date().isoformat()}
        path.write_text(json.dumps(facts | {"runs": found}, indent=1) + "\n")
    print("| method |", " | ".join(COLUMNS), "|")
    print("|---|" + "---|" * len(COLUMNS))
    for name, record in found.items():
        print("\n".join(rows(name, record)))


if __name__ == "__main__":
    main()

"""`heedful tune` against `default` on MR: settings found on nine folds, one fold read once.

The fold that tests is one of the ten of bench/peers.py (sets.py). The search gets the other nine as
a file, within a number of minutes that its end, training the winner, is a part of. Then `default`
is trained on the same nine folds, and both models read the fold that was kept apart, once:
accuracy, difference, McNemar's test. Prints a table and writes tune-mr.json.
"""

from __future__ import annotations

import argparse
import csv
import json
import shutil
import sys
import time
from pathlib import Path
from typing import Any

import contest
import sets


def table_of(path: Path, part: sets.Part) -> None:
    """Texts and labels as TSV, quoted where that is needed."""
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, delimiter="\t")
        writer.writerow(("text", "label"))
        writer.writerows((t, labels[0]) for t, labels in zip(part.texts, part.labels, strict=True))


def heedful(*arguments: object) -> float:
    """Run a command to its end; seconds it took. Its exit code must be 0."""
    started = time.monotonic()
    command = [sys.executable, "-m", "heedful", *map(str, arguments)]
    spent = contest.run(command)
    if spent.status:
        raise SystemExit(f"{' '.join(command)} ended with {spent.status}")
    return time.monotonic() - started


def right(run: Path, part: sets.Part) -> list[bool]:
    """Whether a run is right on each text."""
    from heedful.learn.folder import load_model

    said = load_model(run).predict(part.texts)
    return [found.labels == tuple(labels) for found, labels in zip(said, part.labels, strict=True)]


def judged(first: list[bool], second: list[bool]) -> dict[str, Any]:
    """Accuracy of both, the difference with its interval, and McNemar's test."""
    import numpy as np

    from heedful.learn.bootstrap import paired_difference
    from heedful.learn.paired import mcnemar

    winner, default = np.array(first), np.array(second)
    return {
        "texts": len(winner),
        "winner": float(winner.mean()),
        "default": float(default.mean()),
        "difference": float(winner.mean() - default.mean()),
        "interval": paired_difference(winner, default),
        "mcnemar": mcnemar(winner, default),
    }


def shown(facts: dict[str, Any]) -> str:
    """The table."""
    report, test = facts["search"], facts["test"]
    rows = [["validation, search", *_gain(report["search"])]]
    rows += [["validation, confirmed", *_gain(report["confirmation"])]]
    low, high = test["interval"]
    gain = f"{test['difference']:+.4f} ({low:+.4f} to {high:+.4f})"
    rows.append(
        ["test, read once", f"{test['texts']:,}", gain, f"{test['mcnemar']['p_value']:.3f}"]
    )
    return contest.table(["part", "texts", "winner − default", "McNemar p"], rows)


def _gain(found: dict[str, Any] | None) -> list[str]:
    if found is None:
        return ["–", "not measured", "–"]
    gain = f"{found['mean']:+.4f} ({found['low']:+.4f} to {found['high']:+.4f})"
    return [f"{found['texts']:,}", gain, f"{found['p_value']:.3f}"]


def main() -> None:
    """Read the arguments; run, print, write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help="folder with mr/")
    parser.add_argument("--work", type=Path, required=True, help="an empty folder to work in")
    parser.add_argument("--fold", type=int, default=0, choices=range(10))
    parser.add_argument("--minutes", type=float, default=30)
    parser.add_argument("--trials", type=int)
    parser.add_argument("--limit", type=int, default=0, help="texts a part; 0 = all: a quick try")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, default=contest.BENCH / "results")
    options = parser.parse_args()
    if options.work.exists() and any(options.work.iterdir()):
        raise SystemExit(f"{options.work} is not empty")
    options.work.mkdir(parents=True, exist_ok=True)
    given = sets.rounds(options.data, "mr", options.limit)[options.fold]
    data, found = options.work / "nine-folds.tsv", options.work / "tune"
    table_of(data, given.train)
    limits = ["--minutes", options.minutes]
    limits += ["--trials", options.trials] if options.trials else []
    seconds = heedful("tune", data, "--out", found, "--seed", options.seed, *limits)
    default = options.work / "default"
    heedful("train", data, "--out", default, "--seed", options.seed)
    # The one time that the fold kept apart is read.
    test = judged(right(found / "run", given.test), right(default, given.test))
    facts = {
        "machine": contest.machine(),
        "fold": options.fold,
        "minutes": options.minutes,
        "seconds": round(seconds, 1),
        "search": json.loads((found / "report.json").read_text("utf-8")),
        "test": test,
    }
    options.out.mkdir(parents=True, exist_ok=True)
    target = options.out / "tune-mr.json"
    target.write_text(json.dumps(facts, indent=1) + "\n", encoding="utf-8")
    shutil.copy(found / "report.html", options.work / "report.html")
    print(shown(facts))
    print(f"\nwinner {test['winner']:.4f}, default {test['default']:.4f}; {seconds / 60:.1f} min")
    print(facts["search"]["command"])


if __name__ == "__main__":
    main()

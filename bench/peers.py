"""Accuracy and wall time from raw text, against peers: fit and score, each a process of its own.

    python bench/peers.py --data DATA imdb trec mr goemotions
    python bench/peers.py --data DATA imdb --contenders heedful:fast sklearn:bi --seeds 0 1 2

Contenders are named as in bench/contenders; seconds after which spaCy's training stops are set by
`--spacy-seconds`. MR is ten folds, the same for all, and its figures are means over them. Labels
are judged here, alike for all: accuracy (with many labels: all of a text right), macro and micro
F1; a label of many is given at a probability of one half, by NB-SVM at a margin of nought, by
heedful and `sklearn:bi,thresholds=share` as often as in training.
Prints a table a data set and writes bench/results/peers-SET.json.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path
from statistics import fmean
from typing import Any

import contest
import sets
from contenders import PEERS, parse
from sklearn.metrics import f1_score
from sklearn.preprocessing import MultiLabelBinarizer

from heedful.presets import PRESETS

OURS = tuple(f"heedful:{name}" for name in ("fast", "default") if name in PRESETS)
RATIO_TO = "sklearn:bi"  # what wall time is compared with
HEAD = (
    "contender", "accuracy", "F1, macro", "F1, micro", "fit, s", "score, s", "texts/s scored",
    f"time ÷ {RATIO_TO}", "peak, MiB",
)  # fmt: skip


def judged(given: sets.Round, labels: list[list[str]]) -> dict[str, float]:
    """Accuracy and F1 of the labels of the test part."""
    binarizer = MultiLabelBinarizer(classes=given.classes).fit([])
    truth, found = (binarizer.transform(x) for x in (given.test.labels, labels))
    return {
        "accuracy": float((truth == found).all(axis=1).mean()),
        "macro_f1": float(f1_score(truth, found, average="macro", zero_division=0)),
        "micro_f1": float(f1_score(truth, found, average="micro", zero_division=0)),
    }


def once(name: str, seed: int, path: Path, given: sets.Round, peers: Path) -> dict[str, Any]:
    """One contender, one round, one seed."""
    python, out = contest.python_of(name, peers), path.with_suffix(".out")
    found, spent = contest.play(python, "contend.py", "compete", name, seed, path, out)
    if "failed" in found:
        return found
    found |= judged(given, found.pop("labels")) | {"peak_mib": spent.peak_mib}
    return found | {"process_seconds": spent.wall, "seed": seed, "tested": len(given.test.texts)}


def averaged(runs: list[dict[str, Any]]) -> dict[str, Any]:
    """One seed's figures over its folds: means, the largest peak."""
    keys = ("accuracy", "macro_f1", "micro_f1", "fit_seconds", "score_seconds")
    return {key: fmean(run[key] for run in runs) for key in keys} | {
        "peak_mib": max(run["peak_mib"] for run in runs),
        "texts_a_second": sum(r["tested"] for r in runs) / sum(r["score_seconds"] for r in runs),
    }


def measured(
    name: str, rounds: list[tuple[Path, sets.Round]], seeds: list[int], peers: Path
) -> dict[str, Any]:
    """All rounds and seeds of a contender. Linear models do not depend on a seed: one will do."""
    deterministic = parse(name)[0] in ("sklearn", "nbsvm")
    runs = []
    for seed in seeds[:1] if deterministic else seeds:
        for path, given in rounds:
            run = once(name, seed, path, given, peers)
            if "failed" in run:
                return {"contender": name, **run}
            runs.append(run)
    by_seed = [averaged([r for r in runs if r["seed"] == s]) for s in {r["seed"] for r in runs}]
    return {"contender": name, "seeds": by_seed, "runs": runs}


def time_of(result: dict[str, Any]) -> float | None:
    """Fit and score, seconds; None for one that failed."""
    if "failed" in result:
        return None
    return fmean(s["fit_seconds"] + s["score_seconds"] for s in result["seeds"])


def row(result: dict[str, Any], yardstick: float | None) -> list[str]:
    """One row of the table."""
    if "failed" in result:
        return [result["contender"], result["failed"], *["–"] * (len(HEAD) - 2)]
    seeds = result["seeds"]
    scores = [
        contest.mean_and_spread([s[key] for s in seeds])
        for key in ("accuracy", "macro_f1", "micro_f1")
    ]
    fit, score, rate = (
        fmean(s[key] for s in seeds) for key in ("fit_seconds", "score_seconds", "texts_a_second")
    )
    peak = max(s["peak_mib"] for s in seeds)
    times = [f"{fit:.1f}", f"{score:.1f}", f"{rate:,.0f}"]
    return [
        result["contender"], *scores, *times, contest.ratio(time_of(result), yardstick),
        f"{peak:,}",
    ]  # fmt: skip


def tabled(results: list[dict[str, Any]]) -> str:
    """The table of one data set."""
    found = {r["contender"]: time_of(r) for r in results}
    return contest.table(HEAD, [row(r, found.get(RATIO_TO)) for r in results])


def with_clock(name: str, seconds: float) -> str:
    """spaCy's contenders with the limit of their training time in their name."""
    return f"{name},seconds={seconds:g}" if seconds and name.startswith("spacy:") else name


def bout(dataset: str, options: argparse.Namespace, names: list[str]) -> bool:
    """One data set; whether every contender ended well."""
    results: list[dict[str, Any]] = []
    facts = {"machine": contest.machine(), "dataset": dataset, "results": results}
    with tempfile.TemporaryDirectory() as folder:
        rounds = []
        for number, given in enumerate(
            sets.rounds(options.data, dataset, options.limit, options.folds)
        ):
            path = Path(folder) / f"{number}.json"
            given.save(path)
            rounds.append((path, given))
        facts["texts"] = [[len(g.train.texts), len(g.test.texts)] for _, g in rounds]
        for name in names:
            results.append(measured(name, rounds, options.seeds, options.peers))
            contest.write(options, f"peers-{dataset}", facts)
            print(tabled(results).splitlines()[-1], file=sys.stderr, flush=True)
    print(f"\n{dataset}\n\n{tabled(results)}", flush=True)
    return not any("failed" in result for result in results)


def main() -> None:
    """Read the arguments; run, print, write."""
    parser = contest.parser(__doc__)
    parser.add_argument("datasets", nargs="+", choices=sets.SETS)
    parser.add_argument("--contenders", nargs="+", default=[*OURS, *PEERS])
    parser.add_argument("--seeds", nargs="+", type=int, default=[0])
    parser.add_argument("--folds", type=int, default=0, help="of MR; 0 = all ten")
    parser.add_argument("--spacy-seconds", type=float, default=900, help="0 = no limit")
    options = parser.parse_args()
    contest.prepare(options)
    names = [with_clock(name, options.spacy_seconds) for name in options.contenders]
    ended_well = [bout(dataset, options, names) for dataset in options.datasets]
    raise SystemExit(0 if all(ended_well) else 1)


if __name__ == "__main__":
    main()

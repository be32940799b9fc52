"""Several runs on the same texts: figures, paired tests, and where they disagree. No torch here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from heedful.learn.bootstrap import paired_difference
from heedful.learn.decision import Decision
from heedful.learn.evaluation import is_right, measured
from heedful.learn.metrics import decide
from heedful.learn.paired import mcnemar, verdict
from heedful.learn.scores import Scores
from heedful.records import HeedfulError

Bools = NDArray[np.bool_]


def compare(
    runs: Mapping[str, tuple[Scores, Decision]], *, most: int = 20, seed: int = 0
) -> dict[str, Any]:
    """Compare runs that scored the same rows.

    Args:
        runs: by name, two or more.
        most: how many rows to name on which the runs disagree.
        seed: of the bootstrap.

    Returns:
        `runs`: figures and intervals by name; `pairs`: McNemar test, its p-value adjusted for
        the number of pairs (Holm 1979), the difference of accuracies with its 95 % interval,
        a sentence that goes by the adjusted p-value; `disagreements`: how many rows, and the
        first ones by the size of the difference.

    Raises:
        HeedfulError: other rows, other classes or another task.
    """
    _check_alike(runs)
    first = next(iter(runs.values()))[0]
    said = {
        name: scores.labels.decode(decide(scores.probabilities, scores.task, decision.array()))
        for name, (scores, decision) in runs.items()
    }
    right = {
        name: is_right(scores.probabilities, scores.targets, scores.task, decision.array())
        for name, (scores, decision) in runs.items()
    }
    couples = list(combinations(runs, 2))
    tests = [mcnemar(right[one], right[other]) for one, other in couples]
    adjusted = holm([test["p_value"] for test in tests])
    pairs = [
        _pair(couple, test, p_value, right, seed)
        for couple, test, p_value in zip(couples, tests, adjusted, strict=True)
    ]
    # As the runs decide now, which `heedful decide` may have changed since they were scored.
    differ = np.flatnonzero([len(set(row)) > 1 for row in zip(*said.values(), strict=True)])
    spread_of = _spread([scores for scores, _ in runs.values()])
    order = differ[np.argsort(-spread_of[differ], kind="stable")][:most]
    return {
        "rows": len(first),
        "runs": {name: _measured(*run, seed) for name, run in runs.items()},
        "pairs": pairs,
        "disagreements": {
            "count": len(differ),
            "rows": [_row(first, said, int(i)) for i in order],
        },
    }


def _check_alike(runs: Mapping[str, tuple[Scores, Decision]]) -> None:
    (name, (first, _)), *others = runs.items()
    for other_name, (other, _) in others:
        if other.labels != first.labels:
            raise HeedfulError(
                f"{other_name} has the labels {', '.join(other.labels.names)} "
                f"({other.task}), {name} has {', '.join(first.labels.names)} ({first.task}); only "
                "runs of one task can be compared"
            )
        same = len(other) == len(first) and bool((other.targets == first.targets).all())
        if not same or other.excerpts != first.excerpts:
            raise HeedfulError(
                f"{other_name} and {name} were not scored on the same texts; name them with --data"
            )


def _measured(scores: Scores, decision: Decision, seed: int) -> dict[str, Any]:
    p, truth = scores.probabilities, scores.targets
    return measured(p, truth, scores.task, decision.array(), seed)


def _pair(
    couple: tuple[str, str],
    test: Mapping[str, Any],
    p_adjusted: float,
    right: Mapping[str, Bools],
    seed: int,
) -> dict[str, Any]:
    one, other = couple
    first, second = right[one], right[other]
    judged = dict(test) | {"p_value": p_adjusted}
    return {
        "first": one,
        "second": other,
        "mcnemar": test,
        "p_adjusted": p_adjusted,
        "difference": float(first.mean() - second.mean()),
        "interval": list(paired_difference(first, second, seed=seed)),
        "sentence": verdict(one, float(first.mean()), other, float(second.mean()), judged),
    }


def holm(p_values: Sequence[float]) -> list[float]:
    """P-values adjusted for their number by Holm's step-down method (Holm 1979)."""
    order = np.argsort(p_values, kind="stable")
    adjusted = [0.0] * len(p_values)
    highest = 0.0
    for rank, index in enumerate(order.tolist()):
        highest = max(highest, (len(p_values) - rank) * p_values[index])
        adjusted[index] = min(1.0, highest)
    return adjusted


def _spread(runs: Sequence[Scores]) -> NDArray[np.float64]:
    """(N,) the largest difference in the probability of a class."""
    stacked = np.stack([scores.probabilities for scores in runs])
    widest: NDArray[np.float64] = np.ptp(stacked, axis=0).max(axis=1).astype(np.float64)
    return widest


def _row(
    first: Scores, said: Mapping[str, Sequence[tuple[str, ...]]], index: int
) -> dict[str, Any]:
    return {
        "source": first.sources[index],
        "row": int(first.rows[index]),
        "labels": list(first.labels.decode(first.targets[index : index + 1])[0]),
        "predicted": {name: list(labels[index]) for name, labels in said.items()},
        "excerpt": first.excerpts[index],
    }

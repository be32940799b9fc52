"""Which rows of an evaluation are worth looking at: mistakes, close calls, random, suspect."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from heedful.learn.decision import Decision
from heedful.learn.evaluation import is_right
from heedful.learn.label_errors import Suspect
from heedful.learn.scores import Scores

EACH = 25
LONGEST = 3_000  # tokens; one giant text would outweigh the rest of a page


def select_rows(
    scores: Scores, decision: Decision, suspects: Sequence[Suspect], *, seed: int = 0
) -> dict[int, list[str]]:
    """Row positions with the reasons why each is shown, at most `EACH` per reason.

    Reasons: `mistake` (the most confident ones, taken in turn from every pair of true and
    predicted labels), `close` (nearest to another decision), `random` (seeded), `label error`.
    """
    right = is_right(scores.probabilities, scores.targets, scores.task, decision.array())
    short = scores.tokens <= LONGEST
    chosen: dict[int, list[str]] = {}
    reasons: dict[str, Iterable[int]] = {
        "mistake": _mistakes(scores, right),
        "close": np.argsort(margins(scores, decision), kind="stable").tolist(),
        "random": np.random.default_rng(seed).permutation(len(scores)).tolist(),
        "label error": (suspect.index for suspect in suspects),
    }
    for why, rows in reasons.items():
        for index in _first(rows, short):
            chosen.setdefault(index, []).append(why)
    return chosen


def _first(rows: Iterable[int], fit: NDArray[np.bool_]) -> Iterator[int]:
    taken = 0
    for index in rows:
        if taken == EACH:
            return
        if fit[index]:
            taken += 1
            yield int(index)


def margins(scores: Scores, decision: Decision) -> NDArray[np.float64]:
    """(N,) how far a row is from another decision, in probability; 0 = on the edge.

    Binary: distance to the threshold; multi-class: to the second class; multi-label: the
    smallest distance of any class to its threshold.
    """
    p, thresholds = scores.probabilities.astype(np.float64), decision.array()
    if scores.task == "multi-class":
        best = np.sort(p, axis=1)
        return np.asarray(best[:, -1] - best[:, -2])
    limits = np.full(p.shape[1], 0.5) if thresholds is None else thresholds
    if scores.task == "binary":
        return np.asarray(np.abs(p[:, 1] - limits[1]))
    return np.asarray(np.abs(p - limits).min(axis=1))


def _mistakes(scores: Scores, right: NDArray[np.bool_]) -> list[int]:
    """Wrong rows, the most confident first within each pair of labels, the pairs in turn."""
    wrong = np.flatnonzero(~right)
    sure = _wrongness(scores)[wrong]
    queues: dict[tuple[object, ...], list[int]] = {}
    for index in wrong[np.argsort(-sure, kind="stable")].tolist():
        truth = scores.targets[index]
        pair = (np.asarray(truth).tobytes(), scores.predicted[index])
        queues.setdefault(pair, []).append(index)
    turns = [(turn, queue[turn]) for queue in queues.values() for turn in range(len(queue))]
    turns.sort(key=lambda item: item[0])  # stable: within a turn the surest pair first
    return [index for _, index in turns]


def _wrongness(scores: Scores) -> NDArray[np.float64]:
    """(N,) how far the truth is from what was said, in probability."""
    p = scores.probabilities.astype(np.float64)
    if scores.task == "multi-label":
        return np.asarray(np.abs(p - scores.targets).max(axis=1))
    return np.asarray(1 - p[np.arange(len(p)), scores.targets])

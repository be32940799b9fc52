"""How good a model is on short and long texts, and on texts with unknown words. No torch."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from heedful.learn.bootstrap import share_interval
from heedful.learn.metrics import decide, indicators
from heedful.learn.scores import Scores

Array = NDArray[Any]
Slice = dict[str, Any]

LEAST_ROWS = 30
LEAST_SHARE = 0.05
PARTS = 5
_ROUND = (1, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10)
_UNKNOWN = (0.0, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5)


def slices(scores: Scores, thresholds: Array | None = None) -> dict[str, list[Slice]]:
    """Results by length ("length") and by share of unknown words ("unknown").

    Each slice is {"name", "rows", "accuracy", "interval", "f1"}: accuracy with its 95 % Wilson
    interval, and f1: binary of the second class, as everywhere, otherwise the mean over the
    classes that occur in the slice, as true label or as decision (a class that does not occur
    there says nothing about it). NaN where none of these occurs.

    Args:
        scores: what the model said; its probabilities, tokens and unknown are read.
        thresholds: (C,) or None, as for `metrics.decide`.
    """
    classes = scores.probabilities.shape[1]
    truth = indicators(scores.targets, classes, scores.task)
    guess = indicators(decide(scores.probabilities, scores.task, thresholds), classes, scores.task)
    if scores.task == "binary":  # one column holds all: the other is its complement
        truth, guess = truth[:, 1:], guess[:, 1:]
    share = scores.unknown / np.maximum(scores.tokens, 1)
    return {
        "length": _slices(scores.tokens, length_edges(scores.tokens), _tokens, truth, guess),
        "unknown": _slices(share, merged(share, _UNKNOWN), _shares, truth, guess),
    }


def length_edges(lengths: Array) -> list[float]:
    """Upper edges of all bins but the last: fifths of the texts, at round numbers."""
    if len(lengths) == 0:
        return []
    cuts = np.quantile(lengths, np.arange(1, PARTS) / PARTS)
    return merged(lengths, sorted({_rounded(float(cut)) for cut in cuts}))


def _rounded(number: float) -> float:
    """The nearest round number; whole numbers up to 10 stay."""
    if number <= 10:
        return float(round(number))
    unit = 10.0 ** math.floor(math.log10(number))
    return float(round(unit * min(_ROUND, key=lambda step: abs(unit * step - number))))


def merged(values: Array, edges: Sequence[float]) -> list[float]:
    """The edges that are left when bins with few rows are joined to a neighbour.

    Few are less than 30 rows, or than 5 % of them. A bin joins the smaller of its neighbours,
    an empty one that above, so that texts without any unknown word stay by themselves.
    """
    left = list(edges)
    least = max(LEAST_ROWS, LEAST_SHARE * len(values))
    while left:
        sizes = np.bincount(_bins(values, left), minlength=len(left) + 1).tolist()
        few = sizes.index(min(sizes))
        if sizes[few] >= least:
            break
        del left[few if _joins_above(sizes, few) else few - 1]
    return left


def _joins_above(sizes: Sequence[int], few: int) -> bool:
    if few in (0, len(sizes) - 1):
        return few == 0
    return sizes[few] == 0 or sizes[few + 1] < sizes[few - 1]


def _bins(values: Array, edges: Sequence[float]) -> Array:
    """The bin of each value; an edge belongs to the bin below it."""
    return np.searchsorted(np.asarray(edges, np.float64), values, side="left")


def _slices(
    values: Array,
    edges: Sequence[float],
    name: Callable[[float | None, float | None], str],
    truth: Array,
    guess: Array,
) -> list[Slice]:
    bounds = [None, *edges, None]
    place = _bins(values, edges)
    return [
        {"name": name(bounds[i], bounds[i + 1])} | _result(truth[place == i], guess[place == i])
        for i in range(len(edges) + 1 if len(values) else 0)
    ]


def _result(truth: Array, guess: Array) -> Slice:
    right = (truth == guess).all(axis=1)
    total = truth.sum(axis=0) + guess.sum(axis=0)
    occurs = total > 0
    scores = 2 * (truth & guess).sum(axis=0)[occurs] / total[occurs]
    return {
        "rows": len(right),
        "accuracy": float(right.mean()),
        "interval": list(share_interval(right)),
        "f1": float(scores.mean()) if occurs.any() else math.nan,
    }


def _tokens(low: float | None, high: float | None) -> str:
    if low is None:
        return "all" if high is None else f"up to {int(high)}"
    if high is None:
        return f"over {int(low)}"
    return f"{int(high)}" if high == low + 1 else f"{int(low) + 1}–{int(high)}"


def _shares(low: float | None, high: float | None) -> str:
    if low is None:
        return "all" if high is None else "none" if high == 0 else f"up to {100 * high:g} %"
    if high is None:
        return "some" if low == 0 else f"over {100 * low:g} %"
    return f"up to {100 * high:g} %" if low == 0 else f"{100 * low:g}–{100 * high:g} %"

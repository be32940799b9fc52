"""The figures of an evaluation under many weightings of its rows at once. No torch.

A weight of 3 counts a text three times, a weight of 0 leaves it out. Axes: N texts, C classes,
R weightings; weights are (N, R). Every result equals the figure of the repeated texts, as
scikit-learn computes it.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from heedful.learn.calibration import BINS, bin_of, confidences
from heedful.learn.figures import row_brier
from heedful.learn.measures import rated
from heedful.learn.metrics import decide, indicators, row_loss
from heedful.records import Task

if TYPE_CHECKING:
    from scipy.sparse import csr_array

Array = NDArray[Any]


class WeightedFigures:
    """What the rows are, prepared once; call it with weights (N, R) for figures (R,) by name."""

    def __init__(
        self, probabilities: Array, targets: Array, task: Task, thresholds: Array | None = None
    ) -> None:
        classes = probabilities.shape[1]
        truth = indicators(targets, classes, task)
        guess = indicators(decide(probabilities, task, thresholds), classes, task)
        self._occurs = np.asarray((truth + guess).any(axis=0))
        right = (truth == guess).all(axis=1)
        loss = row_loss(probabilities, targets, task)
        brier = row_brier(probabilities, targets, task)
        self.task = task
        self._counts = [_sums(x) for x in (truth * guess, guess, truth)]
        self._means = _sums(np.stack([right, loss, brier], axis=1))
        self._gaps = _gaps(probabilities, targets, task)
        columns = [1] if task == "binary" else range(classes)
        self._rankings = [Ranking(probabilities[:, c], truth[:, c]) for c in columns]

    def __call__(self, weights: Array) -> dict[str, Array]:
        """Figures (R,) by name, of weights (N, R), each column of them with a sum above 0."""
        total = weights.sum(axis=0)
        tp, predicted, support = (sums @ weights for sums in self._counts)
        accuracy, loss, brier = (self._means @ weights) / total
        gaps = np.abs(self._gaps @ weights).reshape(-1, BINS, len(total))
        areas = [ranking(weights) for ranking in self._rankings]
        found = {
            "accuracy": accuracy,
            "balanced_accuracy": _balanced(tp, predicted, support, total, self.task),
            "auc": np.mean([area for area, _ in areas], axis=0),
            "average_precision": np.mean([precision for _, precision in areas], axis=0),
            "mcc": _mcc(tp, predicted, support, total, self.task),
            "loss": loss,
            "brier": brier,
            "ece": gaps.sum(axis=1).mean(axis=0) / total,
        }
        if self.task != "binary":
            micro = 2 * tp.sum(axis=0), predicted.sum(axis=0) + support.sum(axis=0)
            found["f1_micro"] = _ratio(*micro)
        kept = slice(1, None) if self.task == "binary" else slice(None)
        tp, predicted, support = tp[kept], predicted[kept], support[kept]
        # A class of the data that no draw brought up says nothing, rather than 0.
        counted = (predicted + support > 0) | ~self._occurs[kept, None]
        share = counted / np.maximum(counted.sum(axis=0), 1)
        found["precision"] = (_ratio(tp, predicted) * share).sum(axis=0)
        found["recall"] = (_ratio(tp, support) * share).sum(axis=0)
        found["f1"] = (_ratio(2 * tp, predicted + support) * share).sum(axis=0)
        return {name: found[name] for name in rated(self.task)}


def _sums(columns: Array) -> csr_array:
    """(K, N): times weights it sums each of the (N, K) columns."""
    from scipy.sparse import csr_array

    return csr_array(columns.T.astype(np.float64))


def _groups(place: Array, row: Array, values: Array, shape: tuple[int, int]) -> csr_array:
    """(groups, N): times weights it sums the values of the rows of each group."""
    from scipy.sparse import csr_array

    return csr_array((values, (place, row)), shape=shape)


def _ratio(part: Array, whole: Array) -> Array:
    """part / whole, 0 where nothing is there."""
    zeros = np.zeros_like(part, dtype=np.float64)
    return np.asarray(np.divide(part, whole, out=zeros, where=whole > 0))


def _gaps(probabilities: Array, targets: Array, task: Task) -> csr_array:
    """(C x BINS, N) for multi-label, else (BINS, N): right minus confidence, in its bin."""
    confidence, right = confidences(probabilities, targets, task)
    gap = (right - confidence).reshape(len(targets), -1)
    columns = gap.shape[1]
    place = bin_of(confidence).reshape(gap.shape) + np.arange(columns) * BINS
    row = np.repeat(np.arange(len(targets)), columns)
    return _groups(place.ravel(), row, gap.ravel(), (columns * BINS, len(targets)))


def _balanced(tp: Array, predicted: Array, support: Array, total: Array, task: Task) -> Array:
    """Mean recall of the classes that occur; multi-label: of yes and no of each label."""
    recalls = _ratio(tp, support)
    if task != "multi-label":
        return np.asarray(recalls.sum(axis=0) / (support > 0).sum(axis=0))
    absent = total - support
    refused = _ratio(absent - predicted + tp, absent)
    occur = (support > 0).astype(np.int64) + (absent > 0)
    return np.asarray(((recalls + refused) / occur).mean(axis=0))


def _mcc(tp: Array, predicted: Array, support: Array, total: Array, task: Task) -> Array:
    """Matthews' correlation by its formula for several classes (Gorodkin 2004)."""
    if task == "multi-label":  # yes and no as two classes, over all labels
        whole = total * len(tp)
        hit, said, there = tp.sum(axis=0), predicted.sum(axis=0), support.sum(axis=0)
        tp = np.stack([whole - said - there + hit, hit])
        predicted, support = np.stack([whole - said, said]), np.stack([whole - there, there])
        total = whole
    covariance = tp.sum(axis=0) * total - (predicted * support).sum(axis=0)
    spread = [np.maximum(total**2 - (x**2).sum(axis=0), 0) for x in (predicted, support)]
    return _ratio(covariance, np.sqrt(spread[0]) * np.sqrt(spread[1]))


class Ranking:
    """ROC area and average precision of one column of scores, ties exact.

    Only the K distinct scores that a positive text has matter: between two of them recall
    stands still. One sort finds, for each text, the largest of these scores that it reaches.
    """

    def __init__(self, scores: Array, truth: Array) -> None:
        positive = truth > 0
        levels = np.unique(scores[positive])
        # From the highest level (row 0) downwards; texts below every level are in no row.
        reached = len(levels) - np.searchsorted(levels, scores, side="right")
        level = np.append(levels[::-1], math.nan)[reached]
        tied = ~positive & (scores == level)
        self._segments = _members(reached, reached < len(levels), len(levels))
        self._positives = _members(reached, positive, len(levels))
        self._tied = _members(reached, tied, len(levels)) if tied.any() else None
        self._truth = positive.astype(np.float64)

    def __call__(self, weights: Array) -> tuple[Array, Array]:
        """AUC (R,) and average precision (R,) of weights (N, R).

        AUC is NaN where the positive or the negative texts weigh nothing, average precision
        where the positive ones do.
        """
        positives = self._positives @ weights
        found = np.cumsum(positives, axis=0)
        reached = np.cumsum(self._segments @ weights, axis=0)
        whole = self._truth @ weights
        rest = weights.sum(axis=0) - whole
        # Pairs of a positive text and a negative one below it, a tie for half of one.
        below = rest - (reached - found)
        if self._tied is not None:
            below += 0.5 * (self._tied @ weights)
        defined = (whole > 0) & (rest > 0)
        pairs = (positives * below).sum(axis=0)
        area = np.divide(pairs, whole * rest, out=np.full_like(pairs, math.nan), where=defined)
        gains = (positives * _ratio(found, reached)).sum(axis=0)
        return area, np.divide(gains, whole, out=np.full_like(gains, math.nan), where=whole > 0)


def _members(group: Array, chosen: Array, groups: int) -> csr_array:
    """(groups, N): times weights it sums the chosen texts of each group."""
    (row,) = np.nonzero(chosen)
    return _groups(group[row], row, np.ones(len(row)), (groups, len(group)))

"""How far figures may be trusted: intervals from resampled rows, and of a share. No torch.

The bootstrap (Efron 1979) draws N rows from the N rows with replacement, again and again; the
interval holds the middle 95 % of a figure over the draws (percentile interval). It covers the
choice of test texts, not that of training texts or seeds.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from heedful.learn.measures import rated
from heedful.learn.weighted import WeightedFigures
from heedful.records import Task

Array = NDArray[Any]
Interval = tuple[float, float]

UNDEFINED: Interval = (math.nan, math.nan)
# Weights of one pass, N x draws: 16 MiB as float64.
_CELLS = 1 << 21
_DRAWS = 128
_Z = 1.959963984540054  # the 97.5 % point of the normal distribution


def intervals(
    probabilities: Array,
    targets: Array,
    task: Task,
    thresholds: Array | None = None,
    resamples: int = 1000,
    seed: int = 0,
) -> dict[str, Interval]:
    """95 % percentile intervals of the figures that do not count texts.

    A draw in which a figure is not defined (auc where a rare class was not drawn) is left out
    of that figure; (NaN, NaN) where no draw defines it. Calibration error grows with noise, and
    every draw adds some, so that its draws are moved down by their mean excess over the figure
    itself (bias-corrected bootstrap, Efron & Tibshirani 1993, chapter 10), at least to 0.

    Args:
        probabilities: (N, C), one column per class, binary tasks two.
        targets: (N,) class indices, or (N, C) zeros and ones for multi-label.
        task: binary, multi-class or multi-label.
        thresholds: (C,) or None, as for `metrics.decide`.
        resamples: how many draws; 1 or more.
        seed: same seed, same intervals.

    Returns:
        (low, high) by name of figure.
    """
    if len(targets) == 0:
        return dict.fromkeys(rated(task), UNDEFINED)
    measure = WeightedFigures(probabilities, targets, task, thresholds)
    random = np.random.default_rng(seed)
    step = max(1, min(_DRAWS, _CELLS // len(targets)))
    parts = [
        measure(draw_counts(random, len(targets), min(step, resamples - start)))
        for start in range(0, resamples, step)
    ]
    drawn = {name: np.concatenate([p[name] for p in parts]) for name in rated(task)}
    itself = measure(np.ones((len(targets), 1)))["ece"][0]
    drawn["ece"] = np.maximum(0.0, drawn["ece"] - max(0.0, drawn["ece"].mean() - itself))
    return {name: middle(drawn[name]) for name in rated(task)}


def draw_counts(random: np.random.Generator, rows: int, draws: int) -> NDArray[np.float64]:
    """(rows, draws): how often each row is in each resample; every column sums to `rows`."""
    counts = np.empty((draws, rows))
    for draw in range(draws):
        counts[draw] = np.bincount(random.integers(0, rows, rows), minlength=rows)
    return np.ascontiguousarray(counts.T)


def middle(values: Array) -> Interval:
    """The middle 95 % of the values that are defined."""
    values = values[~np.isnan(values)]
    if len(values) == 0:
        return UNDEFINED
    low, high = np.percentile(values, (2.5, 97.5)).tolist()
    return low, high


def resampled(
    statistic: Callable[[Array], float], rows: int, resamples: int = 1000, seed: int = 0
) -> Interval:
    """95 % percentile interval of a figure over rows.

    Args:
        statistic: the figure from weights (rows,) that sum to 1; NaN where not defined.
        rows: how many there are.
        resamples, seed: as for `intervals`.
    """
    if rows == 0:
        return UNDEFINED
    drawn = draw_counts(np.random.default_rng(seed), rows, resamples) / rows
    return middle(np.array([statistic(weights) for weights in drawn.T]))


def resampled_means(values: Array, resamples: int = 1000, seed: int = 0) -> NDArray[np.float64]:
    """(resamples, M): the column means of (N, M) in every draw of N rows; N is 1 or more."""
    random, rows = np.random.default_rng(seed), len(values)
    step = max(1, min(_DRAWS, _CELLS // rows))
    parts = [
        draw_counts(random, rows, min(step, resamples - start)).T @ values / rows
        for start in range(0, resamples, step)
    ]
    return np.concatenate(parts)


def mean_interval(values: Array, resamples: int = 1000, seed: int = 0) -> Interval:
    """95 % percentile interval of the mean of (N,) values; (NaN, NaN) for none.

    Args:
        values: one figure per text.
        resamples, seed: as for `intervals`.
    """
    column = np.asarray(values, np.float64).reshape(-1, 1)
    if len(column) == 0:
        return UNDEFINED
    return middle(resampled_means(column, resamples, seed)[:, 0])


def paired_difference(
    first_right: Array, second_right: Array, resamples: int = 1000, seed: int = 0
) -> Interval:
    """95 % percentile interval of accuracy(first) - accuracy(second) on the same texts.

    Args:
        first_right, second_right: (N,) bool, whether each of two models is right on a text.
        resamples, seed: as for `intervals`.

    Both models are resampled together. A text adds +1, 0 or -1, so that the counts of the three
    are drawn rather than the rows: the same distribution.
    """
    count = len(first_right)
    if count == 0:
        return UNDEFINED
    gain = np.asarray(first_right, bool).astype(np.int64) - np.asarray(second_right, bool)
    shares = np.bincount(gain + 1, minlength=3) / count
    drawn = np.random.default_rng(seed).multinomial(count, shares, size=resamples)
    return middle((drawn[:, 2] - drawn[:, 0]) / count)


def share_interval(right: Array) -> Interval:
    """95 % interval of the share of true values in (N,) bool (Wilson 1927); NaN for none."""
    count = len(right)
    if count == 0:
        return UNDEFINED
    share = float(np.mean(right))
    centre = share + _Z**2 / (2 * count)
    half = _Z * math.sqrt(share * (1 - share) / count + _Z**2 / (4 * count**2))
    scale = 1 + _Z**2 / count
    return max(0.0, (centre - half) / scale), min(1.0, (centre + half) / scale)

"""A class against the rest: what every picture of scores is made from."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from heedful.face.plots.frame import Array
from heedful.learn.metrics import decide, indicators
from heedful.records import Task


class Rival(NamedTuple):
    """One class against the rest; N rows."""

    name: str
    scores: Array  # (N,) probability of the class
    truth: Array  # (N,) bool
    decided: Array  # (N,) bool: what the model says at its thresholds


def rivals(
    probabilities: Array,
    targets: Array,
    task: Task,
    names: Sequence[str],
    thresholds: Sequence[float] | None = None,
) -> tuple[list[Rival], list[str]]:
    """Each class against the rest (binary: the second class), and the names of those left out.

    A class that no row has, or that every row has, has neither curve.

    Args:
        probabilities: (N, C), one column per class, binary tasks two.
        targets: (N,) class positions, or (N, C) zeros and ones for multi-label.
        task: binary, multi-class or multi-label.
        names: C class names.
        thresholds: one per class: the class is said where its probability is above. None: the
            highest probability, or .5 for multi-label.
    """
    positions = range(1, 2) if task == "binary" else range(len(names))
    said = decisions(probabilities, task, thresholds)
    found, missing = [], []
    for c in positions:
        truth = targets[:, c] > 0.5 if task == "multi-label" else targets == c
        if truth.any() and not truth.all():
            scores = probabilities[:, c].astype(np.float64)
            found.append(Rival(names[c], scores, truth, said[:, c]))
        else:
            missing.append(names[c])
    return found, missing


def decisions(probabilities: Array, task: Task, thresholds: Sequence[float] | None) -> Array:
    """(N, C) bool: which classes the model says."""
    limits = None if thresholds is None else np.asarray(thresholds)
    decided = decide(probabilities, task, limits)
    said: Array = indicators(decided, probabilities.shape[1], task) > 0
    return said

"""Where to draw the line between yes and no: a threshold chosen for an aim. No torch.

A text is a yes where its probability is above the threshold, as in `metrics.decide`. Choose on
validation data: a threshold chosen on the texts it is then measured on flatters itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from heedful.records import HeedfulError, Task

Array = NDArray[Any]


@dataclass(frozen=True, slots=True)
class Aim:
    """What a threshold is chosen for: the best f1, or a floor under precision or recall.

    Under a precision floor recall is made as high as it gets, and the other way round.
    """

    kind: Literal["f1", "precision", "recall"]
    floor: float | None = None

    @classmethod
    def parse(cls, text: str) -> Aim:
        """From "f1", "precision=0.9" or "recall=0.95".

        Raises:
            HeedfulError: anything else; it names what is allowed.
        """
        kind, equals, number = (part.strip() for part in text.partition("="))
        if kind == "f1" and not equals:
            return cls("f1")
        try:
            floor = float(number)
        except ValueError:
            floor = 0.0
        if 0 < floor <= 1 and kind in ("precision", "recall"):
            return cls("precision" if kind == "precision" else "recall", floor)
        raise HeedfulError(
            f"the aim {text!r} is none of f1, precision=P and recall=R with a number above 0 and "
            "at most 1, for example precision=0.9"
        )

    def __str__(self) -> str:
        return self.kind if self.floor is None else f"{self.kind}={self.floor:g}"


@dataclass(frozen=True, slots=True)
class Choice:
    """A threshold and what it gives on the data it was chosen on.

    `reached` is False where no threshold keeps the floor (then this one comes nearest) or where
    no text of the class can be found; without any text of the class the threshold is .5.
    """

    threshold: float
    precision: float
    recall: float
    f1: float
    reached: bool


@dataclass(frozen=True, slots=True)
class Curve:
    """Precision, recall and f1 by rising threshold; each array (K,)."""

    thresholds: Array
    precision: Array
    recall: Array
    f1: Array

    def take(self, places: Array) -> Curve:
        """The points at some places."""
        parts = (self.thresholds, self.precision, self.recall, self.f1)
        return Curve(*(part[places] for part in parts))


def points(p: Array, truth: Array) -> Curve:
    """Every threshold that decides differently and says yes at least once.

    Args:
        p: (N,) probabilities of yes.
        truth: (N,) zeros and ones.

    Thresholds lie half-way between neighbouring distinct probabilities, the first half-way
    between 0 and the lowest of them (there is none below a probability of 0).
    """
    levels, place = np.unique(p.astype(np.float64), return_inverse=True)
    below = np.append(0.0, levels[:-1])
    middle = below + (levels - below) / 2
    # Between two floats that have none between them the lower one does the same.
    middle = np.where(middle < levels, middle, below)
    positive = truth > 0
    said = np.bincount(place, minlength=len(levels))[::-1].cumsum()[::-1]
    hits = np.bincount(place, positive, minlength=len(levels))[::-1].cumsum()[::-1]
    there = int(positive.sum())
    found = Curve(middle, hits / said, hits / max(there, 1), 2 * hits / (said + there))
    return found.take(np.flatnonzero(levels > 0))


def choose(p: Array, truth: Array, aim: Aim) -> Choice:
    """The threshold that serves the aim best on p (N,) and truth (N,) of zeros and ones.

    Among thresholds that serve it alike, the one nearest to .5.
    """
    whole = points(p, truth)
    if not (whole.recall > 0).any():
        return Choice(0.5, 0.0, 0.0, 0.0, reached=False)
    close = -np.abs(whole.thresholds - 0.5)
    if aim.floor is None:
        return _choice(whole, (whole.f1, close))
    kept, other = whole.precision, whole.recall
    if aim.kind == "recall":
        kept, other = other, kept
    enough = np.flatnonzero(kept >= aim.floor)
    if len(enough) == 0:
        return _choice(whole, (kept, other, close), reached=False)
    keys = (other[enough], kept[enough], close[enough])
    return _choice(whole.take(enough), keys)


def _choice(among: Curve, keys: tuple[Array, ...], reached: bool = True) -> Choice:
    """The point with the highest keys, the first key weighing most."""
    best = int(np.lexsort(keys[::-1])[-1])
    parts = (among.thresholds, among.precision, among.recall, among.f1)
    threshold, precision, recall, f1 = (float(part[best]) for part in parts)
    return Choice(threshold, precision, recall, f1, reached)


def choose_each(probabilities: Array, targets: Array, task: Task, aim: Aim) -> tuple[Choice, ...]:
    """The choice for the second class of a binary task, or for each label of a multi-label one.

    Raises:
        HeedfulError: a multi-class task.
    """
    if task == "multi-class":
        raise HeedfulError(
            "thresholds need a task of yes or no; with several classes of which one is right the "
            "likeliest decides (data with several labels a text trains a multi-label model)"
        )
    if task == "binary":
        return (choose(probabilities[:, 1], targets, aim),)
    columns = zip(probabilities.T, targets.T, strict=True)
    return tuple(choose(p, truth, aim) for p, truth in columns)


def by_share(probabilities: Array, shares: Array) -> Array:
    """(C,) thresholds above which as large a share of the texts lies as is given for each label.

    A rare label is seldom more likely than not, and at one half it would never be given. That it
    is given as often as it is true makes precision and recall about equal; which texts have it
    need not be known, and unlike the threshold of the best f1 it does not hang on a few of them
    (Yang 2001, "A study of thresholding strategies for text categorization": PCut).

    Args:
        probabilities: (N, C) of texts that the model has not learnt from, N at least 1.
        shares: (C,) from 0 to 1. A label of share 0 is never given, any other to one text at least.
    """
    count = len(probabilities)
    ordered = -np.sort(-probabilities.astype(np.float64), axis=0)  # (N, C), the highest first
    ordered = np.vstack([ordered, np.zeros_like(ordered[:1])])
    wanted = np.rint(shares * count).astype(np.int64).clip(min=1, max=count)
    columns = np.arange(len(shares))
    middle = (ordered[wanted - 1, columns] + ordered[wanted, columns]) / 2
    return np.where(shares > 0, middle, 1.0)


def as_thresholds(choices: Sequence[Choice], task: Task) -> tuple[float, ...]:
    """What `choose_each` chose as one threshold per class, for `metrics.decide`.

    Binary: that of the second class, and 1 minus it for the first. Multi-label: one per label.
    """
    found = [choice.threshold for choice in choices]
    return (1 - found[0], *found) if task == "binary" else tuple(found)

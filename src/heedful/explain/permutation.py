"""Does it matter which token gets which weight? Weights shuffled, states kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from heedful.explain.anatomy import Anatomy
from heedful.explain.mixtures import mixer
from heedful.explain.outputs import log_odds, probability
from heedful.nn.classify import Classifier
from heedful.records import Task

Array = NDArray[np.float64]

PERMUTATIONS = 100
EDGES = (0.0, 0.25, 0.5, 0.75, 1.0)
"""Texts are told apart by their largest weight: shuffling nearly equal weights proves nothing."""


def permuted_change(
    network: Classifier,
    anatomy: Anatomy,
    index: int,
    task: Task,
    random: np.random.Generator,
    permutations: int = PERMUTATIONS,
) -> float:
    """Median |change of p| of class `index` over random permutations of the weights.

    Jain & Wallace 2019, who take the total variation distance between all outputs;
    for a binary task that is the same number. NaN for a text without tokens.
    """
    if len(anatomy.weights) == 0:
        return float("nan")
    shuffled = random.permuted(np.tile(anatomy.weights, (permutations, 1)), axis=1)
    # The model's own weights go the same way, so that rounding is the same on either side.
    rows = np.concatenate([anatomy.weights[None], shuffled])
    p = probability(log_odds(mixer(network, anatomy).reweighted(rows), index, task))
    return float(np.median(np.abs(p[1:] - p[0])))


@dataclass(frozen=True, slots=True)
class Bin:
    """Texts whose largest weight lies in [low, high), the last bin including its end.

    Attributes:
        low, high: the bounds.
        count: how many texts.
        median: of their `permuted_change`; None where there are none.
    """

    low: float
    high: float
    count: int
    median: float | None

    def to_json(self) -> dict[str, Any]:
        """The attributes by name."""
        return asdict(self)


def by_largest_weight(changes: Sequence[float], largest: Sequence[float]) -> list[Bin]:
    """Four bins of texts, from (T,) changes and (T,) largest weights; NaN is left out."""
    values, places = np.asarray(changes, np.float64), np.asarray(largest, np.float64)
    number = np.searchsorted(EDGES[1:-1], places, side="right")  # rounding may pass 1
    bins = []
    for i, (low, high) in enumerate(pairwise(EDGES)):
        here = values[(number == i) & ~np.isnan(values)]
        bins.append(Bin(low, high, len(here), float(np.median(here)) if len(here) else None))
    return bins

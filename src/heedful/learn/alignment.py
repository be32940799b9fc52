"""What an alignment looks like: how sharply each output token looks, and how far in step.

An alignment is a matrix (outputs, sources) of attention weights, each row at least 0 with sum 1:
`Rewriting.weights`. Every measure is a number from 0 to 1, and NaN where it is not defined.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from heedful.records import HeedfulError

Matrix = NDArray[np.float64]


@dataclass(frozen=True)
class AlignmentFigures:
    """Measures of one alignment, or their means over several.

    Attributes:
        entropy: see `entropy`; lower is sharper.
        diagonality: see `diagonality`; higher is more in step.
        monotony: see `monotony`; higher is more forward.
    """

    entropy: float
    diagonality: float
    monotony: float

    def to_json(self) -> dict[str, float]:
        """The attributes by name."""
        return asdict(self)


def as_weights(weights: ArrayLike) -> Matrix:
    """An alignment as an array.

    Raises:
        HeedfulError: not a matrix, negative, or a row that does not sum to 1 (to 1e-3).
    """
    matrix = np.asarray(weights, np.float64)
    if matrix.ndim != 2 or not (np.isfinite(matrix).all() and (matrix >= 0).all()):
        raise HeedfulError(
            f"an alignment of shape {matrix.shape} cannot be measured; give outputs x sources of "
            "weights of at least 0"
        )
    sums = matrix.sum(axis=1)
    wrong = np.flatnonzero(np.abs(sums - 1) > 1e-3)
    if len(wrong):
        raise HeedfulError(
            f"row {wrong[0] + 1} of the alignment sums to {sums[wrong[0]]:.4g}; weights sum to 1"
        )
    return matrix


def entropy(weights: ArrayLike) -> float:
    """Mean entropy of the rows over that of even weights: 0 looks at one token, 1 at all alike.

    -Σ α log α / log T over T source tokens; 0 for a single one.

    Raises:
        HeedfulError: as `as_weights`.
    """
    matrix = as_weights(weights)
    outputs, sources = matrix.shape
    if outputs == 0:
        return math.nan
    if sources == 1:
        return 0.0
    logs = np.log(matrix, out=np.zeros_like(matrix), where=matrix > 0)
    return float(-(matrix * logs).sum(axis=1).mean() / math.log(sources))


def diagonality(weights: ArrayLike) -> float:
    """How near to the straight line from the first pair of tokens to the last: 1 is on it.

    1 minus the mean of |t/(T-1) - i/(Q-1)| over outputs i, weighted by α_it (t and i from 0), the
    relative distance from the diagonal that guided attention (Tachibana et al. 2018) holds against
    a network. Even weights give about 2/3. NaN for fewer than two outputs or sources: no line.

    Raises:
        HeedfulError: as `as_weights`.
    """
    matrix = as_weights(weights)
    outputs, sources = matrix.shape
    if outputs < 2 or sources < 2:
        return math.nan
    places = np.linspace(0, 1, sources)[None, :] - np.linspace(0, 1, outputs)[:, None]
    return float(1 - (matrix * np.abs(places)).sum(axis=1).mean())


def monotony(weights: ArrayLike) -> float:
    """Share of steps at which the mean place looked at does not go back (by more than 1e-9).

    NaN for fewer than two outputs.

    Raises:
        HeedfulError: as `as_weights`.
    """
    matrix = as_weights(weights)
    if len(matrix) < 2:
        return math.nan
    means = matrix @ np.arange(matrix.shape[1])
    return float((np.diff(means) >= -1e-9).mean())


def measure_alignment(weights: ArrayLike) -> AlignmentFigures:
    """All measures of one alignment.

    Raises:
        HeedfulError: as `as_weights`.
    """
    matrix = as_weights(weights)
    return AlignmentFigures(entropy(matrix), diagonality(matrix), monotony(matrix))


def mean_alignment(figures: Sequence[AlignmentFigures]) -> AlignmentFigures:
    """The mean of each measure over the alignments for which it is defined."""
    columns = np.array([list(f.to_json().values()) for f in figures]).reshape(-1, 3)
    defined = ~np.isnan(columns)
    counts = defined.sum(axis=0)
    sums = np.where(defined, columns, 0).sum(axis=0)
    means = [s / n if n else math.nan for s, n in zip(sums.tolist(), counts.tolist(), strict=True)]
    return AlignmentFigures(*means)

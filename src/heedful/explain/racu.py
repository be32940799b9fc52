"""RACU: how much faster performance falls in a map's order than in a random one."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.floating]

_LEAST = 1e-9


def racu(ratios: Array, mapped: Array, random: Array) -> float | None:
    """Relative area between the curves of a random order b and the map's order m.

    int (b - m) dr / int (b - b_last) dr by the trapezoid rule: 0 = as random, 1 = all that random
    masking takes in the end is lost at once; below 0, worse than random; above 1 where masking in
    the map's order does worse than masking everything. Madsen, Reddy & Chandar 2024
    (Faithfulness Measurable Masked Language Models).

    Args:
        ratios: (K,) shares of tokens masked, in any order and at any distance.
        mapped: (K,) performance (accuracy, F1) on the data set in the map's order.
        random: (K,) the same in random order.

    Returns:
        None where masking at random loses nothing in all: there is nothing to find.
    """
    order = np.argsort(ratios, kind="stable")
    r, m, b = (np.asarray(x, np.float64)[order] for x in (ratios, mapped, random))
    if len(r) < 2:
        return None
    most = _area(r, b - b[-1])
    return _area(r, b - m) / most if most > _LEAST else None


def _area(ratios: NDArray[np.float64], heights: NDArray[np.float64]) -> float:
    return float(np.sum(np.diff(ratios) * (heights[1:] + heights[:-1]) / 2))

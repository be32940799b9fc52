"""How numbers such as text lengths are spread."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Spread:
    """Mean, median, percentiles and maximum; all 0 for no numbers."""

    mean: float
    median: float
    p90: float
    p95: float
    p99: float
    max: int


def spread(numbers: Sequence[int] | np.ndarray) -> Spread:
    """The spread of whole numbers."""
    values = np.asarray(numbers)
    if not len(values):
        return Spread(0.0, 0.0, 0.0, 0.0, 0.0, 0)
    median, p90, p95, p99 = np.percentile(values, (50, 90, 95, 99)).tolist()
    return Spread(float(values.mean()), median, p90, p95, p99, int(values.max()))

"""Two trials on the same texts: how far apart are they, and how sure is that? No torch."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from heedful.learn.bootstrap import mean_interval
from heedful.learn.paired import mcnemar

ENOUGH = 50
"""Texts: the error of a difference on fewer is not known well enough to give a trial up."""
HOPELESS = 1.0
"""Standard errors behind the best: a trial that is further behind is given up."""


@dataclass(frozen=True)
class Difference:
    """The first minus the second on the same texts; more than 0: the first is better.

    Attributes:
        mean: in accuracy, or in nats.
        error: its standard error over the choice of texts; NaN for fewer than two. How much another
            seed or another draw of training texts would change is not in it.
        low, high: 95 % bootstrap interval of the mean.
        texts: how many.
        p_value: of McNemar's exact test, where texts are right or wrong; else None.
    """

    mean: float
    error: float
    low: float
    high: float
    texts: int
    p_value: float | None

    def to_json(self) -> dict[str, Any]:
        """The attributes by name."""
        return asdict(self)


def difference(first: NDArray[Any], second: NDArray[Any]) -> Difference:
    """How much better the first is on N texts.

    Args:
        first, second: (N,) of each text, higher is better, in the same order.
    """
    gain = np.asarray(first, np.float64) - np.asarray(second, np.float64)
    both = np.concatenate([first, second])
    known = bool(np.isin(both, (0, 1)).all()) and len(gain) > 0
    p_value = mcnemar(first > 0.5, second > 0.5)["p_value"] if known else None
    mean = float(gain.mean()) if len(gain) else math.nan
    error = float(gain.std(ddof=1)) / math.sqrt(len(gain)) if len(gain) > 1 else math.nan
    return Difference(mean, error, *mean_interval(gain), len(gain), p_value)


def hopeless(values: NDArray[Any], best: NDArray[Any]) -> bool:
    """Whether a trial is so far behind the best one that it is given up.

    Racing (Maron and Moore 1994): the same texts judge both, so that most of what makes a fold easy
    or hard cancels, and one fold is often enough to see that a trial leads nowhere.

    Args:
        values, best: (N,) of each text that has judged both, in the same order.
    """
    if len(values) < ENOUGH:
        return False
    gain = np.asarray(values, np.float64) - np.asarray(best, np.float64)
    error = float(gain.std(ddof=1)) / math.sqrt(len(gain))
    return bool(gain.mean() < -HOPELESS * error)

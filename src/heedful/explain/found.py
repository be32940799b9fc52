"""One map of one class, as the methods give it."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray


class Found(NamedTuple):
    """One map of one class.

    Attributes:
        values: (N,) one number per token of what was read.
        missing: for methods that promise a sum, what the numbers miss of it, in log-odds.
    """

    values: NDArray[np.float64]
    missing: float | None = None

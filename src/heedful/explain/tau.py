"""How far two maps agree on the order of the tokens."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def tau(first: NDArray[np.floating], second: NDArray[np.floating]) -> float | None:
    """Kendall's tau-b of two maps (N,), -1 to 1; ties lower it (Kendall 1945).

    Tokens where either map is NaN (not measured) are left out. None with fewer than two left, or
    where one map is constant on them: there is no order to agree with.
    """
    known = ~(np.isnan(first) | np.isnan(second))
    one, other = first[known], second[known]
    if len(one) < 2 or (one == one[0]).all() or (other == other[0]).all():
        return None
    from scipy.stats import kendalltau

    # Only tau is wanted. SciPy's exact p-value for short texts is costly, its asymptotic one
    # divides by zero for two tokens.
    method = "asymptotic" if len(one) > 2 else "exact"
    return float(kendalltau(one, other, variant="b", method=method).statistic)

"""Which symbols of one output are gone from another: by place, or by the fewest edits."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray


def changed(before: Sequence[str], after: Sequence[str]) -> NDArray[np.bool_]:
    """(len(before),) whether each symbol is replaced or gone.

    Outputs of one length are compared place by place (15:15 and 05:11 differ in two places). Of
    different lengths, a symbol remains if the fewest insertions, deletions and replacements
    (Levenshtein 1966) keep it; of several ways the one that pairs symbols furthest to the end.
    """
    if len(before) == len(after):
        return np.array([a != b for a, b in zip(before, after, strict=True)], bool)
    cost = _edits(before, after)
    gone = np.ones(len(before), bool)
    i, j = len(before), len(after)
    while i and j:
        same = before[i - 1] == after[j - 1]
        if cost[i, j] == cost[i - 1, j - 1] + (not same):
            i, j = i - 1, j - 1
            gone[i] = not same
        elif cost[i, j] == cost[i - 1, j] + 1:
            i -= 1
        else:
            j -= 1
    return gone


def _edits(before: Sequence[str], after: Sequence[str]) -> NDArray[np.int64]:
    """(len(before) + 1, len(after) + 1): edits that make one beginning into the other."""
    cost = np.zeros((len(before) + 1, len(after) + 1), np.int64)
    cost[:, 0], cost[0] = np.arange(len(before) + 1), np.arange(len(after) + 1)
    for i, old in enumerate(before, 1):
        for j, new in enumerate(after, 1):
            kept = cost[i - 1, j - 1] + (old != new)
            cost[i, j] = min(kept, cost[i - 1, j] + 1, cost[i, j - 1] + 1)
    return cost

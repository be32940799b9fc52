"""Which tokens a person has marked as evidence, from spans of characters."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from heedful.records import Token


def evidence(tokens: Sequence[Token], gold: Sequence[tuple[int, int]]) -> NDArray[np.bool_]:
    """(N,) True for every token that shares a character with a gold span.

    Args:
        tokens: in order and disjoint, as a tokenizer gives them.
        gold: (start, end) characters, end exclusive; an empty span marks nothing.
    """
    starts = np.array([token.start for token in tokens], np.int64)
    ends = np.array([token.end for token in tokens], np.int64)
    marked = np.zeros(len(tokens), bool)
    for start, end in gold:
        if start < end:
            first = np.searchsorted(ends, start, side="right")
            marked[first : np.searchsorted(starts, end, side="left")] = True
    return marked

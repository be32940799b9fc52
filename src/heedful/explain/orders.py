"""Orders of a text's tokens: from maps, at random, and how many tokens a share of them is."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Order = NDArray[np.int64]
"""(N,) a permutation of the tokens; the first is erased first."""


RANDOMS = 20
"""Random maps that a map is held against."""


def seeded(seed: int, ids: NDArray[np.int32], purpose: str = "") -> np.random.Generator:
    """Random numbers that hang on the seed, the purpose and the text alone, not its neighbours."""
    text = purpose.encode() + b"\0" + np.asarray(ids, "<i4").tobytes()
    digest = hashlib.blake2b(text).digest()
    return np.random.default_rng([seed, int.from_bytes(digest[:16], "little")])


def ranking(values: NDArray[np.float64], random: np.random.Generator) -> Order:
    """Tokens by value, highest first; equal ones in random order.

    A constant map says nothing, and so must not gain from the order in which words stand.
    """
    return np.lexsort((random.random(len(values)), -np.asarray(values, np.float64)))


def random_orders(count: int, size: int, random: np.random.Generator) -> NDArray[np.int64]:
    """(count, size) random permutations."""
    return random.permuted(np.tile(np.arange(size), (count, 1)), axis=1)


def count_of(share: float, size: int) -> int:
    """How many of `size` tokens a share is, rounded up; .07 * 100 is above 7 in floats."""
    return math.ceil(share * size - 1e-9)


def counts(shares: Sequence[float], size: int) -> NDArray[np.int64]:
    """How many of `size` tokens each share is: at least one (if there is any)."""
    return np.array([count_of(share, size) for share in shares], np.int64)

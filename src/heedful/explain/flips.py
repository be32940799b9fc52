"""Attention-level erasure: weights zeroed in some order and the rest renormalised, states kept.

It speaks about states, not about words: a state may know of words whose own are erased (Serrano
& Smith 2019). N-gram evidence stays as it is.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from heedful.explain.anatomy import Anatomy, Logits, heads
from heedful.explain.mixtures import Mixer, mixer
from heedful.nn.classify import Classifier

Array = NDArray[np.float64]

_CELLS = 1 << 21
"""Numbers held at once, orders x tokens x values: 16 MiB as float64."""


def attention_flips(
    network: Classifier,
    anatomy: Anatomy,
    orders: NDArray[np.int64],
    differs: Callable[[Logits], NDArray[np.bool_]],
) -> tuple[Array, NDArray[np.bool_]]:
    """How many weights must go, in each order, until the decision changes.

    Args:
        network: whose head decides.
        anatomy: the text.
        orders: (M, N) permutations of its tokens; the first is erased first.
        differs: (K, L) logits to (K,) whether the decision has changed.

    Returns:
        (M,) share of tokens erased at the first change, 1 if none comes, and (M,) whether it
        comes. The last step erases all weight: what is left is a context of zeros.
    """
    count, size = orders.shape
    shares, ever = np.ones(count), np.zeros(count, bool)
    if size == 0:
        return shares, ever
    mix = mixer(network, anatomy)
    step = max(1, _CELLS // mix.values.size)
    for start in range(0, count, step):
        part = slice(start, start + step)
        logits = _erased(mix, anatomy, orders[part])
        changed = differs(logits.reshape(-1, logits.shape[-1])).reshape(logits.shape[:2])
        ever[part] = changed.any(axis=1)
        first = (changed.argmax(axis=1) + 1) / size
        shares[part] = np.where(ever[part], first, 1.0)
    return shares, ever


def _erased(mix: Mixer, anatomy: Anatomy, orders: NDArray[np.int64]) -> Logits:
    """(M, N, L) logits with the weights of the first 1, 2, ... N tokens of each order zeroed."""
    weights = anatomy.weights[orders]  # (M, N)
    # What remains is summed from the end: subtracting from the whole would leave nothing but
    # rounding where the remaining weight is tiny.
    left = _from_the_end(weights)[:, 1:]
    sums = _from_the_end(weights[:, :, None] * mix.values[orders])[:, 1:]
    mixed = sums / np.where(left > 0, left, 1.0)[:, :, None]
    empty = np.zeros((1, anatomy.states.shape[1]))
    nothing = heads(mix.network, empty, mix.evidence)[0]
    flat = mix.decide(mixed.reshape(-1, mixed.shape[-1]))
    found = flat.reshape(*left.shape, len(nothing))
    found[left <= 0] = nothing  # weights may underflow to 0 before all tokens are erased
    last = np.broadcast_to(nothing, (len(orders), 1, len(nothing)))
    return np.concatenate([found, last], axis=1)


def _from_the_end(values: Array) -> Array:
    """Sums over tokens i, i+1, ... N of (M, N, ...)."""
    return np.asarray(np.cumsum(values[:, ::-1], axis=1)[:, ::-1])

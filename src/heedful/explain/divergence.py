"""How far two attentions lie apart: the Jensen-Shannon divergence, natural logarithm."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

LARGEST = float(np.log(2))
"""Between attentions that share no token."""


def divergence(first: Array, second: Array) -> Array:
    """Jensen-Shannon divergence (Lin 1991) of (..., N) weights with sum 1, 0 to ln 2."""
    apart = shared(np.asarray(first, np.float64), np.asarray(second, np.float64)).sum(axis=-1)
    return np.asarray(np.clip(LARGEST - apart / 2, 0.0, LARGEST))


def shared(one: Array, other: Array) -> Array:
    """What a token with weights a and b takes from twice the largest divergence.

    (a + b) ln(a + b) - a ln a - b ln b, which is 0 where either is 0: the divergence is
    ln 2 - (its sum over the tokens that both attend to) / 2.
    """
    return _xlogx(one + other) - _xlogx(one) - _xlogx(other)


def _xlogx(values: Array) -> Array:
    return np.asarray(values * np.log(np.maximum(values, 1e-300)))


def spread(own: Array, others: Sequence[Array]) -> float | None:
    """Mean divergence of a text's attention from that of runs with other seeds.

    How far attentions differ that nobody tried to set apart (Wiegreffe & Pinter 2019):
    an adversary's divergence means little below it.

    Args:
        own: (N,) weights.
        others: the same text's weights in other runs; those that count other tokens are left out.

    Returns:
        None for a text without tokens, or without another run that reads as many.
    """
    alike = [np.asarray(other) for other in others if len(other) == len(own)]
    if len(own) == 0 or not alike:
        return None
    return float(divergence(own, np.stack(alike)).mean())

"""What a model says as the tokens of a text go, in a given order.

Comprehensiveness and sufficiency: DeYoung et al. 2020 (ERASER). Their AOPC is the mean over the
shares `DELETED`, as their `rationale_benchmark/metrics.py` computes it.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from heedful.explain.orders import counts
from heedful.explain.perturb import Ids, Variants, deleted, joined, kept, masked, top_rows

DELETED = (0.01, 0.05, 0.10, 0.20, 0.50)
"""Shares of the tokens that comprehensiveness and sufficiency look at."""
MASKED = (0.01, 0.02, 0.05, 0.10, 0.15, 0.20, 0.30, 0.50, 0.70, 1.0)
"""Shares of the tokens at which masking looks for a changed decision."""


class Plan(NamedTuple):
    """Which prefixes of an order are looked at: distinct counts, and where each share's is."""

    counts: NDArray[np.int64]
    place: NDArray[np.int64]


def plan(shares: tuple[float, ...], size: int) -> Plan:
    """In a short text several shares are the same number of tokens: each is asked for once."""
    found, place = np.unique(counts(shares, size), return_inverse=True)
    return Plan(found, place.reshape(-1))


class Curves(NamedTuple):
    """Logits along M orders.

    Attributes:
        without: (M, 5, L) the first share of `DELETED` deleted.
        only: (M, 5, L) nothing else kept.
        masked: (M, 10, L) the first share of `MASKED` replaced by the unknown token.
    """

    without: NDArray[np.float32]
    only: NDArray[np.float32]
    masked: NDArray[np.float32]


def erasures(ids: Ids, orders: NDArray[np.int64]) -> Variants:
    """Texts with the first tokens of each order deleted, and with only them kept."""
    rows = _rows(orders, plan(DELETED, len(ids)).counts)
    return joined([deleted(ids, rows), kept(ids, rows)])


def maskings(ids: Ids, orders: NDArray[np.int64]) -> Variants:
    """Texts with the first tokens of each order masked; all masked is asked for once, last."""
    some = _rows(orders, plan(MASKED, len(ids)).counts[:-1])
    every = np.ones((1, len(ids)), bool)
    return masked(ids, np.concatenate([some, every]))


def _rows(orders: NDArray[np.int64], sizes: NDArray[np.int64]) -> NDArray[np.bool_]:
    none = np.zeros((0, orders.shape[1]), bool)
    return np.concatenate([none, *(top_rows(order, sizes.tolist()) for order in orders)])


def read_erasures(
    logits: NDArray[np.float32], size: int, orders: int
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """`Curves.without` and `.only` from the logits of `erasures`."""
    where = plan(DELETED, size)
    both = logits.reshape(2, orders, len(where.counts), -1)[:, :, where.place]
    return both[0], both[1]


def read_maskings(logits: NDArray[np.float32], size: int, orders: int) -> NDArray[np.float32]:
    """`Curves.masked` from the logits of `maskings`."""
    where = plan(MASKED, size)
    some = logits[:-1].reshape(orders, len(where.counts) - 1, logits.shape[-1])
    every = np.broadcast_to(logits[-1], (orders, 1, logits.shape[-1]))
    return np.concatenate([some, every], axis=1)[:, where.place]


def aopc(whole: float, along: NDArray[np.float64]) -> NDArray[np.float64]:
    """(M,) mean over the shares of p(whole) - p(changed), from (M, 5) probabilities."""
    return np.asarray((whole - along).mean(axis=-1))


def first_change(
    changed: NDArray[np.bool_], size: int
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """(M,) share of tokens masked when the decision first changes, and (M,) whether it does.

    Args:
        changed: (M, 10) whether the decision differs at each share of `MASKED`.
        size: tokens of the text.
    """
    shares = counts(MASKED, size) / max(size, 1)
    ever = np.asarray(changed.any(axis=1))
    return np.where(ever, shares[changed.argmax(axis=1)], 1.0), ever

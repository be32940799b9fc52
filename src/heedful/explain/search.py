"""The best order that can be found for a text: the far end of the scale for maps.

A map's erasure score means little by itself: how much can be lost depends on text and model. So
beside the random orders (what chance gives) stand orders that were searched for with the very
model: leave-one-out, and greedy search in stages. A stage goes from one share of tokens to the
next; it measures each candidate on the text as it is by then, and takes the strongest.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from heedful.explain.curves import DELETED
from heedful.explain.orders import Order, counts
from heedful.explain.perturb import Asking, Ids, Variants, joined, kept

WIDE = 64
"""Most candidates that a stage measures."""

Odds = Callable[[NDArray[np.float32]], NDArray[np.float64]]
"""Log-odds of the class from logits (K, L)."""


class _Stages:
    """An order that grows stage by stage; what is not yet settled keeps its rank."""

    def __init__(self, start: Order, *, insert: bool) -> None:
        self.settled: Order = start[:0]
        self.rest: Order = start
        self.insert = insert
        self.asked: Order = start[:0]

    def ask(self, ids: Ids) -> Variants:
        """The text with one more candidate gone (or, inserting, one more there)."""
        self.asked = self.rest[:WIDE]
        changed = np.zeros((len(self.asked), len(ids)), bool)
        changed[:, self.settled] = True
        changed[np.arange(len(self.asked)), self.asked] = True
        return kept(ids, changed if self.insert else ~changed)

    def take(self, odds: NDArray[np.float64], upto: int) -> None:
        """Settle candidates, the strongest first, until `upto` tokens are settled."""
        strength = odds if self.insert else -odds
        sorted_ = self.asked[np.argsort(-strength, kind="stable")]
        order = np.concatenate([sorted_, self.rest[len(self.asked) :]])
        need = max(0, upto - len(self.settled))
        self.settled = np.concatenate([self.settled, order[:need]])
        self.rest = order[need:]

    def order(self) -> Order:
        """All tokens."""
        return np.concatenate([self.settled, self.rest])


def greedy(ids: Ids, removal: Order, insertion: Order, odds: Odds) -> Asking[tuple[Order, Order]]:
    """Two orders by greedy search: for comprehensiveness, and for sufficiency.

    Args:
        ids: the text.
        removal, insertion: the orders to start from, (N,) each; the better, the better.
        odds: the class's log-odds from logits.

    Returns:
        The order that loses the class soonest, and the order that builds it up soonest.
    """
    out, into = _Stages(removal, insert=False), _Stages(insertion, insert=True)
    for upto in np.unique(counts(DELETED, len(ids))).tolist():
        asked = [out.ask(ids), into.ask(ids)]
        found = odds((yield joined(asked)))
        out.take(found[: len(asked[0])], upto)
        into.take(found[len(asked[0]) :], upto)
    return out.order(), into.order()

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
from heedful.explain.deletions import deletions
from heedful.explain.orders import Order, counts
from heedful.explain.perturb import Asking, Ids, kept
from heedful.nn.classify import Classifier

WIDE = 64
"""Most candidates that a stage measures."""

Odds = Callable[[NDArray[np.float32]], NDArray[np.float64]]
"""Log-odds of the class from logits (K, L)."""


class _Stages:
    """An order that grows stage by stage; what is not yet settled keeps its rank."""

    def __init__(self, start: Order) -> None:
        self.settled: Order = start[:0]
        self.rest: Order = start

    @property
    def candidates(self) -> Order:
        """What a stage measures."""
        return self.rest[:WIDE]

    def mark(self, size: int) -> NDArray[np.bool_]:
        """(N,) the settled tokens."""
        marked = np.zeros(size, bool)
        marked[self.settled] = True
        return marked

    def take(self, strength: NDArray[np.float64], upto: int) -> None:
        """Settle candidates, the strongest (K,) first, until `upto` tokens are settled."""
        chosen = self.candidates
        order = chosen[np.argsort(-strength, kind="stable")]
        order = np.concatenate([order, self.rest[len(chosen) :]])
        need = max(0, upto - len(self.settled))
        self.settled = np.concatenate([self.settled, order[:need]])
        self.rest = order[need:]

    def order(self) -> Order:
        """All tokens."""
        return np.concatenate([self.settled, self.rest])


def greedy(network: Classifier, ids: Ids, start: Order, odds: Odds) -> Asking[tuple[Order, Order]]:
    """Two orders by greedy search: for comprehensiveness, and for sufficiency.

    Args:
        network: the model.
        ids: the text.
        start: the order to start from, (N,); the better, the better.
        odds: the class's log-odds from logits.

    Returns:
        The order that loses the class soonest, and the order that builds it up soonest.
    """
    out, into = _Stages(start), _Stages(start)
    for upto in np.unique(counts(DELETED, len(ids))).tolist():
        gone = out.mark(len(ids))
        left = odds((yield from deletions(network, ids, gone, out.candidates)))
        out.take(-left, upto)
        grown = np.tile(into.mark(len(ids)), (len(into.candidates), 1))
        grown[np.arange(len(grown)), into.candidates] = True
        into.take(odds((yield kept(ids, grown))), upto)
    return out.order(), into.order()

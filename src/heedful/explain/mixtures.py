"""What a model would decide with other attention weights, its states kept."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from heedful.explain.anatomy import Anatomy, Logits, heads
from heedful.nn.classify import Classifier, LinearHead

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Mixer:
    """Decisions from weighted sums of one value per token.

    Behind a linear head, logits of a mixture are the mixture of the tokens' own logits (weights
    sum to 1, so the bias stays whole): L numbers a token instead of H.

    Attributes:
        network: whose head decides.
        values: (N, D) the tokens' logits behind a linear head, else their states.
        linear: whether the values are logits.
        evidence: (L,) logits of n-gram evidence and max pooling, whatever the weights; None =
            there is neither.
            Values that are logits hold it already.
    """

    network: Classifier
    values: Array
    linear: bool
    evidence: Logits | None = None

    def decide(self, mixed: Array) -> Logits:
        """(K, L) logits of (K, D) values mixed by weights that sum to 1."""
        if self.linear:
            return mixed.astype(np.float32)
        return heads(self.network, mixed, self.evidence)

    def reweighted(self, weights: Array) -> Logits:
        """(K, L) logits under other weights (K, N), each row >= 0 with sum 1."""
        return self.decide(weights @ self.values)


def mixer(network: Classifier, anatomy: Anatomy) -> Mixer:
    """The cheapest values that mix to this text's decisions."""
    linear = isinstance(network.head, LinearHead)
    shown = anatomy.evidence
    values = heads(network, anatomy.states, shown) if linear else anatomy.states
    return Mixer(network, values.astype(np.float64), linear, shown)

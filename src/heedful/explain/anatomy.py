"""What attention does inside one decision: weights, states, and heads on contexts made by hand."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from heedful.learn.model import TextModel, device_of, inference, scoring_batches
from heedful.nn.classify import Classifier
from heedful.nn.mask import masked_mean
from heedful.nn.penalty import conicity
from heedful.text.vocab import Encoded

Logits = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Anatomy:
    """One text as the attention sees it; real tokens only.

    Attributes:
        ids: (N,) its tokens.
        weights: (N,) attention, sum 1.
        states: (N, H) what the weights pool.
        logits: (L,) the decision.
        uniform_logits: (L,) the decision with equal weights, states kept.
        conicity: of the states, see `nn.conicity`; 0 without tokens.
        evidence: (L,) what of both logits n-gram evidence and max pooling say, whatever the
            weights; None = there is neither.
    """

    ids: NDArray[np.int32]
    weights: NDArray[np.float64]
    states: NDArray[np.float32]
    logits: Logits
    uniform_logits: Logits
    conicity: float
    evidence: Logits | None = None


def anatomies(model: TextModel, encoded: Encoded) -> Iterator[tuple[int, Anatomy]]:
    """Every text's place in `encoded` and its anatomy, longest texts first."""
    network = model.network
    more = network.evidence is not None or network.peak is not None
    for order, ids, mask in scoring_batches(network, encoded):
        with inference(network):
            states, attended = network.pool(network.embed(ids, mask), mask)
            learned = network.head(attended.context.squeeze(1))
            beside = network.beside(ids, mask, _peaks(network, states, mask, learned))
            found = (
                attended.weights.squeeze(1).double(),
                states,
                learned + beside,
                network.head(masked_mean(states, mask)) + beside,
                conicity(states, mask),
                beside,
            )
        weights, rows, logits, uniform, cones, shown = (part.cpu().numpy() for part in found)
        for row, index in enumerate(order.tolist()):
            own = encoded[index].astype(np.int32)
            here = slice(len(own))  # copies: a view would keep the whole batch alive
            yield (
                index,
                Anatomy(
                    own,
                    weights[row, here].copy(),
                    rows[row, here].copy(),
                    logits[row].copy(),
                    uniform[row].copy(),
                    float(cones[row]),
                    shown[row].copy() if more else None,
                ),
            )


def _peaks(network: Classifier, states: Tensor, mask: Tensor, logits: Tensor) -> Tensor:
    """(B, L) what max pooling says; zeros without it."""
    return torch.zeros_like(logits) if network.peak is None else network.peak(states, mask)


def heads(
    network: Classifier, contexts: NDArray[np.floating], evidence: Logits | None = None
) -> Logits:
    """(K, L) logits of contexts (K, H) made by hand, by the network's own head.

    Args:
        evidence: (L,) logits of n-gram evidence and max pooling to be added: they stay, whatever
            the context.
    """
    made = torch.from_numpy(np.ascontiguousarray(contexts, np.float32)).to(device_of(network))
    with inference(network):
        found: Logits = network.head(made).cpu().numpy()
    return found if evidence is None else found + evidence

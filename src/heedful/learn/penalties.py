"""What training adds to the log loss, so that attention can be trusted: each with a weight."""

from __future__ import annotations

from torch import Tensor

from heedful.config import TrainConfig
from heedful.nn.classify import Inner
from heedful.nn.penalty import conicity, distance, missed


def wanted(config: TrainConfig) -> bool:
    """Whether the loss has any penalty."""
    return bool(config.conicity or config.tying or config.rationales)


def penalty(inner: Inner, mask: Tensor, evidence: Tensor | None, config: TrainConfig) -> Tensor:
    """The sum of the penalties, each weighed and the mean over the batch's texts; a scalar.

    Args:
        inner: of one training pass.
        mask: (B, T), True = real.
        evidence: (B, T), True = marked by a person. Texts without any are left out of the mean
            of what attention missed. None = nothing is marked anywhere.
        config: the weights; a penalty of weight 0 is not computed.
    """
    total = inner.logits.new_zeros(())
    if config.conicity:
        total = total + config.conicity * conicity(inner.states, mask).mean()
    if config.tying:
        total = total + config.tying * distance(inner.states, inner.values, mask).mean()
    if config.rationales and evidence is not None and bool(evidence.any()):
        marked = evidence.any(dim=1)
        total = total + config.rationales * missed(inner.weights[marked], evidence[marked]).mean()
    return total

"""What training adds to the log loss, so that attention can be trusted: each with a weight."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from heedful.config import TrainConfig
from heedful.learn.masking import masked_texts
from heedful.nn.classify import Classifier, Inner
from heedful.nn.penalty import conicity, distance, missed


def training_pass(
    network: Classifier,
    ids: Tensor,
    mask: Tensor,
    marks: NDArray[np.bool_] | None,
    config: TrainConfig,
) -> tuple[Tensor, Tensor | None]:
    """Logits (B, C) of a batch, masked if training is, and the penalties; None without any.

    Args:
        network: in training mode.
        ids: (B, T).
        mask: (B, T), True = real.
        marks: (B, T), True = marked by a person as evidence; None = not known.
        config: how to learn.
    """
    whole = ids
    if config.masked_training:
        ids = masked_texts(ids, mask, config.masked_training)
    if not (config.conicity or config.tying or config.rationales):
        return network.read(ids, mask), None
    evidence = None
    if marks is not None:  # what was masked away is no evidence any more
        evidence = torch.from_numpy(marks).to(ids.device) & (ids == whole)
    inner = network.inner(ids, mask)
    return inner.logits, penalty(inner, mask, evidence, config)


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

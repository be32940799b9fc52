"""Masked training: texts with tokens taken out become something the model has seen."""

from __future__ import annotations

import torch
from torch import Tensor

from heedful.nn.chance import generator
from heedful.text.vocab import UNK


def masked_texts(ids: Tensor, mask: Tensor, share: float) -> Tensor:
    """The ids with tokens replaced by UNK in about `share` of the texts; padding never changes.

    A chosen text draws r from U[0, 1] and loses each real token with probability r (Madsen et
    al. 2024, "Faithfulness Measurable Masked Language Models", who choose half of every batch).
    Texts are chosen one by one, so that one that fills a batch alone is masked as often as any
    other. Draws come from the thread's generator (nn/chance.py).

    Args:
        ids: (B, T).
        mask: (B, T), True = real.
        share: from 0 to 1.
    """
    device, source = ids.device, generator()
    chosen = torch.rand(len(ids), 1, device=device, generator=source) < share
    rate = torch.rand(len(ids), 1, device=device, generator=source)
    lost = torch.rand(ids.shape, device=device, generator=source) < rate
    return ids.masked_fill(chosen & lost & mask, UNK)

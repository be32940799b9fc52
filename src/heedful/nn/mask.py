"""Masked arithmetic over tokens. A mask is always True where the token is real."""

import torch
from jaxtyping import Bool, Float
from torch import Tensor


def masked_softmax(
    scores: Float[Tensor, "*rows T"], mask: Bool[Tensor, "*rows T"]
) -> Float[Tensor, "*rows T"]:
    """Softmax over the real tokens only.

    Weights are exactly 0 where the mask is False and sum to 1 over the rest; a row without
    any real token gives zeros, forwards and backwards, and never NaN.
    """
    # A finite filler instead of -inf: an all-masked row then stays finite, so that its
    # gradient is zero and not NaN; the product makes its weights zero.
    filled = scores.masked_fill(~mask, torch.finfo(scores.dtype).min)
    return torch.softmax(filled, dim=-1) * mask


def masked_mean(values: Float[Tensor, "B T H"], mask: Bool[Tensor, "B T"]) -> Float[Tensor, "B H"]:
    """Mean over the real tokens; zeros for a text without any."""
    count = mask.sum(dim=1, keepdim=True).clamp(min=1)
    return (values * mask.unsqueeze(-1)).sum(dim=1) / count

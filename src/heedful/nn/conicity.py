"""Conicity: how narrow the cone is in which the states of a text lie."""

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from heedful.nn.mask import masked_mean


def conicity(states: Float[Tensor, "B T H"], mask: Bool[Tensor, "B T"]) -> Float[Tensor, "B"]:
    """(B,) mean over real tokens of cos(h_t, mean h), in -1..1; 0 for a text without tokens.

    Near 1 the states are all alike, and any weights pool them to about the same context
    (Mohankumar et al. 2020, section 3.1).
    """
    middle = masked_mean(states, mask).unsqueeze(1)  # (B, 1, H)
    cosines = torch.cosine_similarity(states, middle, dim=-1)  # (B, T)
    return masked_mean(cosines.unsqueeze(-1), mask).squeeze(-1)

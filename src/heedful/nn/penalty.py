"""What training can hold against the inside of a network: one number a text."""

import torch
from jaxtyping import Bool, Float
from torch import Tensor
from torch.nn import functional

from heedful.nn.mask import masked_mean


def conicity(states: Float[Tensor, "B T H"], mask: Bool[Tensor, "B T"]) -> Float[Tensor, "B"]:
    """How much the states of a text point the same way: mean_t cos(h_t, mean_s h_s).

    At most 1, which is where all states are parallel and attention has nothing to choose
    between; near 0 where they spread evenly; 0 for a text without tokens. A state of zeros counts
    as cosine 0. (Mohankumar et al. 2020, "Towards Transparent and Explainable Attention Models",
    whose Diversity LSTM is trained with it as a penalty.)
    """
    # Padding may hold anything, and 0 x inf is NaN: it is cleared first.
    real = states.masked_fill(~mask.unsqueeze(-1), 0.0)
    axis = functional.normalize(masked_mean(real, mask), dim=-1)
    # The mean of the cosines to one axis is the mean direction's product with it.
    direction = masked_mean(functional.normalize(real, dim=-1), mask)
    return (direction * axis).sum(dim=-1)


def distance(
    states: Float[Tensor, "B T H"], values: Float[Tensor, "B T H"], mask: Bool[Tensor, "B T"]
) -> Float[Tensor, "B"]:
    """How far states stray from their tokens' vectors: mean_t ||h_t - e_t||^2.

    0 for a text without tokens. (Tutek & Snajder 2020,
    "Staying True to Your Word: (How) Can Attention Become Explanation?".)
    """
    apart = (states - values).masked_fill(~mask.unsqueeze(-1), 0.0)
    # Squares summed over components, then the mean over the real tokens.
    return masked_mean(apart.square().sum(dim=-1, keepdim=True), mask).squeeze(-1)


def missed(weights: Float[Tensor, "B T"], evidence: Bool[Tensor, "B T"]) -> Float[Tensor, "B"]:
    """How far attention misses the evidence, in nats: -log sum over the evidence of a_t.

    0 where all attention lies on the evidence, however it is spread there; at most 27.6, which
    a text without evidence gets too. (Supervised attention as in Strout, Zhang & Mooney 2019,
    "Do Human Rationales Improve Machine Explanations?", and Barrett et al. 2018, "Sequence
    Classification with Human Attention"; this form of the loss is heedful's own.)
    """
    mass = (weights * evidence).sum(dim=-1)
    # Added and not clamped: attention of nearly 0 still has a gradient that leads out of it.
    return -torch.log(mass + 1e-12)

"""Scores of one query at a time against keys that are projected once a source.

A decoder asks the same keys at every step. What a score function does to the keys alone is done
once (`project`), the rest at each step (`scores_of`); together they give what the score function
itself gives (tests hold them against it).
"""

import math

import torch
from jaxtyping import Float
from torch import Tensor, nn

from heedful.nn.attend import (
    Additive,
    Concat,
    Content,
    Dot,
    General,
    Location,
    ScaledDot,
    Uniform,
)


def project(score: nn.Module, keys: Float[Tensor, "B T H"]) -> Float[Tensor, "B T K"]:
    """What the score function makes of the keys alone; K is its own affair.

    Rows can be taken out of it, as local attention does.
    """
    projected = keys
    if isinstance(score, Additive):
        projected = score.key(keys)
    elif isinstance(score, Concat):
        projected = keys @ score.joint.weight[:, -keys.shape[2] :].t()
    elif isinstance(score, General):
        projected = keys @ score.weight.t()
    elif isinstance(score, ScaledDot):
        projected = keys / math.sqrt(keys.shape[-1])
    elif isinstance(score, Content):
        projected = nn.functional.normalize(keys, dim=-1, eps=1e-8)
    elif isinstance(score, Location):  # the score looks at the position of the key only
        positions = torch.arange(keys.shape[1], device=keys.device, dtype=keys.dtype)
        projected = positions.view(1, -1, 1).expand(keys.shape[0], -1, 1)
    elif isinstance(score, Uniform):
        projected = keys[..., :1]
    return projected


def scores_of(
    score: nn.Module, query: Float[Tensor, "B D"], projected: Float[Tensor, "B T K"]
) -> Float[Tensor, "B T"]:
    """Scores, before masking and softmax.

    Raises:
        TypeError: a score function that is not one of `nn.attend`.
    """
    found: Tensor
    if isinstance(score, Additive):
        hidden = score.hidden(projected + score.query(query).unsqueeze(1))
        found = score.vector(hidden).squeeze(-1)
    elif isinstance(score, Concat):
        asked = query @ score.joint.weight[:, : query.shape[1]].t()
        found = score.vector(torch.tanh(projected + asked.unsqueeze(1))).squeeze(-1)
    elif isinstance(score, General):
        found = _dot(query, projected)
        found = found if score.bias is None else found + score.bias
    elif isinstance(score, Dot | ScaledDot):
        found = _dot(query, projected)
    elif isinstance(score, Content):
        unit = nn.functional.normalize(query, dim=-1, eps=1e-8)
        found = score.log_strength.exp() * _dot(unit, projected)
    elif isinstance(score, Location):
        index = projected.squeeze(-1).long().clamp(max=score.table.out_features - 1)
        found = score.table(query).gather(1, index)
    elif isinstance(score, Uniform):
        found = projected.new_zeros(projected.shape[:2])
    else:
        raise TypeError(f"no way to project the keys of {type(score).__name__}")
    return found


def _dot(query: Tensor, keys: Tensor) -> Tensor:
    return torch.bmm(keys, query.unsqueeze(2)).squeeze(2)

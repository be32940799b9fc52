"""Rotary positions: vectors are turned by an angle that grows with their place in the text.

The inner product of a turned query and a turned key then depends on how far apart they stand and
not on where (Su et al. 2021, "RoFormer", equations 14 to 16 and 34). The angles are worked out for
as many tokens as there are: no table ends.
"""

import torch
from jaxtyping import Float
from torch import Tensor

BASE = 10_000.0


def angles(tokens: int, width: int, device: torch.device | None = None) -> Float[Tensor, "T D"]:
    """m theta_i of place m for both components of pair i, theta_i = 10000^(-2 i / D), i from 0.

    The last component of an odd width belongs to no pair: its angle is 0 everywhere.
    """
    pairs = torch.arange(width // 2, device=device, dtype=torch.float32)
    theta = (BASE ** (-2 * pairs / max(width - width % 2, 1))).repeat_interleave(2)
    theta = torch.nn.functional.pad(theta, (0, width % 2))
    return torch.arange(tokens, device=device, dtype=torch.float32)[:, None] * theta


def rotate(values: Float[Tensor, "N T D"]) -> Float[Tensor, "N T D"]:
    """Each pair of components turned by its place's angle; of the same type as `values`."""
    _, tokens, width = values.shape
    angle = angles(tokens, width, values.device)
    whole = values.float()
    first, second = whole[..., 0 : width - width % 2 : 2], whole[..., 1::2]
    quarter = torch.stack((-second, first), dim=-1).flatten(-2)
    quarter = torch.nn.functional.pad(quarter, (0, width % 2))
    return (whole * angle.cos() + quarter * angle.sin()).to(values.dtype)

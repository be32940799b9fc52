"""Max pooling beside attention: of each unit of the states only its largest value counts."""

from __future__ import annotations

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn

from heedful.nn.dropout import Dropout


def peaks(states: Float[Tensor, "B T H"], mask: Bool[Tensor, "B T"]) -> Float[Tensor, "B H"]:
    """The largest value of each unit over the real tokens; zeros for a text without any."""
    lowest = torch.finfo(states.dtype).min
    largest = states.masked_fill(~mask.unsqueeze(-1), lowest).amax(dim=1)
    return largest * mask.any(dim=1, keepdim=True)


class MaxPool(nn.Module):
    """W p, p the largest value of each unit (Collobert et al. 2011, section 3.3.2; Kim 2014).

    It has weights of its own: its logits are added to those of what attention reads. Of a unit's
    share all goes to the token whose state has the largest value, the first where there are
    several, so that shares sum to the logits as they do under attention.

    Args:
        width: H, of the states.
        classes: C.
        dropout: share of peaks dropped while training.
    """

    def __init__(self, width: int, classes: int, dropout: float) -> None:
        super().__init__()
        self.dropout = Dropout(dropout)
        self.linear = nn.Linear(width, classes, bias=False)

    def forward(
        self, states: Float[Tensor, "B T H"], mask: Bool[Tensor, "B T"]
    ) -> Float[Tensor, "B C"]:
        """Logits; zeros for a text without tokens."""
        return self.read(peaks(states, mask).to(self.linear.weight.dtype))

    def read(self, largest: Float[Tensor, "B H"]) -> Float[Tensor, "B C"]:
        """Logits of peaks."""
        logits: Tensor = self.linear(self.dropout(largest))
        return logits

    def slope(self, texts: int) -> Float[Tensor, "B C H"]:
        """The gradient of each logit of each text, which is the same everywhere."""
        return self.linear.weight.unsqueeze(0).expand(texts, -1, -1)

    @torch.no_grad()
    def scale(self, factor: float) -> None:
        """Multiply all logits, and with them contributions, by a number."""
        self.linear.weight.mul_(factor)


def taken(states: Float[Tensor, "B T H"], mask: Bool[Tensor, "B T"]) -> Float[Tensor, "B T H"]:
    """1 where a token has the largest value of a unit, else 0: what pools as attention weights do.

    For every unit one token of each text that has any.
    """
    lowest = torch.finfo(states.dtype).min
    place = states.masked_fill(~mask.unsqueeze(-1), lowest).argmax(dim=1, keepdim=True)
    chosen = torch.zeros_like(states).scatter_(1, place, 1.0)
    return chosen * mask.unsqueeze(-1)

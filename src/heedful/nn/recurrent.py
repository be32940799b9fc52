"""Recurrent layers that are exact under padding and fast on a processor.

Padding stands on the right, so a forward pass never reads it before a real token. The
backward pass runs over a copy in which each text is reversed within its own length: it too
meets the real tokens first. That is exact, and several times faster to train on a CPU than
packed sequences, which leave the library's fast path.
"""

from collections.abc import Sequence
from typing import Literal

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn

Cell = Literal["lstm", "gru"]
Gate = Literal["sigmoid", "relu"]


def reversal(mask: Bool[Tensor, "B T"]) -> Int[Tensor, "B T"]:
    """Positions that reverse each text within its own length and leave padding in place."""
    positions = torch.arange(mask.shape[1], device=mask.device).unsqueeze(0)  # (1, T)
    lengths = mask.sum(dim=1, keepdim=True)  # (B, 1)
    return torch.where(mask, lengths - 1 - positions, positions)


def reorder(
    values: Float[Tensor, "B T H"], positions: Int[Tensor, "B T"]
) -> Float[Tensor, "B T H"]:
    """`values[b, positions[b, t]]` at (b, t)."""
    rows = torch.arange(values.shape[0], device=values.device).unsqueeze(1)
    return values[rows, positions]


def last(states: Float[Tensor, "B T H"], mask: Bool[Tensor, "B T"]) -> Float[Tensor, "B H"]:
    """The state at each text's last real token; zeros for a text without any."""
    lengths = mask.sum(dim=1)
    rows = torch.arange(states.shape[0], device=states.device)
    return states[rows, (lengths - 1).clamp(min=0)] * (lengths > 0).unsqueeze(1)


def as_coarse(weights: Sequence[Tensor], values: Tensor) -> list[Tensor]:
    """Weights in the precision of what they are multiplied with, rounded once for all steps.

    Left to `torch.autocast`, they are rounded once where its cache still has them and else once a
    step. That cache is one for all threads, and whoever leaves it first empties it: gradients
    would be summed in other precisions from run to run.
    """
    return [weight.to(values.dtype) for weight in weights]


class ReluGates(nn.Module):
    """One-directional LSTM or GRU whose gates are ReLU instead of sigmoid.

    One widespread tutorial builds its network so. A ReLU gate is unbounded, so states can
    grow without limit: it is here for comparison, not as advice. Equations as in PyTorch's
    LSTM and GRU with sigma replaced; the loop over time is plain Python and slow. `gate` can
    be set to sigmoid, which makes it the reference that the tests hold against PyTorch.
    """

    def __init__(self, cell: Cell, width: int, hidden: int, gate: Gate = "relu") -> None:
        super().__init__()
        self.cell, self.hidden = cell, hidden
        self.gate = torch.relu if gate == "relu" else torch.sigmoid
        blocks = 4 if cell == "lstm" else 3
        self.inputs = nn.Linear(width, blocks * hidden)
        self.recurrent = nn.Linear(hidden, blocks * hidden)

    def forward(self, values: Float[Tensor, "B T E"]) -> Float[Tensor, "B T H"]:
        """States after every token."""
        state = values.new_zeros(values.shape[0], self.hidden)  # (B, H)
        memory = torch.zeros_like(state)
        step = self._lstm if self.cell == "lstm" else self._gru
        weight, bias = as_coarse([self.recurrent.weight, self.recurrent.bias], values)
        states = []
        for pre in self.inputs(values).unbind(dim=1):  # pre (B, 4H or 3H)
            again = nn.functional.linear(state, weight, bias)
            state, memory = step(pre, again, state, memory)
            states.append(state)
        return torch.stack(states, dim=1)

    def _lstm(
        self, pre: Tensor, again: Tensor, state: Tensor, memory: Tensor
    ) -> tuple[Tensor, Tensor]:
        keep_in, forget, new, out = (pre + again).chunk(4, dim=1)
        memory = self.gate(forget) * memory + self.gate(keep_in) * torch.tanh(new)
        return self.gate(out) * torch.tanh(memory), memory

    def _gru(
        self, pre: Tensor, again: Tensor, state: Tensor, memory: Tensor
    ) -> tuple[Tensor, Tensor]:
        reset_x, update_x, new_x = pre.chunk(3, dim=1)
        reset_h, update_h, new_h = again.chunk(3, dim=1)
        reset, update = self.gate(reset_x + reset_h), self.gate(update_x + update_h)
        new = torch.tanh(new_x + reset * new_h)
        return (1 - update) * new + update * state, memory


def _start(cell: Cell, weights: dict[str, nn.Parameter], hidden: int) -> None:
    """Initial weights: Glorot for the inputs, orthogonal from step to step, biases zero."""
    nn.init.xavier_uniform_(weights["weight_ih_l0"])
    with torch.no_grad():
        for block in weights["weight_hh_l0"].chunk(4 if cell == "lstm" else 3):
            nn.init.orthogonal_(block)
        weights["bias_ih_l0"].zero_()
        weights["bias_hh_l0"].zero_()
        if cell == "lstm":  # an open forget gate at the start (Jozefowicz et al. 2015)
            weights["bias_ih_l0"][hidden : 2 * hidden].fill_(1.0)


class Direction(nn.Module):
    """One pass over the tokens in one direction."""

    def __init__(self, cell: Cell, width: int, hidden: int, gate: Gate) -> None:
        super().__init__()
        self.cell, self.width = cell, hidden
        if gate == "relu":
            self.rnn: nn.Module = ReluGates(cell, width, hidden)
            return
        kind = nn.LSTM if cell == "lstm" else nn.GRU
        self.rnn = kind(width, hidden, batch_first=True)
        _start(cell, dict(self.rnn.named_parameters()), hidden)

    def forward(self, values: Float[Tensor, "B T E"]) -> Float[Tensor, "B T H"]:
        """States after every token; a batch without tokens has none."""
        states: Tensor
        if isinstance(self.rnn, ReluGates):
            states = self.rnn(values)
            return states
        if values.dtype == torch.float32 or values.is_cuda:  # a GPU's weights lie as one block
            states = self.rnn(values)[0]
            return states
        begin = values.new_zeros(1, len(values), self.width)
        weights = as_coarse(list(self.rnn.parameters()), values)
        steps = (weights, True, 1, 0.0, self.training, False, True)
        if self.cell == "gru":
            return torch.gru(values, begin, *steps)[0]
        return torch.lstm(values, (begin, begin), *steps)[0]


class Recurrent(nn.Module):
    """One LSTM or GRU layer, one- or two-directional, exact under right padding.

    Output width is `hidden` times the number of directions, forward half first.
    """

    def __init__(
        self, cell: Cell, width: int, hidden: int, *, bidirectional: bool, gate: Gate
    ) -> None:
        super().__init__()
        self.forwards = Direction(cell, width, hidden, gate)
        self.backwards = Direction(cell, width, hidden, gate) if bidirectional else None
        self.width = hidden * (2 if bidirectional else 1)

    def forward(
        self, values: Float[Tensor, "B T E"], mask: Bool[Tensor, "B T"]
    ) -> tuple[Float[Tensor, "B T H"], Float[Tensor, "B H"]]:
        """States at every token and the final state of each direction, side by side."""
        ahead = self.forwards(values)
        if self.backwards is None:
            return ahead, last(ahead, mask)
        positions = reversal(mask)
        reversed_states = self.backwards(reorder(values, positions))
        states = torch.cat([ahead, reorder(reversed_states, positions)], dim=-1)
        final = torch.cat([last(ahead, mask), last(reversed_states, mask)], dim=-1)
        return states, final

"""One step of an LSTM or a GRU, for loops that must look elsewhere between two steps."""

from typing import Literal

import torch
from jaxtyping import Float
from torch import Tensor, nn

Cell = Literal["lstm", "gru"]


class StepCell(nn.Module):
    """The equations of PyTorch's LSTMCell and GRUCell; what comes in is multiplied outside.

    Blocks of the weights stand in the order input, forget, output, new (LSTM) and reset, update,
    new (GRU), so that the gates are one stretch of memory and one sigmoid.

    Args:
        cell: which of the two.
        width: of what comes in.
        units: U.
    """

    def __init__(self, cell: Cell, width: int, units: int) -> None:
        super().__init__()
        self.cell, self.units = cell, units
        self.blocks = 4 if cell == "lstm" else 3
        self.inputs = nn.Linear(width, self.blocks * units)
        self.recurrent = nn.Linear(units, self.blocks * units, bias=cell == "gru")
        # As the encoder's layers begin: Glorot, orthogonal from step to step, an open forget gate.
        nn.init.xavier_uniform_(self.inputs.weight)
        with torch.no_grad():
            for block in self.recurrent.weight.chunk(self.blocks):
                nn.init.orthogonal_(block)
            self.inputs.bias.zero_()
            if self.recurrent.bias is not None:
                self.recurrent.bias.zero_()
            if cell == "lstm":
                self.inputs.bias[units : 2 * units].fill_(1.0)

    def forward(
        self, pre: Float[Tensor, "B P"], hidden: Float[Tensor, "B U"], memory: Float[Tensor, "B M"]
    ) -> tuple[Float[Tensor, "B U"], Float[Tensor, "B M"]]:
        """The next hidden state and memory cell (a GRU has none: M = 0).

        Args:
            pre: `inputs` of what comes in, P = blocks x U.
            hidden: the state before.
            memory: the memory cell before.
        """
        weight, units = self.recurrent.weight, self.units
        if self.cell == "lstm":
            pre = torch.addmm(pre, hidden, weight.t())
            gate_in, forget, out = torch.sigmoid(pre[:, : 3 * units]).chunk(3, dim=1)
            new = torch.tanh(pre[:, 3 * units :])
            memory = torch.addcmul(forget * memory, gate_in, new)
            return out * torch.tanh(memory), memory
        back = nn.functional.linear(hidden, weight, self.recurrent.bias)
        both = 2 * units
        reset, update = torch.sigmoid(pre[:, :both] + back[:, :both]).chunk(2, dim=1)
        new = torch.tanh(torch.addcmul(pre[:, both:], reset, back[:, both:]))
        return torch.lerp(new, hidden, update), memory

    def empty(self, hidden: Float[Tensor, "B U"]) -> Float[Tensor, "B M"]:
        """The memory cell at the start: zeros."""
        return torch.zeros_like(hidden) if self.cell == "lstm" else hidden[:, :0]

"""Drop-out that is quick to draw on a processor."""

import torch
from torch import Tensor, nn

from heedful.nn.chance import generator

_LEVELS = 256


class Dropout(nn.Dropout):
    """Zero a share of the components while training, scale up the rest (Srivastava et al. 2014).

    On a processor PyTorch draws one random number per component, one after another. Here one draw
    of 64 bits serves eight components, so the share is rounded to 256ths; the scale is that of the
    rounded share, which keeps the mean exact (bench/steps.py).
    """

    def forward(self, input: Tensor) -> Tensor:
        """Values of the same shape; the input itself unless training."""
        level = round(self.p * _LEVELS)
        if not self.training or not level:
            return input
        if input.device.type != "cpu" or level == _LEVELS:
            dropped: Tensor = super().forward(input)
            return dropped
        count = input.numel()
        draws = torch.empty((count + 7) // 8, dtype=torch.int64)
        draws.random_(-(2**63), None, generator=generator())
        kept = draws.view(torch.uint8)[:count].view(input.shape) >= level
        return input * (kept * (_LEVELS / (_LEVELS - level))).to(input.dtype)

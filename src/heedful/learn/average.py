"""A moving average of the weights, which is what is measured and kept when it is switched on."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn


class Average:
    """Exponential moving average of a network's parameters (Polyak & Juditsky 1992).

    After step n: average += (1 - d) (weights - average) with d = min(decay, n / (n + 9)), so
    that the first steps do not drag the random start along.

    Args:
        network: whose weights.
        decay: 0 = off (nothing is stored, `swapped` does nothing).
    """

    def __init__(self, network: nn.Module, decay: float) -> None:
        self.network, self.decay = network, decay
        self.tensors: dict[str, Tensor] = {}
        if decay:
            named = network.named_parameters()
            self.tensors = {name: p.detach().clone() for name, p in named}

    def update(self, step: int) -> None:
        """Take in the weights after batch number `step`, the first being 1."""
        if not self.tensors:
            return
        decay = min(self.decay, step / (step + 9))
        with torch.no_grad():
            for name, parameter in self.network.named_parameters():
                self.tensors[name].lerp_(parameter, 1 - decay)

    @contextmanager
    def swapped(self) -> Iterator[None]:
        """The network with its averaged weights; its own come back afterwards."""
        if not self.tensors:
            yield
            return
        own = {name: p.detach().clone() for name, p in self.network.named_parameters()}
        self._load(self.tensors)
        try:
            yield
        finally:
            self._load(own)

    def _load(self, tensors: dict[str, Tensor]) -> None:
        with torch.no_grad():
            for name, parameter in self.network.named_parameters():
                parameter.copy_(tensors[name])

    def restore(self, tensors: dict[str, Tensor]) -> None:
        """Go on from a snapshot's averages."""
        for name, tensor in self.tensors.items():
            tensor.copy_(tensors[name])

"""A moving average of the weights, which is what is measured and kept when it is switched on."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn


class Average:
    """Exponential moving average of a network's parameters (Polyak & Juditsky 1992).

    After step n: average += (1 - d) (weights - average) with d = min(decay, n / (n + 9)), so
    that the first steps do not drag the random start along.

    Of a table of which a step moves only some rows, the others' averages are brought up to date
    when they are next needed: while a row stays at w, k steps take its average from a to
    w + (d_1 ... d_k) (a - w).

    Args:
        network: whose weights.
        decay: 0 = off (nothing is stored, `swapped` does nothing).
        table: name of the parameter whose rows move by themselves; None = none does.
    """

    def __init__(self, network: nn.Module, decay: float, table: str | None = None) -> None:
        self.network, self.decay = network, decay
        self.tensors: dict[str, Tensor] = {}
        self.seen: Tensor | None = None  # (V,) the step up to which a row's average holds
        self.steps = 0
        if decay:
            named = dict(network.named_parameters())
            self.tensors = {name: p.detach().clone() for name, p in named.items()}
            if table is not None:
                self.table = named[table]
                self.shadow = self.tensors[table]
                rows = len(self.table)
                self.seen = torch.zeros(rows, dtype=torch.int64, device=self.table.device)

    def catch_up(self, rows: Tensor | None) -> None:
        """Bring these rows' averages up to date; to be called before a step moves them.

        Args:
            rows: (R,) positions, each once; None = there is no table whose rows move alone.
        """
        if self.seen is None or rows is None:
            return
        with torch.no_grad():
            now = torch.full_like(rows, self.steps)
            kept = torch.exp(self._log_decay(now) - self._log_decay(self.seen[rows]))
            weights = self.table[rows]
            self.shadow[rows] = weights + kept.float().unsqueeze(1) * (self.shadow[rows] - weights)
            self.seen[rows] = now

    def _log_decay(self, steps: Tensor) -> Tensor:
        """Logarithms of d_1 ... d_n.

        With d_i = i / (i + 9) while that is below the decay: n! 9! / (n + 9)!.
        """
        first = math.floor(9 * self.decay / (1 - self.decay))
        early = steps.clamp(max=first).double()
        factorials = torch.lgamma(early + 1) + math.lgamma(10) - torch.lgamma(early + 10)
        return factorials + (steps - early) * math.log(self.decay)

    def update(self, step: int, rows: Tensor | None = None) -> None:
        """Take in the weights after batch number `step`, the first being 1.

        Args:
            step: its number.
            rows: (R,) rows of the table that it moved; None = it moved no row of such a table.
        """
        if not self.tensors:
            return
        decay = min(self.decay, step / (step + 9))
        with torch.no_grad():
            for name, parameter in self.network.named_parameters():
                if self.seen is None or parameter is not self.table:
                    self.tensors[name].lerp_(parameter, 1 - decay)
            self.steps = step
            if self.seen is not None and rows is not None:
                self.shadow[rows] = self.shadow[rows].lerp(self.table[rows], 1 - decay)
                self.seen[rows] = step

    @contextmanager
    def swapped(self) -> Iterator[None]:
        """The network with its averaged weights; its own come back afterwards."""
        if not self.tensors:
            yield
            return
        if self.seen is not None:
            self.catch_up(torch.arange(len(self.seen), device=self.seen.device))
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

    def snapshot(self) -> dict[str, Tensor]:
        """What a checkpoint needs."""
        rows = {} if self.seen is None else {ROWS: self.seen}
        return self.tensors | rows

    def restore(self, tensors: dict[str, Tensor], steps: int) -> None:
        """Go on from a snapshot taken after so many steps.

        Raises:
            KeyError: it has averages of other parameters.
        """
        for name, tensor in self.tensors.items():
            tensor.copy_(tensors[name])
        if self.seen is not None:
            self.seen.copy_(tensors[ROWS])
        self.steps = steps


ROWS = "rows of the table seen"

"""What the training loop must know of a task: all else is the same for all of them."""

from __future__ import annotations

from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray
from torch import Tensor, nn


class Pass(NamedTuple):
    """What one batch gives.

    Attributes:
        value: the log loss in nats, a scalar; what is reported.
        extra: what else is minimised, a scalar; None = nothing.
        output: (B, width), what is kept of each text for the figures of the epoch.
    """

    value: Tensor
    extra: Tensor | None
    output: Tensor


class Job(Protocol):
    """A network, its data, and what is minimised and measured.

    Attributes:
        lengths: (N,) tokens of each training text, by which batches are cut.
        width: numbers kept of each text.
        validated: whether there are validation data.
        divisible: whether the work on a batch can be cut into parts that add up to the whole, for
            threads (learn/gradients.py) or for workers (learn/summing.py).
        table: name of the network's table of token vectors, of which a batch touches few rows;
            None = it has no such table.
    """

    lengths: NDArray[np.int64]
    width: int
    validated: bool
    divisible: bool
    table: str | None

    @property
    def network(self) -> nn.Module:
        """Changed in place by training."""

    @property
    def metrics(self) -> tuple[str, ...]:
        """The names of the validation figures."""

    def forward(
        self, order: NDArray[np.int64], progress: float, of: NDArray[np.int64] | None = None
    ) -> Pass:
        """One training batch, or a part of one.

        Args:
            order: which texts.
            progress: of the whole training, from 0 to 1.
            of: the batch that they are a part of: value and extra are then their share of its
                mean. None = they are the batch.
        """

    def measure_train(
        self, outputs: NDArray[np.float32], seen: NDArray[np.bool_]
    ) -> dict[str, float]:
        """Figures of the training texts that were `seen` (N,), from their outputs, in order."""

    def measure_valid(self) -> dict[str, float] | None:
        """Figures of the validation data; None where the network's outputs are not finite."""

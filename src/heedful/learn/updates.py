"""From gradients to new weights: Adam for all of them, by rows for the table of token vectors."""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor, nn

from heedful.config import TrainConfig

BETAS = (0.9, 0.999)
EPSILON = 1e-8


class RowAdam:
    """Adam for a table of which a batch touches few rows (Kingma & Ba 2015).

    Only rows with a gradient move, and only their moments decay, as in `torch.optim.SparseAdam`;
    the rest costs nothing. A dense update of 30,000 rows for the 4,000 of a batch costs more than
    the batch.

    Args:
        weight: (V, E), changed in place; its gradients are sparse.
    """

    def __init__(self, weight: Tensor) -> None:
        self.weight = weight
        self.steps = 0
        self.first = torch.zeros_like(weight, requires_grad=False)
        self.second = torch.zeros_like(weight, requires_grad=False)

    @torch.no_grad()
    def step(self, rate: float, rows: Tensor, gradient: Tensor) -> None:
        """One update.

        Args:
            rate: learning rate.
            rows: (R,) positions, each once.
            gradient: (R, E).
        """
        self.steps += 1
        first = self.first[rows].lerp_(gradient, 1 - BETAS[0])
        second = self.second[rows].mul_(BETAS[1]).addcmul_(gradient, gradient, value=1 - BETAS[1])
        self.first[rows], self.second[rows] = first, second
        correction = math.sqrt(1 - BETAS[1] ** self.steps)
        step = min(rate / (1 - BETAS[0] ** self.steps), torch.finfo(torch.float32).max)
        change = first.div_(second.sqrt_().div_(correction).add_(EPSILON))
        self.weight.index_add_(0, rows, change, alpha=-step)

    def tensors(self) -> dict[str, Tensor]:
        """What a checkpoint needs."""
        return {"first": self.first, "second": self.second, "steps": torch.tensor(self.steps)}

    def restore(self, tensors: dict[str, Tensor]) -> None:
        """Go on from a checkpoint."""
        self.first.copy_(tensors["first"])
        self.second.copy_(tensors["second"])
        self.steps = int(tensors["steps"])


class Updates:
    """An optimiser for a network with a large table of token vectors.

    With weight decay every row moves at every step, so that the table is then updated as a whole.

    Args:
        network: whose weights.
        config: optimiser, weight decay.
        table: the token vectors; None = there are none, or they take part as a whole.

    Attributes:
        rate: learning rate of the next step.
    """

    def __init__(self, network: nn.Module, config: TrainConfig, table: nn.Embedding | None) -> None:
        if config.weight_decay or (table is not None and not table.weight.numel()):
            table = None
        self.network = network
        self.rate = config.learning_rate
        self.table: RowAdam | None = None
        if table is not None:
            table.sparse = True
            self.table = RowAdam(table.weight)
        weights = [p for p in network.parameters() if table is None or p is not table.weight]
        kind = torch.optim.AdamW if config.optimizer == "adamw" else torch.optim.Adam
        self.rest = kind(
            weights, lr=self.rate, weight_decay=config.weight_decay, betas=BETAS, fused=True
        )

    def zero_grad(self) -> None:
        """Forget the gradients."""
        self.network.zero_grad(set_to_none=True)

    def clip(self, most: float) -> float:
        """Cut the norm of all gradients together to `most`; returns what it was before."""
        gradients = [p.grad for p in self.rest.param_groups[0]["params"] if p.grad is not None]
        found = self._of_rows()
        if found is not None:
            gradients.append(found[1])
        norm = torch.nn.utils.get_total_norm(gradients)
        torch._foreach_mul_(gradients, torch.clamp(most / (norm + 1e-6), max=1.0))
        return float(norm)

    def touched(self) -> Tensor | None:
        """(R,) rows of the table that the next step moves; None = there is no such table."""
        found = self._of_rows()
        return None if found is None else found[0]

    def _of_rows(self) -> tuple[Tensor, Tensor] | None:
        """(R,) rows of the table, each once, and (R, E) their gradients, open to change."""
        if self.table is None or self.table.weight.grad is None:
            return None
        merged = self.table.weight.grad.coalesce()
        self.table.weight.grad = merged
        return merged.indices()[0], merged.values()

    def step(self) -> None:
        """Move the weights against their gradients."""
        for group in self.rest.param_groups:
            group["lr"] = self.rate
        self.rest.step()
        found = self._of_rows()
        if self.table is not None and found is not None:
            self.table.step(self.rate, *found)

    def tensors(self) -> dict[str, Tensor]:
        """What a checkpoint needs."""
        found: dict[str, Tensor] = {}
        for index, values in self.rest.state_dict()["state"].items():
            found |= {f"{index}.{k}": v for k, v in values.items()}
        if self.table is not None:
            found |= {f"table.{k}": v for k, v in self.table.tensors().items()}
        return found

    def restore(self, tensors: dict[str, Tensor]) -> None:
        """Go on from a checkpoint.

        Raises:
            KeyError: it belongs to another kind of optimiser.
        """
        state: dict[int, dict[str, Any]] = {}
        rows = {}
        for name, tensor in tensors.items():
            index, _, key = name.partition(".")
            if index == "table":
                rows[key] = tensor
            else:
                state.setdefault(int(index), {})[key] = tensor
        groups = self.rest.state_dict()["param_groups"]
        self.rest.load_state_dict({"state": state, "param_groups": groups})
        if self.table is not None:
            self.table.restore(rows)

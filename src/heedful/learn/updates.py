"""From gradients to new weights: Adam for all of them, by rows for the table of token vectors."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

from heedful.config import TrainConfig
from heedful.nn.pretrained import PretrainedEncoder

BETAS = (0.9, 0.999)
EPSILON = 1e-8


class RowAdam:
    """Adam for a table of which a batch touches few rows (Kingma & Ba 2015).

    Only rows with a gradient move, and only their moments decay, as in `torch.optim.SparseAdam`;
    the rest costs nothing, which tells only in tables of far more than 30,000 rows
    (bench/steps.py). The price: Adam's momentum carries a row on for some ten steps after its
    word was seen, here it does not, so that a rare word moves a tenth as far.

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
    """An optimiser for a network with large tables of token vectors.

    Args:
        network: whose weights.
        config: optimiser, weight decay.
        tables: those of its tables of which a batch touches few rows. `lazy-adam` updates them by
            rows, the other optimisers as a whole.

    Attributes:
        rate: learning rate of the next step.
        tables: the tables that are updated by rows.
    """

    def __init__(
        self, network: nn.Module, config: TrainConfig, tables: Sequence[nn.Embedding] = ()
    ) -> None:
        # With weight decay every row would have to move at every step.
        lazy = config.optimizer == "lazy-adam" and not config.weight_decay
        by_rows = [t for t in tables if lazy and t.weight.numel()]
        self.network = network
        self.rate = config.learning_rate
        for table in by_rows:
            table.sparse = True
        self.tables = [RowAdam(table.weight) for table in by_rows]
        apart = {id(table.weight) for table in by_rows}
        weights = [p for p in network.parameters() if id(p) not in apart]
        groups, self.shares = _groups(network, weights)
        kind = torch.optim.AdamW if config.optimizer == "adamw" else torch.optim.Adam
        self.rest = kind(
            groups, lr=self.rate, weight_decay=config.weight_decay, betas=BETAS, fused=True
        )

    def zero_grad(self) -> None:
        """Forget the gradients."""
        self.network.zero_grad(set_to_none=True)

    def clip(self, most: float) -> float:
        """Cut the norm of all gradients together to `most`; returns what it was before."""
        moved = [p for group in self.rest.param_groups for p in group["params"]]
        gradients = [p.grad for p in moved if p.grad is not None]
        gradients += [found[1] for found in map(_of_rows, self.tables) if found is not None]
        norm = torch.nn.utils.get_total_norm(gradients)
        torch._foreach_mul_(gradients, torch.clamp(most / (norm + 1e-6), max=1.0))
        return float(norm)

    def touched(self) -> Tensor | None:
        """(R,) rows of the first table that the next step moves; None = there are none."""
        found = _of_rows(self.tables[0]) if self.tables else None
        return None if found is None else found[0]

    def step(self) -> None:
        """Move the weights against their gradients."""
        for group, share in zip(self.rest.param_groups, self.shares, strict=True):
            group["lr"] = self.rate * share
        self.rest.step()
        for table in self.tables:
            found = _of_rows(table)
            if found is not None:
                table.step(self.rate, *found)

    def tensors(self) -> dict[str, Tensor]:
        """What a checkpoint needs."""
        found: dict[str, Tensor] = {}
        for index, values in self.rest.state_dict()["state"].items():
            found |= {f"{index}.{k}": v for k, v in values.items()}
        for number, table in enumerate(self.tables):
            found |= {f"table-{number}.{k}": v for k, v in table.tensors().items()}
        return found

    def restore(self, tensors: dict[str, Tensor]) -> None:
        """Go on from a checkpoint.

        Raises:
            KeyError: it belongs to another kind of optimiser.
        """
        parts: dict[str, dict[str, Any]] = {}
        for name, tensor in tensors.items():
            part, _, key = name.partition(".")
            parts.setdefault(part, {})[key] = tensor
        for number, table in enumerate(self.tables):
            table.restore(parts.pop(f"table-{number}"))
        state = {int(index): values for index, values in parts.items()}
        groups = self.rest.state_dict()["param_groups"]
        self.rest.load_state_dict({"state": state, "param_groups": groups})


def _groups(
    network: nn.Module, weights: Sequence[nn.Parameter]
) -> tuple[list[dict[str, Any]], list[float]]:
    """The weights by learning rate, and each group's share of the network's rate.

    A pre-trained transformer that is learnt has a rate of its own.
    """
    slow = {
        id(weight): module.rate
        for module in network.modules()
        if isinstance(module, PretrainedEncoder) and module.rate is not None
        for weight in module.body.parameters()
    }
    shares = [1.0, *sorted(set(slow.values()))]
    by_share = [[w for w in weights if slow.get(id(w)) == s] for s in shares[1:]]
    groups = [[w for w in weights if id(w) not in slow], *by_share]
    return [{"params": group} for group in groups], shares


def _of_rows(table: RowAdam) -> tuple[Tensor, Tensor] | None:
    """(R,) rows of a table, each once, and (R, E) their gradients, open to change."""
    gradient = table.weight.grad
    if gradient is None:
        return None
    table.weight.grad = gradient.coalesce()
    return table.weight.grad.indices()[0], table.weight.grad.values()

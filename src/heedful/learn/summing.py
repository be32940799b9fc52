"""The gradients of a batch that several workers share: each has some parts, all get the sum.

The parts are those that one process would give its threads (learn/gradients.py), and so are their
seeds: W workers of T threads work out what one worker of W x T threads would.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from heedful.learn.gradients import Gradients, dealt, like, parts_of
from heedful.learn.job import Job, Pass
from heedful.records import HeedfulError

LONG = 4096
"""Tokens of a batch that is worth sharing even where each worker gets very few texts."""


class Shared(Gradients):
    """Works out this worker's part of the gradients, and adds up those of all.

    What goes from worker to worker is one row of numbers a batch: all gradients, which of them
    there are, the losses, the outputs, and whether somebody wants to stop. So whatever is decided
    by these (a loss that is not finite, the norm to clip at) all decide alike.

    Args:
        job: what is learnt.
        threads: of each worker.
        rank: which worker this is.
        size: how many there are.
        add: adds a tensor up over all workers, in place.
        gather: the rows (R,) and their gradients (R, E) of all workers, one after another.
        stopping: whether this worker was asked to stop.

    Raises:
        HeedfulError: the job's batches cannot be cut.
    """

    def __init__(
        self,
        job: Job,
        threads: int,
        rank: int,
        size: int,
        add: Callable[[Tensor], None],
        gather: Callable[[Tensor, Tensor], tuple[Tensor, Tensor]],
        stopping: Callable[[], bool],
    ) -> None:
        if not job.divisible:
            raise HeedfulError(
                "train.rationales cannot be learnt by several workers: how much of a batch is "
                "marked no single one knows; set train.rationales=0, or train with one"
            )
        super().__init__(job, threads)
        self.rank, self.size, self.stopping = rank, size, stopping
        self.add, self.gather = add, gather
        table = dict(job.network.named_modules()).get(job.table or "")
        by_rows = isinstance(table, nn.Embedding) and table.sparse
        self.table = table.weight if by_rows and isinstance(table, nn.Embedding) else None
        self.dense = [w for w in self.weights if w is not self.table]

    def __call__(self, order: NDArray[np.int64], progress: float, seed: int) -> Pass:
        """Gradients of one batch, the same in all workers.

        Raises:
            KeyboardInterrupt: one of them was asked to stop; nothing has changed yet.
            LostWorkerError: one of them is gone.
        """
        parts = parts_of(len(order), self.size * self.threads)
        if parts < self.size and self.job.lengths[order].sum() >= LONG:
            parts = min(self.size, len(order))
        found = None
        self.job.network.zero_grad(set_to_none=True)
        if parts == 1:
            found = self.whole(order, progress, seed) if self.rank == 0 else None
        elif self.rank < parts:
            cut, draws = dealt(len(order), parts, seed)
            mine = slice(self.rank, None, self.size)
            found = self.by_parts(order, progress, cut[mine], draws[mine])
        return self._merged(found, len(order))

    def _merged(self, found: Pass | None, texts: int) -> Pass:
        """The sum over all workers; gradients are left in `.grad`.

        Args:
            found: this worker's; None = it had no part.
            texts: B, of the batch.
        """
        own = _row(self.dense, found, texts * self.job.width, stopping=self.stopping())
        self.add(own)
        sizes = [w.numel() for w in self.dense]
        ends = [*sizes, len(sizes), 4, texts * self.job.width]
        *gradients, there, facts, output = torch.split(own, ends)
        value, extra, has_extra, stop = facts
        if stop > 0:
            raise KeyboardInterrupt
        self._merge_rows()
        for weight, gradient, held in zip(self.dense, gradients, (there > 0).tolist(), strict=True):
            weight.grad = like(weight, gradient.view(weight.shape)) if held else None
        return Pass(value, extra if has_extra > 0 else None, output.view(texts, self.job.width))

    def _merge_rows(self) -> None:
        """Add up the gradient of the table of which each worker has some rows."""
        table = self.table
        if table is None:
            return
        if table.grad is None:
            rows = torch.zeros(0, dtype=torch.int64, device=table.device)
            values = table.new_zeros(0, table.shape[1])
        else:
            gradient = table.grad.coalesce()
            rows, values = gradient.indices()[0], gradient.values()
        rows, values = self.gather(rows, values)
        # `coalesce` adds up rows that several have, in the order of the workers.
        table.grad = torch.sparse_coo_tensor(
            rows.unsqueeze(0), values, table.shape, check_invariants=False
        ).coalesce()


def _row(weights: list[nn.Parameter], found: Pass | None, width: int, *, stopping: bool) -> Tensor:
    """What one worker contributes, as float32: gradients, whether it has each, facts, outputs."""
    zeros = weights[0].new_zeros
    parts = [zeros(w.numel()) if w.grad is None else w.grad.reshape(-1) for w in weights]
    parts.append(torch.tensor([w.grad is not None for w in weights], device=weights[0].device))
    facts = zeros(4)
    facts[3] = float(stopping)
    if found is None:
        return torch.cat([*(p.float() for p in parts), facts, zeros(width)]).detach()
    facts[0] = found.value.detach()
    if found.extra is not None:
        facts[1], facts[2] = found.extra.detach(), 1.0
    output = found.output.detach().reshape(-1)
    return torch.cat([*(p.float() for p in parts), facts, output.float()]).detach()

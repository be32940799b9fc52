"""The gradients of a batch, by one thread or by several, each for a part of its texts."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from heedful.learn.job import Job, Pass
from heedful.nn.chance import drawing

LEAST = 8  # texts of a part


class Gradients:
    """Works out gradients and leaves them in `.grad` of the network's parameters.

    Threads that share a step wait for each other at its end, and sleeping threads take long to
    wake: a recurrent layer is a row of hundreds of small steps. With a part of the texts each,
    they meet once a batch (bench/steps.py: nearly twice as fast on two cores for recurrent
    networks, by 7 % for convolutions). The sum of the parts' gradients, in a fixed order, is the
    batch's but for rounding; drop-out draws other numbers than a single thread's.

    Args:
        job: what is learnt; only one that is `divisible` is cut.
        threads: how many; parts have at least `LEAST` texts.
    """

    def __init__(self, job: Job, threads: int) -> None:
        self.job, self.threads = job, threads if job.divisible else 1
        self.weights = [p for p in job.network.parameters() if p.requires_grad]
        self.pool: ThreadPoolExecutor | None = None

    def __call__(self, order: NDArray[np.int64], progress: float, seed: int) -> Pass:
        """Gradients of one batch, in the place of any before.

        Args:
            order: which texts.
            progress: of the whole training, from 0 to 1.
            seed: of all that is drawn: drop-out, masking.
        """
        parts = min(self.threads, max(1, len(order) // LEAST))
        if parts > 1:
            return self._by_parts(order, progress, seed, parts)
        torch.manual_seed(seed)
        self.job.network.zero_grad(set_to_none=True)
        found = self.job.forward(order, progress)
        _total(found).backward()  # type: ignore[no-untyped-call]
        return found

    def _by_parts(self, order: NDArray[np.int64], progress: float, seed: int, parts: int) -> Pass:
        # Texts of a batch stand by length: every part gets some of each.
        cut = [np.arange(i, len(order), parts) for i in range(parts)]
        draws = np.random.default_rng(seed).integers(2**62, size=parts)

        def one(rows: NDArray[np.int64], draw: int) -> tuple[Pass, tuple[Tensor | None, ...]]:
            with drawing(draw):
                found = self.job.forward(order[rows], progress, order)
            return found, torch.autograd.grad(_total(found), self.weights, allow_unused=True)

        waiting = [self._threads().submit(one, r, int(d)) for r, d in zip(cut, draws, strict=True)]
        passes, gradients = zip(*(done.result() for done in waiting), strict=True)
        for weight, *each in zip(self.weights, *gradients, strict=True):
            weight.grad = _like(weight, _sum([g for g in each if g is not None]))
        return _joined(passes, cut)

    def _threads(self) -> ThreadPoolExecutor:
        if self.pool is None:
            self.pool = ThreadPoolExecutor(self.threads, initializer=_begin)
        return self.pool

    def close(self) -> None:
        """Let the threads go."""
        if self.pool is not None:
            self.pool.shutdown()
            self.pool = None


def _begin() -> None:
    torch.set_num_threads(1)  # of this thread
    torch.set_flush_denormal(True)  # as the training loop's own thread does


def _total(found: Pass) -> Tensor:
    return found.value if found.extra is None else found.value + found.extra


def _sum(values: list[Tensor]) -> Tensor | None:
    if not values:
        return None
    total = values[0]
    for value in values[1:]:  # a view of another's storage may not be added to
        total = total + value
    return total


def _like(weight: Tensor, gradient: Tensor | None) -> Tensor | None:
    """The gradient as its weight lies in memory, as `backward` would leave it.

    A convolution's comes with other strides, and a fused optimizer reads both as they lie.
    """
    if gradient is None or gradient.is_sparse or gradient.stride() == weight.stride():
        return gradient
    return torch.empty_like(weight).copy_(gradient)


def _joined(passes: tuple[Pass, ...], cut: list[NDArray[np.int64]]) -> Pass:
    """The batch's pass from those of its parts."""
    first = passes[0].output.detach()
    output = first.new_empty((sum(map(len, cut)), *first.shape[1:]))
    for found, rows in zip(passes, cut, strict=True):
        output[torch.from_numpy(rows).to(first.device)] = found.output.detach()
    value = torch.stack([found.value.detach() for found in passes]).sum()
    extras = [found.extra.detach() for found in passes if found.extra is not None]
    return Pass(value, torch.stack(extras).sum() if extras else None, output)

"""The gradients of a batch, by one thread or by several, each for a part of its texts."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, nullcontext

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from heedful.learn.job import Job, Pass
from heedful.learn.model import device_of
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
        job: what is learnt; only one that is `divisible` is cut, and only on a processor.
        threads: how many; parts have at least `LEAST` texts.
    """

    def __init__(self, job: Job, threads: int) -> None:
        # A processor alone has threads to share the work out to.
        several = job.divisible and device_of(job.network).type == "cpu"
        self.job, self.threads = job, threads if several else 1
        self.weights = [p for p in job.network.parameters() if p.requires_grad]
        self.pool: ThreadPoolExecutor | None = None

    def __call__(self, order: NDArray[np.int64], progress: float, seed: int) -> Pass:
        """Gradients of one batch, in the place of any before.

        Args:
            order: which texts.
            progress: of the whole training, from 0 to 1.
            seed: of all that is drawn: drop-out, masking.
        """
        parts = parts_of(len(order), self.threads)
        if parts == 1:
            return self.whole(order, progress, seed)
        return self.by_parts(order, progress, *dealt(len(order), parts, seed))

    def whole(self, order: NDArray[np.int64], progress: float, seed: int) -> Pass:
        """Gradients of a batch in one go."""
        torch.manual_seed(seed)
        self.job.network.zero_grad(set_to_none=True)
        found = self.job.forward(order, progress)
        _total(found).backward()  # type: ignore[no-untyped-call]
        return found

    def by_parts(
        self,
        order: NDArray[np.int64],
        progress: float,
        cut: list[NDArray[np.int64]],
        draws: list[int],
    ) -> Pass:
        """The sum of the gradients of some parts of a batch; outputs of other parts are 0.

        Args:
            order: which texts are the batch.
            progress: of the whole training, from 0 to 1.
            cut: of each part which rows of the batch it has; at least one part.
            draws: of each part a seed.
        """

        def one(rows: NDArray[np.int64], draw: int) -> tuple[Pass, tuple[Tensor | None, ...]]:
            with self._drawing(draw):
                found = self.job.forward(order[rows], progress, order)
            return found, torch.autograd.grad(_total(found), self.weights, allow_unused=True)

        if len(cut) > 1:
            begun = [self._threads().submit(one, *part) for part in zip(cut, draws, strict=True)]
            done = [part.result() for part in begun]
        else:
            done = [one(cut[0], draws[0])]
        passes, gradients = zip(*done, strict=True)
        for weight, *each in zip(self.weights, *gradients, strict=True):
            weight.grad = like(weight, _sum([g for g in each if g is not None]))
        return _joined(passes, cut, len(order))

    def _drawing(self, draw: int) -> AbstractContextManager[None]:
        if device_of(self.job.network).type == "cpu":
            return drawing(draw)
        torch.manual_seed(draw)  # other devices have generators of their own
        return nullcontext()

    def _threads(self) -> ThreadPoolExecutor:
        if self.pool is None:
            self.pool = ThreadPoolExecutor(self.threads, initializer=_begin)
        return self.pool

    def close(self) -> None:
        """Let the threads go."""
        if self.pool is not None:
            self.pool.shutdown()
            self.pool = None


def parts_of(texts: int, most: int) -> int:
    """Into how many parts a batch is cut, at most `most`."""
    return min(most, max(1, texts // LEAST))


def dealt(texts: int, parts: int, seed: int) -> tuple[list[NDArray[np.int64]], list[int]]:
    """Which rows of a batch each part has, and a seed for each."""
    # Texts of a batch stand by length: every part gets some of each.
    cut = [np.arange(i, texts, parts) for i in range(parts)]
    return cut, np.random.default_rng(seed).integers(2**62, size=parts).tolist()


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


def like(weight: Tensor, gradient: Tensor | None) -> Tensor | None:
    """The gradient as its weight lies in memory, as `backward` would leave it.

    A convolution's comes with other strides, and a fused optimizer reads both as they lie.
    """
    if gradient is None or gradient.is_sparse or gradient.stride() == weight.stride():
        return gradient
    return torch.empty_like(weight).copy_(gradient)


def _joined(passes: tuple[Pass, ...], cut: list[NDArray[np.int64]], texts: int) -> Pass:
    """The batch's pass from those of its parts."""
    first = passes[0].output.detach()
    output = first.new_zeros((texts, *first.shape[1:]))
    for found, rows in zip(passes, cut, strict=True):
        output[torch.from_numpy(rows).to(first.device)] = found.output.detach()
    value = torch.stack([found.value.detach() for found in passes]).sum()
    extras = [found.extra.detach() for found in passes if found.extra is not None]
    return Pass(value, torch.stack(extras).sum() if extras else None, output)

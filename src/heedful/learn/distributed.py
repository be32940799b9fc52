"""Several processes that train one network together, by torch.distributed.

As `torchrun` or Ray Train starts them: on processors they talk by gloo, with a GPU each by NCCL.
Every process reads the data itself and cuts the same batches; of each it works out its part.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import timedelta
from typing import Any, TypeVar

import torch
import torch.distributed as dist
from torch import Tensor, nn

from heedful.learn.checkpoint import Snapshot
from heedful.learn.gradients import Gradients
from heedful.learn.job import Job
from heedful.learn.meeting import PATIENCE, choose_device, meet, patience, reaching
from heedful.learn.pulse import Pulse
from heedful.learn.summing import Shared
from heedful.learn.workers import Found, ToldElsewhereError
from heedful.records import HeedfulError

T = TypeVar("T")


class Group:
    """The processes of one training, seen from one of them. See `Workers`.

    Args:
        beside: how many of them share this machine.
        patience: seconds.

    Attributes:
        asked: whether somebody outside wants training to stop; called with every batch.

    Raises:
        LostWorkerError: not all of them came.
    """

    def __init__(self, beside: int = 1, patience: float = PATIENCE) -> None:
        self.beside = beside
        self.rank, self.size = dist.get_rank(), dist.get_world_size()
        self.leads = self.rank == 0
        self.stopping = False
        self.asked: Callable[[], bool] = lambda: False
        with reaching():
            # What is said beside the gradients goes from processor to processor.
            self.control = dist.new_group(backend="gloo", timeout=timedelta(seconds=patience))
        self.pulse = Pulse(self._states, min(patience / 4, 5.0))

    def gradients(self, job: Job, threads: int) -> Gradients:
        """Of batches that are shared out."""
        here = (self.rank, self.size)
        return Shared(job, threads, *here, self._add, self._gather, self._stops)

    def together(self, work: Callable[[], T]) -> T:
        """All do this; each gets its own result. See `Workers.together`."""
        done, result, error = self.pulse.during(work)
        if done:
            return result
        said = self._told(str(error) if error else None)
        if error:
            raise error if self.leads else ToldElsewhereError(str(error))
        who = next(rank for rank, message in enumerate(said) if message)
        message = f"worker {who}: {said[who]}"
        raise HeedfulError(message) if self.leads else ToldElsewhereError(message)

    def first(self, work: Callable[[], T]) -> T:
        """The leader does this; all get its result, which is pickled on the way."""
        held = [self.lead(work)]
        with reaching():
            dist.broadcast_object_list(held, src=0, group=self.control)
        return held[0]  # type: ignore[return-value]  # the others have the leader's now

    def lead(self, work: Callable[[], T]) -> T | None:
        """The leader does this, the others wait and get None."""
        return self.together(lambda: work() if self.leads else None)

    def same(self, digest: Callable[[], str]) -> None:
        """Raise HeedfulError unless all find the same."""
        found = self._told(self.together(digest))
        other = next((rank for rank, said in enumerate(found) if said != found[0]), None)
        if other is not None:
            message = (
                f"worker {other} reads other texts or settings than worker 0; give all of them the "
                "same files, flags and versions"
            )
            raise HeedfulError(message) if self.leads else ToldElsewhereError(message)

    def snapshots(self, load: Callable[[], Found]) -> Found:
        """What the leader loads, tensor by tensor."""
        found = self.lead(load)
        both = list(found) if found else []
        outlines = [
            ({k: (v.shape, v.dtype) for k, v in one.tensors.items()}, one.facts) for one in both
        ]
        held: list[Any] = [outlines]
        with reaching():
            dist.broadcast_object_list(held, src=0, group=self.control)
            if not self.leads:
                both = [
                    Snapshot({k: torch.empty(shape, dtype=t) for k, (shape, t) in made.items()}, f)
                    for made, f in held[0]
                ]
            for one in both:
                for tensor in one.tensors.values():
                    dist.broadcast(tensor, src=0, group=self.control)
        return (both[0], both[1]) if both else None

    def align(self, network: nn.Module) -> None:
        """Give all networks the leader's weights.

        Unlike machines round unlike, and a small difference grows from step to step.
        """
        with torch.no_grad(), reaching():
            for weight in network.state_dict().values():
                held = weight.contiguous()
                dist.broadcast(held, src=0)
                weight.copy_(held)

    @contextmanager
    def _listening(self) -> Iterator[None]:
        def stop(number: int, frame: object) -> None:
            self.stopping = True

        self.stopping = False
        if threading.current_thread() is not threading.main_thread():
            yield  # no signals come here
            return
        before = {kind: signal.signal(kind, stop) for kind in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            # Whoever was asked to stop tidies up, and is not to be asked again meanwhile.
            for kind, handler in before.items() if not self.stopping else ():
                signal.signal(kind, handler)

    def listening(self) -> AbstractContextManager[object]:
        """Ctrl-C and SIGTERM are noted, and told to all with the next batch."""
        return self._listening()

    def _stops(self) -> bool:
        return self.stopping or self.asked()

    def _states(self, state: int) -> list[int]:
        """What each worker is at."""
        own = torch.tensor([state])
        each = [torch.zeros_like(own) for _ in range(self.size)]
        with reaching():
            dist.all_gather(each, own, group=self.control)
        return [int(found) for found in each]

    def _told(self, said: str | None) -> list[str | None]:
        """What each worker says."""
        each: list[str | None] = [None] * self.size
        with reaching():
            dist.all_gather_object(each, said, group=self.control)
        return each

    def _add(self, tensor: Tensor) -> None:
        with reaching():
            dist.all_reduce(tensor)

    def _gather(self, rows: Tensor, values: Tensor) -> tuple[Tensor, Tensor]:
        """All workers' rows and values, padded on the way: each has another number of them."""
        own = torch.tensor([len(rows)], device=rows.device)
        counts = [torch.zeros_like(own) for _ in range(self.size)]
        with reaching():
            dist.all_gather(counts, own)
            lengths = [int(count) for count in counts]
            most = max(lengths)
            found = [_gathered(tensor, most, self.size) for tensor in (rows, values)]
        parts = [[t[:n] for t, n in zip(each, lengths, strict=True)] for each in found]
        return torch.cat(parts[0]), torch.cat(parts[1])


def _gathered(tensor: Tensor, most: int, size: int) -> list[Tensor]:
    """Each worker's tensor, padded to `most` rows."""
    own = tensor.new_zeros(most, *tensor.shape[1:])
    own[: len(tensor)] = tensor
    each = [torch.empty_like(own) for _ in range(size)]
    dist.all_gather(each, own)
    return each


@contextmanager
def joined(rank: int, size: int, local_rank: int, local_size: int) -> Iterator[Group]:
    """The group of all processes with this MASTER_ADDR and MASTER_PORT, until the block ends.

    Args:
        rank: of this process among all.
        size: how many there are.
        local_rank: of this process among those of its machine.
        local_size: how many these are.

    Raises:
        HeedfulError: fewer GPUs than processes on this machine.
        LostWorkerError: not all processes came in time.
    """
    wait = patience()
    backend = choose_device(local_rank, local_size)
    meet(backend, rank, size, wait)
    try:
        yield Group(local_size, wait)
    finally:
        dist.destroy_process_group()

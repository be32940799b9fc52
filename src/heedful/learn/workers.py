"""The workers of one training: what the loop asks of them, and the usual case of one alone."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Protocol, TypeVar

from torch import nn

from heedful.learn.checkpoint import Snapshot
from heedful.learn.gradients import Gradients
from heedful.learn.job import Job
from heedful.records import HeedfulError

T = TypeVar("T")
Found = tuple[Snapshot, Snapshot] | None


class LostWorkerError(HeedfulError):
    """Another worker has ended, or does not answer any more."""


class ToldElsewhereError(HeedfulError):
    """What failed in another worker, which says so itself."""


class Workers(Protocol):
    """All who take part in one training, seen from one of them. All call the same, in one order.

    Attributes:
        size: how many; batches are so many times larger.
        beside: how many of them share this machine.
        leads: whether this is the one that reads and writes checkpoints, measures and speaks.
    """

    size: int
    beside: int
    leads: bool

    def gradients(self, job: Job, threads: int) -> Gradients:
        """Works out the gradients of a batch, with `threads` in each worker."""

    def together(self, work: Callable[[], T]) -> T:
        """All do this, however long it takes one of them; each gets its own result.

        Raises:
            HeedfulError: it failed in one of them.
        """

    def first(self, work: Callable[[], T]) -> T:
        """The leader does this, the others wait; all get its result."""

    def lead(self, work: Callable[[], T]) -> T | None:
        """The leader does this, the others wait and get None."""

    def same(self, digest: Callable[[], str]) -> None:
        """Raise HeedfulError unless all find the same."""

    def snapshots(self, load: Callable[[], Found]) -> Found:
        """What the leader loads, for all of them."""

    def align(self, network: nn.Module) -> None:
        """Give all networks the leader's weights."""

    def listening(self) -> AbstractContextManager[object]:
        """Within it, Ctrl-C and SIGTERM in one worker are a `KeyboardInterrupt` in all."""


class Alone:
    """One worker that needs nobody. See `Workers`."""

    size = beside = 1
    leads = True

    def gradients(self, job: Job, threads: int) -> Gradients:
        """Of whole batches."""
        return Gradients(job, threads)

    def together(self, work: Callable[[], T]) -> T:
        """Does it."""
        return work()

    def first(self, work: Callable[[], T]) -> T:
        """Does it."""
        return work()

    def lead(self, work: Callable[[], T]) -> T | None:
        """Does it."""
        return work()

    def same(self, digest: Callable[[], str]) -> None:
        """Nobody to differ from."""

    def snapshots(self, load: Callable[[], Found]) -> Found:
        """Loads them."""
        return load()

    def align(self, network: nn.Module) -> None:
        """Nobody to differ from."""

    def listening(self) -> AbstractContextManager[object]:
        """Ctrl-C is one as it is."""
        return nullcontext()

"""Who watches training: the loop tells, and never prints."""

from __future__ import annotations

from typing import Protocol

from heedful.records import Epoch


class Listener(Protocol):
    """Somebody who watches training; the loop never prints."""

    def say(self, message: str) -> None:
        """A sentence the user should read."""

    def batch(self, epoch: int, done: int, total: int, loss: float) -> None:
        """After a batch: tokens done and in all in this epoch, and the batch's loss."""

    def epoch(self, epoch: Epoch, best: bool) -> None:
        """After an epoch, and whether it is the best so far."""


class Silent:
    """A listener that does nothing."""

    def say(self, message: str) -> None:
        """Ignore."""

    def batch(self, epoch: int, done: int, total: int, loss: float) -> None:
        """Ignore."""

    def epoch(self, epoch: Epoch, best: bool) -> None:
        """Ignore."""

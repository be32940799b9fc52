"""What becomes of training batch by batch, for logs; a log forgets what is trained again.

A training goes back: to its checkpoint when it is resumed, to the start of its epoch when its loss
breaks. What was logged after that point is then dropped, so that every step stands in a log once.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Protocol, runtime_checkable

from heedful.learn.listener import Listener
from heedful.records import Epoch, HeedfulError


@dataclass(frozen=True)
class Step:
    """One batch.

    Attributes:
        step: its number over all epochs, from 1.
        epoch: its epoch, from 1.
        loss: log loss of its texts in nats, without penalties.
        learning_rate: of its update.
        tokens: real tokens in it.
        seconds: that it took.
    """

    step: int
    epoch: int
    loss: float
    learning_rate: float
    tokens: int
    seconds: float

    @property
    def tokens_per_second(self) -> float:
        """Real tokens a second."""
        return self.tokens / max(self.seconds, 1e-9)


@runtime_checkable
class Recorder(Protocol):
    """A listener that wants to know of each batch, and of training that goes back."""

    def begin(self, step: int, history: Sequence[Epoch]) -> None:
        """A training begins, or goes on after `step` batches and these epochs."""

    def back(self, step: int, history: Sequence[Epoch]) -> None:
        """The training goes back to where it had done so many batches and these epochs."""

    def step(self, step: Step) -> None:
        """After a batch, before any checkpoint that holds it."""


class Log(Protocol):
    """Where figures are written to."""

    def rewind(self, step: int, epochs: Sequence[Epoch]) -> None:
        """Forget batches after `step`, and all epochs but these. Called before anything else."""

    def step(self, step: Step) -> None:
        """Write down a batch."""

    def epoch(self, epoch: Epoch) -> None:
        """Write down an epoch."""

    def close(self) -> None:
        """Nothing more comes."""


class Recording:
    """A listener that also writes logs.

    Where a second training follows the first (learn/taught.py), its steps and epochs are counted on
    from the first one's, as history.jsonl has them.

    Raises:
        HeedfulError: a log cannot be written.
    """

    def __init__(self, listener: Listener, logs: Sequence[Log]) -> None:
        self.listener, self.logs = listener, logs
        self.before: tuple[Epoch, ...] = ()  # of trainings that have ended
        self.running: list[Epoch] | None = None  # of this one; None = there was none yet

    def say(self, message: str) -> None:
        """Pass it on."""
        self.listener.say(message)

    def batch(self, epoch: int, done: int, total: int, loss: float) -> None:
        """Pass it on."""
        self.listener.batch(epoch, done, total, loss)

    def epoch(self, epoch: Epoch, best: bool) -> None:
        """Write it down and pass it on."""
        shifted = self._shifted(epoch)
        if self.running is not None:
            self.running.append(shifted)
        self._each(lambda log: log.epoch(shifted))
        self.listener.epoch(epoch, best)

    def begin(self, step: int, history: Sequence[Epoch]) -> None:
        """See `Recorder`."""
        if self.running is not None:
            self.before = (*self.before, *self.running)
        self.back(step, history)

    def back(self, step: int, history: Sequence[Epoch]) -> None:
        """See `Recorder`."""
        self.running = [self._shifted(epoch) for epoch in history]
        epochs, at = (*self.before, *self.running), self._steps + step
        self._each(lambda log: log.rewind(at, epochs))

    def step(self, step: Step) -> None:
        """See `Recorder`."""
        number, epoch = step.step + self._steps, step.epoch + len(self.before)
        shifted = replace(step, step=number, epoch=epoch)
        self._each(lambda log: log.step(shifted))

    @property
    def _steps(self) -> int:
        return self.before[-1].step if self.before else 0

    def _shifted(self, epoch: Epoch) -> Epoch:
        number, step = epoch.epoch + len(self.before), epoch.step + self._steps
        return replace(epoch, epoch=number, step=step)

    def _each(self, do: Callable[[Log], None]) -> None:
        try:
            for log in self.logs:
                do(log)
        except OSError as error:
            raise HeedfulError(
                f"the log{f' {error.filename}' if error.filename else ''} cannot be written: "
                f"{error.strerror or error}; make room for it, or train without logs"
            ) from None

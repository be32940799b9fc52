"""Work of unlike length in several workers: who waits sees that the others live."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TypeVar

from heedful.learn.workers import LostWorkerError
from heedful.records import HeedfulError

T = TypeVar("T")

WORKING, DONE, FAILED, GONE = range(4)


class Pulse:
    """Tells the other workers at every beat that this one is at work, until all are done.

    Args:
        states: tells what this worker is at and waits for what the others tell; raises
            `LostWorkerError` where one does not.
        beat: seconds.
    """

    def __init__(self, states: Callable[[int], list[int]], beat: float) -> None:
        self.states, self.beat = states, beat

    def during(self, work: Callable[[], T]) -> tuple[bool, T, HeedfulError | None]:
        """Do the work, and wait until all others have done theirs.

        Returns:
            whether it went well everywhere; the result, which is one only then; what went wrong
            here, None where nothing did.

        Raises:
            LostWorkerError: another one ended, or gave no sign of life.
        """
        one = _Beats(self.states, self.beat)
        one.start()
        result, error = None, None
        end = GONE
        try:
            result = work()
            end = DONE
        except HeedfulError as caught:
            error, end = caught, FAILED
        finally:
            one.finish(end)
        if one.lost is not None:
            raise one.lost
        return FAILED not in one.last, result, error  # type: ignore[return-value]


class _Beats(threading.Thread):
    """The thread that tells and listens."""

    def __init__(self, states: Callable[[int], list[int]], beat: float) -> None:
        super().__init__(daemon=True)
        self.states, self.beat = states, beat
        self.state, self.last = WORKING, [WORKING]
        self.over = threading.Event()
        self.lost: LostWorkerError | None = None

    def run(self) -> None:
        try:
            while WORKING in self.last:
                self.over.wait(self.beat)
                self.last = self.states(self.state)
                if GONE in self.last:
                    raise LostWorkerError(
                        f"worker {self.last.index(GONE)} has stopped; the same command with "
                        "--resume goes on from the last checkpoint"
                    )
        except LostWorkerError as error:
            self.lost = error

    def finish(self, state: int) -> None:
        """Say how the work ended, and wait for the others."""
        self.state = state
        self.over.set()
        self.join()

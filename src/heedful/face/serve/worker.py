"""A thread that owns models: requests that wait together are answered together.

Nothing waits for company: while the thread is busy requests gather, and once it is free it takes
the first and all that fit beside it. Work in the background (files) is taken when nobody waits.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Hashable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any

Work = Callable[[list[str]], Sequence[Any]]

BUDGET = 80_000
"""Characters taken together: about the tokens of a scoring batch (`learn.model.SCORING_TOKENS`)."""


class FullError(Exception):
    """No room: as many texts wait as may."""


@dataclass(eq=False)
class Waiting:
    """A request in the queue.

    Attributes:
        key: requests of the same key may be answered by one call of `work`.
        work: texts to as many answers.
        texts: of this request.
        answers: gets a list of answers, or an error; cancelled = nobody waits any more.
    """

    key: Hashable
    work: Work
    texts: list[str]
    answers: Future[list[Any]] = field(default_factory=Future)

    @property
    def characters(self) -> int:
        """Of all texts."""
        return sum(map(len, self.texts))


class Worker:
    """The thread and its queue.

    Args:
        name: of the thread.
        room: texts that may wait.
        told: called with the number of texts of each batch.
        budget: characters taken together, beyond the first request.
    """

    def __init__(
        self,
        name: str,
        room: int,
        told: Callable[[int], None] = lambda texts: None,
        budget: int = BUDGET,
    ) -> None:
        self.room, self.told, self.budget = room, told, budget
        self._waiting: deque[Waiting] = deque()
        self._background: deque[Waiting] = deque()
        self._changed = threading.Condition()
        self._stopped = False
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        """Begin to answer."""
        self._thread.start()

    def stop(self, timeout: float) -> None:
        """Answer what waits, for so many seconds at most, and end."""
        with self._changed:
            self._stopped = True
            self._changed.notify_all()
        self._thread.join(timeout)

    @property
    def alive(self) -> bool:
        """Whether the thread has not ended."""
        return self._thread.is_alive()

    @property
    def length(self) -> int:
        """Texts that wait."""
        with self._changed:
            return self._length()

    def _length(self) -> int:
        return sum(len(one.texts) for one in self._waiting if not one.answers.cancelled())

    def submit(
        self, key: Hashable, work: Work, texts: list[str], *, background: bool = False
    ) -> Future[list[Any]]:
        """Queue some texts; the answers come in the order of the texts.

        Raises:
            FullError: there is no room for them, or the server is stopping.
        """
        one = Waiting(key, work, texts)
        with self._changed:
            self._sweep()
            if self._stopped or (not background and self._length() + len(texts) > self.room):
                raise FullError
            (self._background if background else self._waiting).append(one)
            self._changed.notify()
        return one.answers

    def _sweep(self) -> None:
        """Forget the requests that nobody waits for: their texts take memory."""
        for one in [one for one in self._waiting if one.answers.cancelled()]:
            self._waiting.remove(one)

    def _run(self) -> None:
        while together := self._next():
            self.told(sum(len(one.texts) for one in together))
            _answer(together)

    def _next(self) -> list[Waiting]:
        """The requests to answer next, all of one key; none when it is time to end."""
        with self._changed:
            while True:
                queue = self._waiting or self._background
                if queue:
                    if found := self._taken(queue):
                        return found
                    continue  # nobody waited any more; the other queue may hold something
                if self._stopped:
                    return []
                self._changed.wait()

    def _taken(self, queue: deque[Waiting]) -> list[Waiting]:
        """The first request and those beside it that fit; the others keep their order."""
        taken: list[Waiting] = []
        left: list[Waiting] = []
        size = 0
        for one in queue:
            fits = not taken or (one.key == taken[0].key and size + one.characters <= self.budget)
            if not fits:
                left.append(one)
            elif one.answers.set_running_or_notify_cancel():
                taken.append(one)
                size += one.characters
        queue.clear()
        queue.extend(left)
        return taken


def _answer(together: list[Waiting]) -> None:
    """Answer some requests at once; where that fails, each for itself."""
    texts = [text for one in together for text in one.texts]
    try:
        answers = list(together[0].work(texts))
        if len(answers) != len(texts):
            raise RuntimeError(f"{len(answers)} answers for {len(texts)} texts")
    except Exception as error:
        if len(together) == 1:
            together[0].answers.set_exception(error)
            return
        for one in together:
            _answer([one])
        return
    start = 0
    for one in together:
        one.answers.set_result(answers[start : start + len(one.texts)])
        start += len(one.texts)

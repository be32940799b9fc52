"""What the routes share: the models, the limits, and the two threads that own the models.

Predictions, rewritings and files are answered by one thread, explanations by another with
networks of its own (the weights are shared): a card of trust takes seconds, for which a
prediction must not wait. Both compete for the processor, so predictions get slower beside it.
"""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Callable, Hashable, Sequence
from typing import Any

from heedful.face.serve.loaded import Served
from heedful.face.serve.metrics import Metrics
from heedful.face.serve.problems import ProblemError, busy
from heedful.face.serve.serving import Serving
from heedful.face.serve.worker import FullError, Worker
from heedful.records import HeedfulError

EXPLANATIONS = 64
"""Explanations that may wait."""
LAST = 0.5
"""Seconds that each thread has at least to end, when requests took all of the time."""


class Desk:
    """Takes requests to the threads.

    Attributes:
        models: by name, the default first.
        serving: the limits.
        metrics: what is counted.
        scoring, explaining: the threads.
    """

    def __init__(self, models: dict[str, Served], serving: Serving) -> None:
        self.models, self.serving, self.metrics = models, serving, Metrics()
        self.scoring = Worker("scoring", serving.queue, self.metrics.batch)
        self.explaining = Worker("explaining", min(serving.queue, EXPLANATIONS))
        self._until = math.inf  # when it must have stopped
        self.metrics.watch("queue", lambda: self.scoring.length)
        self.metrics.watch("explain_queue", lambda: self.explaining.length)

    def start(self) -> None:
        """Begin to answer."""
        self.scoring.start()
        self.explaining.start()

    def stop(self) -> None:
        """Answer what waits, and end."""
        for worker in (self.scoring, self.explaining):
            worker.stop(self.left())

    def ending(self) -> None:
        """The server was told to stop: from now on the time runs that it has for it."""
        self._until = min(self._until, time.monotonic() + self.serving.timeout)

    def left(self) -> float:
        """Seconds that threads have to end: what is left of the timeout, and a last moment."""
        return max(LAST, min(self.serving.timeout, self._until - time.monotonic()))

    @property
    def busy(self) -> bool:
        """Whether a thread is still at work, though it was told to stop."""
        return self.scoring.alive or self.explaining.alive

    async def score(
        self, key: Hashable, work: Callable[[list[str]], Sequence[Any]], texts: list[str]
    ) -> list[Any]:
        """The answers to some texts, which may be worked on with others of the same key.

        Raises:
            ProblemError: 503 no room, 504 too late, 422 what the model refuses.
        """
        return await self._ask(self.scoring, key, work, texts)

    async def explain(self, work: Callable[[str], Any], text: str) -> Any:
        """The answer to one text, which is worked on alone."""
        return (await self._ask(self.explaining, object(), lambda t: [work(t[0])], [text]))[0]

    async def _ask(
        self,
        worker: Worker,
        key: Hashable,
        work: Callable[[list[str]], Sequence[Any]],
        texts: list[str],
    ) -> list[Any]:
        try:
            answers = asyncio.wrap_future(worker.submit(key, work, texts))
        except FullError:
            raise busy(f"more texts wait than may ({worker.room:,}, --queue)") from None
        try:
            return await asyncio.wait_for(answers, self.serving.timeout)
        except TimeoutError:
            raise ProblemError(
                504,
                f"there was no answer within {self.serving.timeout:g} s (--timeout); send fewer or "
                "shorter texts",
            ) from None
        except HeedfulError as error:
            raise ProblemError(422, str(error)) from None

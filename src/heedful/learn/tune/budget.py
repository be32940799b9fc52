"""How long a search may go on, and what time the end of it needs."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from heedful.records import HeedfulError

MINUTES = 30.0
"""If neither trials nor minutes are given."""
_WRITING = 1.3
"""Training for good, against one fold: more texts, a linear model beside it, files."""


@dataclass
class Budget:
    """What a search may spend.

    Attributes:
        trials: how many at most, those of earlier calls included; None = any number.
        minutes: of this call, its end included; None = any number.
        clock: seconds, monotonic.
    """

    trials: int | None = None
    minutes: float | None = None
    clock: Callable[[], float] = time.monotonic
    started: float = field(init=False)

    def __post_init__(self) -> None:
        if self.trials is not None and self.trials < 1:
            raise HeedfulError(f"--trials is {self.trials}; a search needs 1 at least")
        if self.minutes is not None and not 0 < self.minutes < math.inf:
            raise HeedfulError(f"--minutes is {self.minutes:g}; it must be more than 0")
        if self.trials is None and self.minutes is None:
            self.minutes = MINUTES
        self.started = self.clock()

    @property
    def seconds(self) -> float:
        """Since it began."""
        return self.clock() - self.started

    def until(self, ending: float) -> float:
        """When trials have to end, by the clock, if `ending` seconds are needed after them."""
        if self.minutes is None:
            return math.inf
        return self.started + 60 * self.minutes - ending

    @property
    def over(self) -> bool:
        """Whether all time is spent."""
        return self.clock() >= self.until(0)


def ending(default: float, best: float, confirming: int, *, trains: bool) -> float:
    """Seconds that confirming and training the winner will take.

    Args:
        default, best: seconds of one fold with the default and with the best trial.
        confirming: how many folds confirm; each judges both.
        trains: whether the winner is trained in the end.
    """
    return confirming * (default + best) + (_WRITING * max(default, best) if trains else 0.0)

"""How far scoring of a file has come: rows, rows a second, share of what is read, time left."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable

from rich.progress import BarColumn, Progress, TaskID, TextColumn

from heedful.face.console import PLAIN_EVERY, note, stderr


class Pace:
    """A live bar on a terminal, sparse plain lines elsewhere. A context manager.

    Args:
        share: what part of the input has been read, 0 to 1; None where it is not known.
        done: rows of an earlier command, which are read again but not scored.
    """

    def __init__(self, share: Callable[[], float | None], done: int = 0) -> None:
        self._share = share
        self._before: tuple[float, int, float] | None = None  # when, rows, share
        self._again = done
        self._console = stderr()
        self._bar: Progress | None = None
        self._task = TaskID(0)
        self._told = time.monotonic()
        if not done:
            self._before = (time.monotonic(), 0, 0.0)

    def __enter__(self) -> Pace:
        if self._console.is_terminal:
            columns = (
                TextColumn("{task.description}"),
                BarColumn(),
                TextColumn("{task.fields[p]}"),
            )
            self._bar = Progress(*columns, console=self._console, transient=True)
            self._bar.start()
            first = f"reading {self._again:,} rows again" if self._again else "scoring"
            self._task = self._bar.add_task(first, total=None, p="")
        return self

    def __exit__(self, *_: object) -> None:
        if self._bar:
            self._bar.stop()

    def __call__(self, rows: int) -> None:
        """So many rows are done, those of an earlier command included."""
        now, share = time.monotonic(), self._share()
        if self._before is None:
            self._before = (now, rows, share or 0.0)
        if self._bar:
            what, rest = f"{rows:,} rows{self._speed(now, rows)}", self._rest(now, share)
            self._bar.update(
                self._task, description=what, p=rest, total=share and 1.0, completed=share or 0.0
            )
        elif now - self._told >= PLAIN_EVERY:
            self._told = now
            rest = self._rest(now, share)
            said = f"{rows:,} rows{self._speed(now, rows)}{', ' if rest else ''}{rest}"
            note(said, console=self._console)

    def _speed(self, now: float, rows: int) -> str:
        then, before, _ = self._before or (now, rows, 0.0)
        return f", {(rows - before) / (now - then):,.0f} rows/s" if now > then else ""

    def _rest(self, now: float, share: float | None) -> str:
        """`45 %, 12 s left`; empty where the share is not known."""
        then, _, before = self._before or (now, 0, 0.0)
        if share is None:
            return ""
        if share <= before or now <= then:
            return f"{100 * share:.0f} %"
        return f"{100 * share:.0f} %, {_span((now - then) * (1 - share) / (share - before))} left"


def _span(seconds: float) -> str:
    """`12 s`, `3 min`, `2.5 h`."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"


def worth_a_bar(output: str) -> bool:
    """Whether a bar would not stand between lines of results on the same terminal."""
    return output != "-" or not sys.stdout.isatty()

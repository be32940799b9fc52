"""What passes between `heedful train --engine ray` and the workers: an actor that both ask."""

from __future__ import annotations

import io
import time
from collections.abc import Callable
from typing import Any

EVERY = 1.0
"""Seconds between two looks at whether training is to stop."""


class Post:
    """Lines that the leader says, and how it ends; whether the command wants it to stop."""

    def __init__(self) -> None:
        self.lines: list[tuple[str, str]] = []
        self.stopping = False
        self.starts = 0
        self.end: tuple[int, str] | None = None

    def begin(self) -> int:
        """A leader begins; how many began before it."""
        self.starts += 1
        return self.starts - 1

    def say(self, stream: str, text: str) -> None:
        """Text for the command's `out` or `err`."""
        self.lines.append((stream, text))

    def finish(self, code: int, error: str = "") -> None:
        """The exit code of training, and what went wrong."""
        self.end = self.end or (code, error)

    def stop(self) -> None:
        """Training is to stop."""
        self.stopping = True

    def stopped(self) -> bool:
        """Whether it is."""
        return self.stopping

    def take(self) -> list[tuple[str, str]]:
        """What was said since the last time."""
        lines, self.lines = self.lines, []
        return lines

    def ended(self) -> tuple[int, str] | None:
        """How it ended; None where no leader came to its end."""
        return self.end


class Mouth(io.StringIO):
    """A stream whose lines are sent to the command.

    Args:
        post: the actor.
        stream: `out` or `err`.
    """

    def __init__(self, post: Any, stream: str) -> None:
        super().__init__()
        self.post, self.stream = post, stream

    def flush(self) -> None:
        """Send what was written."""
        text = self.getvalue()
        if text:
            self.post.say.remote(self.stream, text)
            self.seek(0)
            self.truncate()


def asking(post: Any) -> Callable[[], bool]:
    """Whether the command wants training to stop, asked now and then."""
    import ray

    last, found = time.monotonic(), False

    def asked() -> bool:
        nonlocal last, found
        now = time.monotonic()
        if now - last >= EVERY:
            last, found = now, bool(ray.get(post.stopped.remote()))
        return found

    return asked

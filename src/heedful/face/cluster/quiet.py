"""Ray's own chatter, kept away from results and notes. What it raises is not touched."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any, TextIO, cast


class _Ours:
    """A stream that takes nothing from Ray's threads, which print what nodes report.

    Args:
        stream: where everything else goes.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        """The text, unless it is Ray's."""
        if threading.current_thread().name.startswith("ray_"):
            return len(text)
        return self._stream.write(text)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


@contextmanager
def undisturbed() -> Iterator[None]:
    """Standard output and error are the command's alone."""
    # Lines that are held back to be told once would come from the thread that ends Ray: this one.
    os.environ["RAY_DEDUP_LOGS"] = "0"
    out, error = cast(TextIO, _Ours(sys.stdout)), cast(TextIO, _Ours(sys.stderr))
    with redirect_stdout(out), redirect_stderr(error):
        yield


@contextmanager
def silent_start() -> Iterator[None]:
    """What is written past Python, to file descriptor 2, goes nowhere; later: only what kills."""
    os.environ.setdefault("RAY_BACKEND_LOG_LEVEL", "fatal")  # which Ray tells, once
    kept = os.dup(2)
    with Path(os.devnull).open("wb") as nothing:
        os.dup2(nothing.fileno(), 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)

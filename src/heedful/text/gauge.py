"""How far the reading of a file has come: its reader moves the gauge, a progress bar asks it."""

from __future__ import annotations

from pathlib import Path
from typing import IO


class Gauge:
    """Of one file.

    Attributes:
        size: bytes of the file as it lies there, compressed or not.
    """

    def __init__(self, path: Path) -> None:
        self.size = path.stat().st_size
        self._file: IO[bytes] | None = None
        self._share = 0.0

    def follow(self, file: IO[bytes]) -> None:
        """From now on the share is how much of this open file has been read."""
        self._file = file

    def set(self, share: float) -> None:
        """The share, where bytes read do not tell it."""
        self._share = share

    def share(self) -> float:
        """What part of the file has been read, 0 to 1."""
        if self._file is not None and not self._file.closed:
            self._share = self._file.tell() / max(1, self.size)
        return min(1.0, self._share)

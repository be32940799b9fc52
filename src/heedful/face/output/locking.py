"""One process at a time writes an output."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import IO

from heedful.records import HeedfulError


def locked(path: Path, output: Path) -> IO[bytes]:
    """An open file that no other process has locked; closing it, or dying, gives it free.

    Where the system has no such locks the file is merely opened.

    Raises:
        HeedfulError: another process has it.
        OSError: it cannot be opened.
    """
    file = path.open("ab")
    if sys.platform == "win32":
        return file
    import fcntl

    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.close()
        raise HeedfulError(f"{output} is being written by another process; wait for it") from None
    return file

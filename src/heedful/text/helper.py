"""A process that turns texts into numbers, seen from the process that asks it.

A plain program that is started and talked to through pipes. Forking would copy the locks of the
threads that torch and polars run; `multiprocessing` with fresh processes would run the caller's
script again, which a script without `if __name__ == "__main__"` does not survive. The program
imports none of them, and is at work after a quarter of a second.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from threading import Thread
from typing import IO

import numpy as np

from heedful.config import TextConfig
from heedful.text.worker import question

_PROGRAM = (
    "import json, sys; source = sys.stdin.buffer; head = json.loads(source.readline()); "
    "sys.path[:] = head['path']; from heedful.text.worker import main; "
    "main(head, source, sys.stdout.buffer)"
)


@dataclass(frozen=True, eq=False)
class Piece:
    """Some neighbouring texts as numbers.

    Attributes:
        words: the tokens by number, distinct.
        flat: the numbers of all texts in a row, int32.
        lengths: how many each text has, int64.
    """

    words: Sequence[str]
    flat: np.ndarray
    lengths: np.ndarray


class Helper:
    """A running process and the texts it was given.

    Raises:
        OSError: no process to be had.
    """

    def __init__(self, texts: Sequence[str], config: TextConfig) -> None:
        self.texts = texts
        pipe, nowhere = subprocess.PIPE, subprocess.DEVNULL
        # -I: neither PYTHON... variables nor the working folder; the caller's path is sent.
        command = [sys.executable, "-I", "-c", _PROGRAM]
        self._process = subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=nowhere)
        assert self._process.stdin is not None
        # One large write does not hold the interpreter while it waits, but wait it does.
        told = (self._process.stdin, texts, config)
        self._teller = Thread(target=_tell, args=told, daemon=True)
        self._teller.start()

    def answer(self) -> Piece | None:
        """Waits for it; None where the process has failed, for whatever reason."""
        assert self._process.stdout is not None
        try:
            piece = read_piece(self._process.stdout, len(self.texts))
        except (OSError, ValueError, KeyError, TypeError):
            return None
        return piece if self._process.wait() == 0 else None

    def end(self) -> None:
        """Let nothing of it remain, whether or not it has answered."""
        self._process.kill()  # does nothing to one that has ended
        self._teller.join()
        with self._process:  # closes the pipes and waits
            pass


def _tell(sink: IO[bytes], texts: Sequence[str], config: TextConfig) -> None:
    try:
        with sink:
            for part in question(texts, config):
                sink.write(part)
    except OSError:
        pass  # it has ended, and what it answers will not do


def read_piece(source: IO[bytes], texts: int) -> Piece:
    """What `worker.main` writes for so many texts.

    Raises:
        ValueError, KeyError, TypeError: it is not whole.
    """
    head = json.loads(source.readline())
    lengths = np.frombuffer(source.read(8 * texts), np.int64)
    flat = np.frombuffer(source.read(4 * head["numbers"]), np.int32)
    if len(lengths) != texts or len(flat) != lengths.sum():
        raise ValueError("cut short")
    return Piece(head["words"], flat, lengths)

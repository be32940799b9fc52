"""Texts to numbers in several processes, where there is enough to do."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import accumulate, pairwise
from multiprocessing import current_process
from pathlib import Path

import numpy as np

from heedful.config import TextConfig
from heedful.text.helper import Helper, Piece
from heedful.text.runs import Numbered, Runs
from heedful.text.tokenize import Tokenizer

CHARACTERS = 4_000_000  # for a process: fewer are done before another has started
MOST = 16  # processes: what they find is joined by one


def number(texts: Sequence[str], tokenizer: Tokenizer) -> list[Piece]:
    """The texts as numbers, in order: one piece for each process that took part."""
    count = processes(sum(map(len, texts)))
    if count < 2:
        return [_here(texts, tokenizer)]
    first, *rest = _shares(texts, count)
    with _helpers(rest, tokenizer.config) as helpers:
        pieces = [_here(first, tokenizer)]  # while the others are at work
        done = [helper.answer() for helper in helpers]
    for share, piece in zip(rest, [*done, *[None] * (len(rest) - len(done))], strict=True):
        pieces.append(piece or _here(share, tokenizer))
    return pieces


def processes(characters: int) -> int:
    """How many processes, this one among them, are to share so many characters.

    At most one per core that this process may use, and no more than OMP_NUM_THREADS, by which
    schedulers and joblib say how much of a machine a process may have; only one in a daemonic
    process, which is one of many already. HEEDFUL_PROCESSES overrules all of them.
    """
    python = Path(sys.executable or "").name.lower().startswith(("python", "pypy"))
    if not python or getattr(sys, "frozen", False):
        return 1  # a program with Python inside: started again it would not be Python
    given = os.environ.get("HEEDFUL_PROCESSES", "")
    most = int(given) if given.isdecimal() else _allowed()
    return max(1, min(most, MOST, characters // CHARACTERS))


def _allowed() -> int:
    if current_process().daemon:
        return 1
    usable = getattr(os, "sched_getaffinity", None)
    cores = len(usable(0)) if usable else os.cpu_count() or 1
    threads = os.environ.get("OMP_NUM_THREADS", "")
    return min(cores, int(threads)) if threads.isdecimal() and int(threads) else cores


def _here(texts: Sequence[str], tokenizer: Tokenizer) -> Piece:
    words = Numbered()
    flat, lengths = Runs(tokenizer, words.__getitem__).number(texts)
    return Piece(list(words), np.frombuffer(flat, np.int32), np.array(lengths, np.int64))


def _shares(texts: Sequence[str], count: int) -> list[Sequence[str]]:
    """Neighbouring texts in `count` parts with like numbers of characters."""
    ends = np.fromiter(accumulate(map(len, texts)), np.int64, len(texts))
    limits = ends[-1] * np.arange(1, count) // count
    cuts = [0, *np.searchsorted(ends, limits).tolist(), len(texts)]
    return [texts[start:stop] for start, stop in pairwise(cuts)]


@contextmanager
def _helpers(shares: Sequence[Sequence[str]], config: TextConfig) -> Iterator[list[Helper]]:
    """A process for each share; fewer where no more are to be had."""
    helpers: list[Helper] = []
    try:
        try:
            for share in shares:
                helpers.append(Helper(share, config))
        except OSError:
            pass
        yield helpers
    finally:
        for helper in helpers:
            helper.end()

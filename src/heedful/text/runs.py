"""Texts to numbers: what stands between white space is cut once and kept as packed numbers.

The bulk of a corpus are repetitions: IMDB's 5.8 million runs of characters between white space
are 265,000 distinct ones. A run's tokens are kept as bytes (int32, the machine's byte order), so
that the numbers of a text are one join of bytes, without a step per token.
"""

from __future__ import annotations

import sys
from array import array
from collections.abc import Callable, Iterable

from heedful.text.tokenize import Tokenizer

CACHED = 500_000  # runs kept before all are forgotten
CACHED_LENGTH = 64  # what is longer is worked out each time
_WIDTH = 4


def packed(number: int) -> bytes:
    """A number as int32."""
    return number.to_bytes(_WIDTH, sys.byteorder)


class Numbered(dict[str, bytes]):
    """Gives each new token the next number; the tokens by number are its keys."""

    def __missing__(self, token: str) -> bytes:
        number = self[token] = packed(len(self))
        return number


class Runs(dict[str, bytes]):
    """The numbers of each run that was met, packed.

    Args:
        tokenizer: cuts the runs.
        number: the packed number of a token.
    """

    def __init__(self, tokenizer: Tokenizer, number: Callable[[str], bytes]) -> None:
        super().__init__()
        self.tokenizer, self._number = tokenizer, number

    def __missing__(self, run: str) -> bytes:
        numbers = b"".join(map(self._number, self.tokenizer.forms(run)))
        if len(run) <= CACHED_LENGTH:
            if len(self) >= CACHED:
                self.clear()
            self[run] = numbers
        return numbers

    def number(self, texts: Iterable[str]) -> tuple[bytearray, array[int]]:
        """The numbers of all texts, packed one after the other, and how many each text has."""
        flat, lengths = bytearray(), array("q")
        runs, get = self.tokenizer.runs, self.__getitem__
        for text in texts:
            numbers = b"".join(map(get, runs(text)))
            flat += numbers
            lengths.append(len(numbers) // _WIDTH)
        return flat, lengths

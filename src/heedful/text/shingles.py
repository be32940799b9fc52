"""Texts as sets of five-word runs: the hashes of these runs, the same in every process."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import numpy as np
import regex
from numpy.typing import NDArray

from heedful.text.normalise import normalise
from heedful.text.tokenize import BY_CHARACTER

# Runs of three words join short texts that share no more than a phrase ("what is the name of").
WIDTH = 5
_EDGE = ""  # no word is empty
_CACHED = 500_000  # words whose hashes are remembered before the memory is emptied
_UNSPACED = regex.compile(rf"(?V1){BY_CHARACTER}\p{{M}}*+")
_STEP = np.uint64(0x9E3779B97F4A7C15)
_MIX = np.uint64(0xFF51AFD7ED558CCD)
_HALF = np.uint64(32)


class WordHashes(dict[str, int]):
    """Words to 64-bit hashes, remembered."""

    def __missing__(self, word: str) -> int:
        data = word.encode("utf-8", "surrogatepass")
        value = int.from_bytes(hashlib.blake2b(data, digest_size=8).digest(), "little")
        if len(self) >= _CACHED:
            self.clear()
        self[word] = value
        return value


def words(normalised: str) -> list[str]:
    """The words of a normalised text; each character for itself in scripts without spaces."""
    if not _is_latin(normalised):
        normalised = _UNSPACED.sub(r" \g<0> ", normalised)
    return normalised.split()


def _is_latin(text: str) -> bool:
    """Whether Latin-1 can spell the text, which spares it a search through all of Unicode."""
    try:
        text.encode("latin-1")
    except UnicodeEncodeError:
        return False
    return True


def shingle_hashes(
    texts: Sequence[Sequence[str]], known: WordHashes
) -> tuple[NDArray[np.uint32], NDArray[np.int64]]:
    """Hashes of the shingles of several texts (repetitions stay in), joined.

    The words of a text and one mark for its edge are laid in a ring; every run of `WIDTH`
    items of the ring is a shingle. So n words give n + 1 shingles, be n small or zero, and the
    first and the last word lie in as many shingles as any other.

    Args:
        texts: the words of each of N texts.
        known: hashes of words met so far; it grows.

    Returns:
        The hashes (S,), and where the shingles of each text begin (N,).
    """
    lap = WIDTH - 1
    ring: list[str] = []
    for text in texts:
        items = [_EDGE, *text]
        ring += items
        ring += items[:lap] if len(items) >= lap else (items * lap)[:lap]
    sizes = np.fromiter((len(text) + 1 for text in texts), np.int64, count=len(texts))
    hashes = _combine(np.fromiter(map(known.__getitem__, ring), np.uint64, count=len(ring)))
    starts = np.cumsum(sizes) - sizes
    ends = starts + sizes + lap * np.arange(len(texts))
    # Runs that begin in the lap belong to no text; after the last text there are none.
    return np.delete(hashes, (ends[:-1, None] + np.arange(lap)).ravel()), starts


def _combine(items: NDArray[np.uint64]) -> NDArray[np.uint32]:
    """A hash of every run of `WIDTH` items: a polynomial modulo 2^64, then mixed."""
    count = max(0, len(items) - WIDTH + 1)
    total = items[:count].copy()
    for j in range(1, WIDTH):
        total *= _STEP
        total += items[j : j + count]
    total ^= total >> _HALF
    total *= _MIX
    total >>= _HALF
    return total.astype(np.uint32)


def jaccard(first: str, second: str) -> float:
    """Shared shingles of two texts over all their shingles, 0 to 1 (Broder 1997: resemblance)."""
    known = WordHashes()
    one, two = (
        set(shingle_hashes([words(normalise(text))], known)[0].tolist()) for text in (first, second)
    )
    return len(one & two) / len(one | two)

"""Texts as TF-IDF of words and word pairs: a sparse matrix with one row a text.

The weight of a feature that occurs `tf` times in a text, and in `df` of `n` training texts, is
`(1 + ln tf) (1 + ln((1 + n) / (1 + df)))`; rows are then scaled to length 1. That is
scikit-learn's TfidfVectorizer with sublinear_tf, to which a test compares it; the counting
here sorts integers instead of looking up strings, which is faster. No torch here.
"""

from __future__ import annotations

import math
from array import array
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from heedful.config import TextConfig
from heedful.text.tokenize import Tokenizer

Ints = NDArray[np.int64]
Matrix = Any  # scipy.sparse.csr_array, which has no types

TOKENS = TextConfig(punctuation=False)
_CHUNK = 4096  # texts that are turned into one matrix at a time
_LARGEST = 2**63 - 1


@dataclass(frozen=True)
class Counts:
    """How often each feature occurs in each text that has it; Z such cases, by feature, then text.

    Attributes:
        features, rows, times: (Z,) the feature, the text, and how often.
    """

    features: Ints
    rows: Ints
    times: Ints

    def keep(self, wanted: NDArray[np.bool_]) -> Counts:
        """Only the cases where `wanted` (Z,) is true."""
        return Counts(self.features[wanted], self.rows[wanted], self.times[wanted])


@dataclass(frozen=True)
class Tfidf:
    """What was learnt from the training texts; V words, P pairs, F = V + P features.

    Attributes:
        words: in the order of their code points.
        pairs: (P,) `V * first + second` of two words that follow each other, ascending.
        idf: (F,) float32, words first.
    """

    words: tuple[str, ...]
    pairs: Ints
    idf: NDArray[np.float32]

    def matrices(self, texts: Sequence[str]) -> Iterator[Matrix]:
        """(up to 4,096, F) float32 at a time, sparse by row, in the order of the texts.

        A text without any known word is all zero. One lone matrix would cost more memory.
        """
        place = {word: i for i, word in enumerate(self.words)}
        cut = _cutter()
        for start in range(0, len(texts), _CHUNK):
            part = texts[start : start + _CHUNK]
            ids, rows = _numbers(map(cut, part), lambda word: place.get(word, -1))
            singles = _count(ids, rows, len(part))
            pairs = self._known(_count(*_pairs(ids, rows, len(self.words)), len(part)))
            yield _weigh(_join(singles, pairs, len(self.words)), len(part), self.idf)

    def _known(self, pairs: Counts) -> Counts:
        """Codes as positions in `pairs`, those never learnt left out."""
        at = np.searchsorted(self.pairs, pairs.features)
        known = np.append(self.pairs, -1)[at] == pairs.features
        return Counts(at, pairs.rows, pairs.times).keep(known)


def fit_tfidf(texts: Sequence[str], minimum: int, most: int) -> tuple[Tfidf, Matrix]:
    """Learn the features of N texts; returns them with the texts' own (N, F) matrix.

    Args:
        texts: the training texts.
        minimum: a word or a pair must occur in so many of them.
        most: features at most. Where there are more, `minimum` grows, for pairs first.
    """
    table = _Numbering()
    ids, rows = _numbers(map(_cutter(), texts), table.__getitem__)
    names = sorted(table)
    ids = _places(np.array([table[name] for name in names], np.int64), len(names))[ids]
    # A pair's code has to fit into 64 bits together with the number of the text.
    room = min(most, math.isqrt(_LARGEST // max(len(texts), 1)))
    singles, kept = _frequent(_count(ids, rows, len(texts)), minimum, room)
    ids = _places(kept, len(names))[ids]
    pairs = _count(*_pairs(ids, rows, len(kept)), len(texts))
    pairs, codes = _frequent(pairs, minimum, most - len(kept))
    counts = _join(singles, pairs, len(kept))
    texts_with = np.bincount(counts.features, minlength=len(kept) + len(codes))
    idf = (1 + np.log((1 + len(texts)) / (1 + texts_with))).astype(np.float32)
    words = tuple(names[i] for i in kept)
    return Tfidf(words, codes, idf), _weigh(counts, len(texts), idf)


class _Numbering(dict[str, int]):
    """Numbers words in the order in which they are first asked for."""

    def __missing__(self, word: str) -> int:
        self[word] = number = len(self)
        return number


def _cutter() -> Callable[[str], list[str]]:
    """From a text to its words. An apostrophe parts them: "don't" is a pair of its own.

    By validation within IMDB's training reviews (.910 against .909) and MR.
    """
    words = Tokenizer(TOKENS).words
    return lambda text: words(text.replace("'", " ").replace("’", " "))


def _numbers(texts: Iterable[list[str]], number: Callable[[str], int]) -> tuple[Ints, Ints]:
    """The number of every word of every text, one after the other, and the text it stands in."""
    ids, lengths = array("i"), array("i")
    for text in texts:
        before = len(ids)
        ids.extend(map(number, text))
        lengths.append(len(ids) - before)
    rows = np.repeat(np.arange(len(lengths)), np.frombuffer(lengths, np.int32))
    return np.frombuffer(ids, np.int32).astype(np.int64), rows


def _places(values: Ints, length: int) -> Ints:
    """(length + 1,) the position of each number in `values`, -1 where it is not there.

    The one element more lets -1 stay -1.
    """
    places = np.full(length + 1, -1, np.int64)
    places[values] = np.arange(len(values))
    return places


def _pairs(ids: Ints, rows: Ints, words: int) -> tuple[Ints, Ints]:
    """Code and text of all known words that follow each other in one text."""
    wanted = (ids[:-1] >= 0) & (ids[1:] >= 0) & (rows[:-1] == rows[1:])
    return words * ids[:-1][wanted] + ids[1:][wanted], rows[:-1][wanted]


def _count(features: Ints, rows: Ints, texts: int) -> Counts:
    """Count equal (feature, text); features below 0 do not count."""
    known = features >= 0
    found, times = np.unique(features[known] * texts + rows[known], return_counts=True)
    return Counts(found // max(texts, 1), found % max(texts, 1), times)


def _frequent(counts: Counts, minimum: int, room: int) -> tuple[Counts, Ints]:
    """The features of at least `minimum` texts, `room` at most, renumbered; and their old numbers.

    Where there are too many, all with the same number of texts stay or go together.
    """
    found, position, texts = np.unique(counts.features, return_inverse=True, return_counts=True)
    if len(found) > room:
        minimum = max(minimum, int(np.sort(texts)[::-1][room]) + 1)
    wanted = texts >= minimum
    renumbered = Counts((np.cumsum(wanted) - 1)[position], counts.rows, counts.times)
    return renumbered.keep(wanted[position]), found[wanted]


def _join(singles: Counts, pairs: Counts, words: int) -> Counts:
    """Both, the pairs numbered after the words."""
    return Counts(
        np.concatenate((singles.features, pairs.features + words)),
        np.concatenate((singles.rows, pairs.rows)),
        np.concatenate((singles.times, pairs.times)),
    )


def _weigh(counts: Counts, texts: int, idf: NDArray[np.float32]) -> Matrix:
    """The matrix of the formula above."""
    from scipy.sparse import csr_array

    values = (1 + np.log(counts.times.astype(np.float32))) * idf[counts.features]
    lengths = np.sqrt(np.bincount(counts.rows, np.square(values), minlength=texts))
    values = (values / lengths[counts.rows]).astype(np.float32)
    return csr_array((values, (counts.rows, counts.features)), shape=(texts, len(idf)))

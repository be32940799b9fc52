"""Character n-grams of the words of a vocabulary, as keys beside those of groups of words."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
from numpy.typing import NDArray

from heedful.nn.grams import NONE, Kinds, chain, grams
from heedful.text.vocab import RESERVED, Encoded, Vocabulary

Ints = NDArray[np.int64]

SHORTEST = 3
_LONGEST_WORD = 40  # characters, the two marks of its ends included; what is beyond is not seen
_AT_ONCE = 50_000  # words
_INSIDE = 0xC0FFEE  # stirred in, so that three characters are no three words
_BEGIN, _END = 2, 3  # no printable characters


def subword_keys(vocabulary: Vocabulary, longest: int) -> Ints:
    """(V, M) the distinct keys of each word's runs of `SHORTEST` to `longest` characters.

    A word's begin and end count as a character (Bojanowski et al. 2017, "Enriching Word Vectors
    with Subword Information", section 3.2). `NONE` fills up each row; reserved tokens have none.
    """
    if not longest:
        return np.zeros((len(vocabulary), 0), np.int64)
    words = vocabulary.tokens[len(RESERVED) :]
    parts = [
        _keys(words[start : start + _AT_ONCE], longest) for start in range(0, len(words), _AT_ONCE)
    ]
    width = max((part.shape[1] for part in parts), default=0)
    result = np.full((len(vocabulary), width), NONE, np.int64)
    start = len(RESERVED)
    for part in parts:
        result[start : start + len(part), : part.shape[1]] = part
        start += len(part)
    return result


def _keys(words: tuple[str, ...], longest: int) -> Ints:
    codes = np.zeros((len(words), _LONGEST_WORD), np.int64)
    for row, word in enumerate(words):
        marked = [_BEGIN, *map(ord, word), _END][:_LONGEST_WORD]
        codes[row, : len(marked)] = marked
    ids = torch.from_numpy(codes)
    found = grams(ids, ids > 0, Kinds(longest))[SHORTEST - 1 :]
    keys = torch.cat([one.keys for one in found], dim=1)
    keys = chain(keys, torch.full_like(keys, _INSIDE)).masked_fill(keys == NONE, NONE)
    ordered = np.sort(keys.numpy(), axis=1)
    ordered[:, 1:][ordered[:, 1:] == ordered[:, :-1]] = NONE
    # Real keys to the left, and no more columns than the longest row has.
    ordered = np.take_along_axis(ordered, np.argsort(ordered == NONE, axis=1, kind="stable"), 1)
    widest = int((ordered != NONE).sum(axis=1).max(initial=0))
    return np.ascontiguousarray(ordered[:, :widest])


def subword_occurrences(
    encoded: Encoded, keys: Ints, at_once: int
) -> Iterator[tuple[Ints, NDArray[np.int32]]]:
    """Keys of the texts' words and the text of each, by ranges of keys, ascending.

    Args:
        encoded: the texts.
        keys: (V, M) of every word.
        at_once: occurrences in one range, about.
    """
    texts = np.repeat(np.arange(len(encoded)), encoded.lengths)
    pairs = np.unique(texts * len(keys) + encoded.ids)  # a word counts once a text
    text, word = np.divmod(pairs, len(keys))
    total = int((keys != NONE).sum(axis=1)[word].sum())
    bits = max(0, -(-total // at_once) - 1).bit_length()
    place = np.zeros(keys.shape, np.int64)
    if bits:
        place = (keys >> (64 - bits)) + (1 << (bits - 1))
    for range_ in range(1 << bits):
        chosen = (keys != NONE) & (place == range_)
        flat, counts = keys[chosen], chosen.sum(axis=1)  # word by word
        starts = np.cumsum(counts) - counts
        times = counts[word]
        within = np.arange(int(times.sum())) - np.repeat(np.cumsum(times) - times, times)
        yield flat[np.repeat(starts[word], times) + within], np.repeat(text, times).astype(np.int32)

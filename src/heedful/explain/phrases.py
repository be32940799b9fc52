"""Which runs of two and three words a corpus repeats, found in its ids before any scoring.

A phrase stays within a clause: no mark, no unknown word, no line break tag, no blank line and
nothing that `max_tokens` cut stands in it. A stop word that the tokenizer drops does not part
its neighbours.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from heedful.learn.model import TextModel
from heedful.text.vocab import RESERVED, Encoded

Index = NDArray[np.int64]
Flags = NDArray[np.bool_]

_MARK = re.compile(r"[^\w\s]|\n\s*\n")
_FAR = 40  # characters: more than a dropped stop word or two can take


@dataclass(frozen=True, eq=False)
class Phrases:
    """The phrases that stand in enough texts.

    Attributes:
        pairs: (P, 2) ids.
        triples: (Q, 2): the pair that a triple begins with and the one that it ends with.
        pair_at: (N,) which pair begins at each token of the corpus, or -1.
        triple_at: (N,) which triple does, or -1.
    """

    pairs: Index
    triples: Index
    pair_at: NDArray[np.int32]
    triple_at: NDArray[np.int32]


def text_of(encoded: Encoded) -> Index:
    """(N,) which text each token of a corpus belongs to."""
    return np.repeat(np.arange(len(encoded)), encoded.lengths)


def holders(units: Index, texts: Index, count: int) -> tuple[Index, Index]:
    """Each pair (unit, text) that occurs, once, by unit; `count` is the number of texts."""
    both = np.unique(units * max(count, 1) + texts)
    return both // max(count, 1), both % max(count, 1)


def is_word(tokens: Sequence[str]) -> Flags:
    """Which tokens of a vocabulary hold a letter or a digit; the reserved ones do not count."""
    marks = [any(map(str.isalnum, token)) for token in tokens]
    return np.array([i >= len(RESERVED) and mark for i, mark in enumerate(marks)], np.bool_)


def joined(model: TextModel, texts: Sequence[str], encoded: Encoded) -> Flags:
    """(N,) whether a token and the next one are neighbours in one clause."""
    apart = re.compile(r"(?!)") if model.config.text.stop_words else re.compile(r"\w")
    found = np.zeros(len(encoded.ids), np.bool_)
    for number, text in enumerate(texts):
        place, last = int(encoded.starts[number]) - 1, None
        for _, start, end in model.tokens(text):
            if last is not None:
                gap = text[last:start]
                if gap == " " or not (len(gap) > _FAR or _MARK.search(gap) or apart.search(gap)):
                    found[place] = True
            place, last = place + 1, end
    words: Flags = is_word(model.vocabulary.tokens)[encoded.ids]
    together: Flags = found & words & np.append(words[1:], False)
    return together


def find_phrases(encoded: Encoded, together: Flags, min_texts: int) -> Phrases:
    """The pairs and triples that `min_texts` texts hold.

    Args:
        encoded: N tokens.
        together: (N,) as `joined` gives it.
        min_texts: 1 or more.
    """
    texts, ids = text_of(encoded), encoded.ids.astype(np.int64)
    after = np.append(ids[1:], 0)
    pairs, pair_at = _frequent(ids, after, together, texts, len(encoded), min_texts)
    next_pair = np.append(pair_at[1:], -1).astype(np.int64)
    whole = (pair_at >= 0) & (next_pair >= 0)
    triples, triple_at = _frequent(
        pair_at.astype(np.int64), next_pair, whole, texts, len(encoded), min_texts
    )
    return Phrases(pairs, triples, pair_at, triple_at)


def _frequent(
    first: Index, second: Index, usable: Flags, texts: Index, count: int, min_texts: int
) -> tuple[Index, NDArray[np.int32]]:
    """(K, 2) the combinations that enough texts hold, and (N,) where they begin."""
    at = np.full(len(first), -1, np.int32)
    places = np.flatnonzero(usable)
    if not len(places):
        return np.zeros((0, 2), np.int64), at
    base = int(second[places].max()) + 1
    keys, which = np.unique(first[places] * base + second[places], return_inverse=True)
    units, _ = holders(which, texts[places], count)
    enough = np.bincount(units, minlength=len(keys)) >= min_texts
    number = np.where(enough, np.cumsum(enough) - 1, -1)
    at[places] = number[which]
    kept = keys[enough]
    return np.stack([kept // base, kept % base], axis=1), at

"""Which groups of words stand in which training texts: the table that evidence is learnt from."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from heedful.config import EvidenceConfig
from heedful.learn.subwords import subword_occurrences
from heedful.nn.frames import frames
from heedful.nn.grams import NONE, Kinds, grams
from heedful.text.vocab import PAD, Encoded

Ints = NDArray[np.int64]
Matrix = Any  # scipy.sparse.csr_array, which has no types

_AT_ONCE = 1 << 24
"""Groups that are sorted together: 128 MiB of keys."""
_BUCKETS = 24  # bits


@dataclass(frozen=True, eq=False)
class Presence:
    """N texts and the F groups of words (or parts of words) that stand in enough of them.

    Attributes:
        keys: (F,) int64, ascending, folded to their highest `bits`.
        matrix: (N, F) float32, sparse by row: 1 where the group stands in the text.
        bits: of a key that count.
        collisions: groups that share the folded key of another; 0 unless there are more than
            `evidence.features`.
    """

    keys: Ints
    matrix: Matrix
    bits: int
    collisions: int

    def first(self, number: int) -> Presence:
        """The same groups in the first texts alone."""
        return Presence(self.keys, self.matrix[:number], self.bits, self.collisions)


def presence(
    encoded: Encoded, words: Ints, config: EvidenceConfig, framed: Encoded | None = None
) -> Presence:
    """The groups of words, and parts of words, that stand in enough texts; repeats count once.

    Sorting is done in parts of bounded size, by kind and range of keys; what is kept grows with
    what stands in `min_texts` texts or more.

    Args:
        encoded: the texts.
        words: (V, M) keys of parts of each word, see `subwords`; M = 0 for none.
        config: what to look for.
        framed: the same texts with shapes for rare words, to find frames in; None = no frames.
    """
    from scipy.sparse import csc_array

    occurrences = _occurrences(encoded, words, kinds_of(config), framed)
    found = _side_by_side(occurrences, len(encoded), config.min_texts or 1)
    keys, sizes, texts = (np.concatenate(parts) for parts in zip(*found, strict=True))
    starts = np.concatenate([[0], np.cumsum(sizes)])
    shape = (len(encoded), len(keys))
    table = csc_array((np.ones(len(texts), np.float32), texts, starts), shape=shape)
    bits = 64 if len(keys) <= config.features else config.features.bit_length() - 1
    folded, place = np.unique(keys >> (64 - bits), return_inverse=True)
    matrix = table.tocsr()
    matrix.indices = place.astype(matrix.indices.dtype)[matrix.indices]
    matrix.resize((len(encoded), len(folded)))
    matrix.has_sorted_indices = False
    if len(folded) < len(keys):  # two groups of a text may share a place now
        matrix.sum_duplicates()
        matrix.data[:] = 1.0
    return Presence(folded, matrix, bits, len(keys) - len(folded))


def _side_by_side(
    parts: Iterator[tuple[Ints, NDArray[np.int32]]], number: int, minimum: int
) -> list[tuple[Ints, Ints, NDArray[np.int32]]]:
    """`_frequent` of each part, in order, two at a time (NumPy holds no lock while it sorts)."""
    found: list[tuple[Ints, Ints, NDArray[np.int32]]] = []
    with ThreadPoolExecutor(2) as pool:
        waiting: deque[Future[tuple[Ints, Ints, NDArray[np.int32]]]] = deque()
        for keys, texts in parts:
            if len(waiting) == 2:  # no more parts in memory than are worked on
                found.append(waiting.popleft().result())
            waiting.append(pool.submit(_frequent, keys, texts, number, minimum))
        found += [future.result() for future in waiting]
    return found


def kinds_of(config: EvidenceConfig) -> Kinds:
    """Which groups of words the settings ask for."""
    return Kinds(config.orders, config.reach or 1, bool(config.borders))


def _occurrences(
    encoded: Encoded, words: Ints, kinds: Kinds, framed: Encoded | None
) -> Iterator[tuple[Ints, NDArray[np.int32]]]:
    """Keys of all groups and the text that each stands in, kind by kind in bounded parts."""
    flat, real = _in_a_row(encoded)
    texts = np.repeat(np.arange(len(encoded), dtype=np.int32), encoded.lengths)
    found = grams(flat, flat != PAD, kinds)
    if framed is not None:
        flat, _ = _in_a_row(framed)
        found += frames(flat, flat != PAD)
    for one in found:
        keys = one.keys.numpy()[real]
        there = keys != NONE
        yield from _parts(keys[there], texts[there])
    if words.shape[1]:
        yield from subword_occurrences(encoded, words, _AT_ONCE)


def _in_a_row(encoded: Encoded) -> tuple[torch.Tensor, Ints]:
    """All ids in a row with one padding after each text, and where the real ones are.

    The padding keeps a text's last words from pairing with the next text's first.
    """
    real = np.arange(len(encoded.ids)) + np.repeat(np.arange(len(encoded)), encoded.lengths)
    ids = np.full(len(encoded.ids) + len(encoded), PAD, np.int64)
    ids[real] = encoded.ids
    return torch.from_numpy(ids), real


def _parts(keys: Ints, texts: NDArray[np.int32]) -> list[tuple[Ints, NDArray[np.int32]]]:
    """The occurrences by ranges of keys, in ascending order, each of about `_AT_ONCE` at most."""
    bits = max(0, int(len(keys) / _AT_ONCE - 1e-9)).bit_length()
    if not bits:
        return [(keys, texts)]
    range_ = (keys >> (64 - bits)) + (1 << (bits - 1))
    return [(keys[range_ == i], texts[range_ == i]) for i in range(1 << bits)]


def _frequent(
    keys: Ints, texts: NDArray[np.int32], number: int, minimum: int
) -> tuple[Ints, Ints, NDArray[np.int32]]:
    """Distinct keys that stand in enough texts, how many each, and those texts, key by key."""
    if minimum > 1:  # most groups stand nowhere else: a rough count spares sorting them
        bucket = (keys >> (64 - _BUCKETS)) + (1 << (_BUCKETS - 1))
        often = np.bincount(bucket, minlength=1 << _BUCKETS)[bucket] >= minimum
        keys, texts = keys[often], texts[often]
    order = np.argsort(keys)
    ordered = keys[order]
    new = np.ones(len(keys), bool)
    new[1:] = ordered[1:] != ordered[:-1]
    group = np.cumsum(new) - 1
    pairs = np.sort(group * number + texts[order])
    pairs = pairs[np.diff(pairs, prepend=-1) > 0]
    group, within = np.divmod(pairs, max(number, 1))
    sizes = np.bincount(group, minlength=int(new.sum()))
    kept = sizes >= minimum
    return ordered[new][kept], sizes[kept], within[kept[group]].astype(np.int32)

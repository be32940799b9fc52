"""Which n-grams stand in which training texts: the table that n-gram evidence is learnt from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from heedful.config import EvidenceConfig
from heedful.nn.grams import NONE, gram_keys
from heedful.text.vocab import PAD, Encoded

Ints = NDArray[np.int64]
Matrix = Any  # scipy.sparse.csr_array, which has no types

_AT_ONCE = 1 << 24
"""N-grams that are sorted together: 128 MiB of keys."""
_BUCKETS = 24  # bits


@dataclass(frozen=True, eq=False)
class Presence:
    """N texts and the F n-grams that stand in enough of them.

    Attributes:
        keys: (F,) int64, ascending, folded to their highest `bits`.
        matrix: (N, F) float32, sparse by row: 1 where the n-gram stands in the text.
        bits: of a key that count.
        collisions: n-grams that share the folded key of another; 0 unless there are more than
            `evidence.features`.
    """

    keys: Ints
    matrix: Matrix
    bits: int
    collisions: int

    def first(self, number: int) -> Presence:
        """The same n-grams in the first texts alone."""
        return Presence(self.keys, self.matrix[:number], self.bits, self.collisions)


def presence(encoded: Encoded, config: EvidenceConfig) -> Presence:
    """The n-grams of texts, each text's repeats counted once.

    Sorting is done in parts of bounded size, by order and range of keys; what is kept grows with
    the n-grams that stand in `min_texts` texts or more.
    """
    from scipy.sparse import csc_array

    found = [
        _frequent(keys, texts, len(encoded), config.min_texts)
        for order in range(1, config.orders + 1)
        for keys, texts in _parts(*_occurrences(encoded, order))
    ]
    keys = np.concatenate([part[0] for part in found])
    sizes = np.concatenate([part[1] for part in found])
    texts = np.concatenate([part[2] for part in found])
    starts = np.concatenate([[0], np.cumsum(sizes)])
    shape = (len(encoded), len(keys))
    table = csc_array((np.ones(len(texts), np.float32), texts, starts), shape=shape)
    bits = 64 if len(keys) <= config.features else config.features.bit_length() - 1
    folded, place = np.unique(keys >> (64 - bits), return_inverse=True)
    matrix = table.tocsr()
    matrix.indices = place.astype(matrix.indices.dtype)[matrix.indices]
    matrix.resize((len(encoded), len(folded)))
    matrix.has_sorted_indices = False
    if len(folded) < len(keys):  # two n-grams of a text may share a place now
        matrix.sum_duplicates()
        matrix.data[:] = 1.0
    return Presence(folded, matrix, bits, len(keys) - len(folded))


def _occurrences(encoded: Encoded, order: int) -> tuple[Ints, NDArray[np.int32]]:
    """Keys of all n-grams of this order, and the text that each stands in."""
    # One padding after each text keeps its last words from pairing with the next text's first.
    gaps = np.arange(len(encoded.ids)) + np.repeat(np.arange(len(encoded)), encoded.lengths)
    ids = np.full(len(encoded.ids) + len(encoded), PAD, np.int64)
    ids[gaps] = encoded.ids
    flat = torch.from_numpy(ids)
    keys: Ints = gram_keys(flat, flat != PAD, order)[-1].numpy()[gaps]
    texts = np.repeat(np.arange(len(encoded), dtype=np.int32), encoded.lengths)
    real = keys != NONE
    return keys[real], texts[real]


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
    if minimum > 1:  # most n-grams stand nowhere else: a rough count spares sorting them
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

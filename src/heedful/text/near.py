"""Texts that are nearly the same, found without comparing every two."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from heedful.text.sketch import PERMUTATIONS, Sketch

Numbers = NDArray[np.int64]

# Half of all five-word runs are shared: one word in twenty may have been changed.
THRESHOLD = 0.5
# Columns a band: texts of similarity s meet in some band with probability
# 1 - (1 - s^3)^32, which is .986 at .5 and .9996 at .6.
_BAND = 3
_BANDS = PERMUTATIONS // _BAND
# Neighbours looked at in a bucket. A bucket of more texts is not searched in full, so that a
# million copies of one form cost a million comparisons and not a million squared.
_SMALL = 8
_NEIGHBOURS = 2
_STEP = np.uint64(0x9E3779B97F4A7C15)


@dataclass(frozen=True, eq=False)
class Distinct:
    """The distinct texts of a sketch, ordered by key.

    Attributes:
        first: (D,) position of the first row with the text.
        labelled: (D,) position of the first such row with labels, or `first`.
        group: (N,) which of them each row is.
        keys: (D, 2) uint64.
    """

    first: Numbers
    labelled: Numbers
    group: Numbers
    keys: NDArray[np.uint64]


@dataclass(frozen=True, eq=False)
class Pairs:
    """P pairs of texts (or of rows), as numbers of both, and their estimated similarities."""

    first: Numbers
    second: Numbers
    similarity: NDArray[np.float64]

    def where(self, chosen: NDArray[np.bool_] | Numbers) -> Pairs:
        """The chosen pairs, in the order chosen."""
        return Pairs(self.first[chosen], self.second[chosen], self.similarity[chosen])


def distinct(sketch: Sketch) -> Distinct:
    """Rows with equal keys taken together."""
    if not len(sketch):
        none = np.zeros(0, np.int64)
        return Distinct(none, none, none, np.zeros((0, 2), np.uint64))
    keys = np.ascontiguousarray(sketch.keys).view(">u8").astype(np.uint64).reshape(-1, 2)
    order = np.lexsort((keys[:, 1], keys[:, 0]))  # stable: the first row of a text comes first
    ranked = keys[order]
    new = np.ones(len(order), bool)
    new[1:] = (ranked[1:] != ranked[:-1]).any(axis=1)
    group = np.empty(len(order), np.int64)
    group[order] = np.cumsum(new) - 1
    first = order[new]
    return Distinct(first, _first_labelled(sketch, group, first), group, ranked[new])


def _first_labelled(sketch: Sketch, group: Numbers, first: Numbers) -> Numbers:
    labelled = first.copy()
    known = np.array([names != "[]" for names in sketch.labels], bool)
    rows = np.nonzero(known[sketch.label])[0][::-1]
    labelled[group[rows]] = rows  # the last assignment stands: the earliest row
    return labelled


def shared(first: Distinct, second: Distinct) -> tuple[Numbers, Numbers]:
    """Where the texts that are in both stand in each."""
    keys = np.concatenate([first.keys, second.keys])
    order = np.lexsort((keys[:, 1], keys[:, 0]))  # stable: of two equal keys the first's is first
    same = np.nonzero((keys[order[1:]] == keys[order[:-1]]).all(axis=1))[0]
    return order[same], order[same + 1] - len(first.keys)


def stands_in(sketch: Sketch, known: Sketch) -> NDArray[np.bool_]:
    """(N,) for each row of a sketch, whether its very text is in another sketch."""
    texts = distinct(sketch)
    found = np.zeros(len(texts.keys), bool)
    found[shared(distinct(known), texts)[1]] = True
    return np.asarray(found[texts.group])


def near_within(sketch: Sketch, texts: Distinct) -> Pairs:
    """Pairs of distinct texts of one sketch whose estimated similarity reaches `THRESHOLD`.

    They are found by banding (Leskovec, Rajaraman & Ullman, Mining of Massive Datasets, 3.4):
    only texts that agree in all columns of a band are compared, and in a bucket of many such
    texts only neighbours, so of a large cluster not all pairs are listed, but those that link it.
    """
    signatures = sketch.signatures[texts.first]
    found = [np.zeros(0, np.int64)]
    for buckets in _bands(signatures):
        order = np.argsort(buckets, kind="stable")  # by bucket, then by key
        for i, j in _neighbours(buckets[order]):
            low, high = np.minimum(order[i], order[j]), np.maximum(order[i], order[j])
            found.append(low * len(order) + high)
    i, j = np.divmod(np.unique(np.concatenate(found)), max(len(signatures), 1))
    return _verify(signatures, signatures, i, j)


def near_across(one: Sketch, first: Distinct, two: Sketch, second: Distinct) -> Pairs:
    """Pairs of a text of one sketch and a different text of the other, as `near_within`."""
    left, right = one.signatures[first.first], two.signatures[second.first]
    found = [np.zeros(0, np.int64)]
    for buckets, others in zip(_bands(left), _bands(right), strict=True):
        found += [i * len(right) + j for i, j in _meeting(buckets, others)]
        found += [i * len(right) + j for j, i in _meeting(others, buckets)]
    i, j = np.divmod(np.unique(np.concatenate(found)), max(len(right), 1))
    different = (first.keys[i] != second.keys[j]).any(axis=1)
    return _verify(left, right, i[different], j[different])


def clusters(count: int, pairs: Pairs) -> Numbers:
    """(count,) the number of the cluster of each text; pairs link, also by way of others."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    links = (np.ones(len(pairs.first), np.int8), (pairs.first, pairs.second))
    _, cluster = connected_components(coo_array(links, shape=(count, count)), directed=False)
    return np.asarray(cluster, np.int64)


def _bands(signatures: NDArray[np.uint32]) -> Iterator[NDArray[np.uint64]]:
    """For each band the bucket of each text (D,): a hash of its columns."""
    for band in range(_BANDS):
        columns = signatures[:, band * _BAND : (band + 1) * _BAND].astype(np.uint64)
        bucket = np.zeros(len(signatures), np.uint64)
        for k in range(_BAND):
            bucket = (bucket + columns[:, k]) * _STEP
            bucket ^= bucket >> np.uint64(29)
        yield bucket


def _neighbours(buckets: NDArray[np.uint64]) -> Iterator[tuple[Numbers, Numbers]]:
    """Positions (i, j) in the same bucket of a sorted list: all in small ones, else the nearest."""
    large = np.zeros(len(buckets), bool)
    far = np.nonzero(buckets[_SMALL:] == buckets[:-_SMALL])[0]
    for d in range(_SMALL + 1):
        large[far + d] = True
    for d in range(1, _SMALL + 1):
        meets = buckets[d:] == buckets[:-d]
        if not meets.any():
            return
        if d > _NEIGHBOURS:
            meets &= ~large[d:]
        i = np.nonzero(meets)[0]
        yield i, i + d


def _meeting(
    buckets: NDArray[np.uint64], others: NDArray[np.uint64]
) -> Iterator[tuple[Numbers, Numbers]]:
    """Numbers (i, j) of texts and others in one bucket: all of the others in a small bucket, else
    the first two by key, which differ from band to band."""
    order = np.argsort(others, kind="stable")
    ordered = others[order]
    low = np.searchsorted(ordered, buckets)
    high = np.searchsorted(ordered, buckets, side="right")
    met = np.nonzero(high > low)[0]
    low, high = low[met], high[met]
    high = np.where(high - low > _SMALL, low + _NEIGHBOURS, high)
    for d in range(_SMALL):
        inside = low + d < high
        yield met[inside], order[low[inside] + d]


def _verify(left: NDArray[np.uint32], right: NDArray[np.uint32], i: Numbers, j: Numbers) -> Pairs:
    """The candidates whose estimated similarity is large enough."""
    parts = [np.zeros(0)]
    for start in range(0, len(i), 1 << 14):
        part = slice(start, start + (1 << 14))
        parts.append((left[i[part]] == right[j[part]]).mean(axis=1))
    similarity = np.concatenate(parts)
    near = similarity >= THRESHOLD
    return Pairs(i[near], j[near], similarity[near])

"""What is kept of texts to find them again: hashes, sources and labels, never words."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from heedful.records import Example, HeedfulError
from heedful.text.normalise import key_of, normalise
from heedful.text.shingles import WordHashes, shingle_hashes, words

# The standard error of a similarity s is sqrt(s (1 - s) / PERMUTATIONS): at most 0.051.
PERMUTATIONS = 96
VERSION = 1  # of all hashes: sketches of different versions cannot be compared
_CHUNK = 1 << 16  # words whose hashes are worked on at a time: they stay in the cache


def _permutations() -> tuple[NDArray[np.uint32], NDArray[np.uint32]]:
    """Factors (odd) and offsets of x -> a x + b, bijections of the 32-bit numbers."""
    # From a hash rather than a generator, whose stream NumPy may change.
    data = hashlib.shake_256(b"heedful minhash").digest(8 * PERMUTATIONS)
    numbers = np.frombuffer(data, "<u4").astype(np.uint32)
    return numbers[:PERMUTATIONS] | np.uint32(1), numbers[PERMUTATIONS:]


_FACTORS, _OFFSETS = _permutations()


@dataclass(frozen=True, eq=False)
class Sketch:
    """N texts as hashes (MinHash: Broder 1997, On the resemblance and containment of documents).

    The share of columns in which two signatures agree estimates the Jaccard similarity of the
    texts' sets of five-word runs.

    Attributes:
        keys: (N, 16) uint8, equal for texts that are equal after `normalise`.
        signatures: (N, PERMUTATIONS) uint32, the least hash of each text's shingles under
            each permutation.
        sources: names of the files.
        source: (N,) int32, index into `sources`.
        rows: (N,) int64, row in that file.
        labels: the distinct sets of labels, each a JSON list of names.
        label: (N,) int32, index into `labels`.
    """

    keys: NDArray[np.uint8]
    signatures: NDArray[np.uint32]
    sources: tuple[str, ...]
    source: NDArray[np.int32]
    rows: NDArray[np.int64]
    labels: tuple[str, ...]
    label: NDArray[np.int32]

    def __len__(self) -> int:
        return len(self.keys)

    @staticmethod
    def of(examples: Iterable[Example]) -> Sketch:
        """The sketch of some examples, in their order; needs memory for one chunk of words."""
        known = WordHashes()
        sources: dict[str, int] = {}
        labels: dict[tuple[str, ...], int] = {}
        facts: list[tuple[int, int, int]] = []
        keys: list[bytes] = []
        signatures = [np.empty((0, PERMUTATIONS), np.uint32)]
        for chunk in _chunks(examples):
            for example, text, _ in chunk:
                keys.append(key_of(text))
                source = sources.setdefault(example.source, len(sources))
                label = labels.setdefault(example.labels, len(labels))
                facts.append((source, example.row, label))
            signatures.append(_sign([item.words for item in chunk], known))
        columns = np.array(facts, np.int64).reshape(-1, 3)
        return Sketch(
            np.frombuffer(b"".join(keys), np.uint8).reshape(-1, 16),
            np.concatenate(signatures),
            tuple(sources),
            columns[:, 0].astype(np.int32),
            columns[:, 1].copy(),
            tuple(json.dumps(names) for names in labels),
            columns[:, 2].astype(np.int32),
        )

    def part(self, start: int, stop: int) -> Sketch:
        """The texts from `start` to before `stop`."""
        chosen = slice(start, stop)
        columns = ("keys", "signatures", "source", "rows", "label")
        return replace(self, **{name: getattr(self, name)[chosen] for name in columns})

    def where(self, i: int) -> str:
        """Source and row of text i, for messages."""
        return f"{self.sources[self.source[i]]}, row {self.rows[i]}"

    def labels_of(self, i: int) -> tuple[str, ...]:
        """The labels of text i."""
        return tuple(json.loads(self.labels[self.label[i]]))

    def to_arrays(self) -> dict[str, NDArray[Any]]:
        """Arrays of numbers only, for a safetensors file; names become ASCII JSON in bytes."""
        return {
            "version": np.array([VERSION], np.uint8),
            "keys": self.keys,
            "signatures": self.signatures,
            "sources": _to_bytes(self.sources),
            "source": self.source,
            "rows": self.rows,
            "labels": _to_bytes(self.labels),
            "label": self.label,
        }

    @staticmethod
    def from_arrays(arrays: Mapping[str, NDArray[Any]]) -> Sketch:
        """The inverse of `to_arrays`.

        Raises:
            HeedfulError: an array is missing, or it was made by another version.
        """
        try:
            version, signatures = arrays["version"].tolist(), arrays["signatures"]
            found = Sketch(
                arrays["keys"],
                signatures,
                _from_bytes(arrays["sources"]),
                arrays["source"],
                arrays["rows"],
                _from_bytes(arrays["labels"]),
                arrays["label"],
            )
        except (KeyError, ValueError) as error:
            raise HeedfulError(f"the sketch of the texts cannot be read: {error}") from None
        if version != [VERSION] or not found.is_whole():
            raise HeedfulError(
                "the sketch of the texts was made by another version of heedful; make it anew"
            )
        return found

    def is_whole(self) -> bool:
        """Whether the arrays have the shapes they should have, and name what there is."""
        shapes = [array.shape for array in (self.source, self.rows, self.label)]
        names = ((self.source, self.sources), (self.label, self.labels))
        return (
            shapes == [(len(self),)] * 3
            and self.keys.shape == (len(self), 16)
            and self.signatures.shape == (len(self), PERMUTATIONS)
            and all(0 <= i < len(known) for column, known in names for i in np.unique(column))
        )


class _Item(NamedTuple):
    example: Example
    text: str
    words: list[str]


def _chunks(examples: Iterable[Example]) -> Iterator[list[_Item]]:
    """Examples with their normalised text and its words, about `_CHUNK` words at a time."""
    chunk: list[_Item] = []
    size = 0
    for example in examples:
        text = normalise(example.text)
        chunk.append(_Item(example, text, words(text)))
        size += len(chunk[-1].words) + 1
        if size >= _CHUNK:
            yield chunk
            chunk, size = [], 0
    if chunk:
        yield chunk


def _sign(texts: Sequence[Sequence[str]], known: WordHashes) -> NDArray[np.uint32]:
    """Signatures (N, PERMUTATIONS)."""
    hashes, starts = shingle_hashes(texts, known)
    signatures = np.empty((PERMUTATIONS, len(texts)), np.uint32)
    moved = np.empty_like(hashes)
    for k in range(PERMUTATIONS):
        np.multiply(hashes, _FACTORS[k], out=moved)
        np.add(moved, _OFFSETS[k], out=moved)
        np.minimum.reduceat(moved, starts, out=signatures[k])
    return np.ascontiguousarray(signatures.T)


def _to_bytes(names: Sequence[str]) -> NDArray[np.uint8]:
    return np.frombuffer(json.dumps(names).encode("ascii"), np.uint8)


def _from_bytes(data: NDArray[np.uint8]) -> tuple[str, ...]:
    return tuple(json.loads(data.tobytes()))

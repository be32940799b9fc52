"""Attention and contributions of a whole corpus, added up batch by batch: flat memory.

A unit is a word of the vocabulary (its id), then a phrase: pairs first, then triples. What a
phrase contributes is the sum over its tokens.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from heedful.explain.phrases import Index, Phrases, holders, text_of
from heedful.nn.classify import Scored
from heedful.text.vocab import Encoded

Array = NDArray[np.float64]

SLOTS = 3
"""Thirds of the texts; of each the place where a unit pulls hardest is remembered."""
TENTHS = 10
LONG_ENOUGH = 20
"""Tokens from which a text counts for the positions: two or more in each tenth."""
ENDS = 5
"""First and last tokens looked at one by one."""


@dataclass(frozen=True)
class Ways:
    """How units move one logit or class.

    Attributes:
        total, squares: (U,) sums of contributions and of their squares.
        pro: (U,) sum of the positive ones; pro_count: (U,) how many there are.
        con, con_count: likewise of the negative ones; `con` is at most 0.
        best: (SLOTS, U) the largest contribution in each third of the texts.
        best_at: (SLOTS, U) the token of the corpus where it begins; -1 = nowhere.
        worst, worst_at: the smallest one.
    """

    total: Array
    squares: Array
    pro: Array
    pro_count: Index
    con: Array
    con_count: Index
    best: Array
    best_at: Index
    worst: Array
    worst_at: Index

    @classmethod
    def none(cls, units: int) -> Ways:
        """Of nothing yet."""
        sums = [np.zeros(units) for _ in range(4)]
        counts = [np.zeros(units, np.int64) for _ in range(2)]
        places = [np.full((SLOTS, units), -1, np.int64) for _ in range(2)]
        best, worst = np.full((SLOTS, units), -np.inf), np.full((SLOTS, units), np.inf)
        return cls(
            sums[0], sums[1], sums[2], counts[0], sums[3], counts[1],
            best, places[0], worst, places[1],
        )  # fmt: skip

    def mirrored(self) -> Ways:
        """The same for the class whose logit is the negative."""
        return Ways(
            -self.total, self.squares, -self.con, self.con_count, -self.pro, self.pro_count,
            -self.worst, self.worst_at, -self.best, self.best_at,
        )  # fmt: skip

    def add(self, units: Index, values: Array, places: Index, slots: Index) -> None:
        """Contributions of units that begin at `places`, in the thirds `slots`; all (n,)."""
        up, down = values > 0, values < 0
        np.add.at(self.total, units, values)
        np.add.at(self.squares, units, values**2)
        np.add.at(self.pro, units[up], values[up])
        np.add.at(self.con, units[down], values[down])
        np.add.at(self.pro_count, units[up], 1)
        np.add.at(self.con_count, units[down], 1)
        np.maximum.at(self.best, (slots, units), values)
        np.minimum.at(self.worst, (slots, units), values)
        for extreme, at in ((self.best, self.best_at), (self.worst, self.worst_at)):
            hit = extreme[slots, units] == values
            at[slots[hit], units[hit]] = places[hit]


@dataclass
class Reading:
    """Attention and absolute contributions by token id, of padding, and by place in the text.

    Attributes:
        attention, contribution: (V,) sums over all places of a token.
        padding: what stands on padding: places, attention, absolute contributions.
        long_texts: texts that count for the places.
        tenths, first, last: (2, ...) sums over these texts, attention and contribution; 1 a text
            would be uniform.
    """

    attention: Array
    contribution: Array
    padding: tuple[int, float, float]
    long_texts: int
    tenths: Array
    first: Array
    last: Array


class Tally:
    """Adds up scored batches of one corpus.

    Attributes:
        ways: one per logit, over all units.
        logits: (texts, logits), in the order of the texts.
        reading: where attention and contributions go.
        occurrences: (U,) how often each unit stands in the texts; texts: (U,) in how many.
        held: the pairs (unit, text) behind `texts`.
    """

    def __init__(
        self, encoded: Encoded, texts: Sequence[str], vocabulary: int, phrases: Phrases | None
    ) -> None:
        """`vocabulary` is the number of token ids V; without phrases only words are units."""
        self.encoded, self.phrases, self.vocabulary = encoded, phrases, vocabulary
        # By content, not by row: the order of the rows changes nothing.
        codes = [zlib.crc32(text.encode("utf-8", "surrogatepass")) for text in texts]
        self._slots = np.array(codes, np.int64) % SLOTS
        self._pairs = len(phrases.pairs) if phrases else 0
        self.units = vocabulary + self._pairs + (len(phrases.triples) if phrases else 0)
        self.ways: list[Ways] = []
        self.logits: Array = np.zeros((len(encoded), 0))
        self.reading = Reading(
            np.zeros(vocabulary), np.zeros(vocabulary), (0, 0.0, 0.0), 0,
            np.zeros((2, TENTHS)), np.zeros((2, ENDS)), np.zeros((2, ENDS)),
        )  # fmt: skip
        units, owners = self._everywhere()
        self.occurrences = np.bincount(units, minlength=self.units)
        self.held = holders(units, owners, len(encoded))
        self.texts = np.bincount(self.held[0], minlength=self.units)

    def _everywhere(self) -> tuple[Index, Index]:
        """Every place of every unit: which unit, and in which text."""
        owner = text_of(self.encoded)
        units, owners = [self.encoded.ids.astype(np.int64)], [owner]
        for at, first in self._starts():
            there = at >= 0
            units.append(at[there].astype(np.int64) + first)
            owners.append(owner[there])
        return np.concatenate(units), np.concatenate(owners)

    def _starts(self) -> list[tuple[NDArray[np.int32], int]]:
        """Where pairs and triples begin, and the unit of the first of each."""
        if self.phrases is None:
            return []
        triples = self.vocabulary + self._pairs
        return [(self.phrases.pair_at, self.vocabulary), (self.phrases.triple_at, triples)]

    def length(self, unit: int) -> int:
        """How many tokens a unit has: 1, 2 or 3."""
        return 1 + (unit >= self.vocabulary) + (unit >= self.vocabulary + self._pairs)

    def add_all(self, scored: Iterable[tuple[Index, Scored]]) -> Tally:
        """Everything that `learn.model.scored` gives."""
        for order, part in scored:
            self.add(order, part)
        return self

    def add(self, order: Index, part: Scored) -> None:
        """One batch: the texts `order` of the corpus, padded to (B, T)."""
        weights = part.weights.double().numpy()
        shares = part.contributions.double().numpy()
        logits = part.logits.double().numpy()
        if not self.ways:
            self.ways = [Ways.none(self.units) for _ in range(logits.shape[1])]
            self.logits = np.zeros((len(self.encoded), logits.shape[1]))
        self.logits[order] = logits
        lengths = self.encoded.lengths[order]
        mask = np.arange(weights.shape[1]) < lengths[:, None]
        places = (self.encoded.starts[order][:, None] + np.arange(weights.shape[1]))[mask]
        size = np.abs(shares).sum(axis=2)
        self._read(weights, size, mask, places)
        self._place(weights, size, lengths)
        slots = np.repeat(self._slots[order], lengths)
        for way, values in zip(self.ways, shares[mask].T, strict=True):
            self._move(way, values, places, slots)

    def _move(self, way: Ways, values: Array, places: Index, slots: Index) -> None:
        """Words, then pairs, then triples. A text's tokens follow each other in `values`."""
        way.add(self.encoded.ids[places].astype(np.int64), values, places, slots)
        summed = values
        for step, (at, first) in enumerate(self._starts(), start=1):
            summed = summed + np.append(values[step:], np.zeros(min(step, len(values))))
            units = at[places].astype(np.int64)
            there = units >= 0
            way.add(units[there] + first, summed[there], places[there], slots[there])

    def _read(self, weights: Array, size: Array, mask: NDArray[np.bool_], places: Index) -> None:
        reading, ids = self.reading, self.encoded.ids[places]
        np.add.at(reading.attention, ids, weights[mask])
        np.add.at(reading.contribution, ids, size[mask])
        count, attention, contribution = reading.padding
        reading.padding = (
            count + int((~mask).sum()),
            attention + float(np.abs(weights[~mask]).sum()),
            contribution + float(size[~mask].sum()),
        )

    def _place(self, weights: Array, size: Array, lengths: Index) -> None:
        """Each text on its own: nearly all are of like length, and a batch holds at most 256."""
        for row in np.flatnonzero(lengths >= LONG_ENOUGH):
            length = int(lengths[row])
            self.reading.long_texts += 1
            tenth = np.arange(length) * TENTHS // length
            for kind, values in enumerate((weights[row, :length], size[row, :length])):
                whole = values.sum()
                # Nothing contributes: every place alike.
                each = values * (length / whole) if whole > 0 else np.ones(length)
                self.reading.tenths[kind] += np.bincount(tenth, each) / np.bincount(tenth)
                self.reading.first[kind] += each[:ENDS]
                self.reading.last[kind] += each[-ENDS:]

"""What is wrong with pairs before anything is trained: duplicates, contradictions, leaks.

As `quality` does for classifiers, whose records and search for near duplicates serve here too. But
two sources are the same only if they agree in all but case, white space and Unicode's ways to
compose a letter: to a network that reads characters, marks matter. Sources that differ in marks
alone count as nearly the same.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from itertools import combinations
from typing import Any

import numpy as np

from heedful.records import Example
from heedful.text import findings
from heedful.text.corpus import Corpus
from heedful.text.normalise import key_of
from heedful.text.pair import Pair, Pairs
from heedful.text.quality import SHOWN, leak, measure_split
from heedful.text.sketch import Sketch
from heedful.text.spread import Spread, spread


@dataclass(frozen=True)
class PairSplit:
    """One split of the pairs.

    Attributes:
        rows: usable rows.
        sources: distinct sources.
        source_lengths: of the sources, in characters.
        target_lengths: of the targets, in characters.
        identical_rows: rows whose source and target stand in an earlier row already.
        conflicts: sources that occur with different targets: usual in translation, wrong where
            there is one answer.
        conflict_pairs: the first few of them; the labels of such a pair are the targets.
        near_duplicates: rows whose source is new but nearly that of an earlier row.
        near_pairs: the first few.
        unchanged: rows whose target is the source itself.
        bad_rows: rows that could not be used.
        bad_row_reasons: the first few, with file and row.
    """

    rows: int
    sources: int
    source_lengths: Spread
    target_lengths: Spread
    identical_rows: int
    conflicts: int
    conflict_pairs: tuple[findings.Pair, ...]
    near_duplicates: int
    near_pairs: tuple[findings.Pair, ...]
    unchanged: int
    bad_rows: int
    bad_row_reasons: tuple[str, ...]


@dataclass(frozen=True)
class PairQuality:
    """The state of all splits, and what each two of them share: a `Leak` counts sources."""

    splits: dict[str, PairSplit]
    leaks: tuple[findings.Leak, ...]

    def to_json(self) -> dict[str, Any]:
        """Plain dictionaries, lists and numbers."""
        splits = {name: _lists(asdict(split)) for name, split in self.splits.items()}
        return {"splits": splits, "leaks": [leak.to_json() for leak in self.leaks]}


def check_pairs(splits: Mapping[str, Pairs]) -> PairQuality:
    """Measures every split and compares each two."""
    sketches = {name: sketch_of(given.pairs) for name, given in splits.items()}
    measured = {name: _measure(given, sketches[name]) for name, given in splits.items()}
    leaks = [leak(one, sketches[one], two, sketches[two]) for one, two in combinations(splits, 2)]
    return PairQuality(measured, tuple(leaks))


def sketch_of(pairs: Sequence[Pair]) -> Sketch:
    """The sketch of the sources, with the targets for labels."""
    keys = b"".join(key_of(_folded(pair.source)) for pair in pairs)
    sketch = Sketch.of(_examples(pairs))
    return replace(sketch, keys=np.frombuffer(keys, np.uint8).reshape(-1, 16))


def _folded(source: str) -> str:
    return " ".join(unicodedata.normalize("NFC", source).casefold().split())


def _examples(pairs: Sequence[Pair]) -> list[Example]:
    return [Example(pair.source, (pair.target,), pair.file, pair.row) for pair in pairs]


def _measure(given: Pairs, sketch: Sketch) -> PairSplit:
    pairs = given.pairs
    found = measure_split(Corpus(tuple(_examples(pairs)), given.bad_rows, (), False), sketch)
    return PairSplit(
        rows=len(pairs),
        sources=len(pairs) - found.duplicates,
        source_lengths=spread([len(pair.source) for pair in pairs]),
        target_lengths=spread([len(pair.target) for pair in pairs]),
        identical_rows=found.identical_rows,
        conflicts=found.conflicts,
        conflict_pairs=found.conflict_pairs,
        near_duplicates=found.near_duplicates,
        near_pairs=found.near_pairs,
        unchanged=sum(1 for pair in pairs if pair.source == pair.target),
        bad_rows=len(given.bad_rows),
        bad_row_reasons=tuple(str(row) for row in given.bad_rows[:SHOWN]),
    )


def _lists(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _lists(inner) for name, inner in value.items()}
    return [_lists(inner) for inner in value] if isinstance(value, list | tuple) else value

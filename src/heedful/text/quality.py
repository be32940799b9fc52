"""What is wrong with a corpus before anything is trained: duplicates, conflicts, leaks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import combinations
from typing import Any

from heedful.records import BadRow, Example
from heedful.text.corpus import Corpus
from heedful.text.normalise import key
from heedful.text.spread import Spread, spread

SHOWN = 10


@dataclass(frozen=True)
class Pair:
    """Two rows with the same text, as `file, row N`, and their labels."""

    first: str
    second: str
    first_labels: tuple[str, ...]
    second_labels: tuple[str, ...]


@dataclass(frozen=True)
class SplitQuality:
    """One split of the data.

    Attributes:
        rows: usable rows.
        labels: how many rows carry each label.
        lengths: of the texts, in words between white space.
        duplicates: rows whose text stands in an earlier row already.
        conflicts: texts that occur with different labels.
        conflict_pairs: the first few of them.
        wordless: rows without a letter or digit.
        bad_rows: rows that could not be used, `missing_texts` of them for want of a text.
        missing_texts: see `bad_rows`.
        bad_row_reasons: the first few, with file and row.
        identical_rows: the duplicates whose text and labels are the same.
    """

    rows: int
    labels: dict[str, int]
    lengths: Spread
    duplicates: int
    identical_rows: int
    conflicts: int
    conflict_pairs: tuple[Pair, ...]
    wordless: int
    bad_rows: int
    missing_texts: int
    bad_row_reasons: tuple[str, ...]


@dataclass(frozen=True)
class Leak:
    """What two splits share.

    Attributes:
        first: name of one split.
        second: name of the other.
        texts: distinct texts in both.
        first_rows: rows of the first split with such a text.
        second_rows: rows of the second split with such a text.
        conflicts: texts among them whose labels differ between the splits.
        pairs: the first few.
    """

    first: str
    second: str
    texts: int
    first_rows: int
    second_rows: int
    conflicts: int
    pairs: tuple[Pair, ...]


@dataclass(frozen=True)
class Quality:
    """The state of all splits of a corpus, and what each two of them share."""

    splits: dict[str, SplitQuality]
    leaks: tuple[Leak, ...]

    def to_json(self) -> dict[str, Any]:
        """Plain dictionaries, lists and numbers."""
        return _plain(asdict(self))  # type: ignore[no-any-return]


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _plain(inner) for name, inner in value.items()}
    return [_plain(inner) for inner in value] if isinstance(value, list | tuple) else value


@dataclass
class _Seen:
    """A text of a split: its first row, how often it comes, and whether its labels agree."""

    example: Example
    count: int = 1
    other: Example | None = None


def check(splits: Mapping[str, Corpus]) -> Quality:
    """Measures every split and compares each two.

    Texts count as the same when `normalise` makes them equal; only 16-byte keys are kept.
    """
    seen: dict[str, dict[bytes, _Seen]] = {}
    measured: dict[str, SplitQuality] = {}
    for name, corpus in splits.items():
        seen[name], identical = _see(corpus.examples)
        measured[name] = _measure(corpus, seen[name], identical)
    leaks = [_leak(one, two, seen[one], seen[two]) for one, two in combinations(splits, 2)]
    return Quality(measured, tuple(leaks))


def _see(examples: Sequence[Example]) -> tuple[dict[bytes, _Seen], int]:
    """The distinct texts, and how many rows repeat an earlier one with the same labels."""
    seen: dict[bytes, _Seen] = {}
    known: set[tuple[bytes, tuple[str, ...]]] = set()
    identical = 0
    for example in examples:
        text = key(example.text)
        entry = seen.get(text)
        if entry is None:
            seen[text] = _Seen(example)
        else:
            entry.count += 1
            if entry.other is None and _differ(entry.example, example):
                entry.other = example
        identical += (text, example.labels) in known
        known.add((text, example.labels))
    return seen, identical


def _measure(corpus: Corpus, seen: dict[bytes, _Seen], identical: int) -> SplitQuality:
    examples = corpus.examples
    conflicts = [entry for entry in seen.values() if entry.other is not None]
    return SplitQuality(
        rows=len(examples),
        labels=_label_counts(examples),
        lengths=spread([len(example.text.split()) for example in examples]),
        duplicates=len(examples) - len(seen),
        identical_rows=identical,
        conflicts=len(conflicts),
        conflict_pairs=tuple(_pair(e.example, e.other) for e in conflicts[:SHOWN] if e.other),
        wordless=sum(1 for e in examples if not any(c.isalnum() for c in e.text)),
        bad_rows=len(corpus.bad_rows),
        missing_texts=sum(1 for row in corpus.bad_rows if _is_missing(row)),
        bad_row_reasons=tuple(str(row) for row in corpus.bad_rows[:SHOWN]),
    )


def _is_missing(row: BadRow) -> bool:
    return row.reason == "the text is missing"


def _label_counts(examples: Sequence[Example]) -> dict[str, int]:
    counts = Counter(label for example in examples for label in example.labels)
    unlabelled = sum(1 for example in examples if not example.labels)
    return dict(sorted(counts.items())) | ({"(none)": unlabelled} if unlabelled else {})


def _differ(first: Example, second: Example) -> bool:
    """Whether the labels contradict each other; an unlabelled row contradicts nothing."""
    return bool(first.labels and second.labels) and first.labels != second.labels


def _where(example: Example) -> str:
    return f"{example.source}, row {example.row}"


def _pair(first: Example, second: Example) -> Pair:
    return Pair(_where(first), _where(second), first.labels, second.labels)


def _leak(one: str, two: str, first: dict[bytes, _Seen], second: dict[bytes, _Seen]) -> Leak:
    shared = [text for text in second if text in first]
    return Leak(
        first=one,
        second=two,
        texts=len(shared),
        first_rows=sum(first[text].count for text in shared),
        second_rows=sum(second[text].count for text in shared),
        conflicts=sum(1 for t in shared if _differ(first[t].example, second[t].example)),
        pairs=tuple(_pair(first[t].example, second[t].example) for t in shared[:SHOWN]),
    )

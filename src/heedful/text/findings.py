"""What the checks found, as records that become JSON."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from heedful.text.spread import Spread


@dataclass(frozen=True)
class Pair:
    """Two rows with the same or nearly the same text, as `file, row N`, and their labels.

    `similarity` is 1 for the same text, else the estimated share of five-word runs in common.
    """

    first: str
    second: str
    first_labels: tuple[str, ...]
    second_labels: tuple[str, ...]
    similarity: float = 1.0


@dataclass(frozen=True)
class SplitQuality:
    """One split of the data.

    Attributes:
        rows: usable rows.
        labels: how many rows carry each label.
        lengths: of the texts, in words between white space.
        duplicates: rows whose text stands in an earlier row already.
        identical_rows: the duplicates whose text and labels are the same.
        conflicts: texts that occur with different labels.
        conflict_pairs: the first few of them.
        near_duplicates: rows whose text is new but nearly the same as that of an earlier row,
            or linked to one by others (rows = texts unlike any other + duplicates + these).
        near_pairs: the first few, each with the earlier row that is most like it.
        near_conflicts: pairs of nearly equal texts with different labels.
        near_conflict_pairs: the first few.
        wordless: rows without a letter or digit.
        bad_rows: rows that could not be used, `missing_texts` of them for want of a text.
        missing_texts: see `bad_rows`.
        bad_row_reasons: the first few, with file and row.
    """

    rows: int
    labels: dict[str, int]
    lengths: Spread
    duplicates: int
    identical_rows: int
    conflicts: int
    conflict_pairs: tuple[Pair, ...]
    near_duplicates: int
    near_pairs: tuple[Pair, ...]
    near_conflicts: int
    near_conflict_pairs: tuple[Pair, ...]
    wordless: int
    bad_rows: int
    missing_texts: int
    bad_row_reasons: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """Plain dictionaries, lists and numbers."""
        return {name: _plain(value) for name, value in asdict(self).items()}


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
        near: rows of the second split whose text is not in the first, but nearly.
        near_pairs: the first few, each with the row of the first split that is most like it.
    """

    first: str
    second: str
    texts: int
    first_rows: int
    second_rows: int
    conflicts: int
    pairs: tuple[Pair, ...]
    near: int
    near_pairs: tuple[Pair, ...]

    def to_json(self) -> dict[str, Any]:
        """Plain dictionaries, lists and numbers."""
        return {name: _plain(value) for name, value in asdict(self).items()}


@dataclass(frozen=True)
class Quality:
    """The state of all splits of a corpus, and what each two of them share."""

    splits: dict[str, SplitQuality]
    leaks: tuple[Leak, ...]

    def to_json(self) -> dict[str, Any]:
        """Plain dictionaries, lists and numbers."""
        return {name: _plain(value) for name, value in asdict(self).items()}


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _plain(inner) for name, inner in value.items()}
    return [_plain(inner) for inner in value] if isinstance(value, list | tuple) else value

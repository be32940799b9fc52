"""Which column holds the text, which the label, and which says train or test."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from heedful.records import HeedfulError
from heedful.text.options import ReadOptions
from heedful.text.table import Table, clip, column_list

# Names in the order of preference.
TEXT_NAMES = (
    *("text", "review", "sentence", "content", "comment", "document", "body", "message"),
    *("tweet", "question", "utterance", "phrase", "review_text", "reviewtext", "comment_text"),
    *("full_text", "description", "texts", "reviews", "sentences", "comments", "documents"),
)
LABEL_NAMES = (
    *("label", "sentiment", "class", "category", "target", "label_ids", "labels"),
    *("classification", "polarity", "emotion", "emotions", "intent", "topic", "classes"),
    *("categories", "label_id", "stars", "rating", "score"),
)
SPLIT_NAMES = ("split", "type", "set", "fold", "partition")
_TRAIN, _VALID, _TEST = ("train", "training"), ("valid", "validation", "dev", "val"), ("test",)
SPLIT_VALUES = {*_TRAIN, *_VALID, *_TEST, "unsup", "unsupervised", "unlabelled", "unlabeled"}
# Kaggle's test set of the IMDB reviews: `<number>_<rating>`.
RATED_ID = re.compile(r"\d+_(10|[0-9])")


@dataclass(frozen=True)
class Columns:
    """Positions of the columns that matter.

    Attributes:
        text: the text.
        label: the label; None when there is none.
        split: says train, test, ... for each row.
        rated_id: an id with a rating in it, in place of a label column.
        said: how they were found, for the notes.
    """

    text: int
    label: int | None
    split: int | None
    rated_id: int | None
    said: str

    @property
    def wanted(self) -> tuple[int, ...]:
        """Positions to read: text, then label (or rated id), then split, as far as present."""
        label = self.label if self.label is not None else self.rated_id
        return tuple(i for i in (self.text, label, self.split) if i is not None)


def _key(name: str) -> str:
    return re.sub(r"[\s\-]+", "_", name.strip().casefold())


def is_known_name(name: str) -> bool:
    """Whether a cell looks like the name of a column we know."""
    return _key(name) in {*TEXT_NAMES, *LABEL_NAMES}


def same_split(value: str, demanded: str) -> bool:
    """Whether a split's name means the demanded one: `dev` is `validation`, case is nothing."""
    first, second = value.strip().casefold(), demanded.strip().casefold()
    return first == second or any(
        first in names and second in names for names in (_TRAIN, _VALID, _TEST)
    )


def find_columns(table: Table, options: ReadOptions) -> Columns:
    """Finds the columns by their names, else by what is in them.

    Raises:
        HeedfulError: a named column is absent; or it is not clear which one is meant.
    """
    split = _find_split(table)
    given_label = named_column(table, options.label, "--label")
    taken = {i for i in (split, given_label) if i is not None}
    text = named_column(table, options.text, "--text")
    if text is None:
        text = _by_name(table, TEXT_NAMES, taken)
    if text is None:
        text = _longest(table, taken)
    if text == given_label:
        raise HeedfulError(
            f"{table.source}: column {clip(table.columns[text])} is taken for both the text and "
            f"the label; {_choose(table)}"
        )
    label = given_label
    if label is None:
        label = _by_name(table, LABEL_NAMES, {text, *taken})
    rated = None
    if label is None:
        rated = _rated(table, {text, *taken})
    if label is None and rated is None and options.labelled:
        label = _few_values(table, {text, *taken})
    return Columns(text, label, split, rated, _say(table, text, label, split))


def _say(table: Table, text: int, label: int | None, split: int | None) -> str:
    parts = [f"text in column {clip(table.columns[text])}"]
    if label is not None:
        parts.append(f"label in column {clip(table.columns[label])}")
    if split is not None:
        parts.append(f"split in column {clip(table.columns[split])}")
    others = [n for i, n in enumerate(table.columns) if i not in (text, label, split)]
    if others:
        parts.append(f"not used: {column_list(others)}")
    return ", ".join(parts)


def _choose(table: Table) -> str:
    return f"the columns are {column_list(table.columns)}; say --text COL --label COL"


def named_column(table: Table, name: str | None, flag: str) -> int | None:
    """The position of a column that the user named; case and spaces are forgiven.

    Raises:
        HeedfulError: there is no such column.
    """
    if name is None:
        return None
    if name in table.columns:
        return table.columns.index(name)
    alike = [i for i, column in enumerate(table.columns) if _key(column) == _key(name)]
    if len(alike) == 1:
        return alike[0]
    raise HeedfulError(
        f"{table.source} has no column {clip(name)} ({flag}); the columns are "
        f"{column_list(table.columns)}"
    )


def _by_name(table: Table, names: Sequence[str], taken: set[int]) -> int | None:
    keys = [_key(column) for column in table.columns]
    for name in names:
        found = [i for i, key in enumerate(keys) if key == name and i not in taken]
        if len(found) > 1:
            raise HeedfulError(
                f"{table.source} has several columns called {clip(name)}; {_choose(table)}"
            )
        if found:
            return found[0]
    return None


def _cells(table: Table, i: int) -> list[Any]:
    return [row[i] for row in table.sample if row[i] is not None and row[i] != ""]


def _longest(table: Table, taken: set[int]) -> int:
    """The column with the longest texts, if it is by far the longest."""
    lengths: list[tuple[float, int]] = []
    for i in range(len(table.columns)):
        cells = _cells(table, i)
        if i not in taken and cells and all(isinstance(cell, str) for cell in cells):
            lengths.append((sum(len(cell) for cell in cells) / len(cells), i))
    lengths.sort(reverse=True)
    if not lengths:
        raise HeedfulError(f"{table.source} has no column of texts; {_choose(table)}")
    if len(lengths) > 1 and lengths[0][0] < 2 * lengths[1][0]:
        raise HeedfulError(
            f"{table.source}: it is not clear which column is the text; {_choose(table)}"
        )
    return lengths[0][1]


def _few_values(table: Table, taken: set[int]) -> int:
    """The one column of short values that come again and again."""
    found = []
    for i in range(len(table.columns)):
        cells = _cells(table, i)
        if i in taken or not cells or any(isinstance(cell, dict | float) for cell in cells):
            continue
        values = {str(cell) for cell in cells}
        if len(values) <= min(100, max(2, len(cells) // 2)) and max(map(len, values)) <= 60:
            found.append(i)
    if len(found) == 1:
        return found[0]
    problem = "no column looks like a label" if not found else "several columns may be the label"
    raise HeedfulError(f"{table.source}: {problem}; {_choose(table)}")


def _find_split(table: Table) -> int | None:
    for i, column in enumerate(table.columns):
        if _key(column) in SPLIT_NAMES:
            values = {str(cell).strip().casefold() for cell in _cells(table, i)}
            if values and values <= SPLIT_VALUES:
                return i
    return None


def _rated(table: Table, taken: set[int]) -> int | None:
    for i, column in enumerate(table.columns):
        if _key(column) == "id" and i not in taken:
            cells = _cells(table, i)
            if cells and all(isinstance(c, str) and RATED_ID.fullmatch(c) for c in cells):
                return i
    return None

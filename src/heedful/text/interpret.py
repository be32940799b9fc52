"""From the raw rows of a table to examples and bad rows: one item for each row."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from heedful.records import BadRow, Example
from heedful.text.cells import UNLABELLED, UnusableError, is_missing, label_parts, read_text
from heedful.text.columns import RATED_ID, Columns, same_split
from heedful.text.options import ReadOptions
from heedful.text.profile import Profile, find_separator, minus_one_is_unlabelled, split_name
from heedful.text.table import Row, Table, clip


@dataclass(frozen=True)
class Reading:
    """How the rows of one table become examples: everything that was decided about it.

    Attributes:
        source: the file's name.
        columns: where the cells are.
        options: as given.
        separator: of several labels in a cell.
        multi_label: whether a row may carry several labels.
        unlabelled: label values, in lower case, that mean "no label".
    """

    source: str
    columns: Columns
    options: ReadOptions
    separator: str | None
    multi_label: bool
    unlabelled: frozenset[str]


def decide(table: Table, columns: Columns, profile: Profile, options: ReadOptions) -> Reading:
    """Settles from the profile what the label cells mean."""
    separator = find_separator(profile, options)
    several = profile.lists or separator is not None
    unlabelled = set(UNLABELLED)
    if minus_one_is_unlabelled(profile) and "-1" not in dict(options.label_map):
        unlabelled.add("-1")
    return Reading(
        source=table.source,
        columns=columns,
        options=options,
        separator=separator,
        multi_label=several if options.multi_label is None else options.multi_label,
        unlabelled=frozenset(unlabelled),
    )


def interpret(rows: Iterable[Row], reading: Reading) -> Iterator[Example | BadRow]:
    """One Example or BadRow for each row of the split that is wanted, in order.

    An example without labels is an unlabelled row.
    """
    demanded = reading.options.split
    filtering = demanded not in (None, "all") and reading.columns.split is not None
    for number, row in enumerate(rows, 1):
        if isinstance(row, str):
            yield BadRow(reading.source, number, row)
        elif not filtering or same_split(split_name(row), str(demanded)):
            yield _item(row, number, reading)


def _item(row: list[Any], number: int, reading: Reading) -> Example | BadRow:
    beside = tuple(row[len(reading.columns.wanted) :]) if reading.options.beside else ()
    try:
        text = read_text(row[0], reading.options.max_characters)
        labels = _labels(row, reading)
    except UnusableError as reason:
        return BadRow(reading.source, number, str(reason), beside)
    return Example(text, labels, reading.source, number, beside=beside)


def _labels(row: list[Any], reading: Reading) -> tuple[str, ...]:
    columns, options = reading.columns, reading.options
    if columns.label is None:
        if columns.rated_id is None:
            return ()
        names = [rating_label(str(row[1]))]
    elif is_missing(row[1]):
        if not options.labelled:
            return ()
        raise UnusableError("the label is missing")
    else:
        names = label_parts(row[1], reading.separator)
    return name_labels(names, reading)


def name_labels(names: list[str], reading: Reading) -> tuple[str, ...]:
    """Mapped, sorted, distinct label names; empty for a value that means "no label".

    Raises:
        UnusableError: several labels where one is wanted.
    """
    mapping = dict(reading.options.label_map)
    mapped = [mapping.get(name, name) for name in names]
    if len(mapped) == 1 and mapped[0].casefold() in reading.unlabelled:
        return ()
    if not reading.multi_label and len(mapped) != 1:
        raise UnusableError(f"{len(mapped)} labels stand where one belongs: {clip(names)}")
    return tuple(sorted(set(mapped)))


def rating_label(identifier: str) -> str:
    """The label in an id of Kaggle's IMDB test set: "12_9" → "1" (7 and more), 4 and less "0".

    Raises:
        UnusableError: when there is none.
    """
    match = RATED_ID.fullmatch(identifier)
    rating = int(match[1]) if match else 5
    if 4 < rating < 7:
        raise UnusableError(f"the id {clip(identifier)} carries no rating of 0 to 4 or 7 to 10")
    return "1" if rating >= 7 else "0"

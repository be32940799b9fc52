"""What only a whole file tells: label values, splits, several labels in a cell, unlabelled rows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from heedful.records import HeedfulError
from heedful.text.cells import UnusableError, is_missing, label_name
from heedful.text.columns import RATED_ID, Columns, same_split
from heedful.text.options import ReadOptions
from heedful.text.table import Row, Table, clip, column_list

SEPARATORS = (",", "|", ";")
_KEPT_VALUES = 100_000


@dataclass
class Profile:
    """Counts over all rows of one table.

    Attributes:
        values: how often each (split, label value) occurs; list cells are not in it.
        splits: how many rows each split has.
        lists: whether a label cell is a list.
        unrated: the first id that carries no rating, if any.
    """

    values: Counter[tuple[str, str]] = field(default_factory=Counter)
    splits: Counter[str] = field(default_factory=Counter)
    lists: bool = False
    unrated: str | None = None

    def names(self) -> set[str]:
        """The distinct label values of the whole table."""
        return {value for _, value in self.values}


def take_profile(rows: Iterable[Row], columns: Columns) -> Profile:
    """Counts label and split values. Rows hold the cells that `columns.wanted` names."""
    profile = Profile()
    has_label = columns.label is not None or columns.rated_id is not None
    for row in rows:
        if isinstance(row, str):
            continue
        split = split_name(row) if columns.split is not None else ""
        profile.splits[split] += 1
        if not has_label:
            continue
        if columns.label is None:
            if not RATED_ID.fullmatch(str(row[1])):
                profile.unrated = profile.unrated or str(row[1])
        elif isinstance(row[1], list):
            profile.lists = True
        elif not is_missing(row[1]) and len(profile.values) < _KEPT_VALUES:
            _count(profile, split, row[1])
    return profile


def split_name(row: list[Any]) -> str:
    """The split in the last cell of a row; "" where it is missing."""
    return "" if row[-1] is None else str(row[-1]).strip()


def _count(profile: Profile, split: str, cell: Any) -> None:
    try:
        profile.values[split, label_name(cell)] += 1
    except UnusableError:
        return  # the row becomes a BadRow when it is read


def minus_one_is_unlabelled(profile: Profile) -> bool:
    """Whether the label -1 means "none": where it fills a split, or the file, and stays in it.

    A file with -1 beside other labels in the same split keeps it as a class, for that is how
    negative, neutral and positive are often written.
    """
    mixed = {split for split, value in profile.values if value != "-1"}
    alone = {split for split, value in profile.values if value == "-1"}
    return bool(alone) and not alone & mixed


def find_separator(profile: Profile, options: ReadOptions) -> str | None:
    """What separates several labels in a cell; None when each cell is one label.

    Commas, bars or semicolons count as separators when every part of every such cell occurs
    in at least two different cells: "Arts, Crafts" alone is one label. Where several labels are
    demanded, the first of these marks that occurs at all.
    """
    if options.multi_label is False:
        return None
    if options.label_separator is not None:
        return options.label_separator
    names = profile.names()
    for separator in SEPARATORS:
        split = [[part.strip() for part in name.split(separator)] for name in names]
        cells = Counter(part for parts in split for part in set(parts))
        several = [part for parts in split if len(parts) > 1 for part in parts]
        if several and all(part and cells[part] > 1 for part in several):
            return separator
    if not options.multi_label:
        return None
    used = (mark for mark in SEPARATORS if any(mark in name for name in names))
    return next(used, ",")


def check_split(table: Table, columns: Columns, profile: Profile, demanded: str | None) -> None:
    """Raises HeedfulError when the split that is demanded cannot be had from this table."""
    if demanded is None or demanded == "all":
        return
    if columns.split is None:
        raise HeedfulError(
            f"{table.source} has no split column, so split {clip(demanded)} cannot be picked; "
            "leave the split out"
        )
    if not any(same_split(name, demanded) for name in profile.splits):
        raise HeedfulError(
            f"{table.source} has no rows of split {clip(demanded)}; its splits are "
            f"{column_list(sorted(profile.splits))}"
        )

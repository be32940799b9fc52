"""Which column of a table holds the source and which the target; tables without a header too."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from heedful.records import HeedfulError
from heedful.text.columns import named_column
from heedful.text.options import ReadOptions
from heedful.text.table import Table, clip, column_list
from heedful.text.tables import open_table

# Names that stand side by side, source first.
KNOWN = (
    *(("source", "target"), ("src", "tgt"), ("src", "trg"), ("input", "output"), ("from", "to")),
    *(("human", "military"), ("english", "spanish"), ("en", "es"), ("question", "answer")),
)


def open_pair_table(
    path: Path, options: ReadOptions, source: str | None, target: str | None
) -> tuple[Table, int, int]:
    """The table of a file, and where its source and target stand.

    Columns of a file without header are called 1, 2, ...; a first line is taken for a header if
    it holds the names given or names we know, else only if each of its cells is one plain word.

    Raises:
        HeedfulError: unreadable; a named column is absent; it is not clear which ones are meant.
    """
    table = open_table(path, options)
    given = [name for name in (source, target) if name is not None]
    if given and not set(given) <= set(table.columns):
        numbers = all(name.isdecimal() for name in given)
        if numbers or not _has_header(table):
            table = _again(path, options, table, header=not numbers)
    elif not given and len(table.columns) == 2 and not _is_header(table.columns):
        table = _again(path, options, table, header=False)
    return table, *_find(table, source, target)


def _again(path: Path, options: ReadOptions, table: Table, header: bool) -> Table:
    """The table with or without a header, unless that was settled by the user."""
    return (
        table if options.header is not None else open_table(path, replace(options, header=header))
    )


def _has_header(table: Table) -> bool:
    return table.columns != tuple(str(i + 1) for i in range(len(table.columns)))


def _is_header(columns: tuple[str, ...]) -> bool:
    return _by_name(columns) is not None or all(
        name.replace("_", "").isalnum() and not name.isdecimal() for name in columns
    )


def _by_name(columns: tuple[str, ...]) -> tuple[int, int] | None:
    folded = [name.strip().casefold() for name in columns]
    for source, target in KNOWN:
        if folded.count(source) == folded.count(target) == 1:
            return folded.index(source), folded.index(target)
    return None


def _find(table: Table, source: str | None, target: str | None) -> tuple[int, int]:
    first = named_column(table, source, "--source")
    second = named_column(table, target, "--target")
    if first is not None and first == second:
        raise HeedfulError(
            f"{table.source}: column {clip(table.columns[first])} is taken for both the source "
            f"and the target; {_choose(table)}"
        )
    if first is not None and second is not None:
        return first, second
    if first is None and second is None:
        known = _by_name(table.columns)
        if known:
            return known
    if len(table.columns) != 2:
        raise HeedfulError(
            f"{table.source}: it is not clear which columns are the source and the target; "
            f"{_choose(table)}"
        )
    if first is not None:
        return first, 1 - first
    return (0, 1) if second is None else (1 - second, second)


def _choose(table: Table) -> str:
    return f"the columns are {column_list(table.columns)}; say --source COL --target COL"

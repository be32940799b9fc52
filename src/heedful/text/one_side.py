"""The sources alone of files and named sets, for a network that rewrites them: row by row."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from heedful.records import BadRow, Example, HeedfulError
from heedful.text.cells import UnusableError, read_text
from heedful.text.columns import named_column
from heedful.text.options import ReadOptions
from heedful.text.sources import resolve_pairs
from heedful.text.table import Table, column_list
from heedful.text.tables import open_table


def read_sources(
    paths: Sequence[str | Path], options: ReadOptions, known: str | None = None
) -> Iterator[Example | BadRow]:
    """The sources of all paths, in order and in flat memory; all files are opened first.

    Args:
        paths: as for `read_pairs`; the targets need not be there.
        options: encoding, delimiter and longest text; `text` names the column, and must be there.
        known: the column of training, for where none is named.

    Raises:
        HeedfulError: no such file, one that cannot be read, or it is not clear which column.
    """
    parts = [_part(path, options, known) for path in paths]
    return (item for part in parts for item in part)


def _part(path: str | Path, options: ReadOptions, known: str | None) -> Iterator[Example | BadRow]:
    found = resolve_pairs(path)
    if isinstance(found, tuple):
        turned = (options.text or known) == "military"
        return (Example(p.target if turned else p.source, (), p.file, p.row) for p in found)
    if not found.is_file():
        raise HeedfulError(f"{found} is not a file; texts are read from CSV, TSV, JSONL or Parquet")
    table, column = _open(found, options, known)
    return _items(table, column, options.max_characters)


def _open(path: Path, options: ReadOptions, known: str | None) -> tuple[Table, int]:
    """The table, and which of its columns: the one named, that of training, or the only one."""
    table = open_table(path, options)
    wanted = options.text or known
    if wanted and wanted.isdecimal() and wanted not in table.columns and options.header is None:
        table = open_table(path, replace(options, header=False))
    if options.text or wanted in table.columns:
        found = named_column(table, wanted, "--source")
        if found is not None:
            return table, found
    if len(table.columns) == 1:
        return table, 0
    raise HeedfulError(
        f"{table.source}: it is not clear which column is the source; the columns are "
        f"{column_list(table.columns)}; say --source COL"
    )


def _items(table: Table, column: int, longest: int) -> Iterator[Example | BadRow]:
    for number, row in enumerate(table.rows((column,)), 1):
        try:
            if isinstance(row, str):
                raise UnusableError(row)
            yield Example(read_text(row[0], longest, "source"), (), table.source, number)
        except UnusableError as reason:
            yield BadRow(table.source, number, str(reason))

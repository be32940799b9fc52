"""Tabular files of any format as parts of a corpus."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from heedful.records import HeedfulError
from heedful.text.columns import Columns, find_columns
from heedful.text.compressed import inner_name, open_binary, reading
from heedful.text.delimited import open_delimited
from heedful.text.interpret import Reading, decide, interpret
from heedful.text.jsonl import open_jsonl
from heedful.text.options import ReadOptions
from heedful.text.parquet import MAGIC, open_parquet
from heedful.text.part import Part
from heedful.text.profile import Profile, check_split, take_profile
from heedful.text.splits import WITHOUT_LABELS, choose_split
from heedful.text.table import Table, clip

_JSON_LINES = (".jsonl", ".ndjson", ".json")
_DELIMITED = (".csv", ".tsv", ".tab", ".txt")
_FOREIGN = {
    (0, b"PK\x03\x04"): "a zip archive or a workbook",
    (0, b"\xd0\xcf\x11\xe0"): "an old workbook",
    (257, b"ustar"): "a tar archive",
    (0, b"%PDF-"): "a PDF",
}


def open_table(path: Path, options: ReadOptions) -> Table:
    """The table in a file: the bytes decide first, then the name.

    Raises:
        HeedfulError: whatever the reader of the format cannot read, or a foreign format.
    """
    name = inner_name(path)
    with reading(path), open_binary(path) as file:
        head = file.read(4096)
    if not head:
        raise HeedfulError(f"{path.name} is empty")
    if name.endswith((".parquet", ".pq")) or head.startswith(MAGIC):
        return open_parquet(path)
    for (place, magic), what in _FOREIGN.items():
        if head[place:].startswith(magic):
            raise HeedfulError(f"{path.name} is {what}; give it unpacked, as CSV, JSONL or Parquet")
    looks_like_json = head.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b'{"')
    if name.endswith(_JSON_LINES) or (looks_like_json and not name.endswith(_DELIMITED)):
        return open_jsonl(path, options)
    return open_delimited(path, options)


def open_table_part(path: Path, options: ReadOptions) -> Part:
    """A tabular file as a part of a corpus.

    Raises:
        HeedfulError: unreadable, or as `table_part`.
    """
    return table_part(open_table(path, options), options)


def table_part(table: Table, options: ReadOptions) -> Part:
    """A table as a part of a corpus: columns found, labels understood.

    Raises:
        HeedfulError: unclear columns, or without the split that is demanded.
    """
    columns = find_columns(table, options)
    profile = Profile()
    if len(columns.wanted) > 1:
        profile = take_profile(table.rows(columns.wanted), columns)
    if profile.unrated is not None:
        columns = _without_rating(table, columns, profile, options)
    options = choose_split(options, profile.splits)
    check_split(table, columns, profile, options.split)
    how = decide(table, columns, profile, options)
    beside = _beside(table, columns) if options.beside else ()
    return Part(
        source=table.source,
        items=lambda: interpret(table.rows((*columns.wanted, *beside)), how),
        notes=tuple(_notes(table, columns, profile, how)),
        multi_label=how.multi_label,
        empty_is_an_answer=profile.lists and how.multi_label,
        gauge=table.gauge,
        beside=tuple(table.columns[i] for i in beside),
    )


def _beside(table: Table, columns: Columns) -> tuple[int, ...]:
    """All columns but the text's."""
    return tuple(i for i in range(len(table.columns)) if i != columns.text)


def _without_rating(
    table: Table, columns: Columns, profile: Profile, options: ReadOptions
) -> Columns:
    if options.labelled:
        raise HeedfulError(
            f"{table.source} has no label column, and not every id carries a rating "
            f"({clip(profile.unrated)} does not); say --label COL"
        )
    return Columns(columns.text, None, columns.split, None, columns.said)


def _counts(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{clip(name)[1:-1] or 'none'} {n:,}" for name, n in counts.items())


def _all_hint(how: Reading) -> str:
    usual = how.options.usual_split
    return "; --split all takes every row" if usual not in (None, WITHOUT_LABELS) else ""


def _notes(table: Table, columns: Columns, profile: Profile, how: Reading) -> list[str]:
    name, demanded = table.source, how.options.split
    notes = [f"{name}: {table.form}; {columns.said}"]
    if columns.rated_id is not None:
        notes.append(
            f"{name}: there is no label column; the label is read from the rating in the id "
            "(7 and more is 1, 4 and less is 0)"
        )
    if columns.split is not None and demanded not in (None, "all"):
        notes.append(f"{name}: only split {demanded} of {_counts(profile.splits)}{_all_hint(how)}")
    elif len(profile.splits) > 1:
        notes.append(
            f"{name}: rows of all its splits are used ({_counts(profile.splits)}); "
            "--split picks one"
        )
    if how.multi_label:
        how_many = "lists" if profile.lists else f"separated by {clip(how.separator)}"
        notes.append(f"{name}: a row may carry several labels ({how_many})")
    if "-1" in profile.names() and "-1" not in how.unlabelled:
        notes.append(
            f"{name}: the label -1 is kept as a class; --label-map -1=unlabelled makes it none"
        )
    return notes

"""CSV and TSV files as tables."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

from heedful.records import HeedfulError
from heedful.text.columns import is_known_name
from heedful.text.compressed import inner_name, reading
from heedful.text.dialect import NAMES, find_dialect, records
from heedful.text.encoding import find_encoding, lines, open_text, spoken, undecodable
from heedful.text.gauge import Gauge
from heedful.text.options import ReadOptions
from heedful.text.table import Row, Table, clip, distinct_columns, take_sample

HEAD = 1 << 20
LONGEST_LINE = 1 << 26
_WORD = re.compile(r"[^\W\d]\w*")
_NUMBER = re.compile(r"[-+]?\d+([.,]\d+)*([eE][-+]?\d+)?")


def open_delimited(path: Path, options: ReadOptions) -> Table:
    """The table in a CSV or TSV file, with delimiter, quoting, encoding and header found.

    Raises:
        HeedfulError: missing, empty, header only, broken compression, unknown encoding,
            bad delimiter, duplicate column names.
    """
    with reading(path):
        encoding = find_encoding(path, options.encoding)
        head, newline = _head(path, encoding)
        if not any(line.strip() for line in head):
            raise HeedfulError(f"{path.name} is empty")
        dialect = find_dialect(head, inner_name(path), _delimiter(options.delimiter))

        gauge = Gauge(path)

        def everything() -> Iterator[list[str] | str]:
            with reading(path):
                longest = max(1 << 24, 4 * options.max_characters)
                read = lines(path, encoding, newline, LONGEST_LINE, gauge)
                yield from records(read, dialect, longest)

        first = next(everything(), None)
        if first is None or isinstance(first, str):
            raise HeedfulError(f"{path.name} has no readable first line: {first or 'empty'}")
        header = _has_header(list(islice(everything(), 200)), options)
        form = f"{dialect}, {spoken(encoding)}"
        return _table(path, first, header, everything, form, gauge)


def _table(
    path: Path, first: list[str], header: bool, everything: Any, form: str, gauge: Gauge
) -> Table:
    width = len(first)
    named = [name.strip() for name in first] if header else [str(i + 1) for i in range(width)]
    if not header:
        form += ", no header line (the columns are called 1, 2, ...)"

    def rows(wanted: Sequence[int]) -> Iterator[Row]:
        for record in islice(everything(), int(header), None):
            if isinstance(record, str):
                yield record
            elif header and record == first:
                yield "it repeats the header line"
            else:
                yield _cells(record, width, wanted)

    return Table(
        source=path.name,
        columns=distinct_columns(named, path.name),
        sample=take_sample(rows(range(width)), path.name),
        rows=rows,
        form=form,
        gauge=gauge,
    )


def _cells(record: list[str], width: int, wanted: Sequence[int]) -> Row:
    if len(record) != width:
        return f"it has {len(record)} cells where {width} belong"
    return [record[i] for i in wanted]


def _delimiter(given: str | None) -> str | None:
    if given is None:
        return None
    spelled = {"\\t": "\t", **{name: mark for mark, name in NAMES.items()}}
    mark = spelled.get(given.lower(), given)
    if len(mark) != 1 or mark in '"\r\n\0' or undecodable(mark):
        raise HeedfulError(
            f"--delimiter {clip(given)} cannot be used; give one character, such as , or ; or tab"
        )
    return mark


def _head(path: Path, encoding: str) -> tuple[list[str], str]:
    """The first million characters as whole lines, and what ends a line here.

    Where no cell there starts with a quote, later lines that have such a cell are added:
    they alone can tell how quotes are meant.
    """
    with open_text(path, encoding) as file:
        text = file.read(HEAD)
    newline = "\n" if "\n" in text or "\r" not in text else ""
    whole = len(text) < HEAD
    ends = "\r" if newline == "" else "\n"
    head = [part + ends for part in text.split(ends)]
    head[-1] = head[-1][: -len(ends)]
    if not whole and len(head) > 1:
        head.pop()
    if not head[-1]:
        head.pop()
    if not whole and not any(_starts_quoted(line) for line in head):
        later = (line for line in lines(path, encoding, newline, LONGEST_LINE) if line)
        head += islice((line for line in later if _starts_quoted(line)), 200)
    return head, newline


_QUOTED_START = re.compile(r'(?:^|[\t,;|])"')


def _starts_quoted(line: str) -> bool:
    return '"' in line and _QUOTED_START.search(line) is not None


def _has_header(records: list[list[str] | str], options: ReadOptions) -> bool:
    """Whether the first record names the columns.

    It does if it holds a name we know or were given, unless that comes again and again in
    its column, as a label would. Else it does if no cell of it is a number, is long, or
    comes again below; in a single column, if it is one word and no row below it is.
    """
    if options.header is not None:
        return options.header
    first, *rest = [record for record in records if not isinstance(record, str)]
    names = [cell.strip() for cell in first]
    below = [record for record in rest if len(record) == len(names)]
    again = [sum(1 for r in below if r[i].strip() == name) for i, name in enumerate(names)]
    given = {name for name in (options.text, options.label) if name and not name.isdecimal()}
    known = [count for name, count in zip(names, again, strict=True) if _names(name, given)]
    if known:
        return min(known) < 2
    if len(names) == 1:
        return _WORD.fullmatch(names[0]) is not None and all(" " in r[0].strip() for r in below)
    if any(_NUMBER.fullmatch(name) or len(name) > 60 for name in names):
        return False
    return not any(name and count for name, count in zip(names, again, strict=True))


def _names(cell: str, given: set[str]) -> bool:
    return cell in given or is_known_name(cell)

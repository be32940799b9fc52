"""Which delimiter and which quoting a CSV or TSV file has, and its records."""

from __future__ import annotations

import csv
import re
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

Quoting = Literal["none", "doubled", "escaped"]
DELIMITERS = ("\t", ",", ";", "|")
NAMES = {"\t": "tab", ",": "comma", ";": "semicolon", "|": "bar", " ": "space"}
_DOUBLED = re.compile(r'"[^"]*(?:""[^"]*)*"')
_ESCAPED = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"', re.DOTALL)
_ESCAPED_QUOTE = re.compile(r'(\\+)"')

# The module's own limit of 131,072 characters a field is for programs that never thought of
# one; here the length of a record is bounded by `_Feed`.
csv.field_size_limit(2**31 - 1)


@dataclass(frozen=True)
class Dialect:
    """How a delimited file is written.

    Attributes:
        delimiter: one character; "" for a file of one column.
        quoting: `none` (a quote is a character like others), `doubled` (RFC 4180: a quote
            within quotes is doubled), `escaped` (it has a backslash before it).
    """

    delimiter: str
    quoting: Quoting

    def __str__(self) -> str:
        name = NAMES.get(self.delimiter, repr(self.delimiter))
        form = f"{name}-separated" if self.delimiter else "one column"
        quotes = {
            "none": "no quoting",
            "doubled": "quotes doubled",
            "escaped": "quotes escaped by a backslash",
        }
        return f"{form}, {quotes[self.quoting]}"


class _Feed:
    """Lines for csv.reader that can be given back after a record went wrong."""

    def __init__(self, lines: Iterable[str | None], escaped: bool, longest: int) -> None:
        self._lines = iter(lines)
        self._again: deque[str | None] = deque()
        self._escaped = escaped
        self._longest = longest
        self._size = 0
        self.held: list[str | None] = []

    def __iter__(self) -> _Feed:
        return self

    def begin(self) -> None:
        self.held.clear()
        self._size = 0

    def give_back(self) -> None:
        """Everything after the first line of the record is read again, as new records."""
        self._again.extendleft(reversed(self.held[1:]))

    def __next__(self) -> str:
        line = self._again.popleft() if self._again else next(self._lines)
        self.held.append(line)
        self._size += len(line or "")
        if line is None or self._size > self._longest:
            raise csv.Error(f"longer than {self._longest:,} characters: is a quote left open?")
        if self._escaped and '\\"' in line:
            return _ESCAPED_QUOTE.sub(_double, line)
        return line


def _double(match: re.Match[str]) -> str:
    slashes = len(match[1])
    kept = "\\" * (slashes // 2)
    return kept + ('""' if slashes % 2 else '"')


def _word(error: csv.Error) -> str:
    message = str(error)
    if "unexpected end of data" in message:
        return "a quote is opened and never closed"
    if "expected after" in message:
        return "text follows a closing quote"
    if "new-line" in message:
        return "a carriage return stands in the middle of the row"
    return message


def _plain(lines: Iterable[str | None], dialect: Dialect) -> Iterator[list[str] | str]:
    for line in lines:
        if line is None:
            yield "the line is too long"
            continue
        line = line.removesuffix("\n").removesuffix("\r")
        if line:
            yield line.split(dialect.delimiter) if dialect.delimiter else [line]


def records(
    lines: Iterable[str | None], dialect: Dialect, longest: int
) -> Iterator[list[str] | str]:
    """The records as lists of cells; a string is why that record cannot be read.

    After a broken record reading goes on at the next line, so that one stray quote does not
    swallow the rest of the file. Blank lines are no records.
    """
    if dialect.quoting == "none":
        yield from _plain(lines, dialect)
        return
    feed = _Feed(lines, dialect.quoting == "escaped", longest)
    # A one-column file has no delimiter; csv needs one, and this control character will do.
    reader = csv.reader(feed, delimiter=dialect.delimiter or "\x1f", strict=True)
    while True:
        feed.begin()
        try:
            record = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield _word(error)
            feed.give_back()
            continue
        if record:
            yield record


def _consistency(lines: list[str], dialect: Dialect) -> float:
    """Share of the records that have as many cells as the first; 0 for a single column."""
    found = list(records(lines, dialect, 1 << 24))
    if not found or isinstance(found[0], str):
        return 0.0
    width = len(found[0])
    if width < 2 and dialect.delimiter:
        return 0.0
    return sum(1 for record in found if not isinstance(record, str) and len(record) == width) / len(
        found
    )


def _quotes_are_syntax(lines: list[str], delimiter: str) -> Quoting:
    """Reads off single cells how quotes are meant, where no record can tell.

    Writers that quote do it with every cell that holds a quote; so a quote within an
    unquoted cell speaks for `none`, as does a cell that starts with one and is ill-formed.
    """
    doubled = escaped = against = 0
    for line in lines:
        if '"' not in line:
            continue
        stripped = line.rstrip("\r\n")
        for cell in stripped.split(delimiter) if delimiter else [stripped]:
            if '"' not in cell:
                continue
            is_doubled = _DOUBLED.fullmatch(cell) is not None
            is_escaped = _ESCAPED.fullmatch(cell) is not None
            doubled += is_doubled
            escaped += is_escaped and not is_doubled
            against += not is_doubled and not is_escaped
    if against > doubled + escaped:
        return "none"
    return "escaped" if escaped else "doubled"


def find_quoting(lines: list[str], delimiter: str) -> tuple[float, Quoting]:
    """The likeliest quoting under a delimiter, and the share of records that agree with it."""
    scores: dict[Quoting, float] = {
        quoting: _consistency(lines, Dialect(delimiter, quoting))
        for quoting in ("doubled", "escaped", "none")
    }
    best = max(scores.values())
    if scores["none"] >= best - 0.02:
        choice = _quotes_are_syntax(lines, delimiter)
        if scores[choice] >= best - 0.2:
            return scores[choice], choice
        return scores["none"], "none"
    winner: Quoting = "doubled" if scores["doubled"] >= scores["escaped"] else "escaped"
    return scores[winner], winner


def find_dialect(lines: list[str], name: str, delimiter: str | None) -> Dialect:
    """The dialect of a file from lines of it (the first one among them).

    Args:
        lines: with their ends.
        name: the file's name; `.tsv` and `.csv` break a tie.
        delimiter: when it is given.
    """
    if delimiter is not None:
        return Dialect(delimiter, find_quoting(lines, delimiter)[1])
    first = "\t" if name.endswith((".tsv", ".tab", ".txt")) else ","
    order = sorted(DELIMITERS, key=lambda d: d != first)
    scored = [(find_quoting(lines, d), d) for d in order]
    (score, quoting), best = max(scored, key=lambda item: item[0][0])
    if score == 0:
        return Dialect("", find_quoting(lines, "")[1])
    return Dialect(best, quoting)

"""What every file format gives: named columns and rows of raw cells, read as often as needed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from heedful.records import HeedfulError
from heedful.text.gauge import Gauge

# The cells asked for, in that order; or, as a string, the reason why the row cannot be used.
Row = list[Any] | str

SAMPLE_ROWS = 1000
SAMPLE_CHARACTERS = 4_000_000


@dataclass(frozen=True)
class Table:
    """A file as columns and rows.

    Attributes:
        source: the file's name, for messages.
        columns: the column names, distinct.
        sample: some rows of the beginning, all columns, from which columns are guessed.
        rows: given column positions, yields every data row with those cells, in file order.
        form: the format as said aloud, such as "tab-separated, no quoting, UTF-8".
        gauge: how far the rows that were last asked for have been read.
    """

    source: str
    columns: tuple[str, ...]
    sample: tuple[list[Any], ...]
    rows: Callable[[Sequence[int]], Iterator[Row]]
    form: str
    gauge: Gauge


def take_sample(rows: Iterable[Row], source: str) -> tuple[list[Any], ...]:
    """The first good rows, bounded in number and in characters.

    Raises:
        HeedfulError: when there is no row at all, or the first thousand are all bad.
    """
    sample: list[list[Any]] = []
    reasons: list[str] = []
    size = 0
    for row in rows:
        if isinstance(row, str):
            reasons.append(row)
        else:
            sample.append(row)
            # An empty cell takes memory, too: a line may name a million columns.
            size += sum(len(cell) if isinstance(cell, str) else 8 for cell in row)
        if len(sample) + len(reasons) >= SAMPLE_ROWS or size > SAMPLE_CHARACTERS:
            break
    if not sample and reasons:
        raise HeedfulError(f"{source} has no usable row; row 1: {reasons[0]}")
    if not sample:
        raise HeedfulError(f"{source} has no data rows")
    return tuple(sample)


def distinct_columns(columns: Sequence[str], source: str) -> tuple[str, ...]:
    """The names, where an unnamed column is called after its place.

    Raises:
        HeedfulError: when a name occurs twice.
    """
    named = [name or f"column {i + 1}" for i, name in enumerate(columns)]
    name, count = Counter(named).most_common(1)[0]
    if count > 1:
        raise HeedfulError(f"{source} has {count} columns called {clip(name)}; rename one of them")
    return tuple(named)


def clip(value: object, longest: int = 60) -> str:
    """A value quoted for a one-line message: newlines escaped, the rest cut."""
    shown = repr(value).encode("utf-8", "backslashreplace").decode("utf-8")
    return shown if len(shown) <= longest else shown[: longest - 1] + "…"


def column_list(columns: Sequence[str]) -> str:
    """Column names for a message, at most twenty of them."""
    shown = ", ".join(clip(name, 40)[1:-1] for name in columns[:20])
    return shown + (f" and {len(columns) - 20} more" if len(columns) > 20 else "")

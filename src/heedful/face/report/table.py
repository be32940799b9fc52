"""A table of a report: what stands in its cells, and what they are sorted and drawn by."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from heedful.face.report.numbers import Spell, bounds_of, count, finite, interval, share


class Cell(NamedTuple):
    """One cell.

    Attributes:
        text: what is read.
        value: what it is sorted by; None = its text.
        note: small print below: an interval.
        more: what opens on demand: a definition.
        bar: the length of a bar, 0 to 100; None = no bar.
        low, high: an interval on that bar.
    """

    text: str
    value: float | None = None
    note: str = ""
    more: str = ""
    bar: float | None = None
    low: float | None = None
    high: float | None = None


class Table(NamedTuple):
    """A table; the first cell of each row is its heading.

    Attributes:
        caption: what it shows.
        head: headings of the columns.
        rows: cells, as many as headings.
        texts: whether the other columns hold texts (aligned left) and not numbers.
        sortable: whether the reader may sort it.
        wide: whether rows may be many, so that it scrolls in itself.
    """

    caption: str
    head: Sequence[str]
    rows: Sequence[Sequence[Cell]]
    texts: bool = False
    sortable: bool = False

    @property
    def long(self) -> bool:
        """Whether it scrolls in itself."""
        return len(self.rows) > 20


def text(value: Any) -> Cell:
    """A cell that is read only."""
    return Cell(str(value))


def counted(value: Any) -> Cell:
    """A whole number."""
    return Cell(count(value), finite(value))


def spelt(value: Any, spell: Spell, bounds: Any = None) -> Cell:
    """A number with its interval below."""
    return Cell(spell(value), finite(value), interval(bounds, spell))


def barred(value: Any, bounds: Any = None) -> Cell:
    """A share with a bar, and its interval on the bar."""
    found, ends = finite(value), bounds_of(bounds)
    low, high = ends or (None, None)
    bar = None if found is None else _percent(found)
    low = None if low is None else _percent(low)
    high = None if high is None else _percent(high)
    return Cell(share(value), found, interval(bounds, share), "", bar, low, high)


def _percent(value: float) -> float:
    return round(100 * min(1.0, max(0.0, value)), 1)

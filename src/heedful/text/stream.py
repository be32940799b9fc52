"""Several parts read as one stream of rows, which knows how much of them has been read."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from heedful.records import BadRow, Example
from heedful.text.part import Part


class Stream:
    """The rows of all parts in order, in flat memory. To be gone through once.

    Attributes:
        columns: the names of the columns that rows carry beside text and label, of all parts.
    """

    def __init__(self, parts: Sequence[Part]) -> None:
        self._parts = parts
        self._at = 0
        self.columns = tuple(dict.fromkeys(name for part in parts for name in part.beside))

    def __iter__(self) -> Iterator[Example | BadRow]:
        for rows in self.parts():
            yield from rows

    def parts(self) -> Iterator[Iterator[Example | BadRow]]:
        """The rows of each part, one part after the other."""
        for at, part in enumerate(self._parts):
            self._at = at
            yield aligned(part, self.columns)
        self._at = len(self._parts)

    def share(self) -> float | None:
        """What part of all bytes has been read, 0 to 1; None where a part cannot tell."""
        gauges = [part.gauge for part in self._parts if part.gauge]
        total = sum(gauge.size for gauge in gauges)
        if len(gauges) < len(self._parts) or not total:
            return None
        done = sum(gauge.size for gauge in gauges[: self._at])
        now = [gauge.size * gauge.share() for gauge in gauges[self._at : self._at + 1]]
        return (done + sum(now)) / total


def aligned(part: Part, columns: Sequence[str]) -> Iterator[Example | BadRow]:
    """A part's rows with their cells under these columns; None where it has no such."""
    if part.beside == tuple(columns):
        yield from part.items()
        return
    for item in part.items():
        cells = dict(zip(part.beside, item.beside, strict=False))
        yield replace(item, beside=tuple(cells.get(name) for name in columns)) if cells else item

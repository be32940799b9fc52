"""Several tables of the same columns as one, row after row: the pieces of a large one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from heedful.records import HeedfulError
from heedful.text.gauge import Gauge
from heedful.text.table import Row, Table, column_list


def joined(tables: Sequence[Table], source: str) -> Table:
    """One table called `source`; its rows are counted through.

    Raises:
        HeedfulError: a table lacks a column of the first.
    """
    first = tables[0]
    for table in tables[1:]:
        if lacking := [name for name in first.columns if name not in table.columns]:
            raise HeedfulError(
                f"{table.source} lacks {column_list(lacking)}, which {first.source} has; name one "
                "of the files"
            )
    gauge = Gauges([table.gauge for table in tables])

    def rows(wanted: Sequence[int]) -> Iterator[Row]:
        names = [first.columns[i] for i in wanted]
        for at, table in enumerate(tables):
            gauge.at = at
            yield from table.rows([table.columns.index(name) for name in names])
        gauge.at = len(tables)

    return Table(source, first.columns, first.sample, rows, first.form, gauge)


class Gauges(Gauge):
    """Of several files that are read one after the other."""

    def __init__(self, parts: Sequence[Gauge]) -> None:
        self.size = sum(part.size for part in parts)
        self.at = 0
        self._parts = parts

    def share(self) -> float:
        """What part of all has been read, 0 to 1."""
        done = sum(part.size for part in self._parts[: self.at])
        now = sum(part.size * part.share() for part in self._parts[self.at : self.at + 1])
        return min(1.0, (done + now) / max(1, self.size))

"""Parquet files as tables, read in slices."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from heedful.records import HeedfulError
from heedful.text.compressed import compression, one_line, open_binary, reading
from heedful.text.features import named, names_in_footer
from heedful.text.gauge import Gauge
from heedful.text.table import SAMPLE_ROWS, Row, Table, take_sample

# polars is imported where a Parquet file is read: it takes a sixth of the time in which
# `heedful predict` starts, and most data are no Parquet.
MAGIC = b"PAR1"
SLICE = 20_000
SLICE_BYTES = 1 << 25
"""What a slice takes at most, more or less, however long its texts are."""


def open_parquet(path: Path) -> Table:
    """The table in a Parquet file; classes that its footer names have these names.

    Raises:
        HeedfulError: missing, not Parquet, cut short, or otherwise unreadable.
    """
    import polars as pl

    with _plain(path) as plain, _parsing(path):
        schema = pl.read_parquet_schema(plain)
        count = pl.scan_parquet(plain).select(pl.len()).collect().item()
        names = names_in_footer(plain)
    columns = tuple(schema)
    if not columns or not count:
        raise HeedfulError(f"{path.name} has no data rows")

    def rows(wanted: Sequence[int]) -> Iterator[Row]:
        asked = [columns[i] for i in wanted]
        if not asked:
            yield from ([] for _ in range(count))
            return
        with _plain(path) as plain:
            for done, cells in _slices(path, plain, asked, count):
                yield from cells
                gauge.set(done / count)

    gauge = Gauge(path)
    head = take_sample(_first(path, columns), path.name)
    return named(Table(path.name, columns, head, rows, "Parquet", gauge), names)


def _first(path: Path, columns: Sequence[str]) -> list[Row]:
    with _plain(path) as plain:
        return _slice(path, plain, columns, 0, SAMPLE_ROWS)[0]


def _slices(
    path: Path, plain: Path, names: Sequence[str], count: int
) -> Iterator[tuple[int, list[Row]]]:
    """How many rows have been read, and the last of them; fewer at a time if texts are long."""
    done, wanted = 0, SAMPLE_ROWS
    while done < count:
        cells, size = _slice(path, plain, names, done, wanted)
        done += wanted
        yield min(done, count), cells
        wanted = min(SLICE, max(1, wanted * SLICE_BYTES // max(1, size)))


def _slice(
    path: Path, plain: Path, names: Sequence[str], start: int, count: int
) -> tuple[list[Row], int]:
    """Some rows, and how many bytes they take in their columns."""
    import polars as pl

    with _parsing(path):
        # Called by their places: a column may be asked for twice.
        wanted = [pl.col(name).alias(str(place)) for place, name in enumerate(names)]
        frame = pl.scan_parquet(plain).select(wanted).slice(start, count).collect()
        return [list(row) for row in frame.iter_rows()], int(frame.estimated_size())


@contextmanager
def _plain(path: Path) -> Iterator[Path]:
    """The path of an uncompressed copy, or of the file itself when it is not compressed."""
    with reading(path):
        if compression(path) is None:
            _check_magic(path, path)
            yield path
            return
        with tempfile.TemporaryDirectory(prefix="heedful-") as folder:
            copy = Path(folder) / "table.parquet"
            with open_binary(path) as source, copy.open("wb") as target:
                shutil.copyfileobj(source, target, 1 << 20)
            _check_magic(copy, path)
            yield copy


def _check_magic(plain: Path, path: Path) -> None:
    with plain.open("rb") as file:
        head = file.read(4)
        size = file.seek(0, 2)
        file.seek(max(0, size - 4))
        tail = file.read(4)
    if not size:
        raise HeedfulError(f"{path.name} is empty")
    if head != MAGIC:
        raise HeedfulError(f"{path.name} is not a Parquet file")
    if tail != MAGIC or size < 12:
        raise HeedfulError(f"{path.name} is cut short: copy or download it again")


@contextmanager
def _parsing(path: Path) -> Iterator[None]:
    """Words the errors of polars; its panics do not derive from Exception."""
    try:
        yield
    except (KeyboardInterrupt, SystemExit, GeneratorExit, HeedfulError):
        raise
    except BaseException as error:
        raise HeedfulError(f"{path.name} is a damaged Parquet file: {one_line(error)}") from None

"""Records as bytes of a file, piece by piece: each piece is whole, and pieces follow each other."""

from __future__ import annotations

import gzip
import io
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import zstandard

from heedful.face.console import to_json
from heedful.face.output.asked import Compression
from heedful.face.output.column import Column, Record

if TYPE_CHECKING:
    import polars as pl

LENGTH = 8  # bytes before each piece of a table that tell how long it is


def json_lines(records: Sequence[Record]) -> bytes:
    """One object a line."""
    return "".join(to_json(record) + "\n" for record in records).encode()


def csv_head(columns: Sequence[Column]) -> bytes:
    """The line of names."""
    return (",".join(_quoted(column.name) for column in columns) + "\n").encode()


def csv_lines(records: Sequence[Record], columns: Sequence[Column]) -> bytes:
    """A record a line: texts in quotes, a quote doubled (RFC 4180), nothing for None.

    Lists of names are JSON. A text is written as it is, also where a spreadsheet takes it for a
    formula.
    """
    lines = (",".join(_cell(column.of(record)) for column in columns) for record in records)
    return "".join(line + "\n" for line in lines).encode()


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return _quoted(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    return _quoted(to_json(value)) if isinstance(value, list) else repr(value)


def _quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'


def schema(columns: Sequence[Column]) -> dict[str, Any]:
    """The types of the columns, for polars."""
    import polars as pl

    types = {
        "text": pl.String, "json": pl.String, "whole": pl.Int64, "number": pl.Float64,
        "truth": pl.Boolean, "names": pl.List(pl.String),
    }  # fmt: skip
    return {
        column.name: pl.Array(pl.Float32, column.width)
        if column.kind == "vector"
        else types[column.kind]
        for column in columns
    }


def arrow(records: Sequence[Record], columns: Sequence[Column]) -> bytes:
    """Its length, and an Arrow stream: how a piece of a table waits to become Parquet."""
    import polars as pl

    found: dict[str, Any] = {
        column.name: _vectors(records, column)
        if column.kind == "vector"
        else [column.of(record) for record in records]
        for column in columns
    }
    buffer = io.BytesIO()
    pl.DataFrame(found, schema=schema(columns)).write_ipc_stream(buffer, compression="zstd")
    piece = buffer.getvalue()
    return len(piece).to_bytes(LENGTH, "little") + piece


def _vectors(records: Sequence[Record], column: Column) -> pl.Series:
    """The vectors of some records, as fixed-size lists; None where a record has none."""
    import numpy as np
    import polars as pl

    found = [column.of(record) for record in records]
    held = np.zeros((len(found), column.width), np.float32)
    for row, vector in zip(held, found, strict=True):
        if vector is not None:
            row[:] = vector
    there = pl.Series([vector is not None for vector in found], dtype=pl.Boolean)
    type_ = pl.Array(pl.Float32, column.width)
    table = pl.DataFrame({column.name: pl.Series(held, dtype=type_)})
    return table.select(pl.when(there).then(pl.col(column.name))).to_series()


def tables(path: Path) -> Iterator[pl.DataFrame]:
    """The pieces that `arrow` made, one at a time."""
    import polars as pl

    with path.open("rb") as file:
        while length := file.read(LENGTH):
            yield pl.read_ipc_stream(io.BytesIO(file.read(int.from_bytes(length, "little"))))


HEADER = 128
"""Bytes before the numbers of a NumPy file, whatever it holds."""


def npy_head(rows: int, width: int) -> bytes:
    """The header of a NumPy file of float32 (rows, width), in format 1.0: always as long."""
    says = f"{{'descr': '<f4', 'fortran_order': False, 'shape': ({rows}, {width}), }}"
    told = says.ljust(HEADER - 11) + "\n"
    return b"\x93NUMPY\x01\x00" + (HEADER - 10).to_bytes(2, "little") + told.encode("ascii")


def npy_rows(records: Sequence[Record], column: Column) -> bytes:
    """The vectors of some records; NaN where one has none."""
    import numpy as np

    rows = np.full((len(records), column.width), np.nan, "<f4")
    for row, record in zip(rows, records, strict=True):
        found = column.of(record)
        if found is not None:
            row[:] = found
    return rows.tobytes()


def compressed(data: bytes, how: Compression | None) -> bytes:
    """A member of a gzip file or a frame of a zstd file, the same bytes at any time."""
    if how == "gzip":
        return gzip.compress(data, compresslevel=6, mtime=0)
    if how == "zstd":
        return zstandard.ZstdCompressor(level=3).compress(data)
    return data

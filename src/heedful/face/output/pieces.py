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
    return {column.name: types[column.kind] for column in columns}


def arrow(records: Sequence[Record], columns: Sequence[Column]) -> bytes:
    """Its length, and an Arrow stream: how a piece of a table waits to become Parquet."""
    import polars as pl

    found = {column.name: [column.of(record) for record in records] for column in columns}
    buffer = io.BytesIO()
    pl.DataFrame(found, schema=schema(columns)).write_ipc_stream(buffer, compression="zstd")
    piece = buffer.getvalue()
    return len(piece).to_bytes(LENGTH, "little") + piece


def tables(path: Path) -> Iterator[pl.DataFrame]:
    """The pieces that `arrow` made, one at a time."""
    import polars as pl

    with path.open("rb") as file:
        while length := file.read(LENGTH):
            yield pl.read_ipc_stream(io.BytesIO(file.read(int.from_bytes(length, "little"))))


def compressed(data: bytes, how: Compression | None) -> bytes:
    """A member of a gzip file or a frame of a zstd file, the same bytes at any time."""
    if how == "gzip":
        return gzip.compress(data, compresslevel=6, mtime=0)
    if how == "zstd":
        return zstandard.ZstdCompressor(level=3).compress(data)
    return data

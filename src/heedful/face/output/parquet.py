"""Pieces of a table rewritten as one Parquet file, in flat memory."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from heedful.face.output.column import Column
from heedful.face.output.pieces import schema, tables

if TYPE_CHECKING:
    import polars as pl

ROWS = 65_536
"""Rows of a row group: always so many, so that the same rows give the same bytes."""


def write_parquet(pieces: Path, target: Path, columns: Sequence[Column]) -> None:
    """The file, durably; the pieces are read one after the other.

    Raises:
        OSError: it cannot be written.
    """
    from polars.exceptions import PolarsError
    from polars.io.plugins import register_io_source

    def source(
        names: list[str] | None, where: pl.Expr | None, most: int | None, size: int | None
    ) -> Iterator[pl.DataFrame]:
        for table in tables(pieces):
            yield table if names is None else table.select(names)

    table = register_io_source(source, schema=schema(columns))
    try:
        table.sink_parquet(
            target, compression="zstd", row_group_size=ROWS, maintain_order=True, statistics=True
        )
    except PolarsError as error:  # a full disk is one of these
        raise OSError(str(error).partition("\n")[0]) from None
    with target.open("rb+") as file:
        os.fsync(file.fileno())

"""Folders that Hugging Face's `save_to_disk` has written, as tables: Arrow files, and notes."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from heedful.records import HeedfulError
from heedful.text.compressed import one_line
from heedful.text.features import named, names_in
from heedful.text.gauge import Gauge
from heedful.text.joined import joined
from heedful.text.table import SAMPLE_ROWS, Row, Table, take_sample

if TYPE_CHECKING:
    import polars as pl

_SPLITS, _STATE, _INFO = "dataset_dict.json", "state.json", "dataset_info.json"


def is_saved(folder: Path) -> bool:
    """Whether `save_to_disk` has written a folder."""
    return (folder / _SPLITS).is_file() or _is_one(folder)


def _is_one(folder: Path) -> bool:
    return (folder / _STATE).is_file() and (folder / _INFO).is_file()


def saved_splits(folder: Path) -> dict[str, Callable[[], Table]]:
    """How each of its splits is opened, by name; one without a name is called "".

    Raises:
        HeedfulError: damaged.
    """
    if not (folder / _SPLITS).is_file():
        return {"": partial(_table, folder, folder.name)}
    names = _json(folder / _SPLITS).get("splits")
    if not isinstance(names, list) or not all(map(_plain, names)) or not names:
        raise HeedfulError(f"{folder / _SPLITS} is damaged: it names no splits")
    return {name: partial(_table, folder / name, f"{folder.name}/{name}") for name in names}


def _table(folder: Path, source: str) -> Table:
    state = _json(folder / _STATE)
    files = state.get("_data_files")
    listed = files if isinstance(files, list) else []
    names: list[Any] = [one.get("filename") for one in listed if isinstance(one, Mapping)]
    if not names or not all(map(_plain, names)):
        raise HeedfulError(f"{folder / _STATE} is damaged: it names no files")
    if state.get("_indices_data_files"):
        raise HeedfulError(f"{folder} is of an old form; load it with datasets and save it anew")
    parts = [part for name in names if (part := _one(folder / name)) is not None]
    if not parts:
        raise HeedfulError(f"{source} has no data rows")
    return named(joined(parts, source), names_in(_json(folder / _INFO).get("features")))


def _plain(name: Any) -> bool:
    """Whether it is a name within a folder, and no way out of it."""
    return isinstance(name, str) and name not in ("", ".", "..") and not set(name) & set("/\\\0")


def _json(path: Path) -> Mapping[str, Any]:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise HeedfulError(f"{path} cannot be read: {one_line(error)}") from None
    if not isinstance(found, dict):
        raise HeedfulError(f"{path} is damaged: it holds no table")
    return found


def _one(path: Path) -> Table | None:
    """An Arrow file as a table; None for one without rows."""
    frame = _frame(path)
    if not len(frame):
        return None
    columns, gauge = tuple(frame.columns), Gauge(path)

    def rows(wanted: Sequence[int]) -> Iterator[Row]:
        cells = _frame(path).select(
            [pl_column(columns[i]).alias(str(place)) for place, i in enumerate(wanted)]
        )
        for start in range(0, len(cells), SAMPLE_ROWS):
            yield from map(list, cells.slice(start, SAMPLE_ROWS).iter_rows())
            gauge.set((start + SAMPLE_ROWS) / len(cells))

    sample = take_sample(map(list, frame.head(SAMPLE_ROWS).iter_rows()), path.name)
    return Table(path.name, columns, sample, rows, "Arrow", gauge)


def pl_column(name: str) -> pl.Expr:
    """polars' expression of a column; polars takes a moment to load."""
    import polars as pl

    return pl.col(name)


def _frame(path: Path) -> pl.DataFrame:
    """The whole file, of which `save_to_disk` writes pieces of half a gigabyte."""
    import polars as pl

    try:
        with path.open("rb") as file:
            return pl.read_ipc_stream(file)
    except (KeyboardInterrupt, SystemExit):
        raise
    except FileNotFoundError:
        raise HeedfulError(f"{path} is missing; save the data set anew") from None
    except BaseException as error:  # polars' panics do not derive from Exception
        raise HeedfulError(f"{path} is a damaged Arrow file: {one_line(error)}") from None

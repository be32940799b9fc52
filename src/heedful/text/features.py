"""What Hugging Face data sets say of their columns: the names that stand for whole numbers.

A column of classes (`ClassLabel`) holds 0, 1, ... and its names stand apart: in the footer of a
Parquet file, in dataset_info.json, or in the header of the repository's card.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from heedful.text.table import Row, Table, clip

Names = Mapping[str, tuple[str, ...]]
"""By column, the names of 0, 1, ..."""
_LISTS = ("Sequence", "List", "LargeList")
_METADATA = "huggingface"
UNLABELLED = "unlabelled"
"""What -1 is called: a label that `text.cells` knows for none."""


def names_in(features: Any) -> dict[str, tuple[str, ...]]:
    """The names in what dataset_info.json, or a footer, calls features; nothing where it is odd."""
    if not isinstance(features, Mapping):
        return {}
    found = {str(column): _names(feature) for column, feature in features.items()}
    return {column: names for column, names in found.items() if names}


def _names(feature: Any) -> tuple[str, ...]:
    if not isinstance(feature, Mapping):
        return ()
    if feature.get("_type") in _LISTS:
        return _names(feature.get("feature"))
    names = feature.get("names")
    if feature.get("_type") != "ClassLabel" or not isinstance(names, list):
        return ()
    return tuple(map(str, names))


def names_on_card(info: Any, config: str | None) -> dict[str, tuple[str, ...]]:
    """The names in `dataset_info` of a card's header, of one of its configurations."""
    every = info if isinstance(info, list) else [info]
    for one in every:
        if isinstance(one, Mapping) and (
            config is None or one.get("config_name") in (None, config)
        ):
            features = one.get("features")
            return dict(_on_card(features)) if isinstance(features, list) else {}
    return {}


def _on_card(features: Sequence[Any]) -> Iterator[tuple[str, tuple[str, ...]]]:
    for feature in features:
        if not isinstance(feature, Mapping):
            continue
        kind = feature.get("dtype")
        for inner in ("sequence", "list"):
            kind = feature.get(inner, kind)
        while isinstance(kind, Mapping) and "class_label" not in kind:
            kind = kind.get("dtype")
        names = kind["class_label"].get("names") if isinstance(kind, Mapping) else None
        if isinstance(names, Mapping):  # '0': first, '1': second
            yield str(feature.get("name")), tuple(str(names[key]) for key in names)


def names_in_footer(path: Path) -> dict[str, tuple[str, ...]]:
    """The names in the footer of a Parquet file that can be read."""
    import polars as pl

    found = pl.read_parquet_metadata(path).get(_METADATA)
    try:
        info = json.loads(found)["info"] if found else {}
        return names_in(info.get("features"))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return {}


def named(table: Table, names: Names) -> Table:
    """The table with names in the place of the numbers that stand for them."""
    at = {i: names[column] for i, column in enumerate(table.columns) if column in names}
    if not at:
        return table

    def rows(wanted: Sequence[int]) -> Iterator[Row]:
        places = {j: at[i] for j, i in enumerate(wanted) if i in at}
        for row in table.rows(wanted):
            yield _renamed(row, places)

    sample = tuple(
        row for row in (_renamed(row, at) for row in table.sample) if not isinstance(row, str)
    )
    return replace(table, sample=sample or table.sample, rows=rows)


def _renamed(row: Row, places: Mapping[int, tuple[str, ...]]) -> Row:
    if isinstance(row, str):
        return row
    try:
        return [_name(cell, places[i]) if i in places else cell for i, cell in enumerate(row)]
    except LookupError as error:
        return str(error.args[0])


def _name(cell: Any, names: tuple[str, ...]) -> Any:
    if isinstance(cell, list):
        return [_name(one, names) for one in cell]
    if isinstance(cell, float) and cell.is_integer():
        cell = int(cell)
    if not isinstance(cell, int) or isinstance(cell, bool):
        return cell
    if cell == -1:
        return UNLABELLED
    if not 0 <= cell < len(names):
        raise LookupError(f"the label is {clip(cell)}, and only {len(names)} classes are named")
    return names[cell]

"""The columns of a table of results, each taken from the records that JSON lines are made of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from heedful.face.console import to_json

Record = Mapping[str, Any]
Kind = Literal["text", "whole", "number", "truth", "names", "json", "vector"]
BESIDE = "input"
"""The key of a record under which the input's other columns stand."""


@dataclass(frozen=True)
class Column:
    """One column: what it is called, what it holds, and where a record has it.

    Attributes:
        name: as it stands in the table.
        kind: `names` is a list of texts; `json` is a text, or anything else as JSON; `vector` is
            `width` numbers in float32.
        key: of the record.
        within: of the table under that key; None = the value itself.
        width: of a vector.
    """

    name: str
    kind: Kind
    key: str
    within: str | None = None
    width: int = 0

    def of(self, record: Record) -> Any:
        """The value in a record; None where it has none."""
        value = record.get(self.key)
        if self.kind == "vector":
            return value
        if self.within is not None:
            value = None if value is None else value.get(self.within)
        if value is None or value != value:  # NaN, as JSON has no such number
            return None
        if self.kind in ("whole", "number", "truth"):
            return value
        if self.kind == "names":
            return [writable(name) for name in value]
        return writable(value if isinstance(value, str) else to_json(value))


def writable(text: str) -> str:
    """The text, with escapes for what UTF-8 cannot hold (half of a character pair)."""
    if text.isascii():
        return text
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def plain(column: str) -> Column:
    """A column of text that a record has under the same name."""
    return Column(column, "text", column)


def whole(column: str) -> Column:
    """A column of whole numbers that a record has under the same name."""
    return Column(column, "whole", column)


def number(column: str) -> Column:
    """A column of numbers that a record has under the same name."""
    return Column(column, "number", column)


def kept(columns: Sequence[str], taken: Sequence[Column]) -> tuple[Column, ...]:
    """Columns of the input, called `input_NAME` where a column of ours has that name."""
    names = {column.name for column in taken}
    found: list[Column] = []
    for column in columns:
        name = writable(column)
        while name in names:
            name = f"{BESIDE}_{name}"
        names.add(name)
        found.append(Column(name, "json", BESIDE, column))
    return tuple(found)


def cells(columns: Sequence[str], values: Sequence[Any]) -> dict[str, Any]:
    """The input's other columns as JSON has them; what it has no form for as text."""
    return {name: _json(value) for name, value in zip(columns, values, strict=False)}


def _json(value: Any) -> Any:
    if value is None or isinstance(value, str | int | float | bool):
        return value
    if isinstance(value, Mapping):
        return {str(key): _json(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_json(inner) for inner in value]
    return str(value)

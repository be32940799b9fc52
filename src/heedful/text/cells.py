"""From a raw cell to a text or to labels, or to the reason why it is neither."""

from __future__ import annotations

import datetime
import math
from typing import Any

from heedful.text.encoding import undecodable
from heedful.text.table import clip

_NO_TEXT = {"", "nan", "NaN", "<NA>"}
_NO_LABEL = {*_NO_TEXT, "NULL", "null"}
UNLABELLED = {"unsup", "unsupervised", "unlabelled", "unlabeled"}


class UnusableError(Exception):
    """A cell cannot be used; the message says why, for a BadRow."""


def is_missing(cell: Any) -> bool:
    """Whether a label cell is empty: None, NaN, or a string that stands for them."""
    if isinstance(cell, str):
        return cell.strip() in _NO_LABEL
    return cell is None or (isinstance(cell, float) and math.isnan(cell))


def read_text(cell: Any, max_characters: int, what: str = "text") -> str:
    """The text in a cell, unchanged; errors call it `what`.

    Raises:
        UnusableError: missing, not a string, too long, undecodable, or with a NUL byte.
    """
    if cell is None or (isinstance(cell, float) and math.isnan(cell)):
        raise UnusableError(f"the {what} is missing")
    if not isinstance(cell, str):
        raise UnusableError(f"the {what} is not a string but {clip(cell)}")
    if not cell.strip() or cell in _NO_TEXT:
        raise UnusableError(f"the {what} is missing")
    if len(cell) > max_characters:
        raise UnusableError(
            f"the {what} has {len(cell):,} characters, more than --max-characters {max_characters}"
        )
    _check_characters(cell, what)
    return cell


def _check_characters(cell: str, what: str) -> None:
    if "\0" in cell:
        raise UnusableError(f"the {what} holds a NUL byte")
    if undecodable(cell):
        raise UnusableError(f"the {what} holds bytes that cannot be decoded")


def label_name(cell: Any) -> str:
    """The name of one label value: whole floats lose their `.0`, booleans become true, false.

    Raises:
        UnusableError: for what cannot be a label.
    """
    if isinstance(cell, str):
        _check_characters(cell, "label")
        return cell.strip()
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    if isinstance(cell, int | float | datetime.date) and str(cell) not in ("inf", "-inf"):
        return str(cell)
    raise UnusableError(f"the label is {clip(cell)}, which cannot be a label")


def label_parts(cell: Any, separator: str | None) -> list[str]:
    """The label names in a cell; a list cell always may hold several.

    Raises:
        UnusableError: for what cannot be a label.
    """
    if isinstance(cell, list | tuple):
        if any(is_missing(part) or isinstance(part, list) for part in cell):
            raise UnusableError(
                f"the label is {clip(cell)}, which holds something that is no label"
            )
        return [label_name(part) for part in cell]
    name = label_name(cell)
    if separator is None:
        return [name]
    return [part.strip() for part in name.split(separator) if part.strip()]

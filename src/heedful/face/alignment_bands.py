"""How wide the columns of a map in a terminal are, and where it breaks when it is too wide."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from rich.cells import cell_len

CODED = "[‹<]U\\+[0-9A-F]+[›>]"
"""A regular expression: the code of a character that cannot be seen, also in ASCII."""
HIGHEST = 20
"""Most lines of a head of words; more make the columns' lines hard to follow."""


@dataclass(frozen=True, slots=True)
class Band:
    """The columns first..last-1 of a map, which stand side by side."""

    first: int
    last: int


@dataclass(frozen=True, slots=True)
class Grid:
    """Where everything stands.

    Attributes:
        labels: of the columns.
        cell: places a column takes.
        stairs: whether labels stand one below the other, each over the line to its column;
            else all on one line.
        bands: one, or several where the terminal is too narrow.
    """

    labels: tuple[str, ...]
    cell: int
    stairs: bool
    bands: tuple[Band, ...]


def grid_of(labels: Sequence[str], room: int) -> Grid:
    """The widest columns that fit without a break; the narrowest, in bands, where none do.

    Args:
        labels: of the columns, in order.
        room: places to the right of the rows' labels.
    """
    # A code, or the size of a fold, would take a line of its own; one place will do.
    short = [re.sub("^(⋯)[0-9]+$", r"\1", re.sub(f"^{CODED}$", "?", x)) for x in labels]
    widest = max(map(cell_len, short), default=1)
    stairs = widest > 2
    found = short if not stairs else list(labels)
    # A wide character needs two places; four hold two decimals and a gap.
    widths = (4, 2) if stairs else (2,) if widest > 1 else (2, 1)
    for cell in widths:
        bands = _bands(found, cell, stairs, room)
        if len(bands) == 1:
            break
    return Grid(tuple(found), cell, stairs, tuple(bands))


def _bands(labels: Sequence[str], cell: int, stairs: bool, room: int) -> list[Band]:
    """As few bands as fit, all about as wide."""
    count = len(labels)
    for parts in range(max(1, count * cell // room), count):
        ends = [round(count * i / parts) for i in range(parts + 1)]
        bands = [Band(first, last) for first, last in pairwise(ends)]
        if all(_fits(labels[band.first : band.last], cell, stairs, room) for band in bands):
            return bands
    return [Band(i, i + 1) for i in range(count)]


def _fits(labels: Sequence[str], cell: int, stairs: bool, room: int) -> bool:
    if not stairs:
        return len(labels) * cell <= room
    ends = (i * cell + max(cell, cell_len(label)) for i, label in enumerate(labels))
    return len(labels) <= HIGHEST and max(ends) <= room


def clipped(label: str, most: int) -> str:
    """A label of at most `most` places, whole characters only."""
    if cell_len(label) <= most:
        return label
    kept = ""
    for char in label:
        if cell_len(kept + char) > most - 1:
            break
        kept += char
    return f"{kept}…"


def padded(label: str, width: int) -> str:
    """A label with blanks up to `width` places; what runs from right to left stays in its place."""
    turned = any(unicodedata.bidirectional(char) in {"R", "AL", "AN"} for char in label)
    return label + ("\u200e" if turned else "") + " " * (width - cell_len(label))

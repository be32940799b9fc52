"""Text on a grid of fixed-width characters: line breaks and directions, for pictures.

A simple cut of Unicode's bidirectional algorithm (UAX 9): a word runs the way of its first letter,
neighbours that run against their paragraph keep their order among themselves.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import NamedTuple

from heedful.face.controls import HIDDEN

COLUMNS = 78
"""Places a line."""
WIDE = (
    "[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff01-\uff60\uffe0-\uffe6"
    "\U0001f300-\U0001faff\U00020000-\U0003fffd]"
)
"""Characters that take two places (East Asian, emoji)."""
TURNED = "[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc\U00010800-\U00010fff\U0001e800-\U0001efff]"
"""Characters that are written from right to left."""


class Cell(NamedTuple):
    """One character: its places, its step of colour, whether it is evidence, and its token."""

    char: str
    width: int
    step: str = ""
    gold: bool = False
    token: int = -1


Runs = list[tuple[int, list[Cell]]]


def safe(text: str) -> str:
    """Characters that a picture can hold: controls as a code, line ends as one character."""
    text = re.sub("[\0\ud800-\udfff\ufffe\uffff]", "\ufffd", text)
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\t", " ")
    return re.sub(HIDDEN, lambda found: f"‹U+{ord(found.group()):04X}›", text)


def width_of(char: str) -> int:
    """Places that a character takes: 0 for marks on another, 2 for East Asian ones, else 1."""
    if unicodedata.category(char) in {"Mn", "Me", "Cf"}:
        return 0
    return 2 if re.match(WIDE, char) else 1


def wrapped(cells: Sequence[Cell]) -> Iterator[tuple[list[Cell], bool]]:
    """Lines of at most COLUMNS places, and whether their paragraph runs from right to left."""
    paragraph: list[Cell] = []
    for cell in [*cells, Cell("\n", 0)]:
        if cell.char != "\n":
            paragraph.append(cell)
            continue
        turned = _turned(paragraph) or False
        yield from ((line, turned) for line in _broken(paragraph))
        paragraph = []


def _broken(paragraph: Sequence[Cell]) -> Iterator[list[Cell]]:
    """At spaces; a word that is longer than a line anywhere. Spaces hang over the edge."""
    line: list[Cell] = []
    for cell in paragraph:
        if cell.char != " " and sum(c.width for c in line) + cell.width > COLUMNS:
            spaces = [i for i, c in enumerate(line) if c.char == " "]
            end = spaces[-1] + 1 if spaces else len(line)
            yield line[:end]
            line = line[end:]
        line.append(cell)
    yield line


def _turned(cells: Sequence[Cell]) -> bool | None:
    """Whether the first letter is written from right to left; None without a letter."""
    for cell in cells:
        if re.match(TURNED, cell.char):
            return True
        if cell.char.isalpha():
            return False
    return None


def ordered(line: Sequence[Cell], turned: bool) -> Runs:
    """The runs of a line that look alike, as they stand from left to right, with their levels.

    Odd levels run from right to left.
    """
    levels = _levels(line, turned)
    runs = [
        (level, [cell for _, cell in run])
        for (level, *_), run in groupby(
            zip(levels, line, strict=True), key=lambda x: (x[0], *x[1][2:])
        )
    ]
    for least in (2, 1):  # rule L2 of Unicode's bidirectional algorithm, for runs
        runs = _reversed(runs, least)
    return runs


def _levels(line: Sequence[Cell], turned: bool) -> list[int]:
    """One per cell: its word's; between two words of one level, theirs; else the paragraph's."""
    base = int(turned)
    words = [list(word) for _, word in groupby(line, key=lambda cell: cell.char == " ")]
    own = [_turned(word) for word in words]  # None for spaces, and for words without letters
    found = [base if way is None else base + (way != turned) for way in own]
    for i in range(1, len(words) - 1):
        if own[i] is None:
            found[i] = found[i - 1] if found[i - 1] == found[i + 1] else base
    return [level for word, level in zip(words, found, strict=True) for _ in word]


def _reversed(runs: Runs, least: int) -> Runs:
    found: Runs = []
    for high, group in groupby(runs, key=lambda run: run[0] >= least):
        part = list(group)
        found += part[::-1] if high else part
    return found

"""A heat map as one SVG picture, for documents and slides: text as text, nothing from elsewhere.

An SVG wraps no lines and knows no background of a word, so both are laid out here, on a grid of
fixed-width characters; `textLength` makes any font fit it. `assets/svg.js` lays a page's copies
out in the same way.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import NamedTuple

from heedful.explain.legend import legend_of
from heedful.face.colours import LIGHT, STEPS
from heedful.face.controls import HIDDEN
from heedful.face.heat import (
    KINDS,
    Method,
    as_method,
    checked,
    limit_of,
    missing_map,
    pieces_of,
    plain,
    signed,
    steps_of,
    target_of,
    verdict,
)
from heedful.face.markup import shown
from heedful.face.trust_rows import about
from heedful.records import Explanation

COLUMNS, ADVANCE, LEADING, MARGIN, SIZE, NAME = 78, 9, 26, 24, 15, 16
"""Characters a line; pixels a character, a line, around everything; size of type; characters of
a class beside the scale (its whole name stands above the map)."""
WIDE = (
    "[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff01-\uff60\uffe0-\uffe6"
    "\U0001f300-\U0001faff\U00020000-\U0003fffd]"
)
"""Characters that take two places (East Asian, emoji)."""
TURNED = "[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc\U00010800-\U00010fff\U0001e800-\U0001efff]"
"""Characters that are written from right to left."""
FONT = "ui-monospace,'DejaVu Sans Mono',Menlo,Consolas,monospace"
FOR_SCRIPT = {
    "columns": COLUMNS, "advance": ADVANCE, "leading": LEADING, "margin": MARGIN, "size": SIZE,
    "name": NAME,     "wide": WIDE, "turned": TURNED, "font": FONT,
}  # fmt: skip


class Cell(NamedTuple):
    """One character: its places, its step of colour, whether it is evidence, and its token."""

    char: str
    width: int
    step: str = ""
    gold: bool = False
    token: int = -1


def to_svg(
    explanation: Explanation, method: str = "contribution", target: str | None = None
) -> str:
    """The map as a self-contained SVG, in the colours of a light page.

    Args:
        method: one that the explanation has.
        target: the class the map is about; None = the explanation's own.

    Raises:
        HeedfulError: unknown method or class, or numbers that cannot be drawn.
    """
    checked([explanation])
    name, known = target_of(explanation, target), as_method(method, [explanation])
    title = legend_of(known).title
    lines = [*_plain(verdict(explanation), "head"), *_plain(_subject(title, known, name), "soft")]
    lines.append(("", [], False))
    lines += [("map", line, turned) for line, turned in _wrapped(_cells(explanation, known, name))]
    rows = [_line(line, turned, y, kind) for y, (kind, line, turned) in _placed(lines)]
    bottom = MARGIN + len(lines) * LEADING + LEADING // 2
    scale = _scale(explanation, known, name, bottom)
    trust = explanation.trust.get(known)
    said = f"{trust.sentence} ({about(trust, name)})" if trust else ""
    below = [("", [], False), *_plain(said, "said")] if said else []
    start = bottom + LEADING
    rows += [_line(line, t, start + i * LEADING, kind) for i, (kind, line, t) in enumerate(below)]
    return _framed("".join([*rows, scale]), start + len(below) * LEADING + MARGIN - LEADING // 2)


Line = tuple[str, list[Cell], bool]


def _placed(lines: Sequence[Line]) -> Iterator[tuple[int, Line]]:
    for i, line in enumerate(lines):
        yield MARGIN + i * LEADING, line


def _subject(title: str, method: Method, target: str) -> str:
    return title[:1].upper() + title[1:] + ("" if method == "attention" else f", {target}")


def _plain(text: str, kind: str) -> list[Line]:
    cells = [Cell(c, _width(c)) for c in _safe(text).replace("\n", " ")]
    return [(kind, line, turned) for line, turned in _wrapped(cells)]


def _cells(explanation: Explanation, method: Method, target: str) -> list[Cell]:
    steps = steps_of(explanation, method, target)
    return [
        Cell(c, _width(c), *look)
        for piece in pieces_of(explanation)
        for look in [_look(piece.token, piece.gold, steps)]
        for c in _safe(piece.text)
    ]


def _look(token: int | None, gold: bool, steps: Sequence[str]) -> tuple[str, bool, int]:
    step = "" if token is None else steps[token]
    return step, gold, token if token is not None and step else -1


def _safe(text: str) -> str:
    """Characters that a picture can hold: controls as a code, line ends as one character."""
    text = re.sub("[\0\ud800-\udfff\ufffe\uffff]", "\ufffd", text)
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\t", " ")
    return re.sub(HIDDEN, lambda found: f"‹U+{ord(found.group()):04X}›", text)


def _width(char: str) -> int:
    if unicodedata.category(char) in {"Mn", "Me", "Cf"}:
        return 0
    return 2 if re.match(WIDE, char) else 1


def _wrapped(cells: Sequence[Cell]) -> Iterator[tuple[list[Cell], bool]]:
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


def _line(line: Sequence[Cell], turned: bool, top: int, kind: str) -> str:
    """The runs of a line that look alike, each at its place; words keep their own direction."""
    levels: list[int] = []
    for space, word in groupby(line, key=lambda cell: cell.char == " "):
        cells = list(word)
        own = None if space else _turned(cells)
        level = int(turned) if own is None or own == turned else int(turned) + 1
        levels += [level] * len(cells)
    runs = [
        (level, [cell for _, cell in run])
        for (level, *_), run in groupby(
            zip(levels, line, strict=True), key=lambda x: (x[0], *x[1][2:])
        )
    ]
    for least in (2, 1):  # rule L2 of Unicode's bidirectional algorithm, for runs
        runs = _reversed(runs, least)
    x = MARGIN
    if turned:
        x += (COLUMNS - min(COLUMNS, sum(c.width for c in line))) * ADVANCE
    drawn = []
    for level, cells in runs:
        drawn.append(_run(cells, level % 2 == 1, x, top, kind))
        x += sum(c.width for c in cells) * ADVANCE
    return "".join(drawn)


Runs = list[tuple[int, list[Cell]]]


def _reversed(runs: Runs, least: int) -> Runs:
    found: Runs = []
    for high, group in groupby(runs, key=lambda run: run[0] >= least):
        part = list(group)
        found += part[::-1] if high else part
    return found


def _run(cells: Sequence[Cell], turned: bool, x: int, top: int, kind: str) -> str:
    first, text = cells[0], "".join(c.char for c in cells)
    wide = sum(c.width for c in cells) * ADVANCE
    box = ""
    if first.step:
        box = f'<rect x="{x}" y="{top}" width="{wide}" height="22" rx="3" fill="{_colour(first.step)}"/>'
        if first.step[0] == "n":  # against is told apart without colour, too
            box += f'<rect x="{x}" y="{top}" width="{wide}" height="2" fill="{LIGHT.ink}" fill-opacity=".45"/>'
    if first.gold:
        box += f'<path d="M{x} {top + 21}h{wide}" stroke="{LIGHT.ink}" stroke-dasharray="2 2"/>'
    if not text.strip():
        return box
    style = {
        "head": ' font-weight="700"',
        "soft": f' fill="{LIGHT.soft}"',
        "said": ' font-weight="700"',
    }
    side = f'x="{x + wide}" direction="rtl"' if turned else f'x="{x}"'
    return f'{box}<text {side} y="{top + 16}" textLength="{wide}"{style.get(kind, "")}>{_xml(text)}</text>'


def _colour(step: str) -> str:
    return LIGHT.ramp(KINDS[step[0]])[int(step[1:]) - 1]


def _xml(text: str) -> str:
    return str(shown(text))


def _scale(explanation: Explanation, method: Method, target: str, top: int) -> str:
    """The bar of colours between the numbers at its ends; a remark where there is no map."""
    legend, limit = legend_of(method), limit_of(explanation, method)
    if remark := missing_map(explanation, method, target):
        return _label(MARGIN, top, remark)
    boxes = [f"a{i}" for i in range(1, STEPS + 1)]
    low, high = "0", f"{plain(limit)} {legend.unit}"
    if legend.signed:
        boxes = (
            [f"n{i}" for i in range(STEPS, 0, -1)] + [""] + [f"p{i}" for i in range(1, STEPS + 1)]
        )
        unit = f", {legend.unit}" if legend.unit else ""
        name = target if len(target) <= NAME else target[: NAME - 1] + "…"
        low, high = f"{signed(-limit)} against", f"{signed(limit)} for {name}{unit}"
    x = MARGIN + (len(low) + 1) * ADVANCE
    bar = "".join(
        f'<rect x="{x + i * 16}" y="{top + 3}" width="16" height="14" fill="{_colour(step) if step else LIGHT.paper}"/>'
        for i, step in enumerate(boxes)
    )
    return _label(MARGIN, top, low) + bar + _label(x + len(boxes) * 16 + ADVANCE, top, high)


def _label(x: int, top: int, text: str) -> str:
    safe = _safe(text).replace("\n", " ")
    return f'<text x="{x}" y="{top + 16}" textLength="{sum(map(_width, safe)) * ADVANCE}">{_xml(safe)}</text>'


def _framed(inside: str, height: int) -> str:
    width = COLUMNS * ADVANCE + 2 * MARGIN
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
        f'viewBox="0 0 {width} {height}" font-family="{FONT}" font-size="{SIZE}" '
        f'fill="{LIGHT.ink}" xml:space="preserve">'
        f'<rect width="{width}" height="{height}" fill="{LIGHT.paper}"/>{inside}</svg>'
    )

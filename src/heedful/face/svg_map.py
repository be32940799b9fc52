"""A heat map as one SVG picture, for documents and slides: text as text, nothing from elsewhere.

An SVG wraps no lines and knows no background of a word, so both are laid out here, on a grid of
fixed-width characters; `textLength` makes any font fit it. `assets/svg.js` lays a page's copies
out in the same way.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from heedful.explain.legend import legend_of
from heedful.face.colours import LIGHT, STEPS
from heedful.face.heat import (
    KINDS,
    Method,
    as_method,
    checked,
    limit_of,
    missing_map,
    pieces_of,
    steps_of,
    target_of,
    titled,
    verdict,
)
from heedful.face.markup import shown
from heedful.face.spelling import plain, signed
from heedful.face.svg_lines import COLUMNS, TURNED, WIDE, Cell, ordered, safe, width_of, wrapped
from heedful.face.trust_rows import about
from heedful.records import Explanation

ADVANCE, LEADING, MARGIN, SIZE, NAME = 9, 26, 24, 15, 16
"""Pixels a character, a line, around everything; size of type; characters of
a class beside the scale (its whole name stands above the map)."""
BOLD = ' font-weight="700"'
FONT = "ui-monospace,'DejaVu Sans Mono',Menlo,Consolas,monospace"
KIND = {"head": BOLD, "said": BOLD, "soft": f' fill="{LIGHT.soft}"'}
"""Kind of line to how its text looks."""
FOR_SCRIPT = {
    "columns": COLUMNS, "advance": ADVANCE, "leading": LEADING, "margin": MARGIN, "size": SIZE,
    "name": NAME, "wide": WIDE, "turned": TURNED, "font": FONT,
}  # fmt: skip


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
    lines = [*_plain(verdict(explanation), "head"), *_plain(_subject(known, name), "soft")]
    lines.append(("", [], False))
    lines += [("map", line, turned) for line, turned in wrapped(_cells(explanation, known, name))]
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


def _subject(method: Method, target: str) -> str:
    return titled(method) + ("" if method == "attention" else f", {target}")


def _plain(text: str, kind: str) -> list[Line]:
    cells = [Cell(c, width_of(c)) for c in safe(text).replace("\n", " ")]
    return [(kind, line, turned) for line, turned in wrapped(cells)]


def _cells(explanation: Explanation, method: Method, target: str) -> list[Cell]:
    steps = steps_of(explanation, method, target)
    return [
        Cell(c, width_of(c), *look)
        for piece in pieces_of(explanation)
        for look in [_look(piece.token, piece.gold, steps)]
        for c in safe(piece.text)
    ]


def _look(token: int | None, gold: bool, steps: Sequence[str]) -> tuple[str, bool, int]:
    step = "" if token is None else steps[token]
    return step, gold, token if token is not None and step else -1


def _line(line: Sequence[Cell], turned: bool, top: int, kind: str) -> str:
    """The runs of a line that look alike, each at its place; words keep their own direction."""
    x = MARGIN
    if turned:
        x += (COLUMNS - min(COLUMNS, sum(c.width for c in line))) * ADVANCE
    drawn = []
    for level, cells in ordered(line, turned):
        drawn.append(_run(cells, level % 2 == 1, x, top, kind))
        x += sum(c.width for c in cells) * ADVANCE
    return "".join(drawn)


def _run(cells: Sequence[Cell], turned: bool, x: int, top: int, kind: str) -> str:
    step, gold, text = cells[0].step, cells[0].gold, "".join(c.char for c in cells)
    wide = sum(c.width for c in cells) * ADVANCE
    box = _box(x, top, wide, f'height="22" rx="3" fill="{_colour(step)}"') if step else ""
    if step[:1] == "n":  # against is told apart without colour, too
        box += _box(x, top, wide, f'height="2" fill="{LIGHT.ink}" fill-opacity=".45"')
    if gold:
        box += f'<path d="M{x} {top + 21}h{wide}" stroke="{LIGHT.ink}" stroke-dasharray="2 2"/>'
    if not text.strip(" "):
        return box
    # Spaces at the ends are places, not text: renderers disagree about them.
    first, last = (len(text) - len(part) for part in (text.lstrip(" "), text.rstrip(" ")))
    if turned:
        first, last = last, first
    x, wide = x + first * ADVANCE, wide - (first + last) * ADVANCE
    side = f'x="{x + wide}" direction="rtl"' if turned else f'x="{x}"'
    return box + _text(side, top, wide, text.strip(" "), KIND.get(kind, ""))


def _box(x: int, top: int, wide: int, look: str) -> str:
    return f'<rect x="{x}" y="{top}" width="{wide}" {look}/>'


def _text(side: str, top: int, wide: int, text: str, look: str = "") -> str:
    return f'<text {side} y="{top + 16}" textLength="{wide}"{look}>{shown(text)}</text>'


def _colour(step: str) -> str:
    return LIGHT.ramp(KINDS[step[0]])[int(step[1:]) - 1]


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
    colours = [_colour(step) if step else LIGHT.paper for step in boxes]
    bar = [_box(x + i * 16, top + 3, 16, f'height="14" fill="{c}"') for i, c in enumerate(colours)]
    return _label(MARGIN, top, low) + "".join(bar) + _label(x + len(bar) * 16 + ADVANCE, top, high)


def _label(x: int, top: int, text: str) -> str:
    line = safe(text).replace("\n", " ")
    return _text(f'x="{x}"', top, sum(map(width_of, line)) * ADVANCE, line)


def _framed(inside: str, height: int) -> str:
    width = COLUMNS * ADVANCE + 2 * MARGIN
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
        f'viewBox="0 0 {width} {height}" font-family="{FONT}" font-size="{SIZE}" '
        f'fill="{LIGHT.ink}" style="white-space:pre">'
        f'<rect width="{width}" height="{height}" fill="{LIGHT.paper}"/>{inside}</svg>'
    )

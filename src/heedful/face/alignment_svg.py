"""An alignment as one SVG picture: input across, output down, nothing from elsewhere.

Each label is a text of its own, so that scripts that join letters, run from right to left or stack
marks are drawn by whoever shows the picture. The same rewriting gives the same bytes.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence

from heedful.face.alignment import (
    LEAST,
    SHADES,
    checked,
    drawable,
    heading,
    number_of,
    outputs_of,
    remarks,
    shade_of,
    shades,
    sources_of,
    summary,
    sureness,
)
from heedful.face.alignment_folds import fold_remark, folded
from heedful.face.colours import LIGHT, Theme, readable
from heedful.face.markup import shown
from heedful.face.svg_lines import safe, width_of
from heedful.records import Rewriting

FONT = "ui-monospace,'DejaVu Sans Mono',Menlo,Consolas,monospace"
SIZE, ADVANCE, SOFT, SMALL = 15, 9, 13, 10
"""Size of type, pixels a character, size of remarks and of the numbers in the cells."""
CELL, NARROW, ROW = 26, 12, 28
"""Pixels a column with a number in it, a column without, and a row."""
MANY = 64
"""Columns from which there is no room for numbers."""
MARGIN, LINE, LEAN = 24, 24, 50
"""Pixels around everything and a line of text; degrees that long labels lean."""
LEANING = (0.643, 0.766)
"""Cosine and sine of LEAN."""
NARROWEST = 560
"""Pixels: a picture is never narrower than its own scale and heading."""


def alignment_svg(rewriting: Rewriting, theme: Theme = LIGHT) -> str:
    """The map as a self-contained SVG.

    Args:
        rewriting: what to draw.
        theme: `colours.LIGHT` or `colours.DARK`.

    Raises:
        HeedfulError: not a rewriting.
    """
    checked([rewriting])
    if not drawable(rewriting):
        lines = _said(rewriting, NARROWEST)
        height = MARGIN + LINE * len(lines)
        return _framed(rewriting, "".join(_head(lines, theme)), NARROWEST, height, theme)
    record = folded(rewriting)
    rows, columns = outputs_of(record), sources_of(record)
    left, cell = MARGIN + max(map(_wide, rows)) + 8, NARROW if len(columns) > MANY else CELL
    longest = max(map(_wide, columns))
    leans = longest > cell - 2
    across, up = LEANING if leans else (0.0, 0.0)
    ends = [left + (i + 0.5) * cell + across * _wide(x) for i, x in enumerate(columns)]
    width = max(NARROWEST, int(max(*ends, left + cell * len(columns))) + MARGIN)
    lines = _said(rewriting, width)
    top = MARGIN + LINE * len(lines) + (int(longest * up) + 16 if leans else 30)
    bottom = top + ROW * len(rows)
    parts = [
        *_head(lines, theme),
        *_columns(columns, left, top, cell, leans),
        *(_row(x, left, top + ROW * i) for i, x in enumerate(rows)),
        *_cells(record, left, top, cell, theme),
        *_scale(MARGIN, bottom + 18, theme),
    ]
    return _framed(rewriting, "".join(parts), width, bottom + 18 + 2 * LINE, theme)


def _wide(label: str) -> int:
    return sum(map(width_of, label)) * ADVANCE


def _head(lines: Sequence[tuple[str, bool]], theme: Theme) -> Iterator[str]:
    """What became of what; the rest in a softer colour."""
    for i, (line, bold) in enumerate(lines):
        look = 'font-weight="700"' if bold else f'fill="{theme.soft}" font-size="{SOFT}"'
        yield _text(MARGIN, MARGIN + LINE * i + 10, line, look)


def _said(record: Rewriting, width: int) -> list[tuple[str, bool]]:
    """The lines above a map, and whether each is bold."""
    most = (width - 2 * MARGIN) // ADVANCE
    head = [(line, True) for line in _wrapped(safe(heading(record)), most)]
    below = (sureness(record), *remarks(record), *filter(None, [fold_remark(record)]))
    soft = most * SIZE // SOFT
    return head + [(line, False) for text in below for line in _wrapped(text, soft)]


def _wrapped(text: str, most: int) -> list[str]:
    """Lines of at most `most` places, a wide character counting two."""
    wide = any(width_of(char) > 1 for char in text)
    return textwrap.wrap(text, most // 2 if wide else most) or [""]


def _columns(labels: Sequence[str], left: int, top: int, cell: int, leans: bool) -> Iterator[str]:
    for i, label in enumerate(labels):
        x, y = left + i * cell + cell // 2, top - 9
        if leans:
            yield _text(x + 4, y, label, f'transform="rotate(-{LEAN} {x + 4} {y})"')
        else:
            yield _text(x, y, label, 'text-anchor="middle"')


def _row(label: str, left: int, y: int) -> str:
    return _text(left - 8, y + ROW // 2 + 5, label, 'text-anchor="end"')


def _cells(record: Rewriting, left: int, top: int, cell: int, theme: Theme) -> Iterator[str]:
    """A frame, lines between the rows, and a box for each weight of at least `LEAST`."""
    width, height = cell * len(record.source_tokens), ROW * len(record.tokens)
    ramp = shades(theme)
    for i, weights in enumerate(record.weights):
        for j, weight in enumerate(weights):
            if shade_of(weight):
                box = (left + j * cell, top + i * ROW)
                yield _cell(box, cell, weight, ramp[shade_of(weight) - 1])
    lines = "".join(f"M{left} {top + ROW * i}h{width}" for i in range(len(record.tokens) + 1))
    lines += f"M{left} {top}v{height}M{left + width} {top}v{height}"
    yield f'<path d="{lines}" fill="none" stroke="{theme.soft}" stroke-opacity=".35"/>'


def _cell(place: tuple[int, int], cell: int, weight: float, colour: str) -> str:
    x, y = place
    box = f'<rect x="{x}" y="{y}" width="{cell}" height="{ROW}" fill="{colour}"/>'
    if cell < CELL:
        return box
    look = f'text-anchor="middle" font-size="{SMALL}" fill="{readable(colour)}"'
    return box + _text(x + cell // 2, y + ROW // 2 + 4, number_of(weight), look)


def _scale(x: int, y: int, theme: Theme) -> Iterator[str]:
    soft = f'fill="{theme.soft}" font-size="{SOFT}"'
    yield _text(x, y + 12, "0", soft)
    for i, colour in enumerate(shades(theme)):
        box = f'x="{x + 16 + 18 * i}" y="{y}" width="18" height="14"'
        yield f'<rect {box} fill="{colour}"/>'
    says = f"1  attention, none drawn below {number_of(LEAST)}"
    yield _text(x + 24 + 18 * SHADES, y + 12, says, soft)


def _text(x: int, y: int, text: str, look: str) -> str:
    return f'<text x="{x}" y="{y}" {look}>{shown(safe(text))}</text>'


def _framed(record: Rewriting, inside: str, width: int, height: int, theme: Theme) -> str:
    about = f"{shown(safe(heading(record)))}. {shown(safe(summary(record)))}"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" width="{width}" height="{height}" '
        f'viewBox="0 0 {width} {height}" font-family="{FONT}" font-size="{SIZE}" '
        f'fill="{theme.ink}" style="white-space:pre"><desc>{about}</desc>'
        f'<rect width="{width}" height="{height}" fill="{theme.paper}"/>{inside}</svg>'
    )

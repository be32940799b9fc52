"""The root of every picture: what a reader without eyes gets, size, default ink and type."""

from __future__ import annotations

import re
from xml.sax.saxutils import escape, quoteattr

from heedful.face.plots.colours import variable

SMALL = 10
"""Size of most type in a picture, in units."""
LINE = 0.8
"""Width of lines that carry no data."""


def frame(name: str, title: str, alt: str, size: tuple[str, str], body: str) -> str:
    """One `<svg>` in a page. `name` is fit for an id, `body` is SVG, the rest plain text."""
    width, height = size
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" id={quoteattr(name)} role="img" '
        f'aria-labelledby="{name}-title {name}-desc" width="{width}" height="{height}" '
        f'viewBox="0 0 {width} {height}" style="max-width:100%;height:auto" '
        f'font-size="{SMALL}" stroke-width="{LINE}" fill="{variable("ink")}" '
        'stroke-linejoin="round">'
        f'<title id="{name}-title">{escape(title)}</title>'
        f'<desc id="{name}-desc">{escape(alt)}</desc>{body}</svg>'
    )


def standalone(svg: str) -> str:
    """The same picture as a file of its own: light, on white, in a plain font.

    Its colours stand as such: not every program that shows SVG knows custom properties.
    """
    plain = re.sub(r'="var\(--plot-\w+,(#[0-9a-f]{6})\)"', r'="\1"', svg)
    head, end, body = plain.partition("</desc>")
    font = '<svg font-family="system-ui,Helvetica,Arial,sans-serif" '
    white = '<rect width="100%" height="100%" fill="#ffffff"/>'
    return head.replace("<svg ", font, 1) + end + white + body + "\n"

"""A picture as a file: SVG that a page can restyle, or PNG

matplotlib's SVG names fonts and colours at every stroke and carries a style sheet that would
reach the whole page. What is kept here is the drawing: text as text in the page's own font,
colours as custom properties, coordinates to a tenth of a pixel, ids that begin with the
picture's name.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from xml.etree import ElementTree
from xml.etree.ElementTree import Element
from xml.sax.saxutils import escape, quoteattr

from heedful.face.plots_colours import DRAWN, variable
from heedful.face.plots_frame import SIZE, Plot, settings

_SVG = "{http://www.w3.org/2000/svg}"
_HREF = "{http://www.w3.org/1999/xlink}href"
_ROLES = {colour: role for role, colour in DRAWN.items()}
_NUMBER = re.compile(r"-?\d*\.?\d+(?:e-?\d+)?")
_GEOMETRY = frozenset({"d", "x", "y", "width", "height", "transform", "stroke-dasharray"})
_DROPPED = frozenset({"font-family", "stroke-dashoffset", "font"})
_DEFAULTS = {
    ("stroke-linecap", "butt"),
    ("stroke-linejoin", "round"),
    ("text-anchor", "start"),
    ("font-size", f"{SIZE}px"),
    ("transform", ""),
}


def to_svg(plot: Plot) -> str:
    """One `<svg>` for the middle of a page. The same picture gives the same text.

    It inherits the page's font; its colours are `var(--plot-ROLE, fallback)`, see
    `plots_colours.plot_style`. Its background is the page's.
    """
    stream = io.StringIO()
    nothing = dict.fromkeys(("Date", "Creator", "Format", "Type"))
    with settings():
        plot.figure.savefig(stream, format="svg", transparent=True, metadata=nothing)
    root = ElementTree.fromstring(stream.getvalue())
    ids = {old: f"{plot.name}-{number}" for number, old in enumerate(_referred(root), 1)}
    body = "".join(part for child in root for part in _written(child, ids))
    _, _, width, height = (_rounded(x) for x in root.attrib["viewBox"].split())
    return frame(plot.name, plot.title, plot.alt, (width, height), body)


def frame(name: str, title: str, alt: str, size: tuple[str, str], body: str) -> str:
    """The root of a picture; `body` is SVG, everything else plain text."""
    width, height = size
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" id={quoteattr(name)} role="img" '
        f'aria-labelledby="{name}-title {name}-desc" width="{width}" height="{height}" '
        f'viewBox="0 0 {width} {height}" style="max-width:100%;height:auto" '
        f'font-size="{SIZE}" fill="{variable("ink")}" stroke-linejoin="round">'
        f'<title id="{name}-title">{escape(title)}</title>'
        f'<desc id="{name}-desc">{escape(alt)}</desc>{body}</svg>'
    )


def standalone(svg: str) -> str:
    """The same picture as a file of its own: light, on white, in a plain font."""
    white = '<rect width="100%" height="100%" fill="#ffffff"/>'
    head, end, body = svg.partition("</desc>")
    font = 'font-family="system-ui,Helvetica,Arial,sans-serif" '
    return head.replace("<svg ", f"<svg {font}", 1) + end + white + body + "\n"


def to_png(plot: Plot, dpi: int = 150) -> bytes:
    """The picture in light colours on white, 72 units to the inch."""
    stream = io.BytesIO()
    about = {"Title": plot.title, "Software": None}
    with settings():
        plot.figure.savefig(
            stream, format="png", dpi=dpi, facecolor=DRAWN["paper"], metadata=about
        )
    return stream.getvalue()


def _referred(root: Element) -> list[str]:
    """Ids that something in the picture points to, in order."""
    found = [
        name
        for element in root.iter()
        for value in (element.get(_HREF, ""), element.get("clip-path", ""), element.get("style", ""))
        for name in re.findall(r"#(\w+)", value)
    ]
    there = {element.get("id") for element in root.iter()}
    return [name for name in dict.fromkeys(found) if name in there]


def _written(element: Element, ids: dict[str, str]) -> Iterator[str]:
    tag = element.tag.removeprefix(_SVG)
    if tag in ("metadata", "style"):
        return
    values = _attributes(element, ids)
    inside = "".join(part for child in element for part in _written(child, ids))
    if tag == "text":
        inside = escape(element.text or "") + inside
    if tag == "path" and not values.keys() & {"stroke", "id"} and values.get("fill") == "none":
        return
    if tag in ("g", "defs") and not inside:
        return
    if tag == "g" and not values:
        yield inside
        return
    opening = "".join(f" {key}={quoteattr(value)}" for key, value in values.items())
    yield f"<{tag}{opening}>{inside}</{tag}>" if inside else f"<{tag}{opening}/>"


def _attributes(element: Element, ids: dict[str, str]) -> dict[str, str]:
    """Attributes and style in one, without what goes without saying."""
    raw = {key: value for key, value in element.attrib.items() if key not in ("id", "style")}
    if _HREF in raw:
        raw["href"] = raw.pop(_HREF)
    for rule in filter(None, element.get("style", "").split(";")):
        key, _, value = rule.partition(":")
        raw[key.strip()] = value.strip()
    values = {k: _value(k, v, ids) for k, v in raw.items() if k not in _DROPPED}
    if element.get("id") in ids:
        values["id"] = ids[element.attrib["id"]]
    if element.tag == f"{_SVG}text" and values.get("fill") == variable("ink"):
        del values["fill"]
    return {k: v for k, v in values.items() if (k, v) not in _DEFAULTS}


def _value(key: str, value: str, ids: dict[str, str]) -> str:
    if key in ("fill", "stroke") and value.lower() in _ROLES:
        return variable(_ROLES[value.lower()])
    if "#" in value:
        return re.sub(r"#(\w+)", lambda found: "#" + ids.get(found[1], found[1]), value)
    if key == "transform" and value.startswith("rotate(-0 "):
        return ""
    if key in _GEOMETRY:
        value = _NUMBER.sub(lambda found: _rounded(found[0]), value)
    return _path(value) if key == "d" else value


def _rounded(number: str) -> str:
    text = f"{float(number):.1f}".removesuffix(".0")
    return "0" if text == "-0" else text


def _path(data: str) -> str:
    """Path data on one line: an L after M or L is understood, and so are repeated points."""
    pieces: list[str] = []
    before = last = ""
    for piece in re.findall(r"[A-Za-z][^A-Za-z]*", data):
        command, points = piece[0], " ".join(piece[1:].split())
        if (command, points) == ("L", before):
            continue
        joined = command == "L" and pieces and pieces[-1][0] not in "Zz" and last in "ML"
        pieces.append(f" {points}" if joined else command + points)
        before, last = points, command
    return "".join(pieces)

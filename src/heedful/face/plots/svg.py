"""A picture as a file: SVG that a page can restyle, or PNG.

matplotlib's SVG names fonts and colours at every stroke and carries a style sheet that would
reach the whole page. What is kept here is the drawing: text as text in the page's own font,
colours as custom properties, coordinates to a tenth of a pixel, ids that begin with the
picture's name.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Any, NamedTuple
from xml.etree import ElementTree
from xml.etree.ElementTree import Element
from xml.sax.saxutils import escape, quoteattr

from matplotlib.backends.backend_svg import FigureCanvasSVG

from heedful.face.plots.colours import DRAWN, variable
from heedful.face.plots.frame import Plot, settings
from heedful.face.plots.root import LINE, SMALL, frame

_SVG = "{http://www.w3.org/2000/svg}"
_HREF = "{http://www.w3.org/1999/xlink}href"
_ROLES = {colour: role for role, colour in DRAWN.items()}
_NUMBER = re.compile(r"-?\d*\.?\d+(?:e-?\d+)?")
_GEOMETRY = frozenset({"x", "y", "width", "height", "transform", "stroke-dasharray"})
_DROPPED = frozenset({"font-family", "stroke-dashoffset", "font"})
_DEFAULTS = {
    ("stroke-linecap", "butt"),
    ("stroke-linejoin", "round"),
    ("text-anchor", "start"),
    ("font-size", str(SMALL)),
    ("stroke-width", str(LINE)),
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
        # Unlike `savefig` this does not draw twice.
        canvas: Any = FigureCanvasSVG(plot.figure)
        canvas.print_svg(stream, metadata=nothing)
    root = ElementTree.fromstring(stream.getvalue())
    ids = {old: f"{plot.name}-{number}" for number, old in enumerate(_referred(root), 1)}
    body = _joined([node for child in root for node in _nodes(child, ids)])
    _, _, width, height = (_rounded(x) for x in root.attrib["viewBox"].split())
    return frame(plot.name, plot.title, plot.alt, (width, height), body)


def to_png(plot: Plot, dpi: int = 150) -> bytes:
    """The picture in light colours on white, 72 units to the inch."""
    stream = io.BytesIO()
    about = {"Title": plot.title, "Software": None}
    with settings():
        plot.figure.savefig(stream, format="png", dpi=dpi, facecolor=DRAWN["paper"], metadata=about)
    return stream.getvalue()


def _referred(root: Element) -> list[str]:
    """Ids that something in the picture points to, in order."""
    found = [
        name
        for element in root.iter()
        for value in (
            element.get(_HREF, ""),
            element.get("clip-path", ""),
            element.get("style", ""),
        )
        for name in re.findall(r"#(\w+)", value)
    ]
    there = {element.get("id") for element in root.iter()}
    return [name for name in dict.fromkeys(found) if name in there]


class _Node(NamedTuple):
    """What is kept of an element: `inside` is SVG."""

    tag: str
    values: dict[str, str]
    inside: str

    @property
    def shared(self) -> tuple[str, tuple[tuple[str, str], ...]]:
        """What neighbours may have in common: all but their place and what they say."""
        own = ("x", "y", "transform", "href", "id")
        return self.tag, tuple((k, v) for k, v in self.values.items() if k not in own)


def _nodes(element: Element, ids: dict[str, str]) -> Iterator[_Node]:
    """What an element draws, without groups that only nest and paths that do not show."""
    tag = element.tag.removeprefix(_SVG)
    if tag in ("metadata", "style"):
        return
    values = _attributes(element, ids)
    children = [node for child in element for node in _nodes(child, ids)]
    if tag == "g" and not values:
        yield from children
        return
    inside = escape(element.text or "") if tag == "text" else _joined(children)
    hidden = tag == "path" and not values.keys() & {"stroke", "id"} and values["fill"] == "none"
    if not (hidden or (tag in ("g", "defs") and not inside)):
        yield _Node(tag, values, inside)


def _joined(nodes: Sequence[_Node]) -> str:
    """Nodes as SVG; what several texts or markers in a row have in common stands once."""
    parts = []
    for (tag, shared), run in groupby(nodes, key=lambda node: node.shared):
        alike = list(run)
        if tag in ("text", "use") and shared and len(alike) > 1:
            common = dict(shared)
            bare = [
                node._replace(values={k: v for k, v in node.values.items() if k not in common})
                for node in alike
            ]
            parts.append(_tag(_Node("g", common, "".join(map(_tag, bare)))))
        else:
            parts += map(_tag, alike)
    return "".join(parts)


def _tag(node: _Node) -> str:
    opening = "".join(f" {key}={quoteattr(value)}" for key, value in node.values.items())
    end = f">{node.inside}</{node.tag}>" if node.inside else "/>"
    return f"<{node.tag}{opening}{end}"


def _attributes(element: Element, ids: dict[str, str]) -> dict[str, str]:
    """Attributes and style in one, without what goes without saying."""
    raw = {key: value for key, value in element.attrib.items() if key not in ("id", "style")}
    if _HREF in raw:
        raw["href"] = raw.pop(_HREF)
    for rule in filter(None, element.get("style", "").split(";")):
        key, _, value = rule.partition(":")
        raw[key.strip()] = value.strip()
    if element.tag == f"{_SVG}use":  # what it uses has its own strokes
        raw = {key: value for key, value in raw.items() if not key.startswith("stroke")}
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
    if key == "d":
        return _path(value)
    if key in _GEOMETRY:
        return _NUMBER.sub(lambda found: _rounded(found[0]), value)
    return value.removesuffix("px")


def _rounded(number: str) -> str:
    text = f"{float(number):.1f}".removesuffix(".0")
    return "0" if text == "-0" else text


def _path(data: str) -> str:
    """Path data in tenths of a unit, straight lines as steps from point to point.

    The steps are between rounded points, so that rounding does not add up along a line.
    """
    pieces: list[str] = []
    here = start = (0, 0)
    for command, numbers in re.findall(r"([A-Za-z])([^A-Za-z]*)", data):
        tenths = [round(10 * float(number)) for number in numbers.split()]
        if command == "L":
            step = _tenths([tenths[0] - here[0], tenths[1] - here[1]])
            if (tenths[0], tenths[1]) == here and pieces[-1][0] != "M":
                continue  # too short to be seen; after a move it may be a dot
            lower = bool(pieces) and pieces[-1][0] in "l-.0123456789 "
            pieces.append((step if step[0] == "-" else f" {step}") if lower else f"l{step}")
        else:
            pieces.append(command + _tenths(tenths))
        if tenths:
            here = (tenths[-2], tenths[-1])
            start = here if command == "M" else start
        elif command in "zZ":
            here = start
    return "".join(pieces)


def _tenths(values: list[int]) -> str:
    """Numbers as SVG allows them to be written: 0.5 -0.25 as .5-.2."""
    written = [_rounded(str(value / 10)) for value in values]
    short = [re.sub(r"^(-?)0\.", r"\1.", number) for number in written]
    return "".join(x if i == 0 or x[0] == "-" else f" {x}" for i, x in enumerate(short))

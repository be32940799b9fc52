"""Reads a drawn SVG back: its texts, its ids, the points of its paths."""

from __future__ import annotations

import functools
import re
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

from heedful.face.plots.draw import Plot, to_svg

if TYPE_CHECKING:
    from matplotlib.axes import Axes

SVG = "{http://www.w3.org/2000/svg}"
_NUMBER = re.compile(r"-?(?:\d+\.?\d*|\.\d+)")


@functools.cache
def svg_of(plot: Plot) -> str:
    """A picture's SVG, made once."""
    return to_svg(plot)


def root(plot: Plot) -> Element:
    return ElementTree.fromstring(svg_of(plot))


def texts(svg: Element) -> list[str]:
    """What stands in the picture, isolates taken away."""
    return [re.sub("[\u2068\u2069]", "", x.text or "") for x in svg.iter(f"{SVG}text")]


def placed(svg: Element) -> list[tuple[float, float, str]]:
    """Upright texts with their places."""
    return [
        (float(x.get("x", "nan")), float(x.get("y", "nan")), x.text or "")
        for x in svg.iter(f"{SVG}text")
        if x.get("transform") is None
    ]


def markers(svg: Element) -> list[tuple[float, float]]:
    return [(float(x.attrib["x"]), float(x.attrib["y"])) for x in svg.iter(f"{SVG}use")]


def points(path: str) -> list[tuple[float, float]]:
    """Absolute points of path data of M, l and z."""
    found: list[tuple[float, float]] = []
    start = (0.0, 0.0)
    for command, numbers in re.findall(r"([MlzZ])([^A-Za-z]*)", path):
        values = [float(x) for x in _NUMBER.findall(numbers)]
        for x, y in zip(values[::2], values[1::2], strict=True):
            here = (x, y) if command == "M" else (found[-1][0] + x, found[-1][1] + y)
            found.append(here)
            start = here if command == "M" else start
        if command in "zZ":
            found.append(start)
    return found


def pixel(axes: Axes, x: float, y: float) -> tuple[float, float]:
    """Where a point of the data lies in the SVG."""
    figure: Any = axes.figure
    across, up = axes.transData.transform((x, y))
    return across, figure.get_figheight() * 72 - up

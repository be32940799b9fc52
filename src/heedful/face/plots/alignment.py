"""An alignment as a picture of matplotlib's, for PNG files: input across, output down.

matplotlib draws with its own fonts, and shows a box for what they lack (emoji, many scripts);
`face.alignment_svg` leaves letters to whoever shows the picture.
"""

from __future__ import annotations

import textwrap

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import QuadMesh
from matplotlib.colors import BoundaryNorm, ListedColormap
from matplotlib.figure import Figure

from heedful.face.alignment import (
    LEAST,
    SHADES,
    checked,
    drawable,
    heading,
    number_of,
    outputs_of,
    shade_of,
    shades,
    sources_of,
    summary,
)
from heedful.face.alignment_folds import folded
from heedful.face.colours import LIGHT, readable
from heedful.face.plots.colours import DRAWN
from heedful.face.plots.frame import WIDTH, Array, Plot, settings, settle, sheet
from heedful.face.plots.names import short
from heedful.face.plots.root import LINE
from heedful.face.svg_lines import safe
from heedful.records import HeedfulError, Rewriting

LARGEST = 10_000.0
"""Units a picture may be wide or high: matplotlib draws at most 2^16 dots."""
CELL, NARROW, MANY = 18.0, 7.0, 64
"""Units a column with a number, one without, and columns from which there are none."""
ROW, LABEL, AROUND, SCALE = 18.0, 6.5, 110.0, 220.0
"""Units a row, a character of a label, what stands above and below, and the scale."""
UPRIGHT = 2
"""Characters of a label that stands upright over its column; longer ones turn."""
LETTER, TITLE = 8.5, 200
"""Units a bold letter of the heading, and the most characters of either side of it."""
MONO = ["DejaVu Sans Mono", "DejaVu Sans"]
"""The second has letters that the first lacks."""


def alignment_plot(rewriting: Rewriting, name: str = "alignment") -> Plot:
    """The map as a picture: `plots.svg.to_png` makes a file of it.

    Args:
        rewriting: what to draw.
        name: of the picture, fit for an id.

    Raises:
        HeedfulError: not a rewriting, or one without a map.
    """
    checked([rewriting])
    if not drawable(rewriting):
        raise HeedfulError(f"{summary(rewriting)}; print the rewriting instead")
    record = folded(rewriting)
    rows, columns = outputs_of(record), sources_of(record)
    cell = NARROW if len(columns) > MANY else CELL
    longest = max(map(len, columns))
    width = max(WIDTH, cell * len(columns) + LABEL * max(map(len, rows)) + 30)
    height = ROW * len(rows) + (LABEL * longest if longest > UPRIGHT else 0) + AROUND
    if max(width, height) > LARGEST:
        raise HeedfulError(
            f"{len(rows)} output tokens by {len(columns)} source tokens are too many for a PNG "
            "picture; make an SVG picture or a page of them"
        )
    with settings():
        figure = sheet(height, width)
        axes = figure.subplots()
        mesh = _drawn(axes, np.array(record.weights, np.float64), cell >= CELL)
        _scale(figure, axes, mesh, width)
        _labelled(axes, rows, columns)
        axes.set_xlabel(_title(rewriting, width), fontweight="bold", labelpad=8)
        axes.xaxis.set_label_position("top")
        settle(figure)
    return Plot(name, safe(heading(rewriting)), safe(summary(rewriting)), figure)


def _drawn(axes: Axes, weights: Array, numbers: bool) -> QuadMesh:
    """The weights as shades, with their numbers where there is room."""
    colours = (LIGHT.paper, *shades(LIGHT))
    bounds = [0, *((np.arange(SHADES) + 0.5) / SHADES), 1]
    mesh = axes.pcolormesh(
        weights, cmap=ListedColormap(colours), norm=BoundaryNorm(bounds, SHADES + 1)
    )
    axes.invert_yaxis()
    for y, row in enumerate(weights):
        for x, weight in enumerate(row):
            if numbers and weight >= LEAST:
                ink = readable(colours[shade_of(weight)])
                said = number_of(weight)
                axes.text(x + 0.5, y + 0.5, said, ha="center", va="center", fontsize=7, color=ink)
    return mesh


def _scale(figure: Figure, axes: Axes, mesh: QuadMesh, width: float) -> None:
    """The fixed scale, 0 to 1, below the map."""
    bar = figure.colorbar(
        mesh, ax=axes, orientation="horizontal", ticks=[0, 0.25, 0.5, 0.75, 1],
        spacing="proportional", aspect=20, pad=0.03, label="attention",
        shrink=min(0.6, SCALE / width),
    )  # fmt: skip
    bar.set_ticklabels(["0", ".25", ".5", ".75", "1"])
    bar.minorticks_off()
    bar.outline.set_visible(False)


def _title(record: Rewriting, width: float) -> str:
    """What became of what, in lines; the mark makes it run from left to right, whatever letters."""
    said = f"{short(record.source, TITLE)} → {short(record.text, TITLE)}"
    lines = textwrap.wrap(said, int(width / LETTER))
    return "\n".join(f"\u200e{line}" for line in lines)


def _labelled(axes: Axes, rows: list[str], columns: list[str]) -> None:
    axes.xaxis.tick_top()
    axes.set_xticks(np.arange(len(columns)) + 0.5, columns, fontfamily=MONO)
    for tick in axes.get_xticklabels():
        tick.set_rotation(90 if len(tick.get_text()) > UPRIGHT else 0)
    axes.set_yticks(np.arange(len(rows)) + 0.5, rows, fontfamily=MONO)
    axes.tick_params(length=0)
    axes.grid(visible=False)
    # Lines that belong to the map lie above its shades; a grid would lie below.
    axes.hlines(range(len(rows) + 1), 0, len(columns), color=DRAWN["grid"], linewidth=LINE)
    axes.vlines([0, len(columns)], 0, len(rows), color=DRAWN["grid"], linewidth=LINE)
    axes.spines[:].set_visible(False)

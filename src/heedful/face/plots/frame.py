"""What all pictures share: the record, panels in one style, settings that hang on no file.

Only matplotlib's object interface is used: no pyplot, no window, no current figure. Its
settings are those of the library, not the user's matplotlibrc, and are put back afterwards.
"""

from __future__ import annotations

import threading
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Literal

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from heedful.face.plots.colours import DRAWN
from heedful.face.plots.root import LINE, SMALL

Array = NDArray[Any]

WIDTH = 370.0
"""Units a picture is wide: a phone shows them at about their natural size."""
SIZE = 11
"""Size of titles and axis labels."""

DASHES: tuple[Any, ...] = ("-", (0, (5, 2)), (0, (1.2, 1.6)), (0, (7, 2, 1.5, 2)), (0, (3, 1.5)),
                           (0, (7, 2, 1.5, 2, 1.5, 2)))  # fmt: skip
DOT: dict[str, Any] = {
    "marker": "o", "markersize": 8, "linestyle": "", "markerfacecolor": DRAWN["paper"],
    "markeredgecolor": DRAWN["ink"], "markeredgewidth": 1.6,
}  # fmt: skip
"""Where the model decides."""
MARKERS = ("o", "s", "^", "D", "v", "P")

_SETTINGS: dict[str, Any] = {
    "svg.fonttype": "none",
    "svg.hashsalt": "heedful",
    "text.parse_math": False,  # a class may be called $1 or $2
    "text.usetex": False,
    "text.color": DRAWN["ink"],
    "font.family": ["DejaVu Sans"],
    "font.size": SIZE,
    "axes.edgecolor": DRAWN["soft"],
    "axes.facecolor": "none",
    "axes.labelcolor": DRAWN["ink"],
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.linewidth": LINE,
    "axes.axisbelow": True,
    "axes.titlesize": SIZE,
    "axes.titlepad": 5,
    "axes.unicode_minus": True,
    "xtick.color": DRAWN["soft"],
    "ytick.color": DRAWN["soft"],
    "xtick.labelcolor": DRAWN["ink"],
    "ytick.labelcolor": DRAWN["ink"],
    "xtick.labelsize": SMALL,
    "ytick.labelsize": SMALL,
    "xtick.bottom": False,
    "ytick.left": False,
    "xtick.minor.bottom": False,
    "ytick.minor.left": False,
    "grid.color": DRAWN["grid"],
    "grid.linewidth": LINE,
    "hatch.linewidth": LINE,
    "legend.frameon": False,
    "legend.fontsize": SMALL,
    "lines.linewidth": 1.8,
    "lines.solid_capstyle": "butt",
}
_LOCK = threading.RLock()


@dataclass(frozen=True)
class Plot:
    """A picture.

    Attributes:
        name: fit for an id and a file name; no two pictures of a report share one.
        title: its heading.
        alt: what it shows, with its main number, for those who do not see it.
        figure: matplotlib's, at 72 dots an inch, so that a unit is a CSS pixel.
    """

    name: str
    title: str
    alt: str
    figure: Figure


@contextmanager
def settings() -> Iterator[None]:
    """matplotlib with this module's settings, for one thread at a time."""
    with _LOCK, warnings.catch_warnings(), mpl.rc_context():
        # A name in a script that the font lacks: an SVG takes the reader's fonts.
        warnings.filterwarnings("ignore", "Glyph .* missing from font")
        # Reading the backend would choose one, and load a window system.
        usual: dict[Any, Any] = {k: v for k, v in mpl.rcParamsDefault.items() if k != "backend"}
        mpl.rcParams.update(usual | _SETTINGS)
        yield


def sheet(height: float, width: float = WIDTH) -> Figure:
    """An empty picture, in units."""
    size = (width / 72, height / 72)
    return Figure(figsize=size, dpi=72, layout="constrained", facecolor="none")


def settle(figure: Figure) -> None:
    """Lay out once and for all, so that the file format and the number of calls do not matter."""
    figure.draw_without_rendering()
    figure.set_layout_engine("none")


def label(axes: Axes, x: str, y: str, grid: Literal["both", "x", "y"] = "both") -> None:
    """Axis labels and a quiet grid."""
    axes.set_xlabel(x)
    axes.set_ylabel(y)
    axes.grid(visible=True, axis=grid)


def remark(axes: Axes, text: str) -> None:
    """A line above a panel for what a reader must know of it."""
    axes.set_title(text, loc="left", fontsize=SMALL, color=DRAWN["soft"])


def unit(axes: Axes) -> None:
    """Both axes from 0 to 1, with room for a line that runs along the edge."""
    axes.set_xlim(-0.02, 1.02)
    axes.set_ylim(-0.02, 1.02)
    axes.set_xticks([0, 0.25, 0.5, 0.75, 1], ["0", ".25", ".5", ".75", "1"])
    axes.set_yticks([0, 0.25, 0.5, 0.75, 1], ["0", ".25", ".5", ".75", "1"])


def legend(figure: Figure, handles: Sequence[Any], names: Sequence[str], columns: int = 1) -> None:
    """Below the panels, where it covers nothing."""
    figure.legend(
        list(handles), list(names), loc="outside lower center", ncols=columns, handlelength=2.6,
        borderaxespad=0.9, labelspacing=0.4,
    )  # fmt: skip


def thinned(x: Array, y: Array, tolerance: float = 0.0008) -> tuple[Array, Array]:
    """The points that a line cannot do without: no other is further off than `tolerance`.

    Ramer (1972), Douglas and Peucker (1973). At the default a line of 0 to 1 stays within a
    third of a pixel. NaN parts a line into pieces.
    """
    x, y = np.asarray(x, np.float64), np.asarray(y, np.float64)
    broken = np.isnan(x) | np.isnan(y)
    keep = broken.copy()
    for piece in np.split(np.arange(len(x)), np.flatnonzero(np.diff(broken)) + 1):
        if len(piece) and not broken[piece[0]]:
            keep[piece] = _needed(x[piece], y[piece], tolerance)
    return x[keep], y[keep]


def _needed(x: Array, y: Array, tolerance: float) -> Array:
    keep = np.zeros(len(x), bool)
    keep[[0, -1]] = True
    parts = [(0, len(x) - 1)]
    while parts:
        first, last = parts.pop()
        if last - first < 2:
            continue
        inner = slice(first + 1, last)
        distance = _distance(x[inner], y[inner], (x[first], y[first]), (x[last], y[last]))
        worst = int(distance.argmax())
        if distance[worst] > tolerance:
            split = first + 1 + worst
            keep[split] = True
            parts += [(first, split), (split, last)]
    return keep


def _distance(x: Array, y: Array, start: tuple[float, float], end: tuple[float, float]) -> Array:
    """From points to a stretch between two others."""
    dx, dy = end[0] - start[0], end[1] - start[1]
    length = dx * dx + dy * dy
    along = ((x - start[0]) * dx + (y - start[1]) * dy) / length if length else np.zeros_like(x)
    along = along.clip(0, 1)
    gap: Array = np.hypot(x - start[0] - along * dx, y - start[1] - along * dy)
    return gap

"""The pictures of a run that rewrites as PNG files: its curves of training, its alignments."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from heedful.face.alignment import drawable
from heedful.face.console import note
from heedful.face.plots.alignment import alignment_plot
from heedful.face.plots.frame import Plot
from heedful.face.plots.svg import to_png
from heedful.face.plots.training import curves
from heedful.face.reporting import read_history
from heedful.learn.evaluations import figures_of
from heedful.learn.files import write_bytes
from heedful.learn.layout import HISTORY
from heedful.records import HeedfulError, Rewriting


def write_pictures(target: Path, run: Path, shown: Sequence[Rewriting]) -> None:
    """`curves.png`, and `alignment-1.png`, ... in the order of the page.

    What has no map, or one too large for a PNG picture, is told and left out; the others keep
    their numbers.

    Args:
        target: the folder to write to.
        run: the run's folder.
        shown: the rewritings of the page.

    Raises:
        HeedfulError: the run's history is damaged, or the folder cannot be written.
    """
    plots, left = _alignments(shown)
    history = read_history(run / HISTORY)
    if history:
        plots.insert(0, curves(history, int(figures_of(run).get("best_epoch") or 0)))
    try:
        for plot in plots:
            write_bytes(target / f"{plot.name}.png", to_png(plot))
    except OSError as error:
        raise HeedfulError(f"{target} cannot be written: {error.strerror or error}") from None
    note(f"{len(plots)} plots in {target}")
    if left:
        note(f"left out: {'; '.join(left)}")


def _alignments(shown: Sequence[Rewriting]) -> tuple[list[Plot], list[str]]:
    """The maps that can be drawn, and of the others why not."""
    plots, left = list[Plot](), list[str]()
    for number, rewriting in enumerate(shown, 1):
        name = f"alignment-{number}"
        if not drawable(rewriting):
            left.append(f"{name} has no map")
            continue
        try:
            plots.append(alignment_plot(rewriting, name))
        except HeedfulError as error:
            left.append(f"{name}: {error}")
    return plots, left

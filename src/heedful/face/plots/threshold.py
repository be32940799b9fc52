"""What another threshold would do: precision, recall and F1 along all of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes

from heedful.face.plots.colours import DRAWN
from heedful.face.plots.frame import (
    DASHES,
    DOT,
    Array,
    Plot,
    label,
    legend,
    settings,
    settle,
    sheet,
    thinned,
    unit,
)
from heedful.face.plots.names import figure as three
from heedful.face.plots.rivals import rivals
from heedful.records import Task

GRID = np.linspace(0, 1, 1001)


def threshold(
    probabilities: Array,
    targets: Array,
    task: Task,
    names: Sequence[str],
    thresholds: Sequence[float] | None = None,
    where: str = "",
) -> Plot:
    """Precision, recall and F1 against the threshold (binary; multi-label: all classes pooled).

    Arguments: see `rivals`; `where` says of which texts, for the title. The classes of a
    multi-label task may have thresholds of their own: they are marked along the foot, and what
    the model reaches with them is not a point of these lines.
    """
    found, _ = rivals(probabilities, targets, task, names, thresholds)
    scores = np.concatenate([rival.scores for rival in found]) if found else np.zeros(0)
    truth = np.concatenate([r.truth for r in found]) if found else np.zeros(0, bool)
    chosen = _thresholds(task, thresholds, len(names))
    rates = at_thresholds(scores, truth, GRID)
    here = at_thresholds(scores, truth, np.array(chosen))
    with settings():
        figure = sheet(330)
        axes = figure.subplots()
        handles = []
        for number, (name, values) in enumerate(rates.items()):
            x, y = thinned(GRID, values)
            colour = DRAWN[str(number + 1)]
            handles += axes.plot(x, y, color=colour, linestyle=DASHES[number])
            if len(chosen) == 1:
                axes.plot(chosen, here[name], **DOT | {"markeredgecolor": colour})
        handles.append(_mark(axes, chosen))
        label(axes, "threshold on the probability", "")
        unit(axes)
        marked = f"threshold {chosen[0]:.3g}" if len(chosen) == 1 else "thresholds of the classes"
        legend(figure, handles, [*rates, marked], columns=2)
        settle(figure)
    title = f"Precision, recall and F1 against the threshold{f', {where}' if where else ''}"
    return Plot("threshold", title, _threshold_alt(title, chosen, here), figure)


def at_thresholds(scores: Array, truth: Array, places: Array) -> dict[str, Array]:
    """Precision, recall and F1 where a score strictly above the threshold is a yes.

    Precision is NaN where nothing is a yes, F1 then 0.
    """
    positive = np.sort(scores[truth])
    hits = len(positive) - np.searchsorted(positive, places, side="right")
    yes = len(scores) - np.searchsorted(np.sort(scores), places, side="right")
    precision = np.where(yes > 0, hits / np.maximum(yes, 1), np.nan)
    recall = hits / len(positive) if len(positive) else np.full(len(places), np.nan)
    f1 = 2 * hits / np.maximum(yes + len(positive), 1)
    return {"precision": precision, "recall": recall, "F1": f1}


def _thresholds(task: Task, thresholds: Sequence[float] | None, classes: int) -> list[float]:
    """The distinct thresholds that are in force."""
    if thresholds is None:
        return [0.5]
    used = thresholds[1:] if task == "binary" else thresholds[:classes]
    return sorted(set(map(float, used)))


def _mark(axes: Axes, chosen: Sequence[float]) -> Any:
    style: dict[str, Any] = {"color": DRAWN["soft"], "linewidth": 1}
    if len(chosen) == 1:
        return axes.axvline(chosen[0], linestyle=(0, (2, 2)), **style)
    return axes.vlines(list(chosen), -0.02, 0.05, **style | {"linewidth": 1.4})


def _threshold_alt(title: str, chosen: Sequence[float], here: dict[str, Array]) -> str:
    if len(chosen) > 1:
        return f"{title}; the classes have their own, from {chosen[0]:.3g} to {chosen[-1]:.3g}."
    told = ", ".join(f"{name} {three(float(values[0]))}" for name, values in here.items())
    return f"{title}: at {chosen[0]:.3g}, which is in force, {told}."

"""How well probabilities rank: ROC, and precision against recall.

For more than two classes each stands against the rest.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from heedful.face.plots.colours import DRAWN, SERIES
from heedful.face.plots.frame import (
    DASHES,
    DOT,
    MARKERS,
    Array,
    Plot,
    label,
    legend,
    remark,
    settings,
    settle,
    sheet,
    thinned,
    unit,
)
from heedful.face.plots.names import figure as three
from heedful.face.plots.names import listing, short
from heedful.face.plots.rivals import Rival, rivals
from heedful.records import Task

GRID = np.linspace(0, 1, 1001)


class Curve(NamedTuple):
    """A line from what was measured, its area, and where the model stands."""

    name: str
    x: Array
    y: Array
    area: float
    base: float  # share of rows that have the class
    at: tuple[float, float]


def roc(
    probabilities: Array,
    targets: Array,
    task: Task,
    names: Sequence[str],
    thresholds: Sequence[float] | None = None,
) -> Plot:
    """Hit rate against false alarms, and where the model stands. Arguments: see `rivals`."""
    from sklearn.metrics import auc, roc_curve

    def curve(rival: Rival) -> Curve:
        x, y, _ = roc_curve(rival.truth, rival.scores, drop_intermediate=False)
        said, true = rival.decided, rival.truth
        at = (float(said[~true].mean()), float(said[true].mean()))
        return Curve(rival.name, x, y, float(auc(x, y)), float(true.mean()), at)

    found, missing = rivals(probabilities, targets, task, names, thresholds)
    drawn = [curve(rival) for rival in found]
    across = ("share of other texts given the class (false positives)", "share of its texts found")
    words = _Words("roc", "ROC curve: what is found against false positives", "AUC", *across)
    return _picture(words, drawn, missing, lambda c: np.interp(GRID, c.x, c.y))


def precision_recall(
    probabilities: Array,
    targets: Array,
    task: Task,
    names: Sequence[str],
    thresholds: Sequence[float] | None = None,
) -> Plot:
    """Precision against recall with the base rate. Arguments: see `rivals`."""
    from sklearn.metrics import average_precision_score, precision_recall_curve

    def curve(rival: Rival) -> Curve:
        precision, recall, _ = precision_recall_curve(rival.truth, rival.scores)
        said, true = rival.decided, rival.truth
        hits = float(said[true].sum())
        at = (hits / true.sum(), hits / said.sum() if said.any() else np.nan)
        area = float(average_precision_score(rival.truth, rival.scores))
        # Between two points no precision was seen: average precision counts steps, so draw them.
        x, y = recall[::-1].repeat(2)[:-1], precision[::-1].repeat(2)[1:]
        return Curve(rival.name, x, y, area, float(true.mean()), at)

    def level(curve: Curve) -> Array:
        place = np.searchsorted(curve.x, GRID[1:], side="left").clip(0, len(curve.x) - 1)
        return np.concatenate([[curve.y[0]], curve.y[place]])

    found, missing = rivals(probabilities, targets, task, names, thresholds)
    drawn = [curve(rival) for rival in found]
    across = ("recall (share of its texts found)", "precision (share that is right)")
    words = _Words("precision-recall", "Precision against recall", "AP", *across)
    return _picture(words, drawn, missing, level)


class _Words(NamedTuple):
    name: str
    title: str
    area: str
    x: str
    y: str


def _picture(
    words: _Words,
    curves: Sequence[Curve],
    missing: Sequence[str],
    level: Callable[[Curve], Array],
) -> Plot:
    chosen = _chosen(curves)
    mean = float(np.mean([c.area for c in curves])) if curves else np.nan
    one = len(curves) == 1
    with settings():
        lines = len(chosen) + 2 + (0 if one else 1)
        figure = sheet(318 + 16 * lines)
        axes = figure.subplots()
        tolerance = 0.0008 if one else 0.0016  # noise of many lines costs most of their bytes
        handles = [_line(axes, curve, i, tolerance) for i, curve in enumerate(chosen)]
        whose = "class " if one else ""
        titles = [f"{whose}{short(c.name)}: {words.area} {three(c.area)}" for c in chosen]
        if not one and curves:
            y = np.mean([level(curve) for curve in curves], axis=0)
            handles.insert(0, axes.plot(*thinned(GRID, y), color=DRAWN["ink"], linewidth=2.6)[0])
            titles.insert(0, f"mean of {len(curves)} classes: {words.area} {three(mean)}")
        handles.append(_chance(axes, words, curves))
        titles.append("chance" if words.name == "roc" else _base(curves))
        handles.append(Line2D([], [], **DOT))
        titles.append("where the model decides")
        label(axes, words.x, words.y)
        unit(axes)
        _remarks(axes, curves, chosen, missing)
        legend(figure, handles, titles)
        settle(figure)
    return Plot(words.name, words.title, _alt(words, curves, missing, mean), figure)


def _chosen(curves: Sequence[Curve]) -> list[Curve]:
    """All classes, or the worst and the best of many, in the order of their areas."""
    ranked = sorted(curves, key=lambda curve: curve.area)
    if len(ranked) > SERIES:
        ranked = ranked[: SERIES // 2] + ranked[-(SERIES // 2) :]
    return ranked[::-1]


def _line(axes: Axes, curve: Curve, number: int, tolerance: float) -> Line2D:
    colour = DRAWN[str(number + 1)]
    x, y = thinned(curve.x, curve.y, tolerance)
    style = DASHES[number]
    axes.plot(x, y, color=colour, linestyle=style, linewidth=1.6, zorder=2.5)
    marker = MARKERS[number]
    axes.plot(
        *[[value] for value in curve.at], marker=marker, markersize=7, zorder=4, clip_on=False,
        markerfacecolor=DRAWN["paper"], markeredgecolor=colour, markeredgewidth=1.6, linestyle="",
    )  # fmt: skip
    return Line2D(
        [], [], color=colour, linestyle=style, linewidth=1.6, marker=marker, markersize=6,
        markerfacecolor=DRAWN["paper"],
    )  # fmt: skip


def _chance(axes: Axes, words: _Words, curves: Sequence[Curve]) -> Line2D:
    base = float(np.mean([c.base for c in curves])) if curves else np.nan
    y = [0, 1] if words.name == "roc" else [base, base]
    (line,) = axes.plot([0, 1], y, color=DRAWN["soft"], linewidth=1, linestyle=(0, (2, 2)))
    return line


def _base(curves: Sequence[Curve]) -> str:
    of = "base rate" if len(curves) == 1 else "mean base rate"
    return f"{of} {three(float(np.mean([c.base for c in curves])) if curves else None)}"


def _remarks(
    axes: Axes, curves: Sequence[Curve], chosen: Sequence[Curve], missing: Sequence[str]
) -> None:
    told = []
    if len(chosen) < len(curves):
        told.append(f"drawn: the {SERIES // 2} best and the {SERIES // 2} worst of {len(curves)}")
    if missing:
        told.append(f"not defined here: {listing(missing, 2)}")
    if told:
        remark(axes, "\n".join(told))


def _alt(words: _Words, curves: Sequence[Curve], missing: Sequence[str], mean: float) -> str:
    if not curves:
        return f"{words.title}: not defined, these texts do not have two classes."
    first = curves[0]
    if len(curves) == 1:
        x, y = (three(value) for value in first.at)
        told = f"{words.area} {three(first.area)} for {short(first.name)}; the model decides at "
        told += f"{words.x} {x}, {words.y} {y}"
    else:
        worst = min(curves, key=lambda curve: curve.area)
        told = f"mean {words.area} {three(mean)} over {len(curves)} classes, lowest "
        told += f"{three(worst.area)} for {short(worst.name)}"
    base = f", base rate {three(first.base)}" if len(curves) == 1 and words.area == "AP" else ""
    left = f" Left out, without two classes: {listing(missing)}." if missing else ""
    return f"{words.title}: {told}{base}.{left}"

"""What a threshold does: ROC, precision against recall, and both against the threshold itself

All from probabilities. For more than two classes each stands against the rest.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from heedful.face.plots_colours import DRAWN, SERIES
from heedful.face.plots_frame import (
    DASHES,
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
from heedful.face.plots_names import listing, short
from heedful.face.plots_names import figure as three
from heedful.learn.metrics import decide
from heedful.records import Task

GRID = np.linspace(0, 1, 1001)


class Rival(NamedTuple):
    """One class against the rest; N rows."""

    name: str
    scores: Array  # (N,) probability of the class
    truth: Array  # (N,) bool
    decided: Array  # (N,) bool: what the model says at its thresholds


class Curve(NamedTuple):
    """A line from what was measured, its area, and where the model stands."""

    name: str
    x: Array
    y: Array
    area: float
    base: float  # share of rows that have the class
    at: tuple[float, float]


def rivals(
    probabilities: Array,
    targets: Array,
    task: Task,
    names: Sequence[str],
    thresholds: Sequence[float] | None = None,
) -> tuple[list[Rival], list[str]]:
    """Each class against the rest (binary: the second class), and the names of those left out.

    A class that no row has, or that every row has, has neither curve.

    Args:
        probabilities: (N, C), one column per class, binary tasks two.
        targets: (N,) class positions, or (N, C) zeros and ones for multi-label.
        task: binary, multi-class or multi-label.
        names: C class names.
        thresholds: one per class: the class is said where its probability is above. None: the
            highest probability, or .5 for multi-label.
    """
    positions = range(1, 2) if task == "binary" else range(len(names))
    said = decisions(probabilities, task, thresholds)
    found, missing = [], []
    for c in positions:
        truth = targets[:, c] > 0.5 if task == "multi-label" else targets == c
        if truth.any() and not truth.all():
            scores = probabilities[:, c].astype(np.float64)
            found.append(Rival(names[c], scores, truth, said[:, c]))
        else:
            missing.append(names[c])
    return found, missing


def decisions(probabilities: Array, task: Task, thresholds: Sequence[float] | None) -> Array:
    """(N, C) bool: which classes the model says."""
    if thresholds is not None and task != "multi-class":
        above: Array = probabilities > np.asarray(thresholds)
        if task == "binary":
            above[:, 0] = ~above[:, 1]
        return above
    decided = decide(probabilities, task)
    if task == "multi-label":
        return decided.astype(bool)
    said: Array = decided[:, None] == np.arange(probabilities.shape[1])
    return said


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
    across = ("false positives among the others", "true positives among the class")
    words = _Words("roc", "ROC curve", "AUC", *across)
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
    words = _Words("precision-recall", "Precision against recall", "AP", "recall", "precision")
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
        handles = [_line(axes, curve, number) for number, curve in enumerate(chosen)]
        titles = [f"{short(c.name)}: {words.area} {three(c.area)}" for c in chosen]
        if not one and curves:
            y = np.mean([level(curve) for curve in curves], axis=0)
            handles.insert(0, axes.plot(*thinned(GRID, y), color=DRAWN["ink"], linewidth=2.6)[0])
            titles.insert(0, f"mean of {len(curves)} classes: {words.area} {three(mean)}")
        handles.append(_chance(axes, words, curves))
        titles.append("chance" if words.name == "roc" else _base(curves))
        handles.append(Line2D([], [], **_DOT))  # type: ignore[arg-type]
        titles.append("where the model decides")
        label(axes, words.x, words.y)
        unit(axes)
        _remarks(axes, curves, chosen, missing)
        legend(figure, handles, titles)
        settle(figure)
    return Plot(words.name, words.title, _alt(words, curves, missing, mean), figure)


_DOT = {"marker": "o", "markersize": 8, "linestyle": "", "markerfacecolor": DRAWN["paper"],
        "markeredgecolor": DRAWN["ink"], "markeredgewidth": 1.6}  # fmt: skip


def _chosen(curves: Sequence[Curve]) -> list[Curve]:
    """All classes, or the worst and the best of many, in the order of their areas."""
    ranked = sorted(curves, key=lambda curve: curve.area)
    if len(ranked) > SERIES:
        ranked = ranked[: SERIES // 2] + ranked[-(SERIES // 2) :]
    return ranked[::-1]


def _line(axes: Axes, curve: Curve, number: int) -> Line2D:
    colour = DRAWN[str(number + 1)]
    x, y = thinned(curve.x, curve.y)
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


def threshold(
    probabilities: Array,
    targets: Array,
    task: Task,
    names: Sequence[str],
    thresholds: Sequence[float] | None = None,
) -> Plot:
    """Precision, recall and F1 against the threshold (binary; multi-label: all classes pooled).

    Arguments: see `rivals`. The classes of a multi-label task may have thresholds of their
    own: they are marked along the foot, and what the model reaches with them is not a point
    of these lines.
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
            style = {"color": DRAWN[str(number + 1)], "linestyle": DASHES[number]}
            handles += axes.plot(x, y, **style)  # type: ignore[arg-type]
            if len(chosen) == 1:
                axes.plot(chosen, here[name], **_DOT | {"markeredgecolor": style["color"]})
        handles.append(_mark(axes, chosen))
        label(axes, "threshold on the probability", "")
        unit(axes)
        marked = f"threshold {chosen[0]:.3g}" if len(chosen) == 1 else "thresholds of the classes"
        legend(figure, handles, [*rates, marked], columns=2)
        settle(figure)
    title = "Precision, recall and F1 against the threshold"
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
    style = {"color": DRAWN["soft"], "linewidth": 1}
    if len(chosen) == 1:
        return axes.axvline(chosen[0], linestyle=(0, (2, 2)), **style)  # type: ignore[arg-type]
    return axes.vlines(list(chosen), -0.02, 0.05, **style | {"linewidth": 1.4})  # type: ignore[arg-type]


def _threshold_alt(title: str, chosen: Sequence[float], here: dict[str, Array]) -> str:
    if len(chosen) > 1:
        return f"{title}; the classes have their own, from {chosen[0]:.3g} to {chosen[-1]:.3g}."
    told = ", ".join(f"{name} {three(float(values[0]))}" for name, values in here.items())
    return f"{title}: at {chosen[0]:.3g}, which is in force, {told}."

"""How scores and lengths are spread: calibration, scores by true class, lengths of texts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import LogLocator, MaxNLocator

from heedful.face.plots.colours import DRAWN, SERIES
from heedful.face.plots.frame import (
    SIZE,
    Array,
    Plot,
    label,
    legend,
    remark,
    settings,
    settle,
    sheet,
    unit,
)
from heedful.face.plots.names import count, listing, short
from heedful.face.plots.names import figure as three
from heedful.face.plots.rivals import Rival, rivals
from heedful.records import Task

_BINS = np.linspace(0, 1, 26)


def calibration(bins: Sequence[Mapping[str, Any]]) -> Plot:
    """How often the model is right against how sure it is, and below how often it is so sure.

    Args:
        bins: "low", "high" (of confidence, 0 to 1), "count", and where count > 0 the mean
            "confidence" and "accuracy" of the bin.
    """
    full = [b for b in bins if b["count"]]
    sure = np.array([b["confidence"] for b in full], np.float64)
    right = np.array([b["accuracy"] for b in full], np.float64)
    with settings():
        figure = sheet(400)
        top, foot = figure.subplots(2, 1, sharex=True, height_ratios=(3, 1))
        (ideal,) = top.plot([0, 1], [0, 1], color=DRAWN["soft"], lw=1, linestyle=(0, (2, 2)))
        gaps = top.vlines(sure, sure, right, color=DRAWN["2"], linewidth=2.5)
        (line,) = top.plot(sure, right, color=DRAWN["1"], marker="o", markersize=5)
        label(top, "", "share that is right")
        _bars(foot, bins)
        label(foot, "how sure the model is (probability)", "decisions", grid="y")
        foot.yaxis.set_major_locator(MaxNLocator(2, integer=True))
        foot.yaxis.set_major_formatter("{x:,.0f}")
        unit(top)
        legend(figure, [line, gaps, ideal], ["the model", "gap", "ideal"], columns=3)
        settle(figure)
    title = "Calibration: how often the model is right against how sure it is"
    return Plot("calibration", title, _calibration_alt(full), figure)


def _bars(axes: Axes, bins: Sequence[Mapping[str, Any]]) -> None:
    axes.bar(
        [b["low"] for b in bins], [b["count"] for b in bins],
        [b["high"] - b["low"] for b in bins], align="edge",
        facecolor=DRAWN["right"], edgecolor=DRAWN["1"], linewidth=0.8,
    )  # fmt: skip


def _calibration_alt(full: Sequence[Mapping[str, Any]]) -> str:
    total = sum(b["count"] for b in full)
    if not total:
        return "Calibration: no decision."
    error = sum(b["count"] * abs(b["accuracy"] - b["confidence"]) for b in full) / total
    worst = max(full, key=lambda b: abs(b["accuracy"] - b["confidence"]))
    return (
        f"Calibration of {count(total, 'decision')}: the mean gap between confidence and share "
        f"right is {three(error)}; it is widest where confidence is {three(worst['confidence'])} "
        f"and {three(worst['accuracy'])} are right."
    )


def lengths(tokens: Array, max_tokens: int | None) -> Plot:
    """How long texts are, in tokens, and where they are cut.

    Args:
        tokens: (N,) whole lengths.
        max_tokens: the most that is read; None: all.
    """
    tokens = np.asarray(tokens, np.int64)
    there = tokens[tokens > 0]
    middle = float(np.median(tokens)) if len(tokens) else 0.0
    wide = len(there) > 0 and bool(there.max() > 5 * np.median(there))
    with settings():
        figure = sheet(270)
        axes = figure.subplots()
        edges = _edges(there, wide)
        heights, _ = np.histogram(there, edges)
        _outline(axes, edges, heights, "1", "right")
        if wide:
            axes.set_xscale("log")
            axes.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5), numticks=12))
            axes.xaxis.set_major_formatter("{x:,.0f}")
        label(axes, "tokens" + (" (logarithmic)" if wide else ""), "texts", grid="y")
        axes.yaxis.set_major_locator(MaxNLocator(5, integer=True))
        axes.yaxis.set_major_formatter("{x:,.0f}")
        _cut(axes, tokens, max_tokens)
        settle(figure)
    title = "Lengths of the texts"
    return Plot("lengths", title, _lengths_alt(tokens, middle, max_tokens), figure)


def _edges(tokens: Array, wide: bool) -> Array:
    """Edges between whole numbers, so that every bin holds as many of them as it looks."""
    low, high = (int(tokens.min()), int(tokens.max())) if len(tokens) else (1, 1)
    step = max(1, -(-(high + 1 - low) // 40))
    even: Array = np.arange(low, high + 1 + step, step)
    places = np.floor(np.geomspace(low, high + 1, 41)) if wide else even
    return np.asarray(np.unique(places) - 0.5, np.float64)


def _outline(axes: Axes, edges: Array, heights: Array, edge: str, fill: str) -> None:
    axes.stairs(heights, edges, fill=True, facecolor=DRAWN[fill], alpha=0.7)
    axes.stairs(heights, edges, edgecolor=DRAWN[edge], linewidth=1)


def _cut(axes: Axes, tokens: Array, max_tokens: int | None) -> None:
    empty = int((tokens == 0).sum())
    told = [f"not shown: {count(empty, 'text')} without a token"] if empty else []
    if max_tokens is not None:
        axes.axvline(max_tokens + 0.5, color=DRAWN["2"], linewidth=1.8, linestyle=(0, (5, 2)))
        longer = int((tokens > max_tokens).sum())
        told.append(f"dashed: cut after {count(max_tokens, 'token')}; {count(longer, 'text')} "
                    f"({100 * longer / max(len(tokens), 1):.1f} %) longer")  # fmt: skip
    if told:
        remark(axes, "\n".join(told))


def _lengths_alt(tokens: Array, middle: float, max_tokens: int | None) -> str:
    if not len(tokens):
        return "Lengths: no text."
    told = f"Half of the {count(len(tokens), 'text')} have at most {middle:,.0f} tokens, "
    told += f"the longest has {int(tokens.max()):,}"
    if max_tokens is None:
        return told + "; all are read whole."
    share = float((tokens > max_tokens).mean())
    return told + f"; {100 * share:.1f} % are cut after {max_tokens:,}."


def scores(
    probabilities: Array,
    targets: Array,
    task: Task,
    names: Sequence[str],
    thresholds: Sequence[float] | None = None,
) -> Plot:
    """How the probability of a class is spread among texts with it and without it.

    One panel for a binary task (the second class), else one for each of at most six classes,
    the most frequent. Arguments: see `plots_rivals.rivals`.
    """
    found, missing = rivals(probabilities, targets, task, names, thresholds)
    frequent = sorted(found, key=lambda rival: -int(rival.truth.sum()))[:SERIES]
    shown = [rival for rival in found if any(rival is other for other in frequent)]
    marks = _marks(task, names, thresholds)
    columns = 1 if len(shown) < 2 else 2
    rows = max(1, -(-len(shown) // columns))
    with settings():
        figure = sheet(280 if columns == 1 else rows * 125 + 70)
        grid = figure.subplots(rows, columns, sharex=True, squeeze=False).ravel()
        handles = [_spread(axes, r, marks[r.name]) for axes, r in zip(grid, shown, strict=False)]
        for axes in grid[len(shown) :]:
            axes.set_visible(False)
        if task == "binary":
            grid[0].set_title("", loc="left")
        whose = f"class {short(names[1])}" if task == "binary" else "the class"
        for axes in grid[-columns:]:
            axes.set_xlabel(f"probability of {whose}")
        side = "true class" if task == "binary" else "kind"
        figure.supylabel(f"share of the texts of a {side}", fontsize=SIZE)
        if handles:
            legend(figure, handles[0], _sides(task, names), columns=2)
        settle(figure)
    return Plot("scores", "Scores by true class", _scores_alt(found, shown, missing), figure)


def _marks(
    task: Task, names: Sequence[str], thresholds: Sequence[float] | None
) -> dict[str, float | None]:
    """Class to its threshold; where the highest probability decides there is none."""
    if task == "multi-class":
        return dict.fromkeys(names)
    return dict(zip(names, thresholds or [0.5] * len(names), strict=True))


def _sides(task: Task, names: Sequence[str]) -> list[str]:
    if task == "binary":
        return [f"true class {short(names[1])}", f"true class {short(names[0])}"]
    return ["texts of the class", "other texts"]


def _spread(axes: Axes, rival: Rival, mark: float | None) -> list[Any]:
    """Texts with the class filled, the others hatched: told apart without colour."""
    handles = []
    for truth, edge, hatch in ((rival.truth, "1", None), (~rival.truth, "2", "////")):
        heights, _ = np.histogram(rival.scores[truth].clip(0, 1), _BINS)
        style: dict[str, Any] = {"hatch": hatch, "edgecolor": DRAWN[edge], "linewidth": 1}
        fill = DRAWN["right"] if hatch is None else "none"
        handles.append(
            axes.stairs(heights / max(truth.sum(), 1), _BINS, fill=True, facecolor=fill, **style)
        )
    if mark is not None:
        axes.axvline(mark, color=DRAWN["soft"], linewidth=1, linestyle=(0, (2, 2)))
    axes.set_xlim(-0.02, 1.02)
    axes.set_xticks([0, 0.25, 0.5, 0.75, 1], ["0", ".25", ".5", ".75", "1"])
    axes.yaxis.set_major_locator(MaxNLocator(3))
    axes.yaxis.set_major_formatter(lambda value, _: f"{100 * value:.0f} %")
    axes.grid(visible=True, axis="y")
    axes.set_title(short(rival.name), loc="left")
    return handles


def _scores_alt(found: Sequence[Rival], shown: Sequence[Rival], missing: Sequence[str]) -> str:
    if not found:
        return "Scores by true class: not drawn, these texts do not have two classes."
    first = shown[0]
    with_it, without = (float(np.median(first.scores[t])) for t in (first.truth, ~first.truth))
    told = (
        f"Scores by true class: the median probability of {short(first.name)} is "
        f"{three(with_it)} for texts of that class and {three(without)} for the others."
    )
    if len(shown) < len(found):
        told += f" The {len(shown)} most frequent of {len(found)} classes are shown."
    return told + (f" Left out, without two classes: {listing(missing)}." if missing else "")

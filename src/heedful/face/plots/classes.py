"""Class by class: which is taken for which, and how well each is found."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import PathPatch
from matplotlib.path import Path

from heedful.face.plots.colours import DRAWN
from heedful.face.plots.frame import (
    MARKERS,
    SIZE,
    WIDTH,
    Array,
    Plot,
    label,
    legend,
    remark,
    settings,
    settle,
    sheet,
)
from heedful.face.plots.names import figure as three
from heedful.face.plots.names import short
from heedful.face.plots.root import SMALL

MOST = 40
"""Classes in one picture; beyond that it shows those that say most."""
ROOMY = 14
"""Classes whose cells have room for counts."""
_STEPS = 10
_TOLD = 0.045  # the least share that is written into a small cell


def confusion(matrix: Sequence[Sequence[int]], names: Sequence[str]) -> Plot:
    """Counts, and shares of each true class, by true (down) and predicted class (across).

    Right decisions are blue, wrong ones orange, the stronger the larger their share of the
    row. Beyond `ROOMY` classes shade follows its square root, so that small shares show, a cell
    holds its share in per cent from 5 %, and those below 1 % stay blank. Of more than `MOST`
    classes those with the most mistakes are shown; shares stay shares of all texts of the class.

    Args:
        matrix: rows are true classes, columns predicted ones.
        names: of the classes, in the order of both.
    """
    whole = np.asarray(matrix, np.int64).reshape(len(names), len(names))
    places = _most_confused(whole) if len(names) > MOST else np.arange(len(names))
    of = whole.sum(axis=1, keepdims=True)
    shares = (whole / np.maximum(of, 1))[np.ix_(places, places)]
    shown = whole[np.ix_(places, places)]
    titles = [short(names[int(i)], 14) for i in places]
    with settings():
        figure = sheet(*_size(len(places)))
        axes = figure.subplots()
        _shade(axes, shares)
        _numbers(axes, shown, shares)
        _class_axes(axes, titles)
        _confusion_remark(axes, len(places), len(names))
        settle(figure)
    title = "Confusion: true class by predicted class"
    return Plot("confusion", title, _confusion_alt(title, whole, names, len(places)), figure)


def _most_confused(matrix: Array) -> Array:
    """The classes with the most mistakes as true or as predicted class, in class order."""
    wrong = matrix - np.diag(np.diag(matrix))
    ranked = np.argsort(-(wrong.sum(axis=0) + wrong.sum(axis=1)), kind="stable")
    return np.sort(ranked[:MOST])


def _size(classes: int) -> tuple[float, float]:
    """Height and width: cells stay large enough for their numbers, or at least to be seen."""
    cell = 44 if classes <= 7 else 32 if classes <= ROOMY else 15
    side = max(classes * cell, 150) + 100
    return side, max(side, WIDTH)


def _shade(axes: Axes, shares: Array) -> None:
    """All cells of one step and kind are one path: a hundred cells cost little."""
    strength = np.sqrt(_visible(shares)) if len(shares) > ROOMY else shares
    steps = np.ceil(strength * _STEPS - 1e-9).astype(int)
    right = np.eye(len(shares), dtype=bool)
    for role, cells in (("right", right), ("wrong", ~right)):
        for step in range(1, _STEPS + 1):
            squares = list(_runs(cells & (steps == step)))
            if squares:
                path = Path.make_compound_path(*squares)
                colour = DRAWN[role]
                axes.add_patch(PathPatch(path, facecolor=colour, alpha=step / _STEPS, linewidth=0))


def _runs(cells: Array) -> Iterator[Path]:
    """True cells as rectangles; neighbours in a row are one."""
    edges = np.diff(cells.astype(np.int8), axis=1, prepend=0, append=0)
    for (y, first), (_, after) in zip(np.argwhere(edges > 0), np.argwhere(edges < 0), strict=True):
        left, right, top, foot = first - 0.5, after - 0.5, y - 0.5, y + 0.5
        corners = [(left, top), (right, top), (right, foot), (left, foot), (left, top)]
        yield Path(corners, closed=True)


def _numbers(axes: Axes, counts: Array, shares: Array) -> None:
    """Count and share while both fit, then the count alone, then the share alone."""
    if len(counts) > ROOMY:
        for row, column in np.argwhere(shares >= _TOLD):
            percent = f"{100 * shares[row, column]:.0f}"
            axes.text(column, row, percent, ha="center", va="center_baseline", fontsize=8)
        return
    for (row, column), count in np.ndenumerate(counts):
        if not count and len(counts) > 3:
            continue
        both = len(counts) <= 7
        size, place = (SIZE, "bottom") if both else (SMALL - 1, "center")
        axes.text(column, row, f"{count:,}", ha="center", va=place, fontsize=size)
        if both:
            share = _share(float(shares[row, column]))
            axes.text(column, row + 0.04, share, ha="center", va="top", fontsize=SMALL - 1)


def _visible(shares: Array) -> Array:
    """Shares that have a cell: all of a small matrix, of a large one what rounds to 1 %."""
    least = 0.005 if len(shares) > ROOMY else 0.0
    return np.where(shares >= least, shares, 0.0)


def _confusion_remark(axes: Axes, shown: int, of: int) -> None:
    told = []
    if shown < of:
        told.append(f"the {shown} of {of} classes with the most mistakes")
    if shown > ROOMY:
        told.append("per cent of the true class from 5; blank: below 1")
    if shown <= ROOMY:
        what = "per cent and shade" if shown <= 7 else "shade"
        told = [f"{what}: share of the texts of the true class", "blue: right, orange: wrong"]
    remark(axes, "\n".join(told))


def _share(value: float) -> str:
    percent = 100 * value
    return "<1 %" if 0 < percent < 0.5 else f"{percent:.0f} %"


def _class_axes(axes: Axes, titles: Sequence[str]) -> None:
    classes = len(titles)
    upright = classes > 3
    axes.set_xlim(-0.5, classes - 0.5)
    axes.set_ylim(classes - 0.5, -0.5)
    axes.set_aspect("equal" if classes > 3 else "auto")
    axes.set_xticks(range(classes), titles)
    if upright:  # held at its end, whatever the width of the reader's font
        for text in axes.get_xticklabels():
            text.set(rotation=90, ha="right", va="center", rotation_mode="anchor")
    axes.set_yticks(range(classes), titles)
    lines = np.arange(0, classes + 1, 1 if classes <= ROOMY else 5) - 0.5
    axes.set_xticks(lines, minor=True)
    axes.set_yticks(lines, minor=True)
    axes.grid(visible=True, which="minor")
    axes.set_axisbelow(False)
    axes.set_xlabel("predicted class")
    axes.set_ylabel("true class")
    for side in axes.spines.values():
        side.set_visible(False)


def _confusion_alt(title: str, matrix: Array, names: Sequence[str], shown: int) -> str:
    total, right = int(matrix.sum()), int(np.trace(matrix))
    told = f"{right:,} of {total:,} texts on the diagonal"
    wrong = matrix - np.diag(np.diag(matrix))
    if wrong.any():
        row, column = divmod(int(wrong.argmax()), len(wrong))
        told += (
            f"; the most frequent mistake is {short(names[row])} taken for "
            f"{short(names[column])}, {wrong[row, column]:,} times"
        )
    part = f" {shown} of {len(names)} classes are shown." if shown < len(names) else ""
    return f"{title}: {told}.{part}"


def per_class(record: Mapping[str, Mapping[str, Any]]) -> Plot:
    """F1, precision and recall of every class, best first; the number of texts at the right.

    Args:
        record: class name to "precision", "recall", "f1" (None or NaN where not defined) and
            "support". Of more than `MOST` classes the worst are shown.
    """
    ranked = sorted(record, key=lambda name: (-_value(record[name], "f1"), name))
    shown = ranked[-MOST:]
    y = np.arange(len(shown))
    with settings():
        figure = sheet(15 * len(shown) + 90)
        axes = figure.subplots()
        handles = _dots(axes, [record[name] for name in shown], y)
        axes.set_yticks(y, [short(name) for name in shown])
        axes.set_ylim(len(shown) - 0.4, -0.6)
        axes.set_xlim(-0.02, 1.02)
        axes.set_xticks([0, 0.25, 0.5, 0.75, 1], ["0", ".25", ".5", ".75", "1"])
        label(axes, "", "")
        _support(axes, [record[name] for name in shown])
        if len(shown) < len(ranked):
            remark(axes, f"the {len(shown)} of {len(ranked)} classes with the lowest F1")
        legend(figure, handles, ["F1", "precision", "recall"], columns=3)
        settle(figure)
    return Plot(
        "per-class", "F1, precision and recall by class", _class_alt(record, ranked), figure
    )


def _value(figures: Mapping[str, Any], name: str) -> float:
    """A figure for ranking; what is not defined comes last."""
    value = figures.get(name)
    return -1.0 if value is None or value != value else float(value)


def _dots(axes: Axes, figures: Sequence[Mapping[str, Any]], y: Array) -> list[Any]:
    values = {
        name: np.array([np.nan if _value(f, name) < 0 else _value(f, name) for f in figures])
        for name in ("precision", "recall", "f1")
    }
    axes.hlines(y, np.fmin(values["precision"], values["recall"]),
                np.fmax(values["precision"], values["recall"]),
                color=DRAWN["soft"], linewidth=1)  # fmt: skip
    handles = []
    for number, (name, size) in enumerate((("f1", 6.5), ("precision", 5), ("recall", 5.5))):
        fill = DRAWN["1"] if name == "f1" else DRAWN["paper"]
        handles += axes.plot(
            values[name], y, linestyle="", marker=MARKERS[number], markersize=size,
            markerfacecolor=fill, markeredgecolor=DRAWN[str(number + 1)], clip_on=False,
            zorder=4 - number * 0.1,
        )  # fmt: skip
    return handles


def _support(axes: Axes, figures: Sequence[Mapping[str, Any]]) -> None:
    """How many texts have the class, on an axis at the right."""
    right = axes.secondary_yaxis("right")
    right.set_yticks(range(len(figures)), [f"{int(f.get('support') or 0):,}" for f in figures])
    right.spines["right"].set_visible(False)
    right.tick_params(right=False, labelcolor=DRAWN["soft"])
    right.set_ylabel("texts", color=DRAWN["soft"])


def _class_alt(record: Mapping[str, Mapping[str, Any]], ranked: Sequence[str]) -> str:
    def told(name: str) -> str:
        return f"{short(name)} {three(record[name].get('f1'))}"

    if not ranked:
        return "F1, precision and recall by class: there is no class."
    best, worst = told(ranked[0]), told(ranked[-1])
    return f"F1 of {len(ranked)} classes: highest {best}, lowest {worst}."

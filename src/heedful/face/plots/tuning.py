"""How a search for settings went: every trial, what mattered, and which values were good."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from heedful.face.plots.colours import DRAWN
from heedful.face.plots.frame import MARKERS, WIDTH, Plot, label, legend, settings, settle, sheet
from heedful.face.plots.names import short
from heedful.learn.tune.rows import Row, signed, value_text
from heedful.learn.tune.tuned import Tuned

_STATES = (("complete", "judged by all folds", "1"), ("given up", "given up early", "2"))
_BARS = 10
_SLICES = 4
_ROW = 120.0


def tuning_plots(tuned: Tuned) -> list[Plot]:
    """The pictures that make sense for a search."""
    compared = [row for row in tuned.rows if row.gain is not None]
    plots = [history(tuned)]
    if tuned.importance:
        plots.append(importance(tuned))
    if len(compared) >= 4:
        plots.append(slices(tuned))
    return plots


def history(tuned: Tuned) -> Plot:
    """Each trial against the default on the same texts, and the best so far."""
    rows = [row for row in tuned.rows if row.gain is not None]
    title = f"Every trial against {tuned.preset}, on the same texts"
    with settings():
        figure = sheet(300)
        axes = figure.subplots()
        handles, names = [axes.axhline(0, color=DRAWN["ink"], linewidth=1.2)], [tuned.preset]
        for marker, (state, spelt, colour) in zip(MARKERS, _STATES, strict=False):
            found = [row for row in rows if row.state == state]
            if found:
                handles.append(_marked(axes, found, marker, colour))
                names.append(spelt)
        complete = [row for row in rows if row.state == "complete"]
        if complete:
            handles.append(_best(axes, complete, max(row.number for row in tuned.rows)))
            names.append("best so far")
        label(axes, "trial", _unit(tuned), "y")
        axes.xaxis.set_major_locator(MaxNLocator(6, integer=True))
        legend(figure, handles, names, columns=2)
        settle(figure)
    return Plot("history", title, _told(title, tuned, rows), figure)


def _unit(tuned: Tuned) -> str:
    return f"gain in {tuned.metric}" + (" (nats saved a text)" if tuned.metric == "loss" else "")


def _marked(axes: Axes, rows: Sequence[Row], marker: str, colour: str) -> Any:
    """Gains with one standard error to either side."""
    gains = [row.gain for row in rows if row.gain is not None]
    errors = [0.0 if math.isnan(gain.error) else gain.error for gain in gains]
    return axes.errorbar(
        [row.number for row in rows], [gain.mean for gain in gains], yerr=errors, fmt=marker,
        color=DRAWN[colour], markersize=4.5, elinewidth=0.8,
    )  # fmt: skip


def _best(axes: Axes, complete: Sequence[Row], last: int) -> Any:
    means = [row.gain.mean for row in complete if row.gain is not None]
    x, y = [0, *(row.number for row in complete), last], [0.0, *means]
    steps = np.maximum.accumulate([*y, y[-1]])
    (line,) = axes.step(x, steps, where="post", color=DRAWN["3"], linewidth=1.6)
    return line


def _told(title: str, tuned: Tuned, rows: Sequence[Row]) -> str:
    gains = {row.number: row.gain.mean for row in rows if row.gain is not None}
    if not gains:
        return f"{title}: it alone was judged."
    best = tuned.searched
    won = f"; the winner, trial {tuned.winner.number}, gains {signed(best.mean)}" if best else ""
    return f"{title}: {len(gains)} trials{won}."


def importance(tuned: Tuned) -> Plot:
    """Shares of the settings that mattered most."""
    shares = list(tuned.importance.items())[:_BARS][::-1]
    title = "What mattered: importance of settings"
    with settings():
        figure = sheet(60 + 22 * len(shares))
        axes = figure.subplots()
        places = np.arange(len(shares))
        axes.barh(places, [share for _, share in shares], height=0.62, color=DRAWN["1"])
        axes.set_yticks(places, [short(name, 26) for name, _ in shares])
        label(axes, "share (PED-ANOVA)", "", "x")
        axes.set_xlim(left=0)
        settle(figure)
    told = ", ".join(f"{name} {share:.2f}" for name, share in reversed(shares))
    return Plot("importance", title, f"{title}: {told}.", figure)


def slices(tuned: Tuned) -> Plot:
    """Gain by value of the settings that matter most, or that were tried most often."""
    names = _interesting(tuned)
    title = "Gain by value of single settings"
    with settings():
        figure = sheet(_ROW * math.ceil(len(names) / 2) + 20, WIDTH)
        grid = figure.subplots(math.ceil(len(names) / 2), 2, sharey=True, squeeze=False).ravel()
        for axes, name in zip(grid, names, strict=False):
            _slice(axes, tuned, name)
        for axes in grid[len(names) :]:
            axes.set_visible(False)
        settle(figure)
    return Plot("slices", title, f"{title}, other settings not alike: {', '.join(names)}.", figure)


def _interesting(tuned: Tuned) -> list[str]:
    tried: dict[str, int] = {}
    for row in tuned.rows:
        for name in row.changed:
            tried[name] = tried.get(name, 0) + 1
    by_trials = sorted(tried, key=lambda name: -tried[name])
    return list(dict.fromkeys([*tuned.importance, *by_trials]))[:_SLICES]


def _slice(axes: Axes, tuned: Tuned, name: str) -> None:
    pairs = [
        (row.changed[name], row.gain.mean)
        for row in tuned.rows
        if name in row.changed and row.gain is not None
    ]
    values = [value for value, _ in pairs]
    if any(isinstance(value, str | bool) for value in values):
        known = sorted({value_text(value) for value in values})
        x: list[float] = [known.index(value_text(value)) for value in values]
        axes.set_xticks(range(len(known)), [short(k, 9) for k in known])
        axes.set_xlim(-0.5, len(known) - 0.5)
    else:
        x = [float(value) for value in values]
        axes.xaxis.set_major_locator(MaxNLocator(4))
    axes.axhline(0, color=DRAWN["ink"], linewidth=1.0)
    axes.plot(x, [gain for _, gain in pairs], "o", color=DRAWN["1"], markersize=4)
    axes.set_title(short(name, 26), loc="left")
    axes.grid(visible=True, axis="y")

"""How training went: the curve of every figure in history.jsonl, training beside validation."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import FixedLocator, MaxNLocator

from heedful.face.plots.colours import DRAWN
from heedful.face.plots.frame import DASHES, WIDTH, Array, Plot, legend, settings, settle, sheet
from heedful.face.plots.names import figure as three
from heedful.learn.measures import COUNTS
from heedful.learn.metrics import NAMES

History = Sequence[Mapping[str, Any]]

_SPELT = {
    "loss": "loss (nats)",
    "auc": "AUC",
    "f1": "F1",
    "f1_micro": "F1 (micro)",
    "tp": "true positives",
    "fp": "false positives",
    "tn": "true negatives",
    "fn": "false negatives",
}
_ROW = 104.0
_PARTS = (("train", "training", "1"), ("valid", "validation", "2"))


def curves(history: History, best_epoch: int) -> Plot:
    """Every figure of merit by epoch; a line stands at the epoch that was kept.

    Args:
        history: the lines of history.jsonl; "train" and "valid" map figure to value. A value
            that is missing, None or NaN leaves a gap.
        best_epoch: number of the epoch whose weights were kept.
    """
    names = [name for name in _names(history) if name not in COUNTS]
    title = "Training: every figure by epoch"
    return _panels("curves", title, history, best_epoch, names)


def counts(history: History, best_epoch: int) -> Plot:
    """Right and wrong decisions by epoch, as shares: training has more texts than validation."""
    names = [name for name in _names(history) if name in COUNTS]
    title = "Training: right and wrong decisions by epoch, as shares"
    return _panels("counts", title, _shares(history), best_epoch, names)


def _names(history: History) -> list[str]:
    """All that is measured: the known figures in their order, then any other."""
    found = [name for epoch in history for part, _, _ in _PARTS for name in epoch.get(part) or {}]
    known = [name for name in (*NAMES, "f1_micro") if name in found]
    return list(dict.fromkeys(known + found))


def _shares(history: History) -> list[dict[str, Any]]:
    def share(values: Mapping[str, Any]) -> dict[str, float]:
        numbers = {name: _number(values.get(name)) for name in COUNTS if name in values}
        total = sum(numbers.values())
        return {name: value / total if total else math.nan for name, value in numbers.items()}

    return [
        {"epoch": epoch["epoch"]} | {part: share(epoch.get(part) or {}) for part, _, _ in _PARTS}
        for epoch in history
    ]


def _number(value: Any) -> float:
    return math.nan if value is None else float(value)


def _panels(name: str, title: str, history: History, best_epoch: int, names: Sequence[str]) -> Plot:
    rows = max(1, math.ceil(len(names) / 2))
    epochs = np.array([epoch["epoch"] for epoch in history], np.float64)
    handles: dict[str, Any] = {}
    with settings():
        figure = sheet(rows * _ROW + 44, WIDTH)
        grid = figure.subplots(rows, 2, sharex=True, squeeze=False).ravel()
        for axes, metric in zip(grid, names, strict=False):
            handles |= _panel(axes, metric, history, best_epoch)
        for axes in grid[len(names) :]:
            axes.set_visible(False)
        for axes in grid[-2:]:
            axes.set_xlabel("epoch")
        if len(epochs):
            _epoch_axis(grid[0], epochs)
        legend(figure, list(handles.values()), list(handles), columns=2)
        settle(figure)
    return Plot(name, title, _alt(title, history, best_epoch, names), figure)


def _panel(axes: Axes, metric: str, history: History, best_epoch: int) -> dict[str, Any]:
    """One figure of merit; its value at the kept epoch stands above the panel."""
    epochs = np.array([epoch["epoch"] for epoch in history], np.float64)
    handles: dict[str, Any] = {}
    kept = axes.axvline(best_epoch, color=DRAWN["ink"], linewidth=1.4, linestyle=(0, (2, 2)))
    for number, (part, spelt, colour) in enumerate(_PARTS):
        values = _values(history, part, metric)
        if np.isnan(values).all():
            continue
        # A point alone between gaps has no line to be seen by, hence markers while few.
        marker = "os"[number] if len(epochs) <= 30 or _lonely(values) else ""
        (handles[spelt],) = axes.plot(
            epochs, values, color=DRAWN[colour], linestyle=DASHES[number], marker=marker,
            markersize=3.5, linewidth=1.6,
        )  # fmt: skip
    axes.set_title(_SPELT.get(metric, metric.replace("_", " ")), loc="left")
    own = three(_at(history, best_epoch, metric))
    axes.set_title(own, loc="right", color=DRAWN["ink"], fontweight="bold")
    axes.yaxis.set_major_locator(MaxNLocator(3, min_n_ticks=2))
    axes.grid(visible=True)
    axes.margins(y=0.12)
    part = "validation" if "validation" in handles else "training"
    return handles | {f"kept epoch ({best_epoch}), its {part} in bold": kept}


def _values(history: History, part: str, metric: str) -> Array:
    return np.array([_number((epoch.get(part) or {}).get(metric)) for epoch in history])


def _lonely(values: Array) -> bool:
    """Whether a value stands between gaps."""
    gap = np.isnan(np.concatenate([[np.nan], values, [np.nan]]))
    return bool((~gap[1:-1] & gap[:-2] & gap[2:]).any())


def _at(history: History, epoch: int, metric: str) -> float:
    """The validation figure of an epoch, or the training one where nothing was validated."""
    for line in history:
        if line["epoch"] == epoch:
            part = line.get("valid") or line.get("train") or {}
            return _number(part.get(metric))
    return math.nan


def _epoch_axis(axes: Axes, epochs: Array) -> None:
    low, high = float(epochs.min()), float(epochs.max())
    axes.set_xlim(low - min(0.6, 0.1 * (high - low) + 0.2), high + 0.04 * (high - low) + 0.2)
    if high - low < 6:
        axes.xaxis.set_major_locator(FixedLocator(list(epochs)))
    else:
        axes.xaxis.set_major_locator(MaxNLocator(5, integer=True))


def _alt(title: str, history: History, best_epoch: int, names: Sequence[str]) -> str:
    validated = any(epoch.get("valid") for epoch in history)
    of = "validation" if validated else "training"
    told = ", ".join(f"{n.replace('_', ' ')} {three(_at(history, best_epoch, n))}" for n in names)
    plural = "epoch" if len(history) == 1 else "epochs"
    return f"{title}: {len(history)} {plural}, kept epoch {best_epoch} with {of} {told}."

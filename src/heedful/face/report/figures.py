"""The tables of figures: the network beside its controls, by class, by length of text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from heedful.face.report.data import Report, items, part
from heedful.face.report.head import figures_of
from heedful.face.report.metrics import Metric, f1_name, metrics_of
from heedful.face.report.numbers import THIN, count, finite, number, share
from heedful.face.report.table import Cell, Table, barred, counted, spelt, text

CONFUSED = 10
"""Pairs of classes in the table of confusions."""


def figures(report: Report) -> dict[str, Any]:
    """The tables of the page's second part; None in the place of what is not there."""
    record = report.shown
    f1 = f1_name(report.task, report.classes)
    return {
        "side_by_side": _side_by_side(report),
        "per_class": _per_class(report, part(record, "per_class")),
        "averages": _averages(part(record, "averages")),
        "confused": _confused(record.get("confusion"), report.classes),
        "slices": [
            table
            for key, name in SLICES.items()
            if (table := _slice(items(part(record, "slices"), key), name, f1))
        ],
    }


SLICES = {
    "length": ("length of the text", "tokens"),
    "unknown": ("share of words that the vocabulary does not hold", "unknown words"),
}
"""The key of a slice to what it is by, and the heading of its column."""


def _side_by_side(report: Report) -> Table:
    own, record = figures_of(report), report.shown
    controls = {"linear baseline": "baseline", "uniform attention": "uniform"}
    columns = [own] + [part(record, key) for key in controls.values() if part(record, key)]
    names = [name for name, key in controls.items() if part(record, key)]
    known = [m for m in metrics_of(report.task, report.classes) if _given(m, columns)]
    rows = [[_defined(metric)] + [_value(metric, column) for column in columns] for metric in known]
    known_bounds = any(part(column, "intervals") for column in columns)
    what = "Validation figures" if report.record is None else "Figures"
    caption = f"{what} with their 95 % intervals" if known_bounds else what
    return Table(caption, ["", "network", *names], rows)


def _given(metric: Metric, columns: Sequence[Mapping[str, Any]]) -> bool:
    return any(metric.key in column for column in columns)


def _defined(metric: Metric) -> Cell:
    arrow, better = ("↑", "Higher") if metric.better == "higher" else ("↓", "Lower")
    return Cell(f"{metric.name}\u00a0{arrow}", more=f"{metric.means} {better} is better.")


def _value(metric: Metric, column: Mapping[str, Any]) -> Cell:
    bounds = part(column, "intervals").get(metric.key)
    return spelt(column.get(metric.key), metric.spell, bounds)


def _per_class(report: Report, per_class: Mapping[str, Any]) -> Table | None:
    if not per_class:
        return None
    names = [name for name in report.classes if name in per_class]
    rows = [_class_row(name, part(per_class, name)) for name in names]
    head = ["class", "texts", "predicted", "precision", "recall", "F1", "AUC", "avg. prec."]
    return Table("Each class against the rest", head, rows, sortable=True)


def _class_row(name: str, values: Mapping[str, Any]) -> list[Cell]:
    shares = [spelt(values.get(key), share) for key in ("precision", "recall")]
    ranked = [spelt(values.get(key), number) for key in ("auc", "average_precision")]
    counts = [counted(values.get(key)) for key in ("support", "predicted")]
    return [text(name), *counts, *shares, barred(values.get("f1")), *ranked]


MEANS = {
    "macro": "macro: every class counts alike",
    "micro": "micro: every decision counts alike",
    "weighted": "weighted: every class by its texts",
}


def _averages(averages: Mapping[str, Any]) -> Table | None:
    rows = [
        [text(MEANS.get(name, name))]
        + [spelt(part(averages, name).get(key), share) for key in ("precision", "recall", "f1")]
        for name in averages
    ]
    return (
        Table("Averages over the classes", ["", "precision", "recall", "F1"], rows)
        if rows
        else None
    )


def _confused(confusion: Any, classes: Sequence[str]) -> Table | None:
    """The most frequent mistakes: which class was taken for which."""
    if not isinstance(confusion, list) or len(classes) < 3:
        return None
    cells = [
        (finite(value) or 0, true, guess, sum(finite(x) or 0 for x in row))
        for true, row in enumerate(confusion)
        for guess, value in enumerate(row)
        if true != guess and finite(value)
    ]
    cells.sort(key=lambda cell: (-cell[0], cell[1], cell[2]))
    rows = [
        [text(classes[true]), text(classes[guess]), text(f"{count(n)} of {count(total)}")]
        for n, true, guess, total in cells[:CONFUSED]
    ]
    head = ["labelled", "taken for", "texts"]
    return Table("Most frequent confusions", head, rows, texts=True) if rows else None


def _slice(values: Sequence[Any], name: tuple[str, str], f1: str) -> Table | None:
    rows = [
        [
            text(str(value.get("name", "")).replace(" %", f"{THIN}%")),
            counted(value.get("rows")),
            barred(value.get("accuracy"), value.get("interval")),
            spelt(value.get("f1"), share),
        ]
        for value in values
        if isinstance(value, Mapping)
    ]
    head = [name[1], "texts", "accuracy", f1]
    return Table(f"Results by {name[0]}", head, rows) if rows else None

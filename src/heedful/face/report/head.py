"""The head of a report: what was measured on what, the main figures, the main comparisons."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from heedful.face.report.data import Report, items, part
from heedful.face.report.metrics import f1_name
from heedful.face.report.numbers import MISSING, count, finite, interval, plural, points, share


class Figure(NamedTuple):
    """A large figure: its name, its value and its interval."""

    name: str
    value: str
    note: str


def head(report: Report) -> dict[str, Any]:
    """What the head of the page shows."""
    return {
        "measured": _measured(report),
        "big": _big(report),
        "sentences": _sentences(report),
        "who": _who(report),
    }


def figures_of(report: Report) -> Mapping[str, Any]:
    """The figures shown: of the evaluation, else of the validation data, as far as stored."""
    if report.record is None and report.validation is None:
        return part(report.metrics, "validation")
    return report.shown


def _measured(report: Report) -> str:
    record = report.record
    if record is None:
        rows = plural(part(report.config, "data").get("valid_rows"), "text")
        return f"Measured on {rows} held out for validation, which also decided when to stop."
    bad = record.get("bad_rows")
    left = f" ({plural(bad, 'row')} could not be used)" if finite(bad) else ""
    date = f", {record['date']}" if record.get("date") else ""
    return (
        f"Measured on {plural(record.get('rows'), 'text')} of {files(record, 'data')}{left}{date}."
    )


def _big(report: Report) -> list[Figure]:
    values = figures_of(report)
    f1 = f1_name(report.task, report.classes)
    all_right = "Accuracy: all labels right" if report.task == "multi-label" else "Accuracy"
    found = [("accuracy", all_right), ("f1", f1)]
    return [Figure(name, share(values.get(key)), _interval(values, key)) for key, name in found]


def _interval(values: Mapping[str, Any], key: str) -> str:
    between = interval(part(values, "intervals").get(key), share)
    return f"95 % interval {between}" if between else ""


def _sentences(report: Report) -> list[str]:
    """How the network stands against the two controls, or why that is not known."""
    record = report.shown
    if report.record is None and not record:
        return []
    found = [
        _against(record, "baseline", "The linear baseline", "a linear model was not measured here")
    ]
    if part(report.config, "model").get("encoder") == "none":
        return found
    missing = "uniform attention was not measured here"
    return [*found, _against(record, "uniform", "Uniform attention", missing)]


def _against(record: Mapping[str, Any], key: str, name: str, missing: str) -> str:
    other = part(record, key)
    if not other:
        return f"No comparison: {missing}."
    if other.get("sentence"):
        return str(other["sentence"])
    mine, theirs = finite(record.get("accuracy")), finite(other.get("accuracy"))
    if mine is None or theirs is None:
        return f"{name}: accuracy {share(theirs)}."
    if key == "uniform":
        return _without_attention(mine, theirs)
    side = "below" if theirs < mine else "above"
    return f"{name} gets {share(theirs)}, {points(mine - theirs)} {side} the network."


def _without_attention(mine: float, theirs: float) -> str:
    start = f"With every word weighted alike (uniform attention) accuracy is {share(theirs)}"
    if abs(mine - theirs) < 0.0005:
        return f"{start}, the same: what was learned about where to look does not show here."
    if theirs > mine:
        return f"{start}, {points(mine - theirs)} more: where to look was learned to no avail."
    return f"{start}, {points(mine - theirs)} less: that is what learning where to look is worth."


def _who(report: Report) -> list[tuple[str, str]]:
    config, data = report.config, part(report.config, "data")
    kind = report.task or MISSING
    return [
        ("network", _network(config)),
        ("preset", str(config.get("preset", MISSING))),
        ("task", f"{kind}, {len(report.classes)} classes"),
        ("trained on", f"{count(data.get('train_rows'))} texts of {files(data, 'files')}"),
    ]


def _network(config: Mapping[str, Any]) -> str:
    """What decides: encoder and attention, n-gram evidence, or both."""
    model, parts = part(config, "model"), []
    if model.get("encoder") != "none":
        parts = [f"{_named(model, 'encoder')} encoder × {_named(model, 'attention')} attention"]
    orders = finite(part(config, "evidence").get("orders"))
    if orders:
        parts.append(f"n-grams of up to {plural(orders, 'word')}")
    return " + ".join(parts)


def _named(values: Mapping[str, Any], key: str) -> str:
    return str(values.get(key, MISSING))


def files(values: Mapping[str, Any], key: str) -> str:
    """The names of files, `a.csv, b.csv and 3 more`."""
    names = [str(name) for name in items(values, key)]
    if not names:
        return "unnamed data"
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    return ", ".join(names[:3]) + more

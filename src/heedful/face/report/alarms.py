"""What makes every figure of a report doubtful, said before any of them: leaks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from heedful.face.report.data import Report, items, part
from heedful.face.report.numbers import count, finite, interval, share
from heedful.face.report.table import Cell, Table, text


class Alarm(NamedTuple):
    """A warning: its line, what follows from it, and where to look."""

    line: str
    details: Sequence[str]
    pairs: Sequence[Table] = ()


def alarms(report: Report) -> list[Alarm]:
    """The warnings that come before the figures; none where nothing was found."""
    record = report.record
    if record is None:
        rows = part(report.config, "data").get("valid_rows")
        return _leaks(items(report.checks, "leaks"), rows, {})
    trained = part(report.config, "data").get("fingerprint")
    same = bool(trained) and record.get("fingerprint") == trained
    found = [Alarm(_SAME, [_SAME_DETAIL])] if same else []
    leaks = items(part(record, "checks"), "leaks")
    return found + _leaks(leaks, record.get("rows"), part(record, "without_leaks"))


_SAME = (
    "These are the very texts the model was trained on: every figure below only says how well "
    "it remembers them"
)
_SAME_DETAIL = "For a fair figure run “heedful evaluate” on texts that the model has never seen."


def _leaks(leaks: Sequence[Any], total: Any, without: Mapping[str, Any]) -> list[Alarm]:
    """One warning for each split that texts were seen in."""
    found = []
    for leak in leaks:
        exact, near = leaked_rows(leak, near=False), leaked_rows(leak, near=True)
        if exact or near:
            line = _line(leak, exact, near, total)
            tables = [pairs(leak, key) for key in ("pairs", "near_pairs")]
            details = [*_without(exact, total, without), _DETAIL + (_BY_EYE if near else "")]
            found.append(Alarm(line, details, [table for table in tables if table]))
    return found


_DETAIL = (
    "What the model has seen, or nearly so, it may simply remember. Remove these rows from one "
    "side (“heedful check” names them) and evaluate again."
)
_BY_EYE = " Where two are only nearly the same, look at the pair and decide."


def _line(leak: Mapping[str, Any], exact: float, near: float, total: Any) -> str:
    first, second = str(leak.get("first", "training")), str(leak.get("second", "evaluated"))
    rows, of = exact or near, f" of {count(total)}" if finite(total) else ""
    verb = "stands" if rows == 1 else "stand"
    where = verb if exact else f"almost {verb}"
    more = f", {count(near)} more almost" if exact and near else ""
    little = finite(total) and exact + near < 0.01 * float(total)
    noun = f"{second} text{'' if rows == 1 and not of else 's'}"
    return (
        f"{count(rows)}{of} {noun} {where} in the {first} data{more}: every figure below "
        f"flatters the model{' a little' if little else ''}"
    )


def _without(exact: float, total: Any, without: Mapping[str, Any]) -> list[str]:
    """What is left of the figures when the texts that were seen are left out."""
    if exact and exact == finite(total):
        return ["No text is left to judge the model by: how good it is on new texts is unknown."]
    if not exact or not without:
        return []
    told = [
        f"{name} {_told(without, key)}" for name, key in (("accuracy", "accuracy"), ("F1", "f1"))
    ]
    these = "this text" if exact == 1 else f"these {count(exact)} texts"
    return [f"Without {these}, on {count(without.get('rows'))}: {', '.join(told)}."]


def _told(values: Mapping[str, Any], key: str) -> str:
    around = interval(part(values, "intervals").get(key), share)
    return share(values.get(key)) + (f" ({around})" if around else "")


def leaked_rows(leak: Mapping[str, Any], near: bool) -> float:
    """Rows of the second split whose text, or one much like it, stands in the first."""
    return finite(leak.get("near" if near else "second_rows")) or 0.0


def pairs(values: Mapping[str, Any], key: str = "pairs") -> Table | None:
    """The first few pairs of rows under a key, by file and row, or None."""
    found = [pair for pair in items(values, key) if isinstance(pair, Mapping)]
    if not found:
        return None
    alike = any((finite(pair.get("similarity")) or 1) < 1 for pair in found)
    head = ["one row", "its label", "the other", "its label"] + ["alike"] * alike
    name = f"The first {len(found)} pairs of rows with {'nearly ' * alike}the same text"
    rows = [_pair(pair)[: len(head)] for pair in found]
    return Table(name if len(found) > 1 else "The pair of rows", head, rows, texts=True)


def _pair(pair: Mapping[str, Any]) -> list[Cell]:
    def labels(key: str) -> Cell:
        return text(", ".join(map(str, items(pair, key))) or "(none)")

    row = [text(pair.get("first", "")), labels("first_labels")]
    row += [text(pair.get("second", "")), labels("second_labels")]
    return [*row, text(share(pair.get("similarity")))]

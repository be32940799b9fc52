"""What makes every figure of a report doubtful, said before any of them: leaks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from heedful.face.report.data import Report, items, part
from heedful.face.report.numbers import count, finite, share
from heedful.face.report.table import Cell, Table, text


class Alarm(NamedTuple):
    """A warning: its line, what follows from it, and where to look."""

    line: str
    detail: str
    pairs: Table | None = None


def alarms(report: Report) -> list[Alarm]:
    """The warnings that come before the figures; none where nothing was found."""
    record = report.record
    if record is None:
        rows = part(report.config, "data").get("valid_rows")
        leaks = items(report.checks, "leaks")
        return [alarm for leak in leaks for alarm in _leaks(leak, rows)]
    found = []
    trained = part(report.config, "data").get("fingerprint")
    if trained and record.get("fingerprint") == trained:
        found.append(Alarm(_SAME, _SAME_DETAIL))
    for leak in items(part(record, "checks"), "leaks"):
        found += _leaks(leak, record.get("rows"))
    return found


_SAME = (
    "These are the very texts the model was trained on: every figure below only says how well "
    "it remembers them"
)
_SAME_DETAIL = "For a fair figure run “heedful evaluate” on texts that the model has never seen."


def _leaks(leak: Mapping[str, Any], total: Any) -> list[Alarm]:
    """One line for texts that are the same, one for those that are nearly the same."""
    found = []
    for near in (False, True):
        rows = leaked_rows(leak, near)
        if rows:
            found.append(
                Alarm(
                    _line(leak, rows, total, near),
                    _DETAIL[near],
                    pairs(leak, "near_pairs" if near else "pairs"),
                )
            )
    return found


_DETAIL = {
    False: "What the model has seen, it may simply remember. Remove these rows from one side "
    "(“heedful check” names them) and evaluate again.",
    True: "Texts that differ in a few words, or contain each other, are remembered almost as well "
    "as equal ones. Look at the pairs and decide.",
}


def _line(leak: Mapping[str, Any], rows: float, total: Any, near: bool) -> str:
    first, second = str(leak.get("first", "training")), str(leak.get("second", "evaluated"))
    of = f" of {count(total)}" if finite(total) else ""
    verb = "stands" if rows == 1 else "stand"
    where = f"almost {verb}" if near else verb
    little = finite(total) and rows < 0.01 * float(total)
    noun = f"{second} text{'' if rows == 1 and not of else 's'}"
    return (
        f"{count(rows)}{of} {noun} {where} in the {first} data: every figure below flatters the "
        f"model{' a little' if little else ''}"
    )


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

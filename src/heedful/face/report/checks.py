"""What is wrong with the data behind a report: balance, duplicates, lengths, bad rows."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from heedful.face.report.alarms import leaked_rows, pairs
from heedful.face.report.data import Report, items, part
from heedful.face.report.numbers import count, finite, share
from heedful.face.report.table import Cell, Table, barred, counted, spelt, text

Splits = Mapping[str, Mapping[str, Any]]


class Listing(NamedTuple):
    """Rows by file and number, to be opened on demand."""

    title: str
    table: Table | None
    lines: Sequence[str] = ()


def checks(report: Report) -> dict[str, Any]:
    """The tables and listings of the data part; `splits` is empty where nothing was stored."""
    splits = _splits(report)
    return {
        "splits": bool(splits),
        "found": _found(splits, report) if splits else None,
        "balance": _balance(splits, report.classes) if splits else None,
        "shared": _shared(report),
        "listings": [*_listings(splits), *_leaked(report)],
    }


def _splits(report: Report) -> Splits:
    """The splits by name: those the run was trained with, and the data evaluated on."""
    stored = part(report.checks, "splits")
    found = {name: part(stored, name) for name in stored}
    evaluated = part(report.record, "checks", "split")
    return {k: v for k, v in (found | {"evaluated": evaluated}).items() if v}


ROWS: Sequence[tuple[str, str, Callable[[Mapping[str, Any]], Any]]] = (
    ("usable rows", "", lambda s: s.get("rows")),
    ("bad rows", "rows that could not be used", lambda s: s.get("bad_rows")),
    ("empty texts", "of the bad rows, those without a text", lambda s: s.get("missing_texts")),
    ("wordless texts", "texts without a letter or digit", lambda s: s.get("wordless")),
    ("duplicates", "rows whose text stands in an earlier row", lambda s: s.get("duplicates")),
    ("identical rows", "duplicates with the same labels", lambda s: s.get("identical_rows")),
    ("near duplicates", "texts that nearly repeat another", lambda s: s.get("near_duplicates")),
    ("conflicts", "texts that occur with different labels", lambda s: s.get("conflicts")),
    ("near conflicts", "nearly the same, other labels", lambda s: s.get("near_conflicts")),
    ("median length", "in words", lambda s: _whole(part(s, "lengths").get("median"))),
    ("95 % have at most", "in words", lambda s: _whole(part(s, "lengths").get("p95"))),
    ("longest text", "in words", lambda s: part(s, "lengths").get("max")),
)


def _whole(value: Any) -> float | None:
    """A quantile between two lengths, to the next whole word."""
    found = finite(value)
    return None if found is None else float(math.ceil(found))


def _found(splits: Splits, report: Report) -> Table:
    rows = [
        [Cell(name, None, note), *[counted(value(split)) for split in splits.values()]]
        for name, note, value in ROWS
        if any(value(split) is not None for split in splits.values())
    ]
    rows += _reading(splits, report)
    return Table("What the checks found", ["", *splits], rows)


def _reading(splits: Splits, report: Report) -> list[list[Cell]]:
    """What the network could read of it: tokens, cuts, unknown words."""
    limit = part(report.config, "text").get("max_tokens")
    note = f"max_tokens is {count(limit)}" if finite(limit) else "max_tokens is off: all is read"
    wanted = [
        ("median tokens", "of the model's own tokens", "median", lambda n: count(_whole(n))),
        ("texts cut", note, "texts_cut", share),
        ("tokens not read", note, "tokens_cut", share),
        ("unknown words", "tokens that the vocabulary does not hold", "unknown_tokens", share),
    ]
    known = {name: _lengths(name, report) for name in splits}
    return [
        [Cell(name, None, note), *[spelt(known[split].get(key), spell) for split in splits]]
        for name, note, key, spell in wanted
        if any(key in values for values in known.values())
    ]


def _lengths(split: str, report: Report) -> dict[str, Any]:
    """Lengths in tokens and the share of unknown ones of a split, as far as they are stored."""
    stored = part(report.record, "checks") if split == "evaluated" else report.checks or {}
    lengths, unknown = part(stored, "lengths"), stored.get("unknown_tokens")
    if split in lengths:
        lengths = part(lengths, split)
    elif split == "validation":
        lengths = {}  # one table without names is that of the training data
    if isinstance(unknown, Mapping):
        unknown = unknown.get(split)
    elif split == "validation":
        unknown = None
    return dict(lengths) | ({} if unknown is None else {"unknown_tokens": unknown})


def _balance(splits: Splits, classes: Sequence[str]) -> Table:
    counts = {name: part(split, "labels") for name, split in splits.items()}
    others = [label for labels in counts.values() for label in labels if label not in classes]
    names = [*classes, *dict.fromkeys(others)]
    rows = [[text(name), *[_part(counts[s], name, splits[s]) for s in splits]] for name in names]
    return Table("Class balance: texts with each label", ["class", *splits], rows, sortable=True)


def _part(labels: Mapping[str, Any], name: str, split: Mapping[str, Any]) -> Cell:
    found, rows = finite(labels.get(name, 0)), finite(split.get("rows"))
    if found is None or not rows:
        return counted(found)
    cell = barred(found / rows)
    return cell._replace(text=count(found), value=found, note=cell.text)


def _leaks(report: Report) -> list[Mapping[str, Any]]:
    stored = [*items(report.checks, "leaks"), *items(part(report.record, "checks"), "leaks")]
    return [leak for leak in stored if isinstance(leak, Mapping)]


def _shared(report: Report) -> Table | None:
    """What each two splits have in common."""
    rows = [
        [
            text(f"{leak.get('second', 'evaluated')} in {leak.get('first', 'training')}"),
            counted(leaked_rows(leak, near=False)),
            counted(leaked_rows(leak, near=True)),
            counted(leak.get("conflicts")),
        ]
        for leak in _leaks(report)
    ]
    head = ["texts of … in …", "the same text", "nearly the same", "with other labels"]
    return Table("What the splits share, in rows", head, rows) if rows else None


PAIRS = {
    "conflict_pairs": "the same text with different labels",
    "near_conflict_pairs": "nearly the same text with different labels",
    "near_pairs": "near duplicates",
}
"""The key of a list of pairs to what they are."""


def _listings(splits: Splits) -> list[Listing]:
    found = []
    for name, split in splits.items():
        found += [Listing(f"{name}: {what}", pairs(split, key)) for key, what in PAIRS.items()]
        reasons = [str(reason) for reason in items(split, "bad_row_reasons")]
        found.append(Listing(f"{name}: bad rows", None, reasons))
    return [listing for listing in found if listing.table or listing.lines]


def _leaked(report: Report) -> list[Listing]:
    found = [
        Listing(
            f"{leak.get('second', 'evaluated')} texts {how}in the {leak.get('first')} data",
            pairs(leak, key),
        )
        for leak in _leaks(report)
        for key, how in (("pairs", ""), ("near_pairs", "almost "))
    ]
    return [listing for listing in found if listing.table]

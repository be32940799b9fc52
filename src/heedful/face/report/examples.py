"""The texts of a report: grouped by why they were chosen, each with its map, file and row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from heedful.face.card import WORDS, card_of
from heedful.face.heat import checked, methods_of
from heedful.face.page_data import embedded, method_list, page_data
from heedful.face.report.data import Report, Selected, items
from heedful.face.report.numbers import count, finite, number
from heedful.face.report.table import Table, text
from heedful.face.spelling import chance
from heedful.face.trust_card import glossary
from heedful.records import Explanation

MOST = 600_000
"""Contributions on a page; with more, each text keeps those of its most probable classes."""

KINDS = {
    "mistake": (
        "Most confident mistakes",
        "Wrong, and sure of it. What carries these decisions is what the model has learned "
        "wrongly, or what was labelled wrongly.",
    ),
    "close": (
        "Closest calls",
        "The model could just as well have decided otherwise: a person should look at texts like "
        "these.",
    ),
    "random": (
        "Random rows",
        "Drawn by chance, right and wrong: what the model usually does. Judge it by these rather "
        "than by its mistakes.",
    ),
    "label error": (
        "Probable label errors",
        "Here the given label is doubtful rather than the decision: the model, and what it gets "
        "right elsewhere, speak for another one. Only a person can tell.",
    ),
}
"""Why a text was chosen, to the heading of its group and what to make of it."""


class Group(NamedTuple):
    """The cards of one reason, in the order of the page."""

    key: str
    title: str
    means: str
    cards: Sequence[Mapping[str, Any]]
    size: int


def examples(report: Report) -> dict[str, Any]:
    """The groups of cards, the classes to filter by, and the data of the maps."""
    chosen = sorted(report.examples, key=_place)
    records = checked(fitting([one.explanation for one in chosen]))
    names = [name for e in records for name in (*e.contributions, *e.prediction.labels, *e.label)]
    classes = list(dict.fromkeys([*report.classes, *names]))
    doubts = _doubts(report)
    cards = [
        card_of(record, number, "contribution") | _about(one, doubts.get((one.source, one.row), ""))
        for number, (one, record) in enumerate(zip(chosen, records, strict=True), 1)
    ]
    data = page_data(records, classes, "contribution", WORDS)
    for packed, one in zip(data["texts"], chosen, strict=True):
        packed["w"] = list(one.why)
    return {
        "groups": _groups(cards),
        "classes": classes,
        "methods": method_list(methods_of(records)),
        "glossary": glossary(records),
        "gold": any(record.gold for record in records),
        "few": len(records)
        and any(_fewer(a.explanation, b) for a, b in zip(chosen, records, strict=True)),
        "suspects": _suspects(report),
        "suspected": _suspected(report.shown),
        "data": embedded(data),
    }


def _place(one: Selected) -> int:
    """The group of a text: that of its first reason."""
    known = list(KINDS)
    return known.index(one.why[0]) if one.why and one.why[0] in known else len(known)


def _fewer(before: Explanation, after: Explanation) -> bool:
    return len(before.contributions) > len(after.contributions)


def fitting(explanations: Sequence[Explanation]) -> list[Explanation]:
    """The same texts, each with so many classes that a page can carry them all.

    The classes kept are those predicted, those labelled and the most probable ones. The scale
    of a map is then that of the classes kept.
    """
    tokens = sum(len(e.tokens) for e in explanations)
    most = max(2, MOST // max(tokens, 1))
    return [_narrowed(e, most) for e in explanations]


def _narrowed(explanation: Explanation, most: int) -> Explanation:
    if len(explanation.contributions) <= most:
        return explanation
    chances = explanation.prediction.probabilities
    first = [explanation.target, *explanation.prediction.labels, *explanation.label]
    by_chance = sorted(chances, key=lambda name: -chances[name])
    wanted = [name for name in dict.fromkeys([*first, *by_chance]) if name in explanation.base]
    kept = set(wanted[: max(most, len(set(first)))])
    columns = {k: v for k, v in explanation.contributions.items() if k in kept}
    maps = {
        method: {name: values for name, values in there.items() if name in kept}
        for method, there in explanation.maps.items()
    }
    return replace(explanation, contributions=columns, maps=maps)


def _about(one: Selected, doubt: str) -> dict[str, Any]:
    labels = one.explanation.label
    chances = one.explanation.prediction.probabilities
    given = ", ".join(f"{x} {chance(chances[x])}" if x in chances else x for x in labels)
    return {
        "where": f"{one.source}, row {one.row}",
        "given": given,
        "said": bool(one.explanation.prediction.labels),
        "why": one.why or ("other",),
        "tags": [
            KINDS[reason][0].lower() if reason in KINDS else reason
            for reason in one.why[1:]
            if not (doubt and reason == "label error")
        ],
        "doubt": doubt,
    }


def _doubts(report: Report) -> dict[tuple[str, int], str]:
    """File and row of a probable label error to what is suggested in its place."""
    return {
        (str(error.get("source")), int(error.get("row") or 0)): _suggested(error)
        for error in items(report.shown, "label_errors")
        if isinstance(error, Mapping)
    }


def _suggested(error: Mapping[str, Any]) -> str:
    return ", ".join(map(str, items(error, "suggested"))) or "none of the classes"


def _suspected(record: Mapping[str, Any]) -> str:
    """How many there are, and how many of them are listed."""
    found, listed = finite(record.get("label_errors_found")), len(items(record, "label_errors"))
    if found is None or found <= listed:
        return f"All {count(listed)} probable label errors"
    return f"Probable label errors: the {count(listed)} most suspicious of {count(found)}"


def _suspects(report: Report) -> Table | None:
    rows = [
        [
            text(f"{error.get('source')}, row {error.get('row')}"),
            text(", ".join(map(str, items(error, "given"))) or "(none)"),
            text(_suggested(error)),
            text(number(error.get("score"))),
        ]
        for error in items(report.shown, "label_errors")
        if isinstance(error, Mapping)
    ]
    head = ["row", "given", "suggested", "score"]
    return (
        Table("Probable label errors, most suspicious first", head, rows, texts=True)
        if rows
        else None
    )


def _groups(cards: Sequence[Mapping[str, Any]]) -> list[Group]:
    """Each card stands once, under its first reason; `size` counts it under every reason."""
    reasons = [reason for card in cards for reason in card["why"]]
    found = [key for key in KINDS if key in reasons]
    found += [key for key in dict.fromkeys(reasons) if key not in KINDS]
    return [_group(key, cards) for key in found]


def _group(key: str, cards: Sequence[Mapping[str, Any]]) -> Group:
    title, means = KINDS.get(key, (f"Chosen as: {key}", ""))
    own = [card for card in cards if card["why"][0] == key]
    return Group(key, title, means, own, sum(key in card["why"] for card in cards))

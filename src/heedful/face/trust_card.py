"""How far a map may be trusted, as a card on a page, and packed for the page's script."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from heedful.face.heat import Method
from heedful.face.pack import packed
from heedful.face.trust_rows import KEY, MEASURES, RIGHT, Strip, about, rows_of
from heedful.records import Explanation


def trust_of(explanation: Explanation, method: Method) -> dict[str, Any] | None:
    """What trust.html shows of this method's card; None where it was not measured."""
    trust = explanation.trust.get(method)
    if trust is None:
        return None
    return {
        "sentence": trust.sentence,
        "trusted": trust.trusted,
        "about": about(trust, explanation.target),
        "rows": [
            (row.key, MEASURES[row.key], row.says, row.numbers, _drawn(row.strip))
            for row in rows_of(explanation, method)
        ],
    }


def glossary(records: Sequence[Explanation]) -> dict[str, Any] | None:
    """What the numbers of all cards mean, once a page; None on a page without cards."""
    if not any(e.trust for e in records):
        return None
    return {"key": KEY, "measures": MEASURES}


def _drawn(strip: Strip | None) -> dict[str, Any] | None:
    """The marks of a strip as SVG paths: short, because a page may hold thousands."""
    if strip is None:
        return None
    x = strip.value
    return {
        "width": RIGHT,
        "randoms": "".join(f"M{place} 8h0" for place in strip.randoms),
        "mean": f"M{strip.mean} 2v12",
        "best": strip.best,
        "value": f"M{x - 5} 8l5-5l5 5l-5 5z",
    }


def packed_cards(
    explanation: Explanation, methods: Sequence[Method], drawn: Method
) -> dict[str, Any]:
    """The cards that the page does not hold as HTML, by the place of the method in `methods`.

    Each is: trusted, sentence, rows; a row is: place in `MEASURES`, finding, numbers, and the
    places of its strip (value, best, mean, randoms), packed.
    """
    keys = list(MEASURES)
    return {
        str(methods.index(method)): [
            int(trust.trusted),
            trust.sentence,
            [
                [keys.index(row.key), row.says, row.numbers, _places(row.strip)]
                for row in rows_of(explanation, method)
            ],
        ]
        for method, trust in explanation.trust.items()
        if method != drawn and method in methods
    }


def _places(strip: Strip | None) -> str:
    return packed((strip.value, strip.best, strip.mean, *strip.randoms)) if strip else ""

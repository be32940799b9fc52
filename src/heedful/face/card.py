"""One explained text as a card: its map as HTML, its scale, its strongest words and its sum."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Any

from markupsafe import Markup

from heedful.explain.legend import legend_of
from heedful.face.heat import (
    ALWAYS,
    Method,
    Word,
    limit_of,
    missing_map,
    most_read,
    pieces_of,
    reading,
    steps_of,
    strongest,
    sum_of,
    verdict,
    visible,
)
from heedful.face.markup import revealed, shown
from heedful.face.spelling import chance, listed, plain, signed
from heedful.face.trust_card import trust_of
from heedful.records import Explanation

WORDS = 6
"""Words in each list under a map."""


def painted(explanation: Explanation, method: Method) -> Markup:
    """The whole text as HTML; without its tags it is the text again."""
    steps = steps_of(explanation, method, explanation.target)
    drawn = (
        (("" if piece.token is None else steps[piece.token], piece.token, piece.gold), piece.text)
        for piece in pieces_of(explanation)
    )
    return Markup("".join(_runs(drawn)))


def _runs(drawn: Iterator[tuple[tuple[str, int | None, bool], str]]) -> Iterator[str]:
    """Tags for coloured tokens and evidence; what is drawn alike and has neither, together."""

    def look(item: tuple[tuple[str, int | None, bool], str]) -> tuple[str, int | None]:
        (step, token, gold), _ = item
        return f"{step} g".strip() if gold else step, token if step else None

    for (names, _), run in groupby(drawn, key=look):
        text = revealed("".join(part for _, part in run))
        quote = '"' if " " in names else ""
        yield f"<b class={quote}{names}{quote}>{text}</b>" if names else text


def card_of(explanation: Explanation, number: int, method: Method) -> dict[str, Any]:
    """What card.html and a card's heading show of a text; `number` is its place on the page."""
    limit, target = limit_of(explanation, method), explanation.target
    legend = legend_of(method)
    right = set(explanation.label) == set(explanation.prediction.labels)
    return {
        "number": number,
        "verdict": shown(verdict(explanation)),
        "others": shown(_others(explanation)),
        "label": shown(", ".join(explanation.label)),
        "right": right,
        "map": painted(explanation, method),
        "read": bool(explanation.tokens),
        "reading": reading(explanation),
        "target": shown(target),
        "low": signed(-limit),
        "high": signed(limit) if legend.signed else plain(limit),
        "signed": legend.signed,
        "unit": "" if method in ALWAYS else legend.unit,
        "absent": missing_map(explanation, method, target),
        "words": _words(explanation, method),
        "account": sum_of(explanation, method, target),
        "trust": trust_of(explanation, method),
        "unmeasured": bool(explanation.trust) and method not in explanation.trust,
    }


def _others(explanation: Explanation) -> str:
    """The next classes with their probabilities, where there are more than two."""
    prediction = explanation.prediction
    if len(prediction.probabilities) < 3:
        return ""
    rest = [x for x in prediction.probabilities.items() if x[0] not in prediction.labels]
    rest.sort(key=lambda item: -item[1])
    return " · ".join(f"{name} {chance(value)}" for name, value in rest[:3])


def _times(word: Word) -> str:
    """A sum over several places is told as one: it may exceed every single place."""
    return f" ×{word.times}" if word.times > 1 else ""


def _words(explanation: Explanation, method: Method) -> list[tuple[str, list[tuple[Markup, str]]]]:
    def spelt(words: Sequence[Word]) -> list[tuple[Markup, str]]:
        spell = plain if method == "attention" else signed
        return [(shown(listed(w.text)), spell(w.value) + _times(w)) for w in words]

    if explanation.map_of(method, explanation.target) is None:
        return []
    limit = limit_of(explanation, method)
    if method == "attention":
        return [("most read", spelt(visible(most_read(explanation, WORDS), limit)))]
    found = strongest(explanation, None, WORDS, method)
    return [
        ("for", spelt(visible(found.supporting, limit))),
        ("against", spelt(visible(found.opposing, limit))),
    ]

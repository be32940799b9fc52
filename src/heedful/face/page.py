"""One self-contained page of heat maps: no request to anywhere, readable without scripts.

The map for the chosen method and each text's own class is plain HTML: only coloured tokens
have a tag. The numbers for the other views travel as short text (`pack.py`), from which the
page's script draws a text when it comes into sight.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from importlib import resources
from itertools import groupby
from typing import Any

from jinja2 import Environment, StrictUndefined
from markupsafe import Markup

from heedful.face.colours import DARK, LIGHT, STEPS, Theme
from heedful.face.heat import (
    KINDS,
    Method,
    Word,
    account,
    as_method,
    chance,
    checked,
    limit_of,
    most_read,
    pieces_of,
    plain,
    reading,
    signed,
    steps_of,
    strongest,
    verdict,
    visible,
)
from heedful.face.markup import revealed, shown
from heedful.face.page_data import embedded, page_data
from heedful.records import Explanation

WORDS = 6


def to_html(
    explanations: Sequence[Explanation],
    *,
    title: str = "What each decision rests on",
    method: str = "contribution",
    notes: Sequence[str] = (),
) -> str:
    """One page with the maps of all explanations. The same records give the same bytes.

    Args:
        title: heading of the page.
        method: what is shown first, `contribution` or `attention`; the reader can switch.
        notes: remarks for the head of the page, one paragraph each.

    Raises:
        HeedfulError: unknown method, or numbers that cannot be drawn.
    """
    shown_first = as_method(method)
    records = checked(explanations)
    classes = list(dict.fromkeys(name for e in records for name in e.contributions))
    values: dict[str, Any] = {
        "title": shown(title),
        "notes": [shown(note) for note in notes],
        "method": shown_first,
        "classes": [shown(name) for name in classes],
        "cards": [_card(e, number, shown_first) for number, e in enumerate(records, 1)],
        "labelled": any(e.label for e in records),
        "gold": any(e.gold for e in records),
        "style": Markup(_colours() + _asset("explain.css")),
        "script": Markup(_asset("explain.js")),
        "data": embedded(page_data(records, classes, shown_first, WORDS)),
    }
    frame = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    return frame.from_string(_asset("explain.html")).render(values)


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


def _card(explanation: Explanation, number: int, method: Method) -> dict[str, Any]:
    limit = limit_of(explanation, method)
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
        "target": shown(explanation.target),
        "low": signed(-limit),
        "high": plain(limit) if method == "attention" else signed(limit),
        "words": _words(explanation, method),
        "account": shown(account(explanation, explanation.target)),
    }


def _others(explanation: Explanation) -> str:
    """The next classes with their probabilities, where there are more than two."""
    prediction = explanation.prediction
    if len(prediction.probabilities) < 3:
        return ""
    rest = [x for x in prediction.probabilities.items() if x[0] not in prediction.labels]
    rest.sort(key=lambda item: -item[1])
    return " · ".join(f"{name} {chance(value)}" for name, value in rest[:3])


def _words(explanation: Explanation, method: Method) -> list[tuple[str, list[tuple[Markup, str]]]]:
    def listed(words: Sequence[Word]) -> list[tuple[Markup, str]]:
        spell = plain if method == "attention" else signed
        return [(shown(word.text), spell(word.value)) for word in words]

    limit = limit_of(explanation, method)
    if method == "attention":
        return [("most read", listed(visible(most_read(explanation, WORDS), limit)))]
    found = strongest(explanation, None, WORDS)
    return [
        ("for", listed(visible(found.supporting, limit))),
        ("against", listed(visible(found.opposing, limit))),
    ]


def _colours() -> str:
    """The themes as custom properties; paper is always light."""
    light, dark = _properties(LIGHT), _properties(DARK)
    return (
        f":root{{{light}}}\n@media (prefers-color-scheme:dark){{:root{{{dark}}}}}\n"
        f"@media print{{:root{{{light}}}}}\n{_step_rules()}\n"
    )


def _properties(theme: Theme) -> str:
    names = {"paper": theme.paper, "ink": theme.ink, "soft": theme.soft}
    for letter, kind in KINDS.items():
        names |= {f"{letter}{i}": x for i, x in enumerate(theme.ramp(kind), 1)}
    return ";".join(f"--{name}:{value}" for name, value in names.items())


def _step_rules() -> str:
    names = [f"{letter}{i}" for letter in KINDS for i in range(1, STEPS + 1)]
    return "".join(f".{name}{{--c:var(--{name})}}" for name in names)


def _asset(name: str) -> str:
    return resources.files("heedful.face").joinpath(name).read_text(encoding="utf-8")

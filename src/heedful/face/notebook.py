"""A heat map as an HTML fragment for notebooks.

Styles are inline and colours half-transparent over the notebook's own background, with the
notebook's own text colour: readable in light and dark, and nothing to clash with.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from markupsafe import Markup

from heedful.face.colours import STEPS
from heedful.face.heat import (
    KINDS,
    Word,
    account,
    checked,
    limit_of,
    listed,
    pieces_of,
    reading,
    signed,
    steps_of,
    strongest,
    values_of,
    verdict,
    visible,
)
from heedful.face.markup import revealed, shown
from heedful.records import Explanation

TINTS = {"pro": (47, 120, 224), "con": (222, 112, 10), "heat": (160, 84, 196)}
STRONGEST = 0.5
"""Opacity of the last step; text over it keeps a contrast of 4.5 in both themes."""


def to_notebook(explanations: Sequence[Explanation]) -> str:
    """The maps of `explanations` (contributions, each for its own target), one below the other.

    Raises:
        HeedfulError: numbers that cannot be drawn.
    """
    return "".join(str(_one(explanation)) for explanation in checked(explanations))


def tint(step: str) -> tuple[tuple[int, int, int], float]:
    """A step's colour and opacity."""
    return TINTS[KINDS[step[0]]], round(int(step[1:]) / STEPS * STRONGEST, 2)


def _one(explanation: Explanation) -> Markup:
    target = explanation.target
    labelled = f" · labelled {', '.join(explanation.label)}" if explanation.label else ""
    head = Markup("<div style='margin-bottom:.4em'><b>{}</b>{} <small>{}</small></div>").format(
        shown(verdict(explanation)), shown(labelled), reading(explanation)
    )
    body = Markup(
        "<div dir='auto' style='white-space:pre-wrap;overflow-wrap:anywhere;"
        "unicode-bidi:plaintext;line-height:1.7;max-width:46em'>{}</div>"
    ).format(Markup("").join(_spans(explanation)))
    foot = Markup("<div style='margin-top:.4em;font-size:.86em'>{}</div>").format(
        Markup("<br>").join(_lines(explanation, target))
    )
    return Markup("<div style='margin:.6em 0 1.2em'>{}{}{}</div>").format(head, body, foot)


def _spans(explanation: Explanation) -> Iterator[Markup]:
    steps = steps_of(explanation, "contribution", explanation.target)
    values = values_of(explanation, "contribution", explanation.target)
    for piece in pieces_of(explanation):
        step = steps[piece.token] if piece.token is not None else ""
        if not step and not piece.gold:
            yield revealed(piece.text)
            continue
        style = f"background:{_rgba(step)};border-radius:.2em;" if step else ""
        style += "text-decoration:underline dotted;" if piece.gold else ""
        title = f" title='{signed(values[piece.token])}'" if piece.token is not None else ""
        yield Markup("<span style='{}'{}>{}</span>").format(
            style, Markup(title), revealed(piece.text)
        )


def _lines(explanation: Explanation, target: str) -> Iterator[Markup]:
    if not explanation.tokens:
        yield Markup("nothing to read: the decision is the bias")
    else:
        limit = limit_of(explanation, "contribution")
        steps = [f"n{i}" for i in range(STEPS, 0, -1)] + [f"p{i}" for i in range(1, STEPS + 1)]
        box = Markup("<span style='background:{}'>&emsp;</span>")
        bar = Markup("").join(box.format(_rgba(step)) for step in steps)
        yield Markup("{} against {} {} for {}").format(
            signed(-limit), bar, signed(limit), shown(target)
        )
        found = strongest(explanation, target)
        yield _listed("for", visible(found.supporting, limit))
        yield _listed("against", visible(found.opposing, limit))
    yield shown(account(explanation, target))


def _listed(heading: str, words: Sequence[Word]) -> Markup:
    items = (
        Markup("<b dir='auto'>{}</b> {}").format(shown(listed(word.text)), signed(word.value))
        for word in words
    )
    return Markup("{}: {}").format(heading, Markup(" · ").join(items) or "no strong word")


def _rgba(step: str) -> str:
    (red, green, blue), alpha = tint(step)
    return f"rgba({red},{green},{blue},{alpha})"

"""A heat map as an HTML fragment for notebooks.

Styles are inline and colours half-transparent over the notebook's own background, with the
notebook's own text colour: readable in light and dark, and nothing to clash with.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from markupsafe import Markup

from heedful.explain.legend import legend_of
from heedful.face.colours import STEPS
from heedful.face.heat import (
    ALWAYS,
    KINDS,
    Method,
    Word,
    as_method,
    checked,
    limit_of,
    missing_map,
    most_read,
    pieces_of,
    reading,
    steps_of,
    strongest,
    sum_of,
    values_of,
    verdict,
    visible,
)
from heedful.face.markup import revealed, shown
from heedful.face.spelling import listed, plain, signed
from heedful.face.trust_rows import MEASURES, about, rows_of
from heedful.records import Explanation

TINTS = {"pro": (47, 120, 224), "con": (222, 112, 10), "heat": (160, 84, 196)}
STRONGEST = 0.5
"""Opacity of the last step; text over it keeps a contrast of 4.5 in both themes."""


def to_notebook(explanations: Sequence[Explanation], method: Method = "contribution") -> str:
    """The maps of `explanations`, each for its own target, one below the other.

    Args:
        method: what is drawn, one that the explanations have.

    Raises:
        HeedfulError: unknown method, or numbers that cannot be drawn.
    """
    records = checked(explanations)
    known = as_method(method, records)
    return "".join(str(_one(explanation, known)) for explanation in records)


def tint(step: str) -> tuple[tuple[int, int, int], float]:
    """A step's colour and opacity."""
    return TINTS[KINDS[step[0]]], round(int(step[1:]) / STEPS * STRONGEST, 2)


def _one(explanation: Explanation, method: Method) -> Markup:
    labelled = f" · labelled {', '.join(explanation.label)}" if explanation.label else ""
    head = Markup("<div style='margin-bottom:.4em'><b>{}</b>{} <small>{}</small></div>").format(
        shown(verdict(explanation)), shown(labelled), reading(explanation)
    )
    body = Markup(
        "<div dir='auto' style='white-space:pre-wrap;overflow-wrap:anywhere;"
        "unicode-bidi:plaintext;line-height:1.7;max-width:46em'>{}</div>"
    ).format(Markup("").join(_spans(explanation, method)))
    foot = Markup("<div style='margin-top:.4em;font-size:.86em'>{}</div>").format(
        Markup("<br>").join(_lines(explanation, method, explanation.target))
    )
    return Markup("<div style='margin:.6em 0 1.2em'>{}{}{}{}</div>").format(
        head, body, foot, _card(explanation, method)
    )


def _spans(explanation: Explanation, method: Method) -> Iterator[Markup]:
    steps = steps_of(explanation, method, explanation.target)
    values = values_of(explanation, method, explanation.target) or (0.0,) * len(steps)
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


def _lines(explanation: Explanation, method: Method, target: str) -> Iterator[Markup]:
    if not explanation.tokens:
        yield Markup("nothing to read: the decision is the bias")
    elif remark := missing_map(explanation, method, target):
        yield shown(remark)
    else:
        yield from _scale(explanation, method, target)
        limit = limit_of(explanation, method)
        if method == "attention":
            yield _listed("most read", visible(most_read(explanation), limit), plain)
        else:
            found = strongest(explanation, target, method=method)
            yield _listed("for", visible(found.supporting, limit), signed)
            yield _listed("against", visible(found.opposing, limit), signed)
    if summed := sum_of(explanation, method, target):
        yield shown(summed)


def _scale(explanation: Explanation, method: Method, target: str) -> Iterator[Markup]:
    legend, limit = legend_of(method), limit_of(explanation, method)
    box = Markup("<span style='background:{}'>&emsp;</span>")
    if not legend.signed:
        bar = Markup("").join(box.format(_rgba(f"a{i}")) for i in range(1, STEPS + 1))
        yield Markup("0 {} {} {}").format(bar, plain(limit), shown(legend.unit))
        return
    steps = [f"n{i}" for i in range(STEPS, 0, -1)] + [f"p{i}" for i in range(1, STEPS + 1)]
    bar = Markup("").join(box.format(_rgba(step)) for step in steps)
    line = Markup("{} against {} {} for {}")
    line = line.format(signed(-limit), bar, signed(limit), shown(target))
    unit = ", ".join(part for part in (legend.title, legend.unit) if part)
    yield line if method in ALWAYS else line + Markup(" ({})").format(shown(unit))


def _card(explanation: Explanation, method: Method) -> Markup:
    """How far to trust the map: the sentence, then a row for each measure."""
    trust = explanation.trust.get(method)
    if trust is None:
        return Markup("")
    row = Markup("<tr title='{}'><td style='text-align:left'>{} <small>({})</small></td>{}</tr>")
    cell = Markup("<td style='text-align:left'>{}</td>").format
    rows = [
        row.format(
            MEASURES[key].means, MEASURES[key].label, MEASURES[key].better,
            cell(" · ".join(part for part in (says, numbers) if part)),
        )
        for key, says, numbers, _ in rows_of(explanation, method)
    ]  # fmt: skip
    return Markup(
        "<div style='margin-top:.5em;padding-left:.7em;border-left:.25em solid {}'><b>{}</b> "
        "<small>{}</small><table style='font-size:.86em;margin:.3em 0'>{}</table></div>"
    ).format(
        _rgba(f"{'p' if trust.trusted else 'n'}{STEPS}"),
        shown(trust.sentence),
        shown(about(trust, explanation.target)),
        Markup("").join(rows),
    )


def _listed(heading: str, words: Sequence[Word], spell: Callable[[float], str]) -> Markup:
    items = (
        Markup("<b dir='auto'>{}</b> {}").format(shown(listed(word.text)), spell(word.value))
        for word in words
    )
    return Markup("{}: {}").format(heading, Markup(" · ").join(items) or "no strong word")


def _rgba(step: str) -> str:
    (red, green, blue), alpha = tint(step)
    return f"rgba({red},{green},{blue},{alpha})"

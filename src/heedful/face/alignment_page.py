"""Rewritings as one self-contained page: light up what each output was read from.

Everything stands in the HTML: the sequences, and the map as a table with its numbers. The script
only copies a row of that table onto the source when its output is pointed at or focused. No request
to anywhere; the same records give the same bytes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

from markupsafe import Markup

from heedful.face.alignment import (
    BLANKS,
    SHADES,
    checked,
    drawable,
    label_of,
    number_of,
    one_line,
    remarks,
    shade_of,
    shades,
    sureness,
    written,
)
from heedful.face.alignment_folds import fold_remark, folded
from heedful.face.colours import DARK, LIGHT, Theme, readable
from heedful.face.controls import HIDDEN
from heedful.face.markup import revealed, shown
from heedful.face.spelling import chance
from heedful.face.svg_lines import width_of
from heedful.face.templates import filled, styles
from heedful.face.theme import theme_css
from heedful.records import Rewriting, Token

WIDE = 2
"""Places of a label that stands upright over a column of the table; longer ones turn."""


def alignment_html(
    rewritings: Sequence[Rewriting],
    *,
    title: str = "Where the network looked",
    notes: Sequence[str] = (),
) -> str:
    """One page with all rewritings, in their order.

    Args:
        rewritings: what to show.
        title: heading of the page.
        notes: remarks for the head of the page, one paragraph each.

    Raises:
        HeedfulError: something that is no rewriting.
    """
    records = checked(rewritings)
    values: dict[str, Any] = {
        "title": title,
        "notes": list(notes),
        "shades": range(1, SHADES + 1),
        "cards": [_card(record, number) for number, record in enumerate(records, 1)],
        "style": Markup(theme_css() + shades_css()) + styles("map.css", "alignment.css"),
        "script": styles("alignment.js"),
    }
    return filled("alignment.html", values)


def shades_css() -> str:
    """Each shade of the map, and the colour of a number on it, light and dark; light on paper."""
    light, dark = _properties(LIGHT), _properties(DARK)
    rules = "".join(f".w{i}{{--c:var(--w{i});--t:var(--t{i})}}" for i in range(1, SHADES + 1))
    return (
        f":root{{{light}}}\n@media (prefers-color-scheme:dark){{:root{{{dark}}}}}\n"
        f"@media print{{:root{{{light}}}}}\n{rules}\n"
    )


def _properties(theme: Theme) -> str:
    return ";".join(
        f"--w{i}:{colour};--t{i}:{readable(colour)}" for i, colour in enumerate(shades(theme), 1)
    )


def _card(record: Rewriting, number: int) -> dict[str, Any]:
    """What the template shows of one rewriting."""
    card: dict[str, Any] = {
        "number": number,
        "source": revealed(one_line(record.source)),
        "text": revealed(one_line(record.text)),
        "sureness": sureness(record),
        "remarks": [*remarks(record), *filter(None, [fold_remark(record)])],
        "drawable": drawable(record),
    }
    if drawable(record):
        record = folded(record)
        card["read"] = Markup("").join(_read(record))
        card["wrote"] = Markup("").join(_wrote(record))
        card["columns"] = [_column(token, record.source) for token in record.source_tokens]
        card["rows"] = [
            (_name(token, record.text), Markup("").join(map(_cell, weights)))
            for token, weights in zip(record.tokens, record.weights, strict=True)
        ]
    return card


def _read(record: Rewriting) -> Iterator[Markup]:
    """The source on the user's own characters, each token in a box with room for its number."""
    box = Markup("<span class=s><b>{}</b><small></small></span>")
    for gap, token in _pieces(record.source_tokens, record.source):
        yield revealed(gap)
        yield box.format(_name(token, record.source))
    yield revealed(_after(record.source_tokens, record.source))


def _wrote(record: Rewriting) -> Iterator[Markup]:
    """The output; every token can be pointed at, tapped and reached by keyboard."""
    box = Markup("<button type=button class=o><b>{}</b><small>{}</small></button>")
    for i, (gap, token) in enumerate(_pieces(record.tokens, record.text)):
        yield revealed(gap)
        yield box.format(_name(token, record.text), chance(record.probabilities[i]))
    yield revealed(_after(record.tokens, record.text))


def _pieces(tokens: Sequence[Token], text: str) -> Iterator[tuple[str, Token]]:
    """Each token with the characters between it and the one before."""
    last = 0
    for token in tokens:
        yield text[last : token.start], token
        last = max(last, token.end)


def _after(tokens: Sequence[Token], text: str) -> str:
    return text[max((token.end for token in tokens), default=0) :]


def _column(token: Token, text: str) -> Markup:
    """The head of a column of the table."""
    long = sum(map(width_of, label_of(written(token, text)))) > WIDE
    return Markup("<th scope=col{}><span>{}</span></th>").format(
        Markup(" class=long") if long else "", _name(token, text)
    )


def _name(token: Token, text: str) -> Markup:
    """A token's label; signs that stand for blanks are set back."""
    blank = written(token, text)
    label = label_of(blank)
    if blank and all(char in BLANKS or re.match(HIDDEN, char) for char in blank):
        return Markup("<i>{}</i>").format(shown(label))
    return shown(label)


def _cell(weight: float) -> Markup:
    shade, number = shade_of(weight), number_of(weight)
    return Markup(f"<td class=w{shade}>{number}" if shade else f"<td>{number}")

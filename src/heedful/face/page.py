"""One self-contained page of heat maps: no request to anywhere, readable without scripts.

The map for the chosen method and each text's own class is plain HTML: only coloured tokens
have a tag. The numbers for the other views travel as short text (`pack.py`), from which the
page's script draws a text when it comes into sight.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from markupsafe import Markup

from heedful.face.card import WORDS, card_of
from heedful.face.heat import as_method, checked, methods_of
from heedful.face.markup import shown
from heedful.face.page_data import embedded, method_list, page_data
from heedful.face.svg_map import FOR_SCRIPT
from heedful.face.templates import filled, styles
from heedful.face.theme import theme_css
from heedful.face.trust_card import glossary
from heedful.records import Explanation


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
        method: what is shown first, one that the explanations have; the reader can switch.
        notes: remarks for the head of the page, one paragraph each.

    Raises:
        HeedfulError: unknown method, or numbers that cannot be drawn.
    """
    records = checked(explanations)
    shown_first = as_method(method, records)
    classes = list(dict.fromkeys(name for e in records for name in e.contributions))
    values: dict[str, Any] = {
        "title": shown(title),
        "notes": [shown(note) for note in notes],
        "method": shown_first,
        "methods": method_list(methods_of(records)),
        "glossary": glossary(records),
        "classes": [shown(name) for name in classes],
        "cards": [card_of(e, number, shown_first) for number, e in enumerate(records, 1)],
        "labelled": any(e.label for e in records),
        "gold": any(e.gold for e in records),
        "style": Markup(theme_css()) + styles("map.css", "trust.css", "explain.css"),
        "script": styles("trust.js", "revealed.js", "map.js", "svg.js", "explain.js"),
        "data": embedded(page_data(records, classes, shown_first, WORDS) | {"svg": FOR_SCRIPT}),
    }
    return filled("explain.html", values)

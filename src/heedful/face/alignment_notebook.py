"""An alignment as an HTML fragment for notebooks: a table of weights on the notebook's own paper.

Styles are inline and colours half-transparent over the notebook's own background, with its own
text colour: readable in light and dark. No script: notebooks strip them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from markupsafe import Markup

from heedful.face.alignment import (
    SHADES,
    checked,
    drawable,
    number_of,
    one_line,
    outputs_of,
    remarks,
    shade_of,
    sources_of,
    sureness,
)
from heedful.face.alignment_folds import fold_remark, folded
from heedful.face.markup import revealed, shown
from heedful.face.notebook import STRONGEST, TINTS
from heedful.face.svg_lines import width_of
from heedful.records import Rewriting

CELL = "min-width:1.7em;height:1.7em;padding:0 .1em;text-align:center"
TURNED = "writing-mode:vertical-rl;transform:rotate(180deg);display:inline-block"


def alignment_notebook(rewritings: Sequence[Rewriting]) -> str:
    """The maps, one below the other.

    Raises:
        HeedfulError: something that is no rewriting.
    """
    return "".join(str(_one(record)) for record in checked(rewritings))


def _one(record: Rewriting) -> Markup:
    head = Markup("<b><bdi>{}</bdi> → <bdi>{}</bdi></b> <small>{}</small>").format(
        revealed(one_line(record.source)), revealed(one_line(record.text)), sureness(record)
    )
    said = Markup("").join(Markup("<br><i>{}</i>").format(line) for line in _said(record))
    body = _table(folded(record)) if drawable(record) else Markup("")
    return Markup("<div style='margin:.6em 0 1.2em'>{}{}{}</div>").format(head, said, body)


def _said(record: Rewriting) -> list[str]:
    """The remarks, that of a folded map among them."""
    return [*remarks(record), *filter(None, [fold_remark(record)])]


def _table(record: Rewriting) -> Markup:
    columns = Markup("").join(map(_column, sources_of(record)))
    rows = Markup("").join(_rows(record))
    return Markup(
        "<div style='overflow-x:auto;margin-top:.4em'><table style='border-collapse:collapse;"
        "font-size:.86em;width:auto;color:inherit'><thead><tr><td></td>{}</tr></thead><tbody>{}</tbody></table>"
        "</div><div style='font-size:.86em;margin-top:.3em'>0 {} 1 attention</div>"
    ).format(columns, rows, _bar())


def _column(label: str) -> Markup:
    turned = TURNED if sum(map(width_of, label)) > 2 else ""
    return Markup(
        "<th scope=col style='vertical-align:bottom;text-align:center;padding:0 0 .2em'>"
        "<span style='unicode-bidi:isolate;white-space:pre;{}'>{}</span></th>"
    ).format(turned, shown(label))


def _rows(record: Rewriting) -> Iterator[Markup]:
    head = Markup("<th scope=row style='text-align:right;padding:0 .5em 0 0'><bdi>{}</bdi></th>")
    for label, weights in zip(outputs_of(record), record.weights, strict=True):
        cells = Markup("").join(map(_cell, weights))
        yield Markup("<tr style='background:none'>{}{}</tr>").format(
            head.format(shown(label)), cells
        )


def _cell(weight: float) -> Markup:
    shade = shade_of(weight)
    colour = f";background:{tint(shade)}" if shade else ""
    return Markup("<td style='{}{}'>{}</td>").format(CELL, Markup(colour), number_of(weight))


def tint(shade: int) -> str:
    """A shade as CSS; the strongest leaves text a contrast of 4.5 in both themes."""
    red, green, blue = TINTS["heat"]
    return f"rgba({red},{green},{blue},{shade / SHADES * STRONGEST:.2f})"


def _bar() -> Markup:
    box = Markup("<span style='background:{}'>&emsp;</span>")
    return Markup("").join(box.format(tint(shade)) for shade in range(1, SHADES + 1))

"""A network as a picture: Embed -> Encode -> Attend -> Predict, drawn by hand as SVG.

Boxes one below the other, so that a phone shows them too. Beside the way of the text stand the
query, which goes into Attend, and the attention weights, which come out of it. Neither
matplotlib nor torch is loaded here.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape

from heedful.face.plots.colours import variable
from heedful.face.plots.names import count, listing, short
from heedful.face.plots.root import frame
from heedful.records import Task

if TYPE_CHECKING:
    from heedful.learn.describe import Layer

_WIDTH, _LEFT, _BOX = 340, 8, 206
_GAP, _LINE, _PAD = 30, 15, 9
_MIDDLE = _LEFT + _BOX // 2
_RIGHT = _LEFT + _BOX
_ASIDE = 24
"""By so much n-gram evidence is narrower: the context goes past it, to Predict."""
_COLOURS = {
    "embed": "1", "encode": "3", "attend": "4", "evidence": "5", "decode": "5", "predict": "2",
    "write": "2",
}  # fmt: skip


def network_svg(layers: Sequence[Layer], task: Task, labels: Sequence[str]) -> str:
    """The network as one `<svg>`; the same layers give the same text.

    Args:
        layers: the rows of `heedful.learn.describe.describe`, in order.
        task: binary, multi-class or multi-label.
        labels: class names.
    """
    answer, alt = _outcome(task, labels), _alt(layers, task, labels)
    return stages_svg(layers, answer, "B texts of T tokens", alt)


def stages_svg(layers: Sequence[Layer], answer: str, sizes: str, alt: str) -> str:
    """Any network as one `<svg>`, its stages one below the other.

    Args:
        layers: what it consists of, in order.
        answer: what comes out; plain text, as the next two.
        sizes: what the letters in shapes stand for.
        alt: the picture in words.
    """
    parts, y = [_end(2, "text as token ids (B, T)")], 28
    for i, (name, layer) in enumerate(zip(_named(layers), layers, strict=True)):
        beside = layer.stage == "evidence" and i > 0  # it reads the text itself, not what is above
        lines = list(_lines(layer, 27 if beside else 36))
        height = 2 * _PAD + _LINE * (len(lines) + 1)
        parts.append(_past(y, height) if beside else _arrow(_MIDDLE, y, _MIDDLE, y + _GAP - 3))
        y += _GAP
        width = _BOX - _ASIDE if beside else _BOX
        parts.append(_box(name, _COLOURS.get(layer.stage, "soft"), lines, y, height, width))
        if layer.stage == "attend":
            parts.append(_beside(layer, y, height))
        y += height
    parts.append(_arrow(_MIDDLE, y, _MIDDLE, y + _GAP - 3))
    parts.append(_end(y + _GAP, answer))
    total = f"{count(sum(x.parameters for x in layers), 'parameter')}; {sizes}"
    parts.append(_text(_LEFT, y + _GAP + 46, total, "soft"))
    size = (str(_WIDTH), str(y + _GAP + 56))
    return frame("network", "The network", alt, size, "".join(parts))


def _named(layers: Sequence[Layer]) -> Iterator[str]:
    """Embed, Encode, ...; with a number where several of a kind stand on each other."""
    stages = [layer.stage for layer in layers]
    for i, stage in enumerate(stages):
        number = f" {stages[: i + 1].count(stage)}" if stages.count(stage) > 1 else ""
        yield stage.capitalize() + number


def _past(y: int, height: int) -> str:
    """How token ids get to n-gram evidence below `y`, and the context past it to Predict."""
    ink, into, x = variable("soft"), y + _GAP + height // 2, _RIGHT - _ASIDE // 2
    ids = f'<path d="M{_LEFT} 15H3V{into}" fill="none" stroke="{ink}" stroke-width="1.4"/>'
    return ids + _arrow(3, into, _LEFT, into) + _arrow(x, y, x, y + height + 2 * _GAP - 3)


def _lines(layer: Layer, columns: int = 36) -> Iterator[str]:
    """What stands in a box below its name: what it is, what it gives, how much it holds."""
    what, _, _ = layer.what.partition(", query: ")
    _, _, context = layer.shape.partition(" weights, ")
    yield from textwrap.wrap(what, columns)
    yield f"gives {context or layer.shape}"
    yield count(layer.parameters, "parameter")


def _box(
    name: str, colour: str, lines: Sequence[str], y: int, height: int, width: int = _BOX
) -> str:
    edge = variable(colour)
    rows = [_text(_LEFT + 14, y + _PAD + 11, name, "ink", 'font-size="13" font-weight="600"')]
    for i, line in enumerate(lines, 1):
        rows.append(_text(_LEFT + 14, y + _PAD + 11 + i * _LINE, line, "soft" if i > 1 else "ink"))
    return (
        f'<rect x="{_LEFT}" y="{y}" width="{width}" height="{height}" rx="6" fill="{edge}" '
        f'fill-opacity=".1" stroke="{edge}" stroke-width="1.4"/>'
        f'<rect x="{_LEFT}" y="{y}" width="5" height="{height}" rx="2.5" fill="{edge}"/>'
        + "".join(rows)
    )


def _beside(layer: Layer, y: int, height: int) -> str:
    """The query goes in, the weights come out."""
    _, _, query = layer.what.partition(", query: ")
    weights, found, _ = layer.shape.partition(" weights, ")
    x, parts = _RIGHT + 34, []
    if query:
        parts.append(_arrow(x - 4, y + 20, _RIGHT + 3, y + 20))
        lines = textwrap.wrap(query, 17)
        parts.append(_text(x, y + 10, "query:", "ink", 'font-weight="600"'))
        parts += [_text(x, y + 23 + 12 * i, line, "soft") for i, line in enumerate(lines)]
    if found:
        at = y + height - 16
        parts.append(_arrow(_RIGHT, at, x - 6, at))
        parts.append(_text(x, at - 3, "attention", "ink", 'font-weight="600"'))
        parts.append(_text(x, at + 10, "weights", "ink", 'font-weight="600"'))
        parts.append(_text(x, at + 23, f"{weights}, sum 1", "soft"))
    return "".join(parts)


def _end(y: int, text: str) -> str:
    """Where the text comes in and the answer goes out."""
    return (
        f'<rect x="{_LEFT}" y="{y}" width="{_BOX}" height="26" rx="13" fill="none" '
        f'stroke="{variable("soft")}" stroke-width="1.2"/>'
        + _text(_MIDDLE, y + 17, text, "ink", 'text-anchor="middle"')
    )


def _arrow(x1: int, y1: int, x2: int, y2: int) -> str:
    """A straight arrow, its head drawn as two strokes: no marker, and so no id."""
    along = (x2 > x1) - (x2 < x1)
    down = (y2 > y1) - (y2 < y1)
    back, side = -5 * along, -5 * down
    head = f"M{x2 + back + 4 * down} {y2 + side + 4 * along}L{x2} {y2}"
    head += f"L{x2 + back - 4 * down} {y2 + side - 4 * along}"
    ink = variable("soft")
    return f'<path d="M{x1} {y1}L{x2} {y2}{head}" fill="none" stroke="{ink}" stroke-width="1.4"/>'


def _text(x: int, y: int, text: str, colour: str, more: str = "") -> str:
    fill = "" if colour == "ink" else f' fill="{variable(colour)}"'
    more = more and f" {more}"
    size = "" if "font-size" in more else ' font-size="11"'
    return f'<text x="{x}" y="{y}"{fill}{size}{more}>{escape(text)}</text>'


def _outcome(task: Task, labels: Sequence[str]) -> str:
    if task == "binary":
        return f"{short(labels[0], 12)} or {short(labels[1], 12)}"
    return f"{'one' if task == 'multi-class' else 'any'} of {len(labels)} labels"


def _alt(layers: Sequence[Layer], task: Task, labels: Sequence[str]) -> str:
    kind = {"multi-class": "one", "multi-label": "any"}.get(task, "one")
    return f"A text goes through {in_words(layers)}. Out comes {kind} of {listing(labels)}."


def in_words(layers: Sequence[Layer]) -> str:
    """The stages with their numbers as part of a sentence."""
    return "; ".join(
        f"{name}: {layer.what}, gives {layer.shape}, {count(layer.parameters, 'parameter')}"
        for name, layer in zip(_named(layers), layers, strict=True)
    )

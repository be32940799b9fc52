"""A page's numbers, short enough to travel with a thousand texts, safe inside a script tag."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from markupsafe import Markup

from heedful.explain.legend import legend_of
from heedful.face.colours import STEPS
from heedful.face.controls import HIDDEN
from heedful.face.heat import ALWAYS, Method, limit_of, methods_of, parted, sum_of, titled
from heedful.face.pack import ALPHABET, folded, packed
from heedful.face.trust_card import packed_cards
from heedful.face.trust_rows import MEASURES, RIGHT
from heedful.records import Explanation

FINE, COARSE = 48_000, 900
"""Parts that a scale is divided into: for ordinary pages, and for those with many numbers.

Both are multiples of 2 * STEPS, so that a value between two steps falls to the same side here
and in the script.
"""
MANY = 200_000
"""Numbers on a page from which the coarse division saves space (it still tells 0.1 %)."""


def page_data(
    records: Sequence[Explanation], classes: list[str], method: Method, words: int
) -> dict[str, Any]:
    """What the script needs; texts in page order, classes by their place in `classes`."""
    columns = sum(len(e.tokens) * (1 + sum(map(len, _every(e)))) for e in records)
    parts = COARSE if columns > MANY else FINE
    methods = methods_of(records)
    data = {
        "alphabet": ALPHABET,
        "parts": parts,
        "steps": STEPS,
        "hidden": HIDDEN,
        "words": words,
        "method": method,
        "methods": method_list(methods),
        "classes": classes,
        "texts": [
            _packed_text(e, classes, parts) | _further(e, classes, parts, methods, method)
            for e in records
        ],
    }
    if any(e.trust for e in records):
        data["measures"] = [[key, m.label, m.better] for key, m in MEASURES.items()]
        data["right"] = RIGHT
    return data


def method_list(methods: Sequence[Method]) -> list[dict[str, Any]]:
    """What the switch, and the line under it, say of each method."""
    legends = map(legend_of, methods)
    return [
        {
            "name": legend.name,
            "title": titled(legend.name),
            "says": legend.says + (f" Unit: {legend.unit}." if legend.unit else ""),
            "unit": legend.unit,
            "signed": legend.signed,
        }
        for legend in legends
    ]


Columns = Mapping[str, Sequence[float]]


def _every(explanation: Explanation) -> list[Columns]:
    """The columns of numbers that are kept, by method; attention comes on top."""
    return [_columns(c) for c in (explanation.contributions, *explanation.maps.values())]


def _columns(maps: Columns) -> Columns:
    """The classes to keep: of two mirror images, one."""
    items = list(maps.items())
    if len(items) == 2 and all(a == -b for a, b in zip(items[0][1], items[1][1], strict=True)):
        return dict(items[1:])
    return maps


def _further(
    explanation: Explanation,
    classes: list[str],
    parts: int,
    methods: Sequence[Method],
    drawn: Method,
) -> dict[str, Any]:
    """What a text has beyond attention and contribution; empty for most.

    m: by the place of a method, its maps: scale, class to values, and the class, if any, that
    mirrors the one kept. e: sums, by method and class. k: cards, b: the class they are about.
    """
    text: dict[str, Any] = {}
    place = {name: str(classes.index(name)) for name in explanation.contributions}
    for method, given in explanation.maps.items():
        if method in ALWAYS:
            continue
        maps = {name: values for name, values in given.items() if name in place}
        index, limit = str(methods.index(method)), limit_of(explanation, method)
        kept = _columns(maps)
        columns = {
            place[name]: packed(folded(_share(x, limit, parts)) for x in values)
            for name, values in kept.items()
        }
        mirror = [place[name] for name in maps if name not in kept]
        text.setdefault("m", {})[index] = [_short(limit), columns, *mirror]
        sums = {place[name]: sum_of(explanation, method, name) for name in maps}
        if any(sums.values()):
            text.setdefault("e", {})[index] = sums
    if explanation.trust:
        about = next(iter(explanation.trust.values())).target
        text["b"] = classes.index(about) if about in classes else -1
        text["k"] = packed_cards(explanation, methods, drawn)
    return text


def _packed_text(explanation: Explanation, classes: list[str], parts: int) -> dict[str, Any]:
    """One text's numbers; the keys are single letters because a page may hold thousands."""
    heat, limit = limit_of(explanation, "attention"), limit_of(explanation, "contribution")
    place = {name: str(classes.index(name)) for name in explanation.contributions}
    kept = _columns(explanation.contributions)
    text: dict[str, Any] = {
        "t": classes.index(explanation.target),
        "o": packed(_gaps(explanation)),
        "h": _short(heat),
        "a": packed(_share(x, heat, parts) for x in explanation.attention),
        "l": _short(limit),
        "c": {
            place[name]: packed(folded(_share(x, limit, parts)) for x in values)
            for name, values in kept.items()
        },
        "s": {place[name]: _sums(explanation, name) for name in explanation.contributions},
        **_parted(explanation, place),
        "p": [classes.index(x) for x in explanation.prediction.labels if x in classes],
    }
    if explanation.label:
        text["y"] = [classes.index(x) for x in explanation.label if x in classes]
        text["r"] = int(set(explanation.label) == set(explanation.prediction.labels))
    if explanation.gold:
        text["g"] = [list(span) for span in explanation.gold]
    forms = _forms(explanation)
    return text | {"f": forms} if forms else text


def _gaps(explanation: Explanation) -> Iterator[int]:
    """Length of each token and its distance from the one before, in characters."""
    last = 0
    for token in explanation.tokens:
        gap = token.start - last
        yield 4 * (token.end - token.start) + min(gap, 3)
        if gap >= 3:
            yield gap - 3
        last = token.end


def _forms(explanation: Explanation) -> dict[str, str]:
    """What the model saw, where it is not just the characters in lower case."""
    return {
        str(i): token.text.lower()
        for i, token in enumerate(explanation.tokens)
        if token.text.lower() != explanation.text[token.start : token.end].lower()
    }


def _share(value: float, limit: float, parts: int) -> int:
    return round(value / limit * parts) if limit > 0 else 0


def _sums(explanation: Explanation, name: str) -> list[float]:
    total = math.fsum(explanation.contributions[name])
    numbers = (explanation.base[name], total, explanation.logits[name], explanation.error[name])
    return [_short(x) for x in numbers]


def _parted(explanation: Explanation, place: Mapping[str, str]) -> dict[str, Any]:
    """n: what is said, by class, of the decision's parts; nothing where there are none."""
    said = {place[name]: parted(explanation, name) for name in explanation.contributions}
    return {"n": said} if any(said.values()) else {}


def _short(value: float) -> float:
    return float(f"{value:.6g}")


def embedded(data: Mapping[str, Any]) -> Markup:
    """JSON that no parser can take for markup: ASCII, and without <, > and &."""
    text = json.dumps(data, ensure_ascii=True, separators=(",", ":"))
    for char in "<>&":
        text = text.replace(char, f"\\u{ord(char):04x}")
    return Markup(text)

"""Explanations made by hand: every number is known, no model is needed."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence

from heedful.records import Explanation, Prediction, Token


def words_of(text: str) -> tuple[Token, ...]:
    found = re.finditer(r"\w+|[^\w\s]", text)
    return tuple(Token(m.group().lower(), m.start(), m.end()) for m in found)


def binary(
    text: str,
    values: Sequence[float],
    *,
    tokens: tuple[Token, ...] | None = None,
    label: tuple[str, ...] = (),
    gold: tuple[tuple[int, int], ...] = (),
) -> Explanation:
    """A positive/negative decision with base 0.25 and the given contributions to positive."""
    tokens = words_of(text) if tokens is None else tokens
    logit = 0.25 + math.fsum(values)
    chance = 1 / (1 + math.exp(-logit))
    heat = [abs(x) + 0.01 for x in values]
    winner = "positive" if chance >= 0.5 else "negative"
    return Explanation(
        text=text,
        tokens=tokens,
        prediction=Prediction(
            (winner,), {"negative": 1 - chance, "positive": chance}, len(tokens), 0
        ),
        target=winner,
        attention=tuple(x / math.fsum(heat) for x in heat),
        contributions={"negative": tuple(-x for x in values), "positive": tuple(values)},
        base={"negative": -0.25, "positive": 0.25},
        logits={"negative": -logit, "positive": logit},
        error={"negative": 0.0, "positive": 0.0},
        gold=gold,
        label=label,
    )


def many_classes(text: str, values: Mapping[str, Sequence[float]], target: str) -> Explanation:
    """A decision among several classes with base 0; each class has its own contributions."""
    tokens = words_of(text)
    logits = {name: math.fsum(column) for name, column in values.items()}
    total = math.fsum(math.exp(x) for x in logits.values())
    return Explanation(
        text=text,
        tokens=tokens,
        prediction=Prediction(
            (target,), {name: math.exp(x) / total for name, x in logits.items()}, len(tokens), 0
        ),
        target=target,
        attention=tuple(1 / len(tokens) for _ in tokens),
        contributions={name: tuple(column) for name, column in values.items()},
        base=dict.fromkeys(values, 0.0),
        logits=logits,
        error=dict.fromkeys(values, 0.004),
    )


REVIEW = binary(
    "Slow at first, but warm and funny: a superb film. Not dull!",
    # slow at first , / but warm and funny : / a superb film . / not dull !
    [-0.30, 0.01, 0.02, 0.0, -0.12, 0.52, 0.01, 0.47, 0.0, 0.0, 0.81, 0.03, 0.0, 0.20, -0.62, 0.0],
    label=("positive",),
    gold=((19, 33),),
)
PANNED = binary(
    "What a waste of a great cast.", [0, 0, -0.95, 0, 0, 0.55, 0.01, 0], label=("positive",)
)
HEBREW = binary("הסרט הזה נפלא.", [0.0, 0.1, 0.9, 0.0])
HOSTILE = binary(
    "<script>alert('x')</script> \"a\" & b</p> e\u0301 \U0001f3ac "
    "\u202eevil\u202c \x1b[31mred \u2028 </script>\r\nend",
    [],
    tokens=(),
)
TICKET = many_classes(
    "My parcel never came, the app crashes",
    {
        "billing": [0, -0.5, 0, 0, 0, 0, -0.2, -0.6],
        "delivery": [0, 1.2, 0.5, 0.1, 0, 0, 0, 0],
        "technical": [0, 0, 0, 0, 0, 0, 0.9, 0.25],
    },
    "delivery",
)
EMPTY = binary("", [])
ALL = (REVIEW, PANNED, HEBREW, HOSTILE, EMPTY)

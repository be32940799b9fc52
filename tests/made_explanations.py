"""Explanations made by hand: every number is known, no model is needed."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

from heedful.records import Explanation, Flip, Judged, Prediction, Token, Trust


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


def judged(value: float, best: float, *, higher: bool = True, beaten: int = 20) -> Judged:
    """Against 20 random maps around .1 (or 1 minus that), of which `beaten` are worse."""
    step = 0.005 if higher else -0.005
    worse = 0.08 if higher else 0.6
    if beaten < 20:
        worse = value - 0.06 if higher else value + 0.06
    better = value + (0.02 if higher else -0.02)
    randoms = [worse + step * (i % 7) for i in range(beaten)] + [better] * (20 - beaten)
    return Judged(value, tuple(randoms), best, higher)


def trusted(
    explanation: Explanation, method: str, *, beaten: int = 20, tau: float | None = 0.63
) -> Trust:
    """A card with numbers that are easy to recognise."""
    target = explanation.prediction.labels[0]
    good = beaten == 20
    return Trust(
        method=method,
        target=target,
        probability=explanation.prediction.probabilities[target],
        tokens=len(explanation.tokens),
        comprehensiveness=judged(0.31 if good else 0.09, 0.33, beaten=beaten),
        sufficiency=judged(0.04 if good else 0.55, 0.02, higher=False, beaten=beaten),
        attention_flip=Flip(0.07, (0.6, 0.64, 0.7), flipped=True),
        input_flip=Flip(0.25, (1.0, 1.0, 0.9), flipped=True) if good else Flip(1, (1.0,), False),
        tau=tau,
        tau_signed=tau,
        tau_ceiling=0.71,
        uniform=0.234,
        trusted=good,
        sentence="This map beats all 20 random maps: trust it."
        if good
        else "Random maps do as well: do not read reasons into this map.",
    )


def with_methods(explanation: Explanation) -> Explanation:
    """With further maps: of every class, of one class only, from outside; and two cards."""
    first = explanation.contributions
    target = explanation.prediction.labels[0]
    turned = {name: tuple(reversed(values)) for name, values in first.items()}
    scaled = {name: tuple(x * 0.4 for x in values) for name, values in first.items()}
    one = {target: tuple(x * abs(x) for x in first[target])}
    return replace(
        explanation,
        maps={"mine": one, "leave-one-out": one, "integrated-gradients": scaled, "random": turned},
        missing={"integrated-gradients": dict.fromkeys(first, 0.031)},
        trust={
            "contribution": trusted(explanation, "contribution"),
            "integrated-gradients": trusted(explanation, "integrated-gradients", beaten=0),
            "attention": trusted(explanation, "attention", beaten=19, tau=None),
        },
    )


MEASURED = with_methods(REVIEW)
MEASURED_TICKET = with_methods(TICKET)

"""The methods by name: what each map shows, in which unit, and what it promises. No torch here."""

from __future__ import annotations

<<<<<<< HEAD
from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from heedful.records import HeedfulError


class Found(NamedTuple):
    """One map of one class.

    Attributes:
        values: (N,) one number per token of what was read.
        missing: for methods that promise a sum, what the numbers miss of it, in log-odds.
    """

    values: NDArray[np.float64]
    missing: float | None = None
=======
from dataclasses import dataclass
>>>>>>> faces


@dataclass(frozen=True, slots=True)
class Legend:
    """What to say beside a map.

    Attributes:
<<<<<<< HEAD
        shows: one plain line.
        unit: of one token's number.
        signed: whether numbers below zero speak against the class.
        total: what the numbers sum to; empty where the method promises nothing.
    """

    shows: str
    unit: str
    signed: bool
    total: str = ""


METHODS: dict[str, Legend] = {
    "attention": Legend(
        "where the model looks, whatever it makes of it", "share of the attention", False, "1"
    ),
    "contribution": Legend(
        "what each token adds to the decision, the attention taken as given",
        "log-odds",
        True,
        "the class's logit less its base",
    ),
    "attention-gradient": Legend(
        "what more attention to a token would do, times the attention it has", "log-odds", True
    ),
    "gradient-input": Legend(
        "how the decision leans on a token's vector, by its slope at this very text",
        "log-odds",
        True,
    ),
    "integrated-gradients": Legend(
        "what each token adds on the way from a text of unknown words to this one",
        "log-odds",
        True,
        "the logit less that of as many unknown words",
    ),
    "leave-one-out": Legend("what is lost when the token alone is deleted", "log-odds", True),
    "lime": Legend(
        "weights of a linear model fitted to copies with random tokens deleted", "log-odds", True
    ),
    "shapley": Legend(
        "what a token adds on average when tokens are put in one by one, in random order",
        "log-odds",
        True,
        "the log-odds less those of the empty text",
    ),
    "random": Legend("nothing: chance, for comparison", "none", True),
}
"""In the order in which they are offered."""


def check_methods(names: Iterable[str]) -> None:
    """Raise HeedfulError for a name that is no method, with those that are."""
    for name in names:
        if name not in METHODS:
            raise HeedfulError(f"unknown method {name!r}; choose from {', '.join(METHODS)}")
=======
        name: as in commands and files.
        title: as people read it.
        says: one plain line: what a word's number is.
        unit: of one token's number; empty where it has none.
        signed: whether numbers below zero speak against the class.
        promises_sum: whether the numbers sum to something known, so that an error can be stated.
    """

    name: str
    title: str
    says: str
    unit: str
    signed: bool
    promises_sum: bool


_ALL = (
    Legend(
        "attention",
        "attention",
        "How much of each place was read, not which way it pulled. Much read is not decisive.",
        "share of attention",
        signed=False,
        promises_sum=False,
    ),
    Legend(
        "contribution",
        "contribution",
        "What each word in its place adds to the score of the class; base and words sum to it.",
        "log-odds",
        signed=True,
        promises_sum=True,
    ),
    Legend(
        "attention-gradient",
        "attention × gradient",
        "The attention of each word, times what more of it would do to the score.",
        "log-odds, to first order",
        signed=True,
        promises_sum=False,
    ),
    Legend(
        "gradient-input",
        "gradient × input",
        "How the score leans on each word’s vector: its slope at this very text.",
        "log-odds, to first order",
        signed=True,
        promises_sum=False,
    ),
    Legend(
        "integrated-gradients",
        "integrated gradients",
        "What each word adds on the way from a text of unknown words to this one.",
        "log-odds",
        signed=True,
        promises_sum=True,
    ),
    Legend(
        "leave-one-out",
        "leave one out",
        "What the score loses when this one word is deleted and the rest is read again.",
        "log-odds",
        signed=True,
        promises_sum=False,
    ),
    Legend(
        "lime",
        "LIME",
        "Weights of a linear model fitted to copies of the text with random words deleted.",
        "log-odds",
        signed=True,
        promises_sum=False,
    ),
    Legend(
        "shapley",
        "Shapley values",
        "What each word adds on average when words are put in one by one, in random order.",
        "log-odds",
        signed=True,
        promises_sum=True,
    ),
    Legend(
        "random",
        "random",
        "Nothing: numbers drawn by chance, to compare the other maps with.",
        "",
        signed=True,
        promises_sum=False,
    ),
)
LEGENDS: dict[str, Legend] = {legend.name: legend for legend in _ALL}
"""In the order in which they are offered."""


def legend_of(name: str) -> Legend:
    """The method's legend; a neutral one for a map from outside."""
    neutral = Legend(
        name,
        name,
        "A map from outside: how it was made, and what its numbers mean, is its maker’s to say.",
        "",
        signed=True,
        promises_sum=False,
    )
    return LEGENDS.get(name, neutral)
>>>>>>> faces

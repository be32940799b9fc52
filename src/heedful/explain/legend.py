"""The methods by name: what each map shows, in which unit, and what it promises. No torch here."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from heedful.records import HeedfulError


@dataclass(frozen=True, slots=True)
class Legend:
    """What to say beside a map.

    Attributes:
        name: as in commands and files.
        title: as people read it.
        says: one plain line: what a word's number is.
        unit: of one token's number; empty where it has none.
        signed: whether numbers below zero speak against the class.
    """

    name: str
    title: str
    says: str
    unit: str
    signed: bool


_ALL = (
    Legend(
        "attention",
        "attention",
        "How much of each place was read, not which way it pulled. Much read is not decisive.",
        "share of attention",
        signed=False,
    ),
    Legend(
        "contribution",
        "contribution",
        "What each word in its place adds to the score of the class; base and words sum to it.",
        "log-odds",
        signed=True,
    ),
    Legend(
        "attention-gradient",
        "attention × gradient",
        "The attention of each word, times what more of it would do to the score.",
        "log-odds, to first order",
        signed=True,
    ),
    Legend(
        "gradient-input",
        "gradient × input",
        "How the score leans on each word’s vector: its slope at this very text.",
        "log-odds, to first order",
        signed=True,
    ),
    Legend(
        "integrated-gradients",
        "integrated gradients",
        "What each word adds on the way from a text of unknown words to this one.",
        "log-odds",
        signed=True,
    ),
    Legend(
        "leave-one-out",
        "leave one out",
        "What the score loses when this one word is deleted and the rest is read again.",
        "log-odds",
        signed=True,
    ),
    Legend(
        "lime",
        "LIME",
        "Weights of a linear model fitted to copies of the text with random words deleted.",
        "log-odds",
        signed=True,
    ),
    Legend(
        "shapley",
        "Shapley values",
        "What each word adds on average when words are put in one by one, in random order.",
        "log-odds",
        signed=True,
    ),
    Legend(
        "random",
        "random",
        "Nothing: numbers drawn by chance, to compare the other maps with.",
        "",
        signed=True,
    ),
)
LEGENDS: dict[str, Legend] = {legend.name: legend for legend in _ALL}
"""In the order in which they are offered."""
METHODS: tuple[str, ...] = tuple(LEGENDS)
ALWAYS = ("attention", "contribution")
"""The maps that every explanation has: they need not be asked for."""

OF_ATTENTION = ("attention", "attention-gradient")
"""The maps that only a model with an attention network has."""


def check_methods(names: Iterable[str]) -> None:
    """Raise HeedfulError for a name that is no method, with those that are."""
    for name in names:
        if name not in LEGENDS:
            raise HeedfulError(f"unknown method {name!r}; choose from {', '.join(METHODS)}")


def legend_of(name: str) -> Legend:
    """The method's legend; a neutral one for a map from outside."""
    neutral = Legend(
        name,
        name,
        "A map from outside: how it was made, and what its numbers mean, is its maker’s to say.",
        "",
        signed=True,
    )
    return LEGENDS.get(name, neutral)

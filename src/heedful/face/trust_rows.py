"""A card of trust in words and places on a line: what every face shows of it, said once.

Texts stand here and nowhere else: the page, its script, the terminal and notebooks only lay
them out.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from heedful.face.heat import Method
from heedful.face.spelling import percent, plain, remainder
from heedful.records import Explanation, Flip, Judged, Trust


class Measure(NamedTuple):
    """One number of a card: its name, which direction is better, and what it means."""

    label: str
    better: str
    means: str


MEASURES: dict[str, Measure] = {
    "comprehensiveness": Measure(
        "comprehensiveness",
        "higher is better",
        "How much of the class’s probability is lost when the words that the map puts first are "
        "deleted: the mean over its first 1, 5, 10, 20 and 50 %. The same is done in random "
        "orders, and in the best order that a search finds for this text: without these two the "
        "number says nothing.",
    ),
    "sufficiency": Measure(
        "sufficiency",
        "lower is better",
        "How much of the probability is lost when only the words that the map puts first are "
        "kept, over the same shares; below zero, they alone make the model more certain.",
    ),
    "attention_flip": Measure(
        "flip, attention level",
        "lower is better",
        "The share of words to take out of the attention, in the map’s order, until the decision "
        "changes: weights set to zero, the rest made to sum to 1, states kept. About the "
        "attention, not about words: states know their neighbours. N-gram evidence stays as it is.",
    ),
    "input_flip": Measure(
        "flip, input level",
        "lower is better",
        "The share of words to replace by the unknown word, in the map’s order, until the decision "
        "changes, the model reading the text again each time. This one is about words.",
    ),
    "tau": Measure(
        "τ with leave-one-out",
        "higher is better",
        "Kendall’s τ, −1 to 1: whether the map puts words into the order in which the model misses "
        "them when each is left out alone. The ceiling is what gradient × input reaches on the "
        "same text.",
    ),
    "uniform": Measure(
        "uniform attention",
        "near 0: attention unused",
        "How far the probability moves when every word gets the same attention. Near 0 the "
        "attention decides nothing here: read contributions instead. N-gram evidence stays.",
    ),
    "missing": Measure(
        "completeness error",
        "nearer to 0 is better",
        "This method promises numbers that sum to the score less that of a baseline; this is what "
        "they miss of it.",
    ),
}
"""What each key of a card's rows is; a card shows them in this order."""

KEY = "◆ this map  ┃ random maps, on average  · each of them  ○ best order found"
"""What the marks on a strip are."""
NO_ATTENTION = "not defined: the model has no attention network"
RIGHT, EDGE = 200, 6
"""Width of a strip, and room at its ends for the marks."""


class Strip(NamedTuple):
    """Places on a line 0..RIGHT; further right is better, whichever way the numbers go."""

    randoms: tuple[int, ...]
    mean: int
    best: int
    value: int


class Row(NamedTuple):
    """A line of a card: the finding, and the numbers behind it where there are more."""

    key: str
    says: str
    numbers: str = ""
    strip: Strip | None = None


def rows_of(explanation: Explanation, method: Method) -> tuple[Row, ...]:
    """The rows of this method's card; none where it was not measured."""
    trust = explanation.trust.get(method)
    return tuple(_rows(explanation, trust)) if trust else ()


def about(trust: Trust, target: str) -> str:
    """Which class a card is about, and that the map beside it is about another, `target`."""
    other = "" if target == trust.target else f"; the map is about {target}"
    return f"about the predicted class, {trust.target}{other}"


def _rows(explanation: Explanation, trust: Trust) -> Iterator[Row]:
    for key, judged in (
        ("comprehensiveness", trust.comprehensiveness),
        ("sufficiency", trust.sufficiency),
    ):
        numbers = f"◆ map {plain(judged.value)}"
        if judged.randoms:
            numbers += f"  ┃ random {plain(judged.random_mean)}"
        yield Row(key, _judged(judged), f"{numbers}  ○ best {plain(judged.best)}", _strip(judged))
    flip = trust.attention_flip
    yield Row("attention_flip", NO_ATTENTION if flip is None else _flip(flip))
    yield Row("input_flip", _flip(trust.input_flip))
    yield Row("tau", _tau(trust))
    uniform = trust.uniform
    moves = NO_ATTENTION if uniform is None else f"moves the probability by {plain(uniform)}"
    yield Row("uniform", moves)
    missing = _missing(explanation, trust)
    if missing is not None:
        size = remainder(missing).removeprefix("error ")
        yield Row("missing", "none" if size == "no error" else f"{size} log-odds")


def _judged(judged: Judged) -> str:
    many = len(judged.randoms)
    if not many:
        return "no random maps to compare with"
    beaten = f"all {many}" if judged.beaten == many else f"{judged.beaten} of {many}"
    return f"beats {beaten} random maps, {_way(judged.share)}"


def _way(share: float | None) -> str:
    if share is None:
        return "but no order does much better than chance"
    if share < 0:
        return "worse than they are on average"
    return f"{percent(share)} of the way to the best order"


def _flip(flip: Flip) -> str:
    own = f"{percent(flip.share)} of the words" if flip.flipped else "never"
    if not flip.randoms:
        return own
    median = flip.random_median
    return f"{own}; random orders: {percent(median) if median < 1 else 'never'}"


def _tau(trust: Trust) -> str:
    own = "not defined: all numbers alike" if trust.tau is None else plain(trust.tau)
    ceiling = "" if trust.tau_ceiling is None else f"; ceiling {plain(trust.tau_ceiling)}"
    return own + ceiling


def _missing(explanation: Explanation, trust: Trust) -> float | None:
    if trust.method == "contribution":
        return explanation.error.get(trust.target)
    return explanation.missing.get(trust.method, {}).get(trust.target)


def _strip(judged: Judged) -> Strip | None:
    """The scores as places, from the worst of them to the best.

    None without random maps, and where all scores are one: their mean is that up to rounding.
    """
    if not judged.randoms:
        return None
    sign = 1 if judged.higher_is_better else -1
    every = [sign * x for x in (*judged.randoms, judged.random_mean, judged.best, judged.value)]
    low, room = min(every), max(every) - min(every)
    if not room > 1e-12:
        return None
    places = [EDGE + round((x - low) / room * (RIGHT - 2 * EDGE)) for x in every]
    return Strip(tuple(places[:-3]), places[-3], places[-2], places[-1])

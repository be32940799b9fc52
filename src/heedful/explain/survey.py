"""A data set's trust: methods by metrics, gathered from the cards of its texts."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from heedful.explain.curves import MASKED
from heedful.explain.judge import Card
from heedful.explain.legend import METHODS
from heedful.explain.racu import racu
from heedful.learn.bootstrap import Interval, resampled
from heedful.records import Trust

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Metric:
    """One column of the table.

    Attributes:
        name: its key in JSON.
        of: its value for one text's Trust; None where it is not defined.
        median: summarised by the median, not the mean.
        higher_is_better: the direction.
        says: one plain line.
    """

    name: str
    of: Callable[[Trust], float | None]
    median: bool
    higher_is_better: bool
    says: str


def _beats_all(trust: Trust) -> float:
    judged = trust.comprehensiveness
    return float(judged.beaten == len(judged.randoms))


METRICS: tuple[Metric, ...] = (
    Metric(
        "comprehensiveness",
        lambda t: t.comprehensiveness.value,
        False,
        True,
        "probability lost when the top words are deleted (AOPC)",
    ),
    Metric(
        "sufficiency",
        lambda t: t.sufficiency.value,
        False,
        False,
        "probability lost when only the top words are kept (AOPC)",
    ),
    Metric("beats_all", _beats_all, False, True, "share of texts where it beats all random maps"),
    Metric(
        "percentile",
        lambda t: t.comprehensiveness.percentile,
        False,
        True,
        "mean percentile among the random maps",
    ),
    Metric(
        "share",
        lambda t: t.comprehensiveness.share,
        False,
        True,
        "way from chance (0) to the best order found (1), comprehensiveness",
    ),
    Metric(
        "share_sufficiency",
        lambda t: t.sufficiency.share,
        False,
        True,
        "the same for sufficiency",
    ),
    Metric(
        "attention_flip",
        lambda t: t.attention_flip.share if t.attention_flip else None,
        True,
        False,
        "median share of weights zeroed until the decision changes",
    ),
    Metric(
        "input_flip",
        lambda t: t.input_flip.share,
        True,
        False,
        "median share of words masked until the decision changes",
    ),
    Metric("tau", lambda t: t.tau, False, True, "Kendall's tau with leave-one-out, strengths"),
    Metric("tau_signed", lambda t: t.tau_signed, False, True, "the same with signs"),
)
BY_NAME = {metric.name: metric for metric in METRICS}

CONTROLS = ("leave-one-out", "lime", "shapley", "random")
"""Not to be shown by default: made of the erasures that judge them, or of nothing."""


@dataclass(frozen=True)
class Figure:
    """A mean or median over texts with its 95 % bootstrap interval; NaN for none."""

    value: float
    low: float
    high: float
    texts: int

    def to_json(self) -> dict[str, float | int | None]:
        """The attributes by name; what is not defined is null."""
        named = {"value": self.value, "low": self.low, "high": self.high}
        return {k: v if math.isfinite(v) else None for k, v in named.items()} | {
            "texts": self.texts
        }


@dataclass
class Survey:
    """Gathers cards; read `table`, `chance` and `shown` when all are in.

    Attributes:
        trust, right: of each text with words, as in `Card`.
        controlled: how many of them, the first ones, were judged under the slow methods too.
        slow: these methods.
    """

    trust: list[dict[str, Trust]] = field(default_factory=list)
    right: list[dict[str, Array]] = field(default_factory=list)
    controlled: int = 0
    slow: set[str] = field(default_factory=set)

    def add(self, card: Card) -> None:
        """One text's card; texts without words say nothing and are left out."""
        if card.right:
            self.trust.append(dict(card.trust))
            self.right.append(dict(card.right))

    def add_controls(self, card: Card) -> None:
        """Further methods of one of the first texts, judged apart from the others."""
        self.slow |= set(card.trust)
        if card.right:
            self.trust[self.controlled] |= card.trust
            # The random orders are the same ones; what is known of them stays.
            self.right[self.controlled] = card.right | self.right[self.controlled]
            self.controlled += 1

    @property
    def texts(self) -> int:
        """How many texts have words."""
        return len(self.trust)

    def accuracy(self) -> float:
        """Share of the texts that are decided right (multi-label: about the class of the card)."""
        return float(np.mean([rows["random"][0] for rows in self.right]))

    @property
    def methods(self) -> list[str]:
        """Every method that was judged."""
        return list(dict.fromkeys(name for trust in self.trust for name in trust))

    def table(self) -> dict[str, dict[str, Figure]]:
        """Method to metric to figure, with RACU."""
        return {name: self._row(name) for name in self.methods}

    def _row(self, name: str) -> dict[str, Figure]:
        cards = [trust[name] for trust in self.trust if name in trust]
        found = {m.name: figure([m.of(card) for card in cards], median=m.median) for m in METRICS}
        return found | {"racu": self._racu(name)}

    def _racu(self, name: str) -> Figure:
        """RACU over the texts, resampled by text together with the random curve."""
        rows = [row for row in self.right if name in row]
        own, chance = (np.array([row[which] for row in rows]) for which in (name, "random"))
        shares = np.array([0.0, *MASKED])

        def of(weights: Array) -> float:
            value = racu(shares, weights @ own, weights @ chance)
            return math.nan if value is None else value

        count = len(own)
        value = of(np.full(count, 1 / count))
        return Figure(value, *resampled(of, count), count)

    def chance(self) -> dict[str, Figure]:
        """What random orders reach, and the ceilings: by name of metric."""
        cards = [next(iter(trust.values())) for trust in self.trust if trust]
        return {
            "comprehensiveness": figure([c.comprehensiveness.random_mean for c in cards]),
            "sufficiency": figure([c.sufficiency.random_mean for c in cards]),
            "attention_flip": figure(
                [c.attention_flip.random_median if c.attention_flip else None for c in cards],
                median=True,
            ),
            "input_flip": figure([c.input_flip.random_median for c in cards], median=True),
            "best_comprehensiveness": figure([c.comprehensiveness.best for c in cards]),
            "best_sufficiency": figure([c.sufficiency.best for c in cards]),
            "tau_ceiling": figure([c.tau_ceiling for c in cards]),
            "uniform": figure([c.uniform for c in cards]),
        }

    def shown(self) -> str | None:
        """The method to show by default: the one that goes furthest to the best order found.

        Ties within one point go to the method that costs least, which stands first. Methods that
        are made of erasures are not asked: they would be judged by what they were made of. Nor
        are maps made elsewhere, which heedful cannot make of another text, nor slow methods, which
        were judged on some texts only and cost too much to be shown unasked. None where
        contribution, which others have to beat, was not judged or nothing tells maps apart.
        """
        asked = [name for name in METHODS if name not in CONTROLS and name not in self.slow]
        shares = {name: self._share(name) for name in asked}
        usual = {name: share for name, share in shares.items() if share is not None}
        if "contribution" not in usual:
            return None
        best = max(usual.values())
        return next(name for name in ("contribution", *usual) if usual[name] >= best - 0.01)

    def _share(self, name: str) -> float | None:
        """Mean way to the best order; None without a text that tells."""
        found = [BY_NAME["share"].of(trust[name]) for trust in self.trust if name in trust]
        known = [value for value in found if value is not None]
        return math.fsum(known) / len(known) if known else None


def figure(values: Sequence[float | None], *, median: bool = False) -> Figure:
    """Mean or median of the defined values, with its interval."""
    known = np.array([v for v in values if v is not None and math.isfinite(v)])
    if not len(known):
        return Figure(math.nan, math.nan, math.nan, 0)
    if not median:
        least, most = float(known.min()), float(known.max())

        def mean(weights: Array) -> float:  # which rounding must not carry beyond its values
            return min(max(float(weights @ known), least), most)

        interval: Interval = resampled(mean, len(known))
        return Figure(float(known.mean()), *interval, len(known))
    order = np.sort(known)

    def middle(weights: Array) -> float:
        # Weights belong to rows, and any row is as likely as another: sorted rows will do.
        return float(order[min(int(np.searchsorted(np.cumsum(weights), 0.5)), len(order) - 1)])

    return Figure(float(np.median(known)), *resampled(middle, len(known)), len(known))


def legend() -> dict[str, dict[str, Any]]:
    """What the metrics of a table are: mean or median, the better direction, a plain line."""
    told = {
        metric.name: {
            "summary": "median" if metric.median else "mean",
            "higher_is_better": metric.higher_is_better,
            "says": metric.says,
        }
        for metric in METRICS
    }
    says = "how much faster accuracy falls when words are masked in the map's order than at random"
    return told | {"racu": {"summary": "of all texts", "higher_is_better": True, "says": says}}


def to_json(table: Mapping[str, Mapping[str, Figure]]) -> dict[str, Any]:
    """A table as plain dictionaries."""
    return {name: {k: f.to_json() for k, f in row.items()} for name, row in table.items()}

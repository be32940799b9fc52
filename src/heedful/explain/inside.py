"""What attention does inside a model's decisions, text by text and gathered over a data set."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

from heedful.explain.adversary import EPSILON, adversary
from heedful.explain.orders import seeded
from heedful.explain.permutation import by_largest_weight, permuted_change
from heedful.explain.survey import figure
from heedful.explain.trust import Judgement
from heedful.learn.model import TextModel


@dataclass(frozen=True)
class Inside:
    """One text.

    Attributes:
        largest: the largest weight.
        permuted: median |change of p| over permutations of the weights, states kept.
        divergence: of the attention that differs most and changes p by `EPSILON` at most.
        exact: whether that is the largest there is, or the largest that was found.
        conicity: mean cosine of the states with their mean.
    """

    largest: float
    permuted: float
    divergence: float
    exact: bool
    conicity: float

    def to_json(self) -> dict[str, float | bool]:
        """The attributes by name."""
        return asdict(self)


def look_inside(model: TextModel, judgement: Judgement, seed: int = 0) -> Inside:
    """Permute and attack the attention of a text with at least one token."""
    anatomy, index = judgement.anatomy, judgement.index
    furthest = adversary(model.network, anatomy, index, model.task)
    random = seeded(seed, anatomy.ids)
    return Inside(
        largest=float(anatomy.weights.max()),
        permuted=permuted_change(model.network, anatomy, index, model.task, random),
        divergence=furthest.divergence,
        exact=furthest.exact,
        conicity=anatomy.conicity,
    )


@dataclass
class Gathered:
    """A data set's texts."""

    texts: list[Inside] = field(default_factory=list)

    def to_json(self) -> dict[str, Any]:
        """Means over the texts (of `permuted` the median), and permutation by largest weight."""
        bins = by_largest_weight([t.permuted for t in self.texts], [t.largest for t in self.texts])
        return {
            "largest": figure([t.largest for t in self.texts]).to_json(),
            "permuted": figure([t.permuted for t in self.texts], median=True).to_json(),
            "permuted_by_largest": [one.to_json() for one in bins],
            "divergence": figure([t.divergence for t in self.texts]).to_json(),
            "epsilon": EPSILON,
            "exact": all(t.exact for t in self.texts),
            "conicity": figure([t.conicity for t in self.texts]).to_json(),
        }

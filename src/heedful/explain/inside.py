"""What attention does inside a model's decisions, text by text and gathered over a data set."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from heedful.explain.adversary import EPSILON, adversary
from heedful.explain.outputs import log_odds, probability
from heedful.explain.permutation import by_weight, permuted
from heedful.explain.survey import figure
from heedful.explain.trust import Judgement
from heedful.learn.model import TextModel


@dataclass(frozen=True)
class Inside:
    """One text.

    Attributes:
        heaviest: the largest weight.
        permuted: median |change of p| over permutations of the weights, states kept.
        divergence: of the attention that differs most and changes p by no more than `EPSILON`
            (Jensen-Shannon, natural logarithm; at most .693).
        exact: whether that is the largest there is, or the largest that was found.
        conicity: mean cosine of the states with their mean.
    """

    heaviest: float
    permuted: float
    divergence: float
    exact: bool
    conicity: float

    def to_json(self) -> dict[str, float | bool]:
        """The attributes by name."""
        return asdict(self)

"""The most different attention that decides alike."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from heedful.explain.anatomy import Anatomy
from heedful.explain.divergence import LARGEST, divergence, shared
from heedful.explain.mixtures import mixer
from heedful.explain.outputs import log_odds, probability
from heedful.explain.segments import searched
from heedful.nn.classify import Classifier
from heedful.records import Task

Array = NDArray[np.float64]

EPSILON = 0.05
"""Largest |change of p| that still counts as the same decision."""
_CELLS = 1 << 18
"""Pairs looked at together."""


@dataclass(frozen=True, eq=False)
class Adversary:
    """Other weights with nearly the same probability.

    Attributes:
        divergence: Jensen-Shannon divergence from the model's own weights, 0 to ln 2 = .693.
        weights: (N,) the other weights.
        probability: of the class under them.
        exact: True: no weights in the band lie further away. False: the best that was found.
    """

    divergence: float
    weights: Array
    probability: float
    exact: bool


def adversary(
    network: Classifier, anatomy: Anatomy, index: int, task: Task, epsilon: float = EPSILON
) -> Adversary:
    """Weights as far as possible from the model's with |change of p of class `index`| <= epsilon.

    Jain & Wallace 2019, with states kept. They climb gradients and so find lower
    bounds. Where the log-odds are linear in the weights (linear head, binary or multi-label) the
    answer here is exact:

    1. The weights w >= 0 with sum 1 and low <= w . v <= high form a polytope, and the divergence
       is convex in w: its maximum lies at a vertex.
    2. At a vertex N - 1 of the constraints (N bounds, 2 edges) are tight; at most one of them is
       an edge of the band, so that at most two weights are not 0.
    3. So a vertex is one token inside the band, or two tokens, one on either side of an edge,
       mixed so as to lie on it: N + N^2 / 2 cases at most, each with its divergence in O(1).

    Else (multi-class, dense head) `segments.searched` finds a lower bound.
    """
    if len(anatomy.weights) == 0:
        p = float(probability(log_odds(anatomy.logits, index, task)))
        return Adversary(0.0, np.zeros(0), p, exact=True)
    own = anatomy.weights / anatomy.weights.sum()
    mix = mixer(network, anatomy)
    exact = mix.linear and task != "multi-class"

    def odds(mixed: Array) -> Array:
        return log_odds(mixed if mix.linear else mix.decide(mixed), index, task)

    if exact:
        found = _furthest(own, odds(mix.values), epsilon)
    else:
        found = searched(own, mix.values, lambda mixed: probability(odds(mixed)), epsilon)
    p = float(probability(odds((found @ mix.values)[None]))[0])
    return Adversary(float(divergence(own, found)), found, p, exact)


def _furthest(own: Array, odds: Array, epsilon: float) -> Array:
    """(N,) the furthest weights, from the model's own and each token's log-odds."""
    p = float(probability(own @ odds))
    edges = [_logit(p - epsilon), _logit(p + epsilon)]
    inside = np.flatnonzero((edges[0] <= odds) & (odds <= edges[1]))
    best, weights = -1.0, own
    if len(inside):
        token = inside[own[inside].argmin()]  # the less shared, the further
        best, weights = float(_alone(own[token])), _spike(len(own), {token: 1.0})
    for edge in edges:
        apart, first, second, share = _on_edge(own, odds, edge)
        if apart > best:
            best, weights = apart, _spike(len(own), {first: 1 - share, second: share})
    return weights


def _on_edge(own: Array, odds: Array, edge: float) -> tuple[float, int, int, float]:
    """The furthest mixture of two tokens with log-odds `edge`.

    Returns:
        Its divergence (-inf where there is none), its token below and above, the share of the
        one above.
    """
    below, above = np.flatnonzero(odds < edge), np.flatnonzero(odds > edge)
    best = (-np.inf, 0, 0, 0.0)
    if len(below) == 0 or len(above) == 0 or not np.isfinite(edge):
        return best
    step = max(1, _CELLS // len(above))
    for start in range(0, len(below), step):
        rows = below[start : start + step, None]
        share = (edge - odds[rows]) / (odds[above] - odds[rows])
        apart = LARGEST - (shared(own[rows], 1 - share) + shared(own[above], share)) / 2
        row, column = np.unravel_index(apart.argmax(), apart.shape)
        if apart[row, column] > best[0]:
            pair = int(rows[row, 0]), int(above[column])
            best = (float(apart[row, column]), *pair, float(share[row, column]))
    return best


def _alone(own: Array) -> Array:
    """Divergence of all weight on a token that has the weight `own`."""
    return LARGEST - shared(own, np.ones_like(own)) / 2


def _spike(size: int, tokens: dict[int, float]) -> Array:
    weights = np.zeros(size)
    for token, weight in tokens.items():
        weights[token] = weight
    return weights


def _logit(p: float) -> float:
    if p <= 0:
        return -np.inf
    return float(np.log(p / (1 - p))) if p < 1 else np.inf

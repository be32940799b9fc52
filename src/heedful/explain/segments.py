"""Different attention with the same decision where probabilities bend: a search along segments."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from heedful.explain.divergence import LARGEST, shared

Array = NDArray[np.float64]
Indices = NDArray[np.int64]
Probability = Callable[[Array], Array]

TOKENS = 16
"""Tokens tried of those below the band, of those inside and of those above."""
_GRID = np.linspace(0.0, 1.0, 9)
_HALVINGS = 20
_CELLS = 1 << 20
"""Numbers mixed at once: 8 MiB."""


def searched(own: Array, values: Array, probability: Probability, epsilon: float) -> Array:
    """(N,) weights far from `own` whose probability lies within `epsilon`: a lower bound.

    Two-token mixtures are the vertices behind a linear head, and single tokens the furthest of
    all, so they are tried here too: every token inside the band, and the segments between the
    least attended tokens below, inside and above it; also those from `own` to these. Along a
    segment the divergence is convex: of a stretch inside the band an end is the furthest.

    Args:
        own: (N,) the model's weights.
        values: (N, D) what weights mix.
        probability: (K, D) mixed values to (K,) probabilities.
        epsilon: the largest change of probability.
    """
    middle = own @ values
    p = float(probability(middle[None])[0])
    change = probability(values) - p
    parts = change < -epsilon, np.abs(change) <= epsilon, change > epsilon
    chosen = np.concatenate([_least(own, part) for part in parts])
    points = np.concatenate([middle[None], values[chosen]])  # point 0 is `own`, the rest tokens
    first, second = np.triu_indices(len(points), k=1)

    rows, shares = _crossings(points, first, second, lambda mixed: probability(mixed) - p, epsilon)
    apart = _divergences(own, chosen, first[rows], second[rows], shares)
    inside = np.flatnonzero(parts[1])
    weights = np.zeros(len(own))
    token = inside[own[inside].argmin()] if len(inside) else None
    alone = 0.0 if token is None else float(LARGEST - shared(own[token], np.ones(())) / 2)
    if token is not None and alone >= apart.max(initial=0.0):
        weights[token] = 1.0
        return weights
    if len(rows) == 0:
        return own
    best = int(apart.argmax())
    one, other, share = first[rows[best]], second[rows[best]], shares[best]
    weights[chosen[other - 1]] = share
    if one == 0:
        weights += (1 - share) * own
    else:
        weights[chosen[one - 1]] = 1 - share
    return weights


def _least(own: Array, which: NDArray[np.bool_]) -> Indices:
    tokens = np.flatnonzero(which)
    least: Indices = tokens[np.argsort(own[tokens], kind="stable")[:TOKENS]]
    return least


def _crossings(
    points: Array, first: Indices, second: Indices, change: Probability, epsilon: float
) -> tuple[Indices, Array]:
    """Where segments leave the band, just inside: which segment, and the second point's share."""

    def along(rows: Indices, shares: Array) -> Array:
        step = max(1, _CELLS // points.shape[1])
        found = np.zeros(len(rows))
        for start in range(0, len(rows), step):
            part = slice(start, start + step)
            share = shares[part, None]
            one, other = points[first[rows[part]]], points[second[rows[part]]]
            found[part] = change((1 - share) * one + share * other)
        return found

    count = len(first)
    grid = along(np.repeat(np.arange(count), len(_GRID)), np.tile(_GRID, count))
    changes = grid.reshape(count, len(_GRID))
    parts = []
    # Edge by edge: a steep segment may pass through the whole band between two points.
    for edge, keeps_above in ((-epsilon, True), (epsilon, False)):
        above = changes > edge
        rows, steps = np.nonzero(above[:, :-1] != above[:, 1:])
        left = above[rows, steps] == keeps_above
        good = np.where(left, _GRID[steps], _GRID[steps + 1])
        bad = np.where(left, _GRID[steps + 1], _GRID[steps])
        for _ in range(_HALVINGS):
            half = (good + bad) / 2
            fine = (along(rows, half) > edge) == keeps_above
            good, bad = np.where(fine, half, good), np.where(fine, bad, half)
        parts.append((rows, good))
    rows, shares = (np.concatenate(part) for part in zip(*parts, strict=True))
    inside = np.abs(along(rows, shares)) <= epsilon
    return rows[inside], shares[inside]


def _divergences(
    own: Array, chosen: Indices, first: Indices, second: Indices, share: Array
) -> Array:
    """Divergence from `own` of (1 - share) first + share second; point 0 is `own` itself."""
    weight = np.concatenate([[0.0], own[chosen]])
    ray = first == 0
    pair = shared(weight[first], 1 - share) + shared(weight[second], share)
    # All other tokens keep (1 - share) of their weight; `shared` scales with both its arguments.
    rest = (1 - weight[second]) * shared(np.ones_like(share), 1 - share)
    drawn = shared(weight[second], (1 - share) * weight[second] + share)
    return np.asarray(LARGEST - np.where(ray, rest + drawn, pair) / 2)

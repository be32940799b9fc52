"""Maps from sampled deletions: LIME and Shapley values, as questions for `perturb.run`.

What is asked for is the class's log-odds, never the probability, which is flat where a model is
sure. Both delete tokens. A text of more than `MOST` tokens is cut into `MOST` runs of
neighbouring tokens that are deleted together and share what the run gets in equal parts: the
price of a map grows with the length of a text, not with its square.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import permutations

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import Ridge

from heedful.explain.found import Found
from heedful.explain.outputs import Array, log_odds
from heedful.explain.perturb import Asking, Ids, kept
from heedful.records import Task

MOST = 256
PAIRS = 4
KERNEL = 0.25


def runs(count: int, most: int = MOST) -> NDArray[np.int64]:
    """(N,) the run of each token: its own, or one of `most` of nearly equal length."""
    return np.arange(count) * min(count, most) // max(count, 1)


def lime(
    ids: Ids, index: int, task: Task, random: np.random.Generator, samples: int | None = None
) -> Asking[Array]:
    """(N,) weights of a ridge regression on which tokens are there (Ribeiro et al. 2016).

    As in the authors' program: copies lose 1 to all tokens, each number being as likely; the
    kernel is exp(-d^2 / 2 w^2) with d the cosine distance to the whole text and w = .25; the
    penalty is 1. Theirs removes all occurrences of a word, this one each token by itself.

    Args:
        samples: copies, the whole text included; None = 200 and two more for each run.
    """
    run = runs(len(ids))
    count = int(run[-1]) + 1 if len(ids) else 0
    if not count:
        return np.zeros(0)
    there = _draw(count, samples or 200 + 2 * count, random)
    value = log_odds((yield kept(ids, there[:, run])), index, task)
    distance = 1 - np.sqrt(there.mean(axis=1))
    near = np.exp(-(distance**2) / (2 * KERNEL**2))
    weights = Ridge(alpha=1.0).fit(there.astype(np.float64), value, near).coef_
    return _spread(weights, run)


def _draw(count: int, samples: int, random: np.random.Generator) -> NDArray[np.bool_]:
    """(samples, count): what is left, the first row being whole."""
    place = random.random((samples, count)).argsort(axis=1).argsort(axis=1)
    removed = random.integers(1, count + 1, samples)
    removed[0] = 0
    return np.asarray(place >= removed[:, None])


def shapley(
    ids: Ids, index: int, task: Task, random: np.random.Generator, pairs: int = PAIRS
) -> Asking[Found]:
    """Shapley values by permutation sampling (Castro et al. 2009; Strumbelj & Kononenko 2010).

    Tokens are put into an empty text one after the other; a token's value is its mean gain over
    the orders. Every order is also gone backwards (antithetic pairs, Mitchell et al. 2022).
    Where all orders are no more than that, all are taken and the values are exact.

    The gains of an order sum to v(text) - v(empty text) whatever the order, so the values do
    too: `missing` is rounding.
    """
    run = runs(len(ids))
    count = int(run[-1]) + 1 if len(ids) else 0
    if not count:
        return Found(np.zeros(0), 0.0)
    ends = np.array([[False], [True]]) & np.ones((1, len(ids)), bool)
    empty, whole = log_odds((yield kept(ids, ends)), index, task).tolist()
    gains, number = np.zeros(count), 0
    for orders in _orders(count, pairs, random):  # (P, count); a few at once bound the memory
        place = orders.argsort(axis=1)
        filled = np.arange(1, count)[None, :, None] > place[:, None, :]  # (P, count - 1, count)
        rows = filled.reshape(-1, count)[:, run]
        inner = log_odds((yield kept(ids, rows)), index, task) if len(rows) else np.zeros(0)
        path = np.full((len(orders), count + 1), empty)
        path[:, 1:-1], path[:, -1] = inner.reshape(len(orders), -1), whole
        np.add.at(gains, orders, np.diff(path, axis=1))
        number += len(orders)
    values = _spread(gains / number, run)
    return Found(values, whole - empty - math.fsum(values))


def _orders(count: int, pairs: int, random: np.random.Generator) -> Iterator[NDArray[np.int64]]:
    """The orders, a pair at a time; all of them at once where they are so few."""
    if count < 10 and math.factorial(count) <= 2 * pairs:
        yield np.array(list(permutations(range(count))))
        return
    for _ in range(pairs):
        order = random.permutation(count)
        yield np.stack([order, order[::-1]])


def _spread(values: Array, run: NDArray[np.int64]) -> Array:
    """(N,) the values of the runs in equal parts on their tokens."""
    return np.asarray((values / np.bincount(run))[run])

"""Shuffled weights and areas between curves: by hand, against loops, and their laws."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import auc

from heedful.explain.anatomy import heads
from heedful.explain.outputs import log_odds, probability
from heedful.explain.permutation import by_largest_weight, permuted_change
from heedful.explain.racu import racu
from made_anatomies import made, made_network

TASKS = (("binary", 1), ("multi-class", 3), ("multi-label", 3))


@pytest.mark.parametrize("head", ["linear", "dense"])
@pytest.mark.parametrize(("task", "classes"), TASKS)
def test_permuted_change_is_a_loop(head, task, classes):
    network = made_network(head, classes)
    anatomy = made(network, 12, 0)
    found = permuted_change(network, anatomy, 1, task, np.random.default_rng(5), 31)
    random = np.random.default_rng(5)
    shuffled = random.permuted(np.tile(anatomy.weights, (31, 1)), axis=1)

    def p(weights) -> float:
        logits = heads(network, (weights @ anatomy.states)[None])
        return float(probability(log_odds(logits, 1, task))[0])

    expected = np.median([abs(p(row) - p(anatomy.weights)) for row in shuffled])
    assert found == pytest.approx(expected, abs=1e-6)
    assert found > 0.01


@pytest.mark.parametrize("head", ["linear", "dense"])
def test_where_nothing_can_change(head):
    network, random = made_network(head), np.random.default_rng(0)
    assert permuted_change(network, made(network, 1, 0), 1, "binary", random) < 1e-7
    uniform = made(network, 9, 0, sharp=0)
    assert permuted_change(network, uniform, 1, "binary", random) < 1e-7
    assert np.isnan(permuted_change(network, made(network, 0, 0), 1, "binary", random))


def test_bins_by_hand():
    changes = [0.1, 0.3, np.nan, 0.2, 0.5, 0.7, 0.9]
    largest = [0.0, 0.2, 0.1, 0.25, 0.75, 1.0, 1.0000001]
    bins = by_largest_weight(changes, largest)
    assert [(b.low, b.high, b.count) for b in bins] == [
        (0, 0.25, 2),
        (0.25, 0.5, 1),
        (0.5, 0.75, 0),
        (0.75, 1, 3),
    ]
    assert [b.median for b in bins] == pytest.approx([0.2, 0.2, None, 0.7])
    assert bins[2].to_json() == {"low": 0.5, "high": 0.75, "count": 0, "median": None}
    assert [b.count for b in by_largest_weight([], [])] == [0] * 4


def test_racu_by_hand():
    ratios = np.array([0, 0.5, 1])
    random = np.array([1.0, 0.8, 0.4])
    # random over its last: .6, .4, 0: area .25 + .1 = .35. Map: 1, .5, .4: area .15
    assert racu(ratios, np.array([1.0, 0.5, 0.4]), random) == pytest.approx(0.15 / 0.35)
    assert racu(ratios, random, random) == 0
    # all lost at once, but for the first trapezoid
    assert racu(ratios, np.array([0.4, 0.4, 0.4]), random) == pytest.approx(1)
    assert racu(ratios, np.array([1.0, 0.9, 0.4]), random) == pytest.approx(-0.05 / 0.35)


def test_racu_on_any_grid_is_a_difference_of_areas():
    draw = np.random.default_rng(0)
    ratios = draw.permutation(np.array([0, 0.01, 0.02, 0.05, 0.1, 0.3, 0.7, 1.0]))
    order = np.argsort(ratios)
    mapped, random = draw.random(8), 1 - 0.5 * ratios
    last = random[order][-1]
    areas = [auc(ratios[order], x[order]) for x in (random, mapped, np.full(8, last))]
    expected = (areas[0] - areas[1]) / (areas[0] - areas[2])
    assert racu(ratios, mapped, random) == pytest.approx(expected)


def test_racu_is_undefined_where_random_loses_nothing():
    ratios, flat = np.array([0, 0.5, 1]), np.array([0.5, 0.5, 0.5])
    assert racu(ratios, np.array([0.5, 0.1, 0.1]), flat) is None
    assert racu(ratios, flat, np.array([0.5, 0.6, 0.7])) is None, "random gains"
    assert racu(ratios[:1], flat[:1], flat[:1]) is None

"""The furthest attention that decides alike: against grids, SLSQP and the laws it obeys."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.optimize import minimize
from scipy.spatial.distance import jensenshannon
from scipy.special import logit

from heedful.explain import adversary as module
from heedful.explain import segments
from heedful.explain.adversary import adversary
from heedful.explain.anatomy import Anatomy
from heedful.explain.divergence import LARGEST, divergence, spread
from heedful.explain.mixtures import mixer
from heedful.explain.outputs import log_odds, probability
from heedful.explain.segments import searched
from made_anatomies import made, made_network


def simplex(size: int, steps: int):
    """All weights that are multiples of 1 / steps."""
    axes = np.stack(np.meshgrid(*[np.arange(steps + 1)] * (size - 1), indexing="ij"), axis=-1)
    rows = axes.reshape(-1, size - 1)
    rows = rows[rows.sum(axis=1) <= steps]
    return np.column_stack([rows, steps - rows.sum(axis=1)]) / steps


def best_on_grid(network, anatomy, index, task, grid, epsilon=0.05) -> float:
    mix = mixer(network, anatomy)
    p = probability(log_odds(mix.reweighted(np.vstack([anatomy.weights, grid])), index, task))
    inside = np.abs(p[1:] - p[0]) <= epsilon
    return float(divergence(anatomy.weights, grid[inside]).max())


def by_hand(values, weights) -> tuple:
    """A network and a text whose tokens have these log-odds."""
    network = made_network("linear", width=1)
    with torch.no_grad():
        network.head.linear.weight.fill_(1)
        network.head.linear.bias.fill_(0)
    states = np.array(values, np.float32)[:, None]
    zero = np.zeros(1, np.float32)
    return network, Anatomy(np.arange(len(values)), np.array(weights), states, zero, zero, 0.0)


def test_by_hand():
    # Two tokens with log-odds 1 and -1 and equal weights: p = .5. p' in [.45, .55] allows
    # w . v up to ln(.55 / .45), so w = (1 +- .2007) / 2.
    network, anatomy = by_hand([1.0, -1.0], [0.5, 0.5])
    found = adversary(network, anatomy, 1, "binary")
    far = (1 + np.log(0.55 / 0.45)) / 2
    assert sorted(found.weights) == pytest.approx([1 - far, far])
    assert abs(found.probability - 0.5) == pytest.approx(0.05)
    assert found.divergence == pytest.approx(jensenshannon([0.5, 0.5], [far, 1 - far]) ** 2)
    assert found.exact
    # A token that the model ignores and that says the same as the others together.
    network, anatomy = by_hand([1.0, -1.0, 0.0], [0.5, 0.5, 0.0])
    found = adversary(network, anatomy, 1, "binary")
    assert found.weights.tolist() == [0, 0, 1]
    assert found.divergence == pytest.approx(np.log(2))


@pytest.mark.parametrize("size", [2, 3, 4])
@pytest.mark.parametrize("task", ["binary", "multi-label"])
def test_nothing_on_a_grid_lies_further(size, task):
    network = made_network("linear", 1 if task == "binary" else 2)
    grid = simplex(size, {2: 2000, 3: 300, 4: 90}[size])
    for seed in range(8):
        anatomy = made(network, size, seed, sharp=1.5)
        found = adversary(network, anatomy, seed % 2, task)
        on_grid = best_on_grid(network, anatomy, seed % 2, task, grid)
        assert found.exact
        assert on_grid <= found.divergence + 1e-6
        assert on_grid >= found.divergence - 0.03, "and the grid comes near"
        check(network, anatomy, seed % 2, task, found)


def check(network, anatomy, index, task, found, epsilon=0.05) -> None:
    """What every adversary must obey."""
    own = anatomy.weights / anatomy.weights.sum()
    assert found.weights.min() >= 0
    assert found.weights.sum() == pytest.approx(1)
    assert found.divergence == pytest.approx(jensenshannon(own, found.weights) ** 2, abs=1e-7)
    assert 0 <= found.divergence <= LARGEST
    rows = np.stack([own, found.weights])
    p = probability(log_odds(mixer(network, anatomy).reweighted(rows), index, task))
    assert found.probability == pytest.approx(p[1], abs=1e-6)
    assert abs(p[1] - p[0]) <= epsilon + 1e-6


def test_slsqp_from_many_starts_finds_nothing_further():
    network, random = made_network("linear"), np.random.default_rng(0)
    reached = []
    for seed in range(3):
        anatomy = made(network, 6, seed)
        found = adversary(network, anatomy, 1, "binary")
        own, odds = anatomy.weights, mixer(network, anatomy).values[:, 0]
        p = 1 / (1 + np.exp(-own @ odds))
        edges = [logit(np.clip(p + e, 1e-12, 1 - 1e-12)) for e in (-0.05, 0.05)]
        limits = [
            {"type": "eq", "fun": lambda w: w.sum() - 1},
            {"type": "ineq", "fun": lambda w, v=odds, e=edges: w @ v - e[0]},
            {"type": "ineq", "fun": lambda w, v=odds, e=edges: e[1] - w @ v},
        ]
        best = 0.0
        for start in random.dirichlet(np.ones(6) * 0.5, 25):
            end = minimize(
                lambda w, a=own: -divergence(a, np.clip(w, 0, 1)),
                start,
                bounds=[(0, 1)] * 6,
                constraints=limits,
                method="SLSQP",
            )
            if end.success:
                best = max(best, -end.fun)
        assert best <= found.divergence + 1e-4
        reached.append(best > found.divergence - 0.01)
    assert any(reached), "SLSQP comes as far at least once, so that the bound is not idle"


@pytest.mark.parametrize(("head", "classes"), [("linear", 3), ("dense", 1), ("dense", 3)])
def test_the_search_comes_near_a_grid(head, classes):
    network = made_network(head, classes)
    task = "binary" if classes == 1 else "multi-class"
    grids = {3: simplex(3, 300), 4: simplex(4, 60)}
    for seed in range(6):
        size = 3 + seed % 2
        anatomy = made(network, size, seed)
        found = adversary(network, anatomy, 1, task)
        assert not found.exact
        check(network, anatomy, 1, task, found)
        assert found.divergence >= best_on_grid(network, anatomy, 1, task, grids[size]) - 0.001


def test_the_search_finds_what_is_exact():
    network = made_network("linear")
    for seed in range(5):
        anatomy = made(network, 40, seed)
        mix = mixer(network, anatomy)
        exact = adversary(network, anatomy, 1, "binary").divergence
        found = searched(anatomy.weights, mix.values, lambda x: probability(x[:, 0]), 0.05)
        assert exact - 0.01 <= divergence(anatomy.weights, found) <= exact + 1e-6


@pytest.mark.parametrize("head", ["linear", "dense"])
def test_laws(head, monkeypatch):
    network = made_network(head)
    one = adversary(network, made(network, 1, 0), 1, "binary")
    assert (one.divergence, one.weights.tolist()) == (0, [1])
    none = adversary(network, made(network, 0, 0), 1, "binary")
    assert (none.divergence, len(none.weights)) == (0, 0)

    anatomy = made(network, 9, 3)
    order = np.random.default_rng(0).permutation(9)
    shuffled = Anatomy(
        anatomy.ids,
        anatomy.weights[order],
        anatomy.states[order],
        anatomy.logits,
        anatomy.uniform_logits,
        0.0,
    )
    found, other = (adversary(network, x, 1, "binary") for x in (anatomy, shuffled))
    assert other.divergence == pytest.approx(found.divergence, abs=1e-5)
    assert other.weights == pytest.approx(found.weights[order], abs=1e-4)
    # wider bands reach further, and without a band the least attended token is the furthest
    wider = [adversary(network, anatomy, 1, "binary", e).divergence for e in (0.001, 0.05, 0.3, 1)]
    assert wider == sorted(wider)
    assert wider[0] < wider[-1]
    spike = np.eye(9)[anatomy.weights.argmin()]
    assert wider[-1] == pytest.approx(divergence(anatomy.weights, spike))
    # the other class's probability changes by as much
    mirror = adversary(network, anatomy, 0, "binary")
    assert mirror.divergence == pytest.approx(found.divergence, abs=1e-6)
    assert mirror.probability == pytest.approx(1 - found.probability, abs=1e-6)
    # chunks are invisible
    monkeypatch.setattr(module, "_CELLS", 1)
    monkeypatch.setattr(segments, "_CELLS", 7)
    assert adversary(network, anatomy, 1, "binary").weights.tolist() == found.weights.tolist()


def test_divergence_is_scipys():
    one, other = np.random.default_rng(0).dirichlet(np.ones(7) * 0.2, (2, 5))
    expected = [jensenshannon(a, b) ** 2 for a, b in zip(one, other, strict=True)]
    assert divergence(one, other) == pytest.approx(expected)
    assert divergence(np.array([1.0, 0]), np.array([0, 1.0])) == pytest.approx(0.693147, abs=1e-6)
    assert divergence(one[0], one[0]) == pytest.approx(0, abs=1e-12)


def test_spread_over_seeds():
    own, apart = np.array([1.0, 0.0]), np.array([0.0, 1.0])
    assert spread(own, [own, apart]) == pytest.approx(np.log(2) / 2)
    assert spread(own, [apart, np.ones(3) / 3]) == pytest.approx(np.log(2)), "3 tokens: left out"
    assert spread(own, []) is None
    assert spread(own, [np.ones(3) / 3]) is None
    assert spread(own[:0], [own[:0]]) is None

"""Attention-level erasure and the agreement of maps: against loops, by hand and SciPy."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest
import torch
from scipy.stats import kendalltau

from heedful.explain import flips
from heedful.explain.anatomy import Anatomy, heads
from heedful.explain.flips import attention_flips
from heedful.explain.mixtures import mixer
from heedful.explain.tau import tau
from made_anatomies import made, made_network


def loop(network, anatomy: Anatomy, order, threshold: float) -> tuple[float, bool]:
    """Zero the weights one by one, renormalise, ask the head."""
    size = len(order)
    for k in range(1, size + 1):
        weights = anatomy.weights.copy()
        weights[order[:k]] = 0
        total = weights.sum()
        context = (weights / total if total > 0 else weights) @ anatomy.states
        if heads(network, context[None])[0, 0] > threshold:
            return k / size, True
    return 1.0, False


def above(threshold: float, logits):
    return logits[:, 0] > threshold


@pytest.mark.parametrize("head", ["linear", "dense"])
@pytest.mark.parametrize("size", [1, 2, 13])
def test_flips_equal_a_loop_through_the_networks_own_head(head, size, monkeypatch):
    network = made_network(head, classes=2)
    random = np.random.default_rng(size)
    seen = set()
    for seed in range(5):
        anatomy = made(network, size, seed)
        orders = np.stack([random.permutation(size) for _ in range(7)])
        threshold = float(anatomy.logits[0]) + 0.05
        monkeypatch.setattr(flips, "_CELLS", random.integers(1, 400))
        shares, ever = attention_flips(network, anatomy, orders, partial(above, threshold))
        expected = [loop(network, anatomy, order, threshold) for order in orders]
        assert list(zip(shares.tolist(), ever.tolist(), strict=True)) == expected
        seen |= set(expected)
    assert len(seen) >= min(size, 4), "the cases differ"


def test_flip_by_hand():
    # One linear unit, w = 1, b = 0; values 4, 1, -8 with weights .5, .3, .2: logit .7.
    network = made_network("linear", width=1)
    with torch.no_grad():
        network.head.linear.weight.fill_(1)
        network.head.linear.bias.fill_(0)
    weights, states = np.array([0.5, 0.3, 0.2]), np.array([[4.0], [1.0], [-8.0]], np.float32)
    anatomy = Anatomy(np.arange(3), weights, states, np.zeros(1), np.zeros(1), 0.0)
    orders = np.array([[0, 1, 2], [1, 0, 2], [2, 1, 0], [2, 0, 1]])
    # without 0: (.3 - 1.6) / .5 < 0. Without 1: .4 / .7 > 0, then -8. Without 2, all is > 0
    # until nothing is left, whose logit is 0 and not > 0.
    shares, ever = attention_flips(network, anatomy, orders, lambda x: x[:, 0] <= 0)
    assert shares.tolist() == pytest.approx([1 / 3, 2 / 3, 1, 1])
    assert ever.tolist() == [True] * 4
    shares, ever = attention_flips(network, anatomy, orders, lambda x: x[:, 0] < -1e6)
    assert shares.tolist() == [1.0] * 4 and not ever.any()


def test_tiny_remaining_weight_keeps_its_value():
    # All weight on the first token; what remains, 1e-30 and 3e-30, is renormalised to .25, .75.
    network = made_network("linear", width=1)
    with torch.no_grad():
        network.head.linear.weight.fill_(1)
        network.head.linear.bias.fill_(0.5)
    states = np.array([[1000.0], [4.0], [8.0], [9.0]], np.float32)
    weights = np.array([1.0, 1e-30, 3e-30, 0.0])
    anatomy = Anatomy(np.arange(4), weights, states, np.zeros(1), np.zeros(1), 0.0)
    seen = []

    def remember(logits):
        seen.append(logits[:, 0].tolist())
        return np.zeros(len(logits), bool)

    attention_flips(network, anatomy, np.arange(4)[None], remember)
    # no weight left although a token is: nothing is read, as with none left
    assert seen[0] == pytest.approx([7.5, 8.5, 0.5, 0.5])


def test_a_text_without_tokens_never_flips():
    network = made_network("linear")
    empty = made(network, 0, 0)
    shares, ever = attention_flips(
        network, empty, np.zeros((3, 0), np.int64), lambda x: x[:, 0] > 0
    )
    assert shares.tolist() == [1.0] * 3 and not ever.any()


@pytest.mark.parametrize("head", ["linear", "dense"])
def test_mixtures_are_the_heads_own(head):
    network = made_network(head, classes=3)
    anatomy = made(network, 11, 1)
    weights = np.random.default_rng(2).dirichlet(np.ones(11), size=5)
    expected = heads(network, weights @ anatomy.states)
    assert mixer(network, anatomy).reweighted(weights) == pytest.approx(expected, abs=1e-5)


def test_tau_by_hand():
    # pairs: 5 agree, 1 does not
    assert tau(np.array([1.0, 2, 3, 4]), np.array([1.0, 2, 4, 3])) == pytest.approx(4 / 6)
    up = np.array([1.0, 2, 3])
    assert tau(up, -up) == pytest.approx(-1)
    # b: one tie in the first, (2 - 0) / sqrt(2 x 3)
    assert tau(np.array([1.0, 1, 2]), up) == pytest.approx(2 / 6**0.5)


def test_tau_where_there_is_no_order():
    up, nan = np.array([1.0, 2, 3]), np.nan
    assert tau(up, np.ones(3)) is None
    assert tau(np.ones(3), up) is None
    assert tau(up[:1], up[:1]) is None
    assert tau(up[:0], up[:0]) is None
    assert tau(up, np.array([1.0, nan, nan])) is None
    assert tau(up, np.array([1.0, nan, 1.0])) is None
    assert tau(up, np.array([9.0, nan, 1.0])) == pytest.approx(-1)


def test_tau_is_scipys():
    random = np.random.default_rng(0)
    for size in (2, 5, 40, 300):
        one, other = random.integers(0, 9, (2, size)).astype(float)
        one[0], other[0] = 10.5, 11.5
        assert tau(one, other) == pytest.approx(kendalltau(one, other).statistic)

"""Max pooling beside attention, and windows side by side: exact shares, by hand and by autograd."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch.nn import functional

from heedful.config import ENCODERS, Config
from heedful.explain.anatomy import anatomies, heads
from heedful.explain.attribute import explain_examples
from heedful.explain.methods import token_maps
from heedful.explain.mixtures import mixer
from heedful.learn.describe import describe
from heedful.learn.folder import load_model, save_model
from heedful.learn.model import logits, logits_and_uniform
from heedful.nn.classify import Classifier
from heedful.nn.encode import build_encoder
from heedful.nn.pool import MaxPool, peaks, taken
from heedful.records import Example
from heedful.settings import apply
from made_models import evident_model, random_model

TEXTS = ["w1 w2 w3 w1 w7", "w4", "", "w9 w8 w7 w6 w5 w4 w3 w2 w1", "w2 w2 w2"]
BOTH = {"model__pooling": "attention+max", "model__window": "1,3,5"}


def test_peaks_by_hand():
    # Padding holds more than any token, units fall below zero, the last text is empty.
    states = torch.tensor([[[1.0, -5.0], [3.0, -2.0], [9.0, 9.0]], [[7.0, 7.0]] * 3])
    mask = torch.tensor([[True, True, False], [False] * 3])
    assert peaks(states, mask).tolist() == [[3.0, -2.0], [0.0, 0.0]]
    assert taken(states, mask)[0].tolist() == [[0.0, 0.0], [1.0, 1.0], [0.0, 0.0]]
    assert not taken(states, mask)[1].any()
    pool = MaxPool(2, 1, 0.0)
    with torch.no_grad():
        pool.linear.weight.copy_(torch.tensor([[10.0, 1.0]]))
    assert pool(states, mask).tolist() == [[28.0], [0.0]]
    pool.scale(0.5)
    assert pool(states, mask).tolist() == [[14.0], [0.0]]


def test_of_equal_values_the_first_token_gets_all():
    found = taken(torch.tensor([[[2.0], [2.0], [1.0]]]), torch.ones(1, 3, dtype=torch.bool))
    assert found[0, :, 0].tolist() == [1.0, 0.0, 0.0]


def test_windows_side_by_side_are_convolutions_of_their_own():
    config = apply(Config(), {"encoder": "conv", "hidden": 4, "window": "1,5", "layers": 2}).model
    torch.manual_seed(0)
    encoder = build_encoder(3, config)
    values, mask = torch.randn(2, 6, 3), torch.ones(2, 6, dtype=torch.bool)
    mask[1, 4:] = False
    assert (encoder.width, encoder.reach) == (8, 4)
    expected = values * mask[..., None]
    for first in (0, 2):
        parts = [
            functional.conv1d(
                expected.transpose(1, 2),
                encoder.convolutions[first + i].weight,
                encoder.convolutions[first + i].bias,
                padding=width // 2,
            )
            for i, width in enumerate((1, 5))
        ]
        expected = torch.cat(parts, dim=1).relu().transpose(1, 2) * mask[..., None]
    states = encoder(values, mask).states * mask[..., None]
    torch.testing.assert_close(states, expected)


@pytest.mark.parametrize("encoder", ENCODERS)
@pytest.mark.parametrize("head", ["linear", "dense"])
def test_laws_with_both_poolings(encoder, head):
    more = BOTH | {"model__layers": 2, "model__head": head}
    network = random_model(12, "multi-class", encoder=encoder, **more).network
    draw = torch.Generator().manual_seed(1)
    ids = torch.randint(2, 14, (5, 9), generator=draw)
    mask = torch.arange(9) < torch.tensor([9, 1, 0, 4, 6])[:, None]
    with torch.no_grad():
        found = network(ids, mask)
        total = found.base + found.contributions.sum(dim=1)
        torch.testing.assert_close(total, found.logits, atol=1e-5, rtol=1e-5)
        torch.testing.assert_close(network.logits(ids, mask), found.logits)
        torch.testing.assert_close(network.inner(ids, mask).logits, found.logits)
        assert (found.contributions[~mask] == 0).all()
        wide = torch.cat([ids, torch.full((5, 4), 7)], 1), functional.pad(mask, (0, 4))
        torch.testing.assert_close(network(*wide).logits, found.logits, atol=1e-5, rtol=0)
        for row, n in enumerate((9, 1, 1, 4, 6)):
            alone = network(ids[row, :n][None], mask[row, :n][None]).logits[0]
            torch.testing.assert_close(alone, found.logits[row], atol=1e-5, rtol=0)
        assert network.peak(network.pool(network.embed(ids, mask), mask)[0], mask).abs().max() > 0.1
        network.scale_read(0.5)
        torch.testing.assert_close(network(ids, mask).logits, found.logits / 2)


def test_shares_of_the_peaks_are_gradient_times_input():
    """Without biases a ReLU network's logit is its slope times its input, token by token."""
    model = random_model(12, "multi-class", **BOTH, model__layers=2)
    network = model.network
    with torch.no_grad():
        for convolution in network.encode.convolutions:
            convolution.bias.zero_()
    ids, mask = torch.arange(2, 12)[None], torch.ones(1, 10, dtype=torch.bool)
    values = network.embed(ids, mask).detach().requires_grad_()
    said = network.peak(network.encode(values, mask).states, mask)
    (slope,) = torch.autograd.grad(said[0, 1], values)
    with torch.no_grad():
        states = network.encode(values, mask).states
        shares = network.shared_peaks(values, states, mask)
    expected = (slope * values).sum(dim=-1)
    torch.testing.assert_close(shares[..., 1], expected, atol=1e-5, rtol=1e-4)
    assert expected.abs().max() > 0.01


@pytest.mark.parametrize("head", ["linear", "dense"])
def test_what_explains_a_model_knows_of_its_peaks(head):
    model = evident_model("multi-class", "conv", **BOTH, model__head=head)
    encoded = model.encode(TEXTS)
    decided = logits(model.network, encoded)
    for one, row in zip(explain_examples(model, [Example(t) for t in TEXTS]), decided, strict=True):
        for name, logit in zip("abc", row, strict=True):
            assert one.base[name] + sum(one.contributions[name]) == pytest.approx(logit, abs=1e-5)
    learned, uniform = logits_and_uniform(model.network, encoded)
    for index, one in anatomies(model, encoded):
        assert one.logits == pytest.approx(learned[index], abs=1e-5)
        assert one.uniform_logits == pytest.approx(uniform[index], abs=1e-5)
        if len(one.ids):
            again = mixer(model.network, one).reweighted(one.weights[None])[0]
            assert again == pytest.approx(learned[index], abs=1e-4)
            pooled = heads(model.network, (one.weights @ one.states)[None], one.evidence)[0]
            assert pooled == pytest.approx(learned[index], abs=1e-4)
    classes = np.zeros(len(encoded), np.int64)
    maps = token_maps(model, encoded, classes, ["integrated-gradients", "attention-gradient"])
    assert all(abs(one["integrated-gradients"].missing) < 0.02 for one in maps)


def test_attention_gradient_is_the_contribution_of_token_wise_states():
    settings = {"encoder": "token", "model__pooling": "attention+max"}
    model = random_model(12, "multi-class", **settings)
    encoded = model.encode(TEXTS[:1])
    (one,) = explain_examples(model, [Example(TEXTS[0])])
    (found,) = token_maps(model, encoded, np.array([2]), ["attention-gradient"])
    shown = found["attention-gradient"].values
    assert shown == pytest.approx(one.contributions["c"], abs=1e-5)


def test_a_saved_model_comes_back_and_is_described(tmp_path):
    model = random_model(12, "multi-class", **BOTH)
    save_model(model, tmp_path)
    again = load_model(tmp_path)
    found = logits(again.network, again.encode(TEXTS))
    assert np.array_equal(found, logits(model.network, model.encode(TEXTS)))
    rows = {layer.stage: layer for layer in describe(model)}
    assert "convolution over 1 and 3 and 5 tokens" in rows["encode"].what
    assert rows["pool"].parameters == 3 * 15
    network: Classifier = model.network
    told = sum(layer.parameters for layer in describe(model))
    assert told == sum(p.numel() for p in network.parameters())

"""What attention does inside a decision: equal to the network's own scores, padding or not."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from heedful.explain.anatomy import anatomies, heads
from heedful.learn.fit import fit
from heedful.learn.model import TextModel, logits_and_uniform, scored
from heedful.nn.penalty import conicity
from small_training import BINARY, reviews, settings, topics

LONG = "good " * 40


@pytest.fixture(scope="module", params=["linear", "dense"])
def model(request) -> TextModel:
    config = settings(epochs=1, model__head=request.param, model__encoder="bigru")
    return fit(reviews(20), [], BINARY, config).model


def test_anatomy_is_what_the_network_scores(model):
    texts = ["a good film", "", "bad", LONG, "never seen words: zxqv"]
    encoded = model.encode(texts)
    found = dict(anatomies(model, encoded))
    assert sorted(found) == [0, 1, 2, 3, 4]
    learned, uniform = logits_and_uniform(model.network, encoded)
    weights = {
        int(i): part.weights[r]
        for o, part in scored(model.network, encoded)
        for r, i in enumerate(o)
    }
    for index, one in found.items():
        assert one.ids.dtype == np.int32
        assert one.ids.tolist() == encoded[index].tolist()
        assert one.logits == pytest.approx(learned[index], abs=1e-6)
        assert one.uniform_logits == pytest.approx(uniform[index], abs=1e-6)
        size = len(one.ids)
        assert one.weights == pytest.approx(weights[index][:size].numpy(), abs=1e-7)
        assert one.states.shape == (size, model.network.encode.width)
        assert one.weights.sum() == pytest.approx(1 if size else 0, abs=1e-6)
        # pooling by hand is the network's own pooling
        pooled = np.stack([one.weights @ one.states, one.states.sum(axis=0) / max(size, 1)])
        by_hand = heads(model.network, pooled)
        assert by_hand[0] == pytest.approx(one.logits, abs=1e-5)
        assert by_hand[1] == pytest.approx(one.uniform_logits, abs=1e-5)
    assert found[1].conicity == 0
    assert found[2].conicity == pytest.approx(1, abs=1e-6), "one token is its own mean"


def test_company_and_padding_change_nothing(model):
    text = "a good film"
    ((_, alone),) = anatomies(model, model.encode([text]))
    beside = dict(anatomies(model, model.encode([LONG, text])))[1]
    for name in ("weights", "states", "logits", "uniform_logits", "conicity"):
        assert getattr(alone, name) == pytest.approx(getattr(beside, name), abs=1e-5)


def test_heads_of_several_classes():
    examples, labels = topics()
    network = fit(examples, [], labels, settings(epochs=1)).model.network
    width = network.encode.width
    assert heads(network, np.zeros((2, width))).shape == (2, 3)
    assert heads(network, np.zeros((0, width))).shape == (0, 3)
    assert heads(network, np.zeros((1, width)))[0] == pytest.approx(
        network.head.base().detach().numpy(), abs=1e-6
    )


def test_conicity_by_hand():
    # (3, 4) and (3, -4): mean (3, 0), cosines .6 and .6. Padding holds nonsense.
    states = torch.tensor(
        [[[3.0, 4.0], [3.0, -4.0], [99.0, -7.0]], [[1.0, 1.0]] * 3, [[5.0, 1]] * 3]
    )
    mask = torch.tensor([[True, True, False], [True, True, True], [False] * 3])
    assert conicity(states, mask).tolist() == pytest.approx([0.6, 1.0, 0.0])
    # opposite states: the mean is zero and so is the cosine with it
    assert conicity(torch.tensor([[[1.0], [-1.0]]]), torch.ones(1, 2, dtype=bool)).tolist() == [0]


def test_conicity_against_a_loop():
    random = np.random.default_rng(0)
    states = random.normal(size=(7, 5))
    mean = states.mean(axis=0)
    cosines = [h @ mean / np.linalg.norm(h) / np.linalg.norm(mean) for h in states]
    found = conicity(torch.from_numpy(states)[None], torch.ones(1, 7, dtype=torch.bool))
    assert found.item() == pytest.approx(np.mean(cosines))

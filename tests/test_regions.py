"""An encoder that foretells the words near by: by hand, by its laws, and that it learns."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from heedful.learn.listener import Silent
from heedful.learn.regions import DRAWN, Words, learn_regions, targets, told_apart
from heedful.nn.classify import Classifier
from heedful.records import HeedfulError
from heedful.text.batch import pad
from heedful.text.vocab import Encoded
from small_training import settings


def test_words_asked_for_are_just_out_of_sight_and_of_the_same_text():
    random = np.random.default_rng(0)
    ids = np.arange(4, 4 + 3 * 40).reshape(3, 40)  # every token is a word of its own
    mask = np.arange(40) < np.array([[40], [25], [1]])
    words = Words(np.ones(4 + 3 * 40, np.int64), 0.0)
    seen = set()
    for _ in range(30):
        places, wanted, behind = targets(np.where(mask, ids, 0), mask, words, 2, 3, random)
        rows, columns = np.divmod(places, 40)
        assert mask[rows, columns].all()
        distance = (wanted - 4) - places
        assert ((distance > 0) == behind).all()
        assert ((wanted - 4) // 40 == rows).all()
        assert mask.ravel()[wanted - 4].all()
        seen |= set(distance.tolist())
        assert not (rows == 2).any()  # a lone token has no neighbour
    assert seen == {-5, -4, -3, 3, 4, 5}


def test_frequent_words_are_asked_for_less_and_reserved_ones_never():
    counts = np.array([9, 9, 9, 9, 900, 100])
    words = Words(counts, 0.009)
    assert words.kept.tolist() == pytest.approx([0, 0, 0, 0, 0.1, 0.3])
    drawn = np.concatenate([words.draw(np.random.default_rng(i)) for i in range(20)])
    share = 900**0.75 / (900**0.75 + 100**0.75)
    assert set(drawn.tolist()) == {4, 5}
    assert float((drawn == 4).mean()) == pytest.approx(share, abs=0.01)
    assert words.log_noise[4] == pytest.approx(math.log(share))


def test_the_loss_by_hand():
    """Two words drawn, one of them the one wanted, which must not count twice."""
    states = torch.tensor([[1.0, 2.0]])
    outside = torch.tensor([[1.0, 0.0], [0.0, 1.0], [0.5, 0.5]])  # drawn 7, drawn 8, wanted 8
    noise = torch.log(torch.tensor([0.25, 0.75]))
    loss = told_apart(states, outside, torch.tensor([7, 8]), noise, torch.tensor([8]))
    right, other = math.exp(1.5), math.exp(1.0) / (2 * 0.25)
    assert float(loss) == pytest.approx(-math.log(right / (right + other)))


def test_the_loss_estimates_that_over_all_words():
    torch.manual_seed(0)
    table, states = torch.randn(50, 4), torch.randn(200, 4)
    wanted = torch.randint(0, 50, (200,))
    whole = torch.nn.functional.cross_entropy(states @ table.T, wanted, reduction="sum")
    drawn = torch.from_numpy(np.random.default_rng(0).integers(0, 50, DRAWN))
    noise = torch.full((DRAWN,), -math.log(50))
    outside = torch.cat([table[drawn], table[wanted]])
    # Each state leaves its own word out of those drawn, so about its one term is there once.
    found = told_apart(states, outside, drawn, noise, wanted)
    assert float(found) == pytest.approx(float(whole), rel=0.02)


def _cycles(words: int, texts: int) -> Encoded:
    """Texts that run through `words` ids in a ring, each from another start."""
    random = np.random.default_rng(1)
    rows = [(random.integers(words) + np.arange(30)) % words + 4 for _ in range(texts)]
    starts = np.arange(texts + 1) * 30
    nothing = np.zeros(texts, np.int32)
    return Encoded(np.concatenate(rows).astype(np.int32), starts, nothing, nothing)


class Told(Silent):
    def __init__(self):
        self.losses = []

    def say(self, message):
        self.losses.append(float(message.rsplit(" ", 1)[1]))


def test_a_ring_of_words_is_foretold():
    config = settings(
        pretrain__regions=6, pretrain__region_words=1, pretrain__sample=0.0,
        pretrain__region_rate=0.02, model__hidden=24, model__embedding=16, precision="float32",
    )  # fmt: skip
    torch.manual_seed(0)
    network = Classifier(config.model, 16, 1)
    head = [p.clone() for p in network.head.parameters()]
    told = Told()
    encoded = _cycles(12, 400)
    learn_regions(network, encoded, config, told)
    assert told.losses[0] > 1
    assert told.losses[-1] < 0.1
    assert all(torch.equal(a, b) for a, b in zip(head, network.head.parameters(), strict=True))
    assert not network.embed.table.weight[0].any()
    batch = pad(encoded, [0, 1])
    assert (
        network.logits(torch.from_numpy(batch.ids), torch.from_numpy(batch.mask)).isfinite().all()
    )


def test_the_same_seed_gives_the_same_weights():
    config = settings(pretrain__regions=1, precision="float32")
    found = []
    for _ in range(2):
        torch.manual_seed(0)
        network = Classifier(config.model, 16, 1)
        learn_regions(network, _cycles(12, 40), config, Silent())
        found.append([p.detach().clone() for p in network.parameters()])
    assert all(torch.equal(a, b) for a, b in zip(*found, strict=True))


def test_an_encoder_that_sees_all_has_nothing_to_foretell():
    config = settings(pretrain__regions=1, model__encoder="bigru")
    network = Classifier(config.model, 16, 1)
    with pytest.raises(HeedfulError, match="bigru reads the whole text; use model.encoder=conv"):
        learn_regions(network, _cycles(12, 4), config, Silent())

"""Training for trust: conicity, tying and masking, from hand-solved numbers to trained models."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from heedful.config import Config
from heedful.learn.fit import fit
from heedful.learn.masking import masked_texts
from heedful.learn.model import inference, scoring_batches
from heedful.learn.penalties import penalty
from heedful.nn.classify import Classifier, Inner
from heedful.nn.penalty import conicity, distance
from heedful.records import HeedfulError
from heedful.settings import apply
from heedful.text.vocab import PAD, UNK
from small_training import BINARY, Notes, build, reviews, settings, weights

LSTM = {
    "model__encoder": "bilstm",
    "model__hidden": 4,
    "model__embedding": 8,
    "model__head_dropout": 0.3,
    "epochs": 3,
    "batch_size": 16,
    "patience": 0,
    "learning_rate": 0.01,
}
OPTIONS = [{"conicity": 0.7}, {"tying": 0.3}, {"masked_training": 0.5}]


def trainer(store=None, listener=None, **more):
    examples = reviews()
    config = settings(**(LSTM | more))
    return build(config, examples[:48], examples[48:], store=store, listener=listener)


def trained(**more):
    made = trainer(**more)
    made.run()
    return made.network


# -- the penalties, by hand -------------------------------------------------------------------


def test_conicity_by_hand():
    """(3,0) and (0,4): mean (1.5,2), norm 2.5, cosines .6 and .8. Parallel: 1. No token: 0."""
    states = torch.tensor(
        [
            [[3.0, 0.0], [0.0, 4.0], [9.0, 9.0]],
            [[1.0, 2.0], [2.0, 4.0], [0.5, 1.0]],
            [[1.0, 2.0], [2.0, 4.0], [0.5, 1.0]],
            [[5.0, 0.0], [-1.0, 0.0], [-1.0, 0.0]],
        ]
    )
    mask = torch.tensor([[1, 1, 0], [1, 1, 1], [0, 0, 0], [1, 1, 1]], dtype=torch.bool)
    expected = torch.tensor([0.7, 1.0, 0.0, -1 / 3])
    torch.testing.assert_close(conicity(states, mask), expected)


def test_conicity_is_the_mean_cosine():
    torch.manual_seed(3)
    states, mask = torch.randn(3, 5, 7), torch.ones(3, 5, dtype=torch.bool)
    mean = states.mean(dim=1, keepdim=True)
    expected = torch.cosine_similarity(states, mean, dim=-1).mean(dim=1)
    torch.testing.assert_close(conicity(states, mask), expected)


def test_distance_by_hand():
    """Token 1 is (1,2) off: 5; token 2 (0,3): 9; their mean is 7. One token: 4. None: 0."""
    states = torch.tensor([[[1.0, 2.0], [1.0, 4.0]], [[2.0, 0.0], [8.0, 8.0]], [[1.0, 1.0]] * 2])
    values = torch.tensor([[[0.0, 0.0], [1.0, 1.0]], [[0.0, 0.0], [0.0, 0.0]], [[0.0, 0.0]] * 2])
    mask = torch.tensor([[1, 1], [1, 0], [0, 0]], dtype=torch.bool)
    assert distance(states, values, mask).tolist() == [7.0, 4.0, 0.0]


@pytest.mark.parametrize("filler", [0.0, 7.0, math.inf, math.nan])
def test_what_stands_in_padding_changes_nothing(filler):
    torch.manual_seed(0)
    states, values = torch.randn(2, 3, 5), torch.randn(2, 3, 5)
    mask = torch.ones(2, 3, dtype=torch.bool)
    wide = torch.full((2, 2, 5), filler)
    padded = torch.cat([states, wide], dim=1).requires_grad_()
    long = torch.cat([mask, torch.zeros(2, 2, dtype=torch.bool)], dim=1)
    others = torch.cat([values, wide], dim=1)
    torch.testing.assert_close(conicity(padded, long), conicity(states, mask))
    torch.testing.assert_close(distance(padded, others, long), distance(states, values, mask))
    total = (conicity(padded, long) + distance(padded, others, long)).sum()
    total.backward()
    assert torch.equal(padded.grad[:, 3:], torch.zeros(2, 2, 5))
    assert padded.grad[:, :3].abs().min() > 0


def test_states_of_zeros_and_texts_without_tokens_have_finite_gradients():
    states = torch.zeros(2, 3, 4, requires_grad=True)
    mask = torch.tensor([[1, 1, 1], [0, 0, 0]], dtype=torch.bool)
    (conicity(states, mask) + distance(states, states * 1, mask)).sum().backward()
    assert torch.isfinite(states.grad).all()


def test_the_penalty_is_the_weighed_mean_over_texts():
    states = torch.tensor([[[3.0, 0.0], [0.0, 4.0]], [[1.0, 0.0], [0.0, 0.0]]])
    mask = torch.tensor([[1, 1], [1, 0]], dtype=torch.bool)
    inner = Inner(torch.zeros(2, 1), torch.zeros(2, 2, 2), states, torch.zeros(2, 2))
    config = apply(
        Config(), {"train.conicity": 2.0, "train.tying": 0.1, "model.embedding": 128}
    ).train
    # conicity .7 and 1, distance (9 + 16) / 2 = 12.5 and 1
    expected = 2.0 * (0.7 + 1) / 2 + 0.1 * (12.5 + 1) / 2
    assert float(penalty(inner, mask, None, config)) == pytest.approx(expected)


def test_inner_is_what_the_plain_pass_gives():
    config = settings(**LSTM)
    torch.manual_seed(1)
    network = Classifier(config.model, 20, 1).eval()
    ids = torch.randint(4, 20, (3, 5))
    mask = torch.ones(3, 5, dtype=torch.bool)
    mask[1, 3:], ids[1, 3:] = False, PAD
    inner, scored = network.inner(ids, mask), network(ids, mask)
    assert torch.equal(inner.logits, network.logits(ids, mask))
    assert torch.equal(inner.weights, scored.weights)
    assert torch.equal(inner.values, network.embed(ids, mask))
    assert torch.equal(inner.states, network.encode(inner.values, mask).states)


# -- masking ----------------------------------------------------------------------------------


def rectangle(texts: int = 2000, width: int = 20):
    """Texts of 0 to `width` tokens, none of them unknown."""
    mask = torch.arange(width) < torch.arange(texts).unsqueeze(1) % (width + 1)
    return torch.where(mask, 7, PAD), mask


@pytest.mark.parametrize("share", [0.0, 0.5, 1.0])
def test_share_of_texts_and_tokens(share):
    ids, mask = rectangle()
    torch.manual_seed(0)
    masked = masked_texts(ids, mask, share)
    assert torch.equal(masked[~mask], ids[~mask])
    assert set(masked.unique().tolist()) <= {PAD, UNK, 7}
    lost = masked == UNK
    assert float(lost[mask].float().mean()) == pytest.approx(share / 2, abs=0.015)
    if share == 0.5:  # of long texts, a masked one nearly always shows it
        long = mask.sum(dim=1) == 20
        assert float(lost[long].any(dim=1).float().mean()) == pytest.approx(0.49, abs=0.12)


def test_each_text_draws_a_rate_of_its_own():
    """The share lost is uniform: variance 1/12 of the rate, and of drawing, E[r (1 - r)] / n."""
    ids = torch.full((4000, 50), 7)
    torch.manual_seed(0)
    shares = (masked_texts(ids, ids > 0, 1.0) == UNK).float().mean(dim=1)
    assert float(shares.var()) == pytest.approx(1 / 12 + 1 / 6 / 50, rel=0.06)


def test_masking_follows_the_seed():
    ids, mask = rectangle(50)
    draws = []
    for seed in (4, 4, 5):
        torch.manual_seed(seed)
        draws.append(masked_texts(ids, mask, 0.5))
    assert torch.equal(draws[0], draws[1])
    assert not torch.equal(draws[0], draws[2])


# -- settings ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"tying": 1, "encoder": "token"}, "does nothing with model.encoder=token"),
        ({"tying": 1, "hidden": 9, "embedding": 8}, "set model.hidden=4 or model.embedding=18"),
        ({"tying": 1, "hidden": 9, "embedding": 7}, "set model.embedding=18"),
        (
            {"tying": 1, "hidden": 9, "embedding": 8, "encoder": "conv"},
            "set model.hidden=8 or model.embedding=9",
        ),
        ({"tying": 1, "hidden": 9, "embedding": 8, "bidirectional": False}, "model.hidden=8"),
        ({"conicity": -1}, "at least 0"),
        ({"tying": -1}, "at least 0"),
        ({"masked_training": 1.1}, "from 0 to 1"),
    ],
)
def test_settings_that_cannot_be(values, said):
    with pytest.raises(HeedfulError, match=said) as error:
        apply(Config(), values)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    "values",
    [
        {"hidden": 4, "embedding": 8},
        {"hidden": 8, "embedding": 8, "bidirectional": False},
        {"hidden": 8, "embedding": 8, "encoder": "conv"},
        {"hidden": 5, "embedding": 8, "vectors": "known.later.txt"},
    ],
)
def test_settings_that_can_be_tied(values):
    assert apply(Config(), values | {"tying": 0.5}).train.tying == 0.5


def test_a_vectors_file_decides_what_can_be_tied(tmp_path):
    """Its width is known only once it is read: 6 here, whatever model.embedding says."""
    file = tmp_path / "vectors.txt"
    file.write_text("".join(f"{word} 1 2 3 4 5 6\n" for word in ("the", "film", "was")))
    for hidden in (3, 4):
        config = settings(
            tying=1.0, vectors=str(file), **(LSTM | {"epochs": 1, "model__hidden": hidden})
        )
        if hidden == 3:
            fit(reviews(), [], BINARY, config)
            continue
        with pytest.raises(HeedfulError, match=r"= 8 and 6 wide; set model\.hidden=3$"):
            fit(reviews(), [], BINARY, config)


# -- training ---------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def plain():
    return trained()


@pytest.mark.parametrize("option", OPTIONS, ids=str)
def test_each_option_changes_the_weights(plain, option):
    assert weights(trained(**option)) != weights(plain)


@pytest.mark.parametrize("option", [*OPTIONS, {"tying": 0.3, "masked_training": 1.0}], ids=str)
@pytest.mark.parametrize("at", [2, 3])
def test_a_resumed_run_ends_with_the_same_bytes(tmp_path, option, at):
    class Breaks(Notes):
        def batch(self, epoch, done, total, loss):
            super().batch(epoch, done, total, loss)
            if len(self.losses) == at:
                raise RuntimeError("power cut")

    whole = trained(**option)
    with pytest.raises(RuntimeError, match="power cut"):
        trainer(tmp_path, Breaks(), checkpoint_seconds=1e-9, **option).run()
    again = trainer(tmp_path, checkpoint_seconds=1e-9, **option)
    again.run(resume=True)
    assert weights(again.network) == weights(whole)


def inside(network):
    """Mean conicity and mean distance over the training texts, as read when scoring."""
    made = trainer()
    (_, ids, mask), *_ = scoring_batches(made.network, made.job.train.encoded)
    with inference(network):
        inner = network.inner(ids, mask)
    cones, distances = conicity(inner.states, mask), distance(inner.states, inner.values, mask)
    return float(cones.mean()), float(distances.mean())


def test_penalties_lower_what_they_weigh(plain):
    before = inside(plain)
    assert inside(trained(conicity=5.0))[0] < before[0] - 0.1
    assert inside(trained(tying=20.0))[1] < 0.6 * before[1]


def test_the_reported_loss_is_without_penalties():
    """At a rate of zero nothing is learnt: figures with and without penalties are the same."""
    seen = []
    for option in ({}, {"conicity": 3.0, "tying": 2.0}):
        notes = Notes()
        outcome = trainer(listener=notes, epochs=1, learning_rate=0.0, **option).run()
        seen.append((notes.losses, outcome.history[0].train, outcome.history[0].valid))
    assert seen[0] == seen[1]


def test_a_penalty_that_is_not_finite_is_a_broken_step():
    """Not even with clipping off do broken gradients reach the weights."""
    made = trainer(tying=1e38, clip_norm=0.0, epochs=1)
    with torch.no_grad():
        made.network.embed.table.weight[4:] = 1e3
    before = weights(made.network)
    made._begin(resume=False)
    with torch.random.fork_rng():
        made.network.train()
        assert math.isnan(made._step(np.arange(3), 0.0))
    assert weights(made.network) == before

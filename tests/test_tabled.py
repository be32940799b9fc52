"""A first layer from a table: the same states, whatever the windows, wherever a text ends."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from heedful.config import Config
from heedful.face import scorer, scoring
from heedful.learn import model
from heedful.learn.model import logits, using_threads
from heedful.nn import tabled
from heedful.nn.classify import Classifier
from heedful.nn.tabled import Tabled, first_layer_known
from heedful.records import Example
from heedful.settings import apply
from heedful.text.vocab import Encoded
from made_models import random_model

SMALL = {"model.embedding": 6, "model.hidden": 5, "model.encoder": "conv", "model.words": 20}


def network(**given: object) -> Classifier:
    torch.manual_seed(0)
    chosen = {key.replace("__", "."): value for key, value in given.items()}
    made = Classifier(apply(Config(), {**SMALL, **chosen}).model, 30, 2).eval()
    for parameter in made.parameters():  # biases, too, and not what they begin with
        nn.init.normal_(parameter, std=0.5)
    with torch.no_grad():
        made.embed.table.weight[0].zero_()
    return made


def texts(count: int = 60) -> Encoded:
    random = np.random.default_rng(0)
    lengths = random.integers(0, 9, count)
    none = np.zeros(count, np.int64)
    ids = random.integers(1, 30, lengths.sum()).astype(np.int32)
    return Encoded(ids, np.r_[0, np.cumsum(lengths)], none, none)


def test_by_hand():
    """A window of three over tokens 1 and 2 (vectors 1 and 10), weights 1, 2, 4, bias 100."""
    layer = nn.Conv1d(1, 1, 3, padding=1)
    with torch.no_grad():
        layer.weight.copy_(torch.tensor([[[1.0, 2.0, 4.0]]]))
        layer.bias.fill_(100)
    table = Tabled(torch.tensor([[0.0], [1.0], [10.0]]), [layer])
    found = table(torch.tensor([[1, 2, 2]]), torch.tensor([[True, True, False]]))
    assert found[0, :2, 0].tolist() == [100 + 2 * 1 + 4 * 10, 100 + 1 * 1 + 2 * 10]


@pytest.mark.parametrize(
    "given",
    [{}, {"model__window": (1, 3, 5)}, {"model__layers": 2}, {"model__pooling": "attention+max"}],
)
def test_scores_are_those_of_the_vectors(given, monkeypatch):
    """Texts hold ids beyond the table, too, and some hold nothing."""
    made, data = network(**given), texts()
    expected = logits(made, data)
    seen = []
    monkeypatch.setattr(tabled, "WORTH", 1)
    monkeypatch.setattr(tabled, "LEAST", 1)
    monkeypatch.setattr(tabled, "Tabled", lambda *args: seen.append(1) or Tabled(*args))
    found = logits(made, data)
    assert seen and made.first is None
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-5)
    monkeypatch.setattr(model, "SHARED", 1)
    with using_threads(2):
        np.testing.assert_array_equal(logits(made, data), found)


def test_the_table_is_forgotten_in_the_end():
    made = network()
    with first_layer_known(made, 10**9):
        assert made.first is not None
    assert made.first is None


@pytest.mark.parametrize(
    ("given", "tokens", "why"),
    [
        ({}, 100, "fewer tokens than a table is worth"),
        ({"model__encoder": "bilstm"}, 10**9, "no convolution"),
    ],
)
def test_no_table_where_it_is_no_use(given, tokens, why):
    made = network(**given)
    with first_layer_known(made, tokens):
        assert made.first is None, why


def test_no_table_larger_than_the_bound(monkeypatch):
    monkeypatch.setattr(tabled, "LARGEST", 100)
    with first_layer_known(made := network(), 10**9):
        assert made.first is None


def test_a_long_file_is_scored_from_the_table(monkeypatch):
    """The same lines before and after the first layer is known."""
    trained = random_model(task="multi-class")
    rows = [Example(text, (), "x", i) for i, text in enumerate(["w1 w2 w39", "w3 and w4 w5"] * 30)]
    expected = [p.probabilities for p in trained.predict([row.text for row in rows])]
    monkeypatch.setattr(scoring, "CHUNK_TEXTS", 10)
    monkeypatch.setattr(scorer, "MANY_CHARACTERS", 300)
    used, found = [], []
    run = scorer.RunScorer(Path("run"), trained)
    for chunk in scoring.chunks(rows):
        found += [one["probabilities"] for one in scoring.records_of(run, chunk, 0, False, ())]
        used.append(trained.network.first is not None)
        assert len(chunk) == 10
    assert used == [False, False, False, True, True, True]
    for one, other in zip(found, expected, strict=True):
        assert one == pytest.approx(other, abs=1e-5)

"""Attention taught by human rationales: from spans of characters to where a model looks."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
import torch

from command_line import TINY, heedful
from heedful.config import Config
from heedful.explain.attribute import explain_examples
from heedful.learn import fit as fitting
from heedful.learn import penalties
from heedful.learn.checkpoint import Store
from heedful.learn.fit import Saving, fit
from heedful.learn.penalties import penalty
from heedful.nn.classify import Inner
from heedful.nn.penalty import missed
from heedful.records import Example, HeedfulError, Token
from heedful.settings import apply
from heedful.text.batch import pad, pad_marks
from heedful.text.evidence import evidence
from heedful.text.tokenize import Tokenizer
from heedful.text.vocab import UNK
from heedful.text.vocab import fit as fit_vocabulary
from small_training import BINARY, Notes, reviews, settings, weights

SMALL = {
    "model__encoder": "bilstm",
    "epochs": 4,
    "batch_size": 16,
    "patience": 0,
    "learning_rate": 0.01,
    "model__head_dropout": 0.2,
}


def fitted(saving=None, listener=None, examples=None, **more):
    examples = examples or reviews()
    config = settings(**(SMALL | more))
    return fit(examples, [], BINARY, config, saving, listener).model


# -- from spans to tokens ---------------------------------------------------------------------


def test_evidence_is_every_overlapping_token():
    draw = np.random.default_rng(0)
    edges = np.sort(draw.choice(60, size=20, replace=False))
    tokens = [Token("x", int(a), int(b)) for a, b in edges.reshape(-1, 2)]
    for _ in range(200):
        spans = [tuple(map(int, pair)) for pair in np.sort(draw.integers(0, 61, (3, 2)), axis=1)]
        expected = [
            any(set(range(t.start, t.end)) & set(range(a, b)) for a, b in spans) for t in tokens
        ]
        assert evidence(tokens, spans).tolist() == expected


def test_evidence_of_nothing():
    assert evidence([], [(0, 3)]).shape == (0,)
    assert evidence([Token("a", 0, 1)], []).tolist() == [False]


@pytest.mark.parametrize(
    ("keep", "read", "marks"),
    [
        ("none", "one two three four five six a b c d", [0, 1, 0, 0, 1, 0, 0, 1, 1, 0]),
        ("first", "one two three six a b c", [0, 1, 0, 0, 0, 1, 1]),
        ("last", "three four five six b c d", [0, 0, 1, 0, 1, 1, 0]),
        ("both", "one two five six a b d", [0, 1, 1, 0, 0, 1, 0]),
    ],
)
def test_evidence_follows_what_is_read(monkeypatch, keep, read, marks):
    texts = {
        "one two three four five": ((4, 7), (19, 21)),
        "six": (),
        "": (),
        "a b c d": ((2, 5),),
    }
    examples = [Example(text, ("negative",), gold=gold) for text, gold in texts.items()]
    seen = []

    def stop(network, data, *rest):
        seen.append(data)
        raise InterruptedError

    monkeypatch.setattr(fitting, "Classifying", stop)
    cut = {} if keep == "none" else {"text__max_tokens": 3, "text__keep": keep}
    config = settings(rationales=1.0, **cut)
    with pytest.raises(InterruptedError):
        fitting.fit(examples, [], BINARY, config)
    assert seen[0].evidence.tolist() == [bool(mark) for mark in marks]
    vocabulary, _ = fit_vocabulary(texts, Tokenizer(config.text), config.text)
    assert [vocabulary.token(i) for i in seen[0].encoded.ids] == read.split()


def test_marks_lie_where_the_ids_lie():
    config = settings()
    texts = ["one two three", "", "four five", "six"]
    _, encoded = fit_vocabulary(texts, Tokenizer(config.text), config.text)
    marks = encoded.ids % 2 == 0
    for order in ([2, 0, 1], [1], [3, 2]):
        batch = pad(encoded, order)
        expected = (batch.ids % 2 == 0) & batch.mask
        assert np.array_equal(pad_marks(encoded, order, marks), expected)


# -- the penalty, by hand ---------------------------------------------------------------------


def test_missed_by_hand():
    weights_ = torch.tensor([[0.5, 0.25, 0.25], [0.5, 0.25, 0.25], [0.2, 0.8, 0.0]])
    marked = torch.tensor([[1, 0, 1], [1, 1, 1], [0, 0, 0]], dtype=torch.bool)
    expected = torch.tensor([-math.log(0.75), 0.0, 12 * math.log(10)])
    torch.testing.assert_close(missed(weights_, marked), expected)


@pytest.mark.parametrize("low", [-20.0, -200.0])
def test_gradients_lead_out_of_nearly_no_attention(low):
    scores = torch.tensor([[low, 0.0]], requires_grad=True)
    missed(torch.softmax(scores, dim=1), torch.tensor([[True, False]])).sum().backward()
    assert torch.isfinite(scores.grad).all()
    if low == -20.0:  # e^-20 = 2e-9 of the attention
        assert float(scores.grad[0, 0]) == pytest.approx(-1, abs=0.01)


def test_texts_without_evidence_are_left_out_of_the_mean():
    given = torch.tensor([[0.5, 0.5], [0.9, 0.1], [1.0, 0.0]])
    inner = Inner(torch.zeros(3, 1), torch.zeros(3, 2, 2), torch.zeros(3, 2, 2), given)
    mask = torch.ones(3, 2, dtype=torch.bool)
    marked = torch.tensor([[1, 0], [0, 1], [0, 0]], dtype=torch.bool)
    config = settings(rationales=2.0).train
    expected = 2.0 * -(math.log(0.5) + math.log(0.1)) / 2
    assert float(penalty(inner, mask, marked, config)) == pytest.approx(expected, rel=1e-6)
    assert float(penalty(inner, mask, torch.zeros_like(marked), config)) == 0.0


# -- training ---------------------------------------------------------------------------------


def mass_on_gold(model, examples):
    """Mean share of the attention on tokens with a marked character, by brute force."""
    shares = []
    for explanation in explain_examples(model, examples):
        chars = {i for start, end in explanation.gold for i in range(start, end)}
        pairs = zip(explanation.tokens, explanation.attention, strict=True)
        shares.append(sum(a for t, a in pairs if set(range(t.start, t.end)) & chars))
    return float(np.mean(shares))


def test_supervised_attention_looks_at_the_evidence_of_unseen_texts():
    unseen = reviews(40, seed=9)
    longer = {"epochs": 12, "learning_rate": 0.02}
    plain, taught = fitted(**longer), fitted(rationales=1.0, **longer)
    before, after = mass_on_gold(plain, unseen), mass_on_gold(taught, unseen)
    assert after > before + 0.2, (before, after)


@pytest.mark.parametrize("at", [2, 3])
def test_a_resumed_run_ends_with_the_same_bytes(tmp_path, at):
    class Breaks(Notes):
        def batch(self, epoch, done, total, loss):
            super().batch(epoch, done, total, loss)
            if len(self.losses) == at:
                raise RuntimeError("power cut")

    options = {"rationales": 1.0, "masked_training": 0.5, "checkpoint_seconds": 1e-9, "epochs": 2}
    whole = fitted(**options)
    with pytest.raises(RuntimeError, match="power cut"):
        fitted(Saving(Store(tmp_path)), Breaks(), **options)
    again = fitted(Saving(Store(tmp_path), resume=True), **options)
    assert weights(again.network) == weights(whole.network)
    without = fitted(**(options | {"rationales": 0.0}))
    assert weights(without.network) != weights(whole.network)


def test_evidence_that_is_masked_away_is_none(monkeypatch):
    """With everything masked there is nothing to look at, and nothing to miss."""
    found = []

    def spy(inner, mask, marked, config):
        found.append(int(marked.sum()))
        return penalty(inner, mask, marked, config)

    monkeypatch.setattr(penalties, "penalty", spy)
    fitted(rationales=1.0, masked_training=1.0, epochs=1)
    assert min(found) > 0
    some = sum(found)
    found.clear()
    fitted(rationales=1.0, epochs=1)
    assert 0.35 < some / sum(found) < 0.65
    found.clear()
    gone = lambda ids, mask, share: ids.masked_fill(mask, UNK)  # noqa: E731
    monkeypatch.setattr(penalties, "masked_texts", gone)
    fitted(rationales=1.0, masked_training=1.0, epochs=1)
    assert sum(found) == 0


# -- what cannot be ---------------------------------------------------------------------------


def test_without_evidence_there_is_one_line():
    bare = [replace(example, gold=()) for example in reviews()]
    with pytest.raises(HeedfulError, match=r"no training text has any .* set train\.rationales=0"):
        fitted(examples=bare, rationales=0.5)


def test_evidence_that_is_cut_off_is_none():
    names = BINARY.names
    late = [Example(f"so the {i}", (names[i % 2],), gold=((3, 6),)) for i in range(60)]
    with pytest.raises(HeedfulError, match="where it is read"):
        fitted(examples=late, rationales=0.5, text__max_tokens=1)


def test_uniform_attention_cannot_be_taught():
    with pytest.raises(HeedfulError, match=r"does nothing with model\.attention=uniform"):
        apply(Config(), {"rationales": 1, "attention": "uniform"})
    with pytest.raises(HeedfulError, match="at least 0"):
        apply(Config(), {"rationales": -1})


def test_the_command_line(tmp_path):
    ran = heedful(
        "train", "reviews:200:1", "--set", "rationales=1", "--out", tmp_path / "run", *TINY
    )
    assert ran.code == 0, ran.err
    data = tmp_path / "plain.csv"
    data.write_text("text,label\n" + "good film,yes\nbad film,no\n" * 10)
    ran = heedful("train", data, "--set", "rationales=1", "--out", tmp_path / "other", *TINY)
    assert ran.code == 2
    assert "needs evidence marked by a person" in " ".join(ran.err.split())
    assert not (tmp_path / "other").exists()

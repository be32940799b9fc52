"""Laws of padding and of the orders in which texts travel."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from heedful.text.batch import batches, cut_to_budget, pad, scoring_order, training_order
from heedful.text.vocab import PAD, Encoded

TEXTS = st.lists(st.lists(st.integers(1, 40), max_size=9), max_size=30)
LENGTHS = st.lists(st.integers(0, 60), max_size=120).map(lambda x: np.array(x, np.int64))
SIZES, TOKENS, SEEDS = st.integers(1, 9), st.integers(1, 150), st.integers(0, 2**63 - 1)


def encoded(texts: list[list[int]]) -> Encoded:
    starts = np.array([0, *itertools.accumulate(map(len, texts))], np.int64)
    none = np.zeros(len(texts), np.int64)
    return Encoded(np.array(list(itertools.chain(*texts)), np.int32), starts, none, none)


def test_three_texts_by_hand():
    batch = pad(encoded([[5, 6], [], [7, 8, 9]]), [2, 1, 0], np.array([10, 11, 12]))
    assert batch.ids.tolist() == [[7, 8, 9], [PAD, PAD, PAD], [5, 6, PAD]]
    assert batch.mask.tolist() == [[True] * 3, [False] * 3, [True, True, False]]
    assert batch.order.tolist() == [2, 1, 0]
    assert batch.targets.tolist() == [12, 11, 10]
    assert batch.tokens == 5
    assert batch.ids.dtype == np.int64


def test_an_empty_text_alone_is_one_column_of_padding():
    batch = pad(encoded([[], [4]]), [0])
    assert batch.ids.tolist() == [[PAD]]
    assert batch.mask.tolist() == [[False]]
    assert batch.targets is None


@given(TEXTS, st.randoms())
def test_padding_is_exactly_where_the_mask_is_false(texts, random):
    order = list(range(len(texts)))
    random.shuffle(order)
    batch = pad(encoded(texts), order)
    assert ((batch.ids == PAD) == ~batch.mask).all()
    found = [row[real].tolist() for row, real in zip(batch.ids, batch.mask, strict=True)]
    assert found == [texts[i] for i in order]
    assert (np.diff(batch.mask.astype(int), axis=1) <= 0).all(), "padding stands on the right"
    assert batch.ids.shape[1] == max([1, *map(len, texts)])


def keeps_budget(plan, lengths, size, tokens):
    for order in plan:
        assert 1 <= len(order) <= size
        assert len(order) == 1 or len(order) * lengths[order].max() <= tokens


@given(LENGTHS, SIZES, TOKENS, SEEDS, st.integers(0, 50))
def test_training_order(lengths, size, tokens, seed, epoch):
    plan = training_order(lengths, size, tokens, (seed, epoch))
    assert sorted(np.concatenate([[], *plan]).tolist()) == list(range(len(lengths)))
    keeps_budget(plan, lengths, size, tokens)
    again = training_order(lengths, size, tokens, (seed, epoch))
    assert [p.tolist() for p in plan] == [p.tolist() for p in again]


@given(LENGTHS, SIZES, TOKENS)
def test_scoring_order(lengths, size, tokens):
    plan = scoring_order(lengths, size, tokens)
    flat = np.concatenate([np.zeros(0, np.int64), *plan])
    assert sorted(flat.tolist()) == list(range(len(lengths)))
    assert (np.diff(lengths[flat]) <= 0).all(), "longest first"
    keeps_budget(plan, lengths, size, tokens)


@given(LENGTHS.filter(len), SIZES, TOKENS)
def test_batches_are_as_full_as_the_budget_allows(lengths, size, tokens):
    order = np.arange(len(lengths))
    plan = cut_to_budget(order, lengths, size, tokens)
    assert np.concatenate(plan).tolist() == order.tolist()
    for batch, following in itertools.pairwise(plan):
        more = lengths[[*batch, following[0]]]
        assert len(batch) == size or len(more) * more.max() > tokens


def test_a_budget_by_hand():
    plan = cut_to_budget(np.arange(6), np.array([2, 3, 3, 50, 1, 1]), 3, 9)
    assert [p.tolist() for p in plan] == [[0, 1, 2], [3], [4, 5]]


def test_epochs_and_seeds_differ():
    lengths = np.arange(400) % 17
    plans = [
        np.concatenate(training_order(lengths, 8, 10_000, seed)).tolist()
        for seed in [(0, 0), (0, 1), (1, 0), (0,)]
    ]
    assert plans[0] != plans[1]
    assert plans[0] != plans[2]
    assert plans[1] != plans[2]


def test_next_to_no_padding_and_batches_out_of_order():
    random = np.random.default_rng(0)
    lengths = random.integers(1, 400, 3_000)
    plan = training_order(lengths, 32, 1_000_000, (3, 0))
    padded = sum(len(p) * lengths[p].max() for p in plan)
    assert padded / lengths.sum() < 1.1
    first = [int(lengths[p].max()) for p in plan]
    assert first != sorted(first)
    assert first != sorted(first, reverse=True)


@given(TEXTS)
def test_order_restores_the_corpus(texts):
    corpus = encoded(texts)
    targets = np.arange(len(texts))
    restored: list[list[int] | None] = [None] * len(texts)
    plan = scoring_order(corpus.lengths, 4, 20)
    for batch in batches(corpus, plan, targets):
        assert batch.targets.tolist() == batch.order.tolist()
        for row, index in enumerate(batch.order):
            restored[index] = batch.ids[row][batch.mask[row]].tolist()
    assert restored == texts


@pytest.mark.parametrize("count", [0, 1])
def test_none_and_one(count):
    assert len(scoring_order(np.ones(count, np.int64), 4, 4)) == count
    assert len(training_order(np.ones(count, np.int64), 4, 4, (0, 0))) == count

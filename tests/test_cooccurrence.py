"""Word vectors by counting: mutual information by hand, and what its condensed form keeps."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.sparse import csr_array

from heedful.text import cooccurrence
from heedful.text.cooccurrence import mutual_information, svd_vectors
from heedful.text.helper import Piece
from planted_words import ALL, learnt, planted, prepared

SVD = replace(ALL, objective="svd")


def pool(texts: list[list[int]]) -> Piece:
    flat = np.array([word for text in texts for word in text], np.int32)
    lengths = np.array([len(text) for text in texts], np.int64)
    return Piece([f"w{i}" for i in range(int(flat.max()) + 1)], flat, lengths)


def test_mutual_information_by_hand(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cooccurrence, "SMOOTHING", 1.0)
    counts = np.array([[0, 3, 1], [3, 0, 0], [1, 0, 4]], np.float64)
    # rows hold 4, 3 and 5 of 12: ln(3 * 12 / (4 * 3)) and so on, what is below 0 is none
    expected = np.log([[1, 3, 1], [3, 1, 1], [1, 1, 4 * 12 / 25]])
    found = mutual_information(csr_array(counts)).toarray()
    np.testing.assert_allclose(found, expected, rtol=1e-6)


def test_neighbours_count_less_the_farther_they_are_and_texts_do_not_touch() -> None:
    texts = [[0, 1, 2, 0], [2, 1]]
    found = cooccurrence._together(pool(texts), np.arange(3), 3, 2).toarray()
    # by hand: 0-1 once beside and once with 2 between (1 and 1/2), 1-2 beside in both texts, 2-0
    # beside once and apart once; each seen from both sides
    expected = np.array([[0, 1.5, 1.5], [1.5, 0, 2], [1.5, 2, 0]])
    np.testing.assert_allclose(found, expected)
    left_out = cooccurrence._together(pool(texts), np.array([0, -1, 1]), 2, 2).toarray()
    np.testing.assert_allclose(left_out, [[0, 1.5], [1.5, 0]])


def test_counting_in_parts_is_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    random = np.random.default_rng(0)
    texts = [random.integers(0, 9, random.integers(0, 12)).tolist() for _ in range(30)]
    whole = cooccurrence._together(pool(texts), np.arange(9), 9, 4).toarray()
    for part in (1, 3, 7, 50):
        monkeypatch.setattr(cooccurrence, "_AT_ONCE", part)
        parts = cooccurrence._together(pool(texts), np.arange(9), 9, 4).toarray()
        np.testing.assert_allclose(parts, whole)


def test_the_vectors_are_those_of_the_whole_decomposition() -> None:
    random = np.random.default_rng(1)
    texts = [random.integers(0, 20, 30).tolist() for _ in range(40)]
    words = [f"w{i}" for i in range(20)]
    found = svd_vectors(pool(texts), words, 19, 5, 0)
    matrix = mutual_information(cooccurrence._together(pool(texts), np.arange(20), 20, 5))
    left, values, _ = np.linalg.svd(matrix.toarray())
    exact = (left * np.sqrt(values))[:, :19]
    exact *= 0.1 / exact.std()
    # directions are free up to their sign: what words have in common is not
    np.testing.assert_allclose(found @ found.T, exact @ exact.T, atol=1e-3)
    assert svd_vectors(pool(texts), words, 30, 5, 0).shape == (20, 30)
    assert found.tobytes() == svd_vectors(pool(texts), words, 19, 5, 0).tobytes()


def test_words_in_like_company_are_alike() -> None:
    found = prepared(planted(), config=SVD)
    vectors = learnt(found, SVD)
    unit = vectors.table / np.linalg.norm(vectors.table, axis=1, keepdims=True).clip(1e-9)
    fig, date, mars = (unit[found.vocabulary.id(word)] for word in ("fig", "date", "mars"))
    assert fig @ date > 0.5 > fig @ mars + 0.2


def test_texts_without_neighbours_give_no_vectors_worth_having() -> None:
    found = learnt(prepared(["a", "b"], config=SVD), SVD, width=4)
    assert np.isfinite(found.table).all()

from __future__ import annotations

import json
import pickle
import random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from heedful.config import TextConfig
from heedful.records import HeedfulError
from heedful.text import runs
from heedful.text.tokenize import Tokenizer
from heedful.text.vocab import END, PAD, START, UNK, Encoded, Vocabulary, encode, fit, lengths

WORDS = ["a", "b", "c", "dd", "e,", "f!", "<pad>", "g’s"]
TEXTS = st.lists(st.lists(st.sampled_from(WORDS)).map(" ".join))


def test_reserved_ids() -> None:
    assert (PAD, UNK, START, END) == (0, 1, 2, 3)
    assert len(Vocabulary([])) == 4


def test_order_is_by_frequency_then_alphabetical() -> None:
    built = Vocabulary.build([["b", "a", "c"], ["c", "b", "d"]], size=100, min_frequency=1)
    assert built.tokens[4:] == ("b", "c", "a", "d")
    assert [built.id(w) for w in ("b", "d", "zz")] == [4, 7, UNK]
    assert built.ids(["d", "zz", "b"]).tolist() == [7, 1, 4]
    assert built.ids([]).dtype == np.int32


@pytest.mark.parametrize(
    ("size", "min_frequency", "expected"),
    [
        (7, 1, "bca"),
        (6, 1, "bc"),
        (4, 1, ""),
        (5, 1, "b"),
        (99, 2, "bc"),
        (99, 3, "b"),
        (99, 4, ""),
    ],
)
def test_size_counts_the_reserved_and_rare_words_go(
    size: int, min_frequency: int, expected: str
) -> None:
    built = Vocabulary.build(["bbb", "cca"], size, min_frequency)
    assert built.tokens[4:] == tuple(expected)


@given(st.lists(st.text(max_size=3), max_size=12), st.integers())
def test_order_of_the_texts_does_not_matter(words: list[str], seed: int) -> None:
    shuffled = words[:]
    random.Random(seed).shuffle(shuffled)
    assert Vocabulary.build([words], 9, 1) == Vocabulary.build([shuffled], 9, 1)


@given(st.lists(st.text(), unique=True))
def test_known_tokens_round_trip(words: list[str]) -> None:
    built = Vocabulary.from_json(json.loads(json.dumps(Vocabulary(words).to_json())))
    assert [built.token(built.id(word)) for word in words] == words
    assert all(word in built and built.id(word) > END for word in words)
    assert built == Vocabulary(words) and hash(built) == hash(Vocabulary(words))


def test_a_literal_reserved_name_is_an_ordinary_word() -> None:
    built = Vocabulary.build([["<pad>", "<unk>", "<pad>"]], 99, 1)
    assert built.tokens[4:] == ("<pad>", "<unk>")
    assert built.ids(["<pad>", "<unk>", "<start>"]).tolist() == [4, 5, UNK]
    assert "<pad>" not in Vocabulary([])
    assert Vocabulary.from_json(built.to_json()) == built


@pytest.mark.parametrize("value", [None, {}, ["a"], ["<pad>", "<unk>", "<start>", 3], [1]])
def test_a_broken_file_is_refused(value: object) -> None:
    with pytest.raises(HeedfulError, match="vocabulary"):
        Vocabulary.from_json(value)


def test_a_word_twice_is_refused() -> None:
    with pytest.raises(HeedfulError, match="'x' twice"):
        Vocabulary(["x", "y", "x"])


def test_encode_by_hand() -> None:
    config = TextConfig(punctuation=False)
    encoded = encode(
        ["a b zz b a", "", "zz b"], Tokenizer(config), Vocabulary(["a", "b"]), 3, "both"
    )
    assert [encoded[i].tolist() for i in range(3)] == [[4, 5, 4], [], [1, 5]]
    assert encoded.starts.tolist() == [0, 3, 3, 5]
    assert encoded.unknown.tolist() == [1, 0, 1]  # the cut zz counts as well
    assert encoded.cut.tolist() == [2, 0, 0]
    assert encoded.lengths.tolist() == [3, 0, 2]
    assert encoded[-1].tolist() == [1, 5] and len(encoded) == 3
    assert (encoded.ids.dtype, encoded.starts.dtype) == (np.int32, np.int64)
    with pytest.raises(IndexError):
        encoded[3]


@given(
    TEXTS,
    st.integers(5, 9),
    st.integers(1, 3),
    st.sampled_from([None, 1, 2, 5]),
    st.sampled_from(["first", "last", "both"]),
)
def test_fit_is_build_and_encode(
    texts: list[str], size: int, least: int, limit: int | None, keep: str
) -> None:
    config = TextConfig(vocabulary=size, min_frequency=least, max_tokens=limit, keep=keep)  # type: ignore[arg-type]
    tokenizer = Tokenizer(config)
    vocabulary, encoded = fit(iter(texts), tokenizer, config)
    read = [tokenizer.words(t) for t in texts]
    if limit is not None:
        half = {"first": limit, "last": 0, "both": (limit + 1) // 2}[keep]
        read = [w if len(w) <= limit else w[:half] + w[len(w) - limit + half :] for w in read]
    assert vocabulary == Vocabulary.build(read, size, least)
    again = encode(texts, tokenizer, vocabulary, limit, config.keep)
    for name in ("ids", "starts", "unknown", "cut"):
        np.testing.assert_array_equal(getattr(encoded, name), getattr(again, name))
        assert getattr(encoded, name).dtype == getattr(again, name).dtype


def test_lengths_by_hand() -> None:
    zero = np.zeros(4, np.int64)
    starts = np.array([0, 1, 3, 6, 10])
    whole = lengths(Encoded(np.zeros(10, np.int32), starts, zero, zero))
    assert (whole.mean, whole.median, whole.max, whole.texts_cut) == (2.5, 2.5, 4, 0.0)
    assert whole.p90 == pytest.approx(3.7)
    assert "all of them are read" in str(whole)
    some = lengths(Encoded(np.zeros(10, np.int32), starts, zero, np.array([0, 0, 0, 10])))
    assert (some.max, some.texts_cut, some.tokens_cut) == (14, 0.25, 0.5)
    assert "25.0 % of the texts are cut, 50.0 % of all tokens are not read" in str(some)
    assert json.dumps(some.to_json())


def test_lengths_of_nothing() -> None:
    config = TextConfig()
    _, encoded = fit([], Tokenizer(config), config)
    assert lengths(encoded).mean == 0.0 and len(encoded) == 0


def test_what_is_kept_of_earlier_texts_is_bounded_and_not_copied(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(runs, "CACHED", 3)
    tokenizer, vocabulary = Tokenizer(TextConfig()), Vocabulary("ab")
    once = encode(["a b c d e", "a" * 100], tokenizer, vocabulary, None, "first")
    again = encode(["a b c d e", "a" * 100], tokenizer, vocabulary, None, "first")
    assert once.ids.tolist() == again.ids.tolist() == [4, 5, UNK, UNK, UNK, UNK]
    kept = vocabulary.runs(tokenizer)
    assert 0 < len(kept) <= 3 and "a" * 100 not in kept
    upper = encode(["A"], Tokenizer(TextConfig(lowercase=False)), vocabulary, None, "first")
    assert upper.ids.tolist() == [UNK]  # another tokenizer, although "A" was met before
    copy = pickle.loads(pickle.dumps(vocabulary))
    assert copy == vocabulary and not copy._runs

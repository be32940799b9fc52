"""Frames: shapes of words, which words have them, ids that tell them, groups and their keys."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from heedful.config import Config, EvidenceConfig
from heedful.explain.corpus_view import read_corpus
from heedful.learn.frames import frame_table, usual_shapes
from heedful.learn.presence import presence
from heedful.learn.scoring import score_examples
from heedful.nn.evidence import Evidence
from heedful.nn.frames import frames
from heedful.nn.grams import NONE, Kinds, grams
from heedful.records import Example, HeedfulError
from heedful.settings import apply
from heedful.text.shapes import SHAPES, shape_of
from heedful.text.tokenize import Tokenizer
from heedful.text.vocab import UNK, Encoded, Vocabulary, encode
from made_models import evident_model, random_evidence

A, B, C = 4, 5, 6
WORDS = Tokenizer(Config().text)


def shape(name: str) -> int:
    return SHAPES.index(name)


@pytest.mark.parametrize(
    ("words", "name"),
    [
        ("cat élan don't i 猫", "x"),
        ("cats its", "xs"),
        ("Cats A Don't", "Xx"),
        ("USA NATO's", "XX"),
        ("7", "#1"),
        ("42", "#2"),
        ("365", "#3"),
        ("1999 10000", "#4"),
        ("3.5 20s B2 1,000", "#x"),
    ],
)
def test_shapes_of_words(words: str, name: str) -> None:
    wanted = "XX" if name == "XX" else name
    for word in words.split():
        assert SHAPES[shape_of(word) or 0] == ("Xx" if word == "NATO's" else wanted), word
    assert all(shape_of(mark) is None for mark in ("?", ":-)", "😀", ""))


def test_ids_of_unknown_words_tell_their_shape() -> None:
    vocabulary = Vocabulary(["who", "?"])
    text = "Who saw Paris ' cats in 1999 ? WHO"
    shaped = encode([text], WORDS, vocabulary, None, "first", shaped=True)
    names = ["x", "Xx", None, "xs", "x", "#4"]
    middle = [UNK if name is None else 6 + shape(name) for name in names]
    assert shaped.ids.tolist() == [4, *middle, 5, 4]
    plain = encode([text], WORDS, vocabulary, None, "first")
    assert plain.ids.tolist() == [4, *[UNK] * 6, 5, 4]  # and never mind that it asked before
    assert shaped.unknown.tolist() == plain.unknown.tolist() == [6]
    assert shaped.below(6).ids.tolist() == plain.ids.tolist()
    cased = Tokenizer(apply(Config(), {"text.lowercase": False}).text)
    kept = encode(["Who who"], cased, vocabulary, None, "first", shaped=True)
    assert kept.ids.tolist() == [6 + shape("Xx"), 4]


def test_several_processes_tell_the_same_shapes(monkeypatch: pytest.MonkeyPatch) -> None:
    texts = ["Who saw Paris", "cats in 1999 ?", "WHO knows NATO ?"]
    vocabulary = Vocabulary(["who", "in"])
    alone = encode(texts, WORDS, vocabulary, 3, "last", shaped=True)
    monkeypatch.setattr("heedful.text.parallel.CHARACTERS", 10)
    monkeypatch.setenv("HEEDFUL_PROCESSES", "2")
    shared = encode(texts, WORDS, vocabulary, 3, "last", shaped=True)
    for name in ("ids", "starts", "unknown", "cut"):
        np.testing.assert_array_equal(getattr(alone, name), getattr(shared, name))


def test_a_rare_word_stands_as_its_usual_shape_and_a_mark_as_itself() -> None:
    vocabulary = Vocabulary(["paris", "who", "?", "us", "never"])
    usual = usual_shapes(["Who US us US ?", "who Paris unheard ?"], WORDS, vocabulary)
    wanted = [-1, -1, -1, -1, shape("Xx"), shape("x"), -1, shape("XX"), -1]
    assert usual.tolist() == wanted  # `who` is as often `Who`: the first shape of the two
    ids = np.array([5, 7, 7, 7, 6, 5, 4, 9, 6], np.int32)
    table = frame_table(ids, usual, 3)
    assert table.tolist() == [0, 1, 2, 3, 9 + shape("Xx"), 9, 6, 7, 8, *range(9, 18)]


def by_name(text: list[int]) -> list[tuple[tuple[object, ...], tuple[int, ...]]]:
    """All frames of a text, the slow and plain way: what they are, and where their words stand."""
    marked: list[object] = ["^", *text, "$"]
    found = []
    for start in range(len(marked)):
        for size in range(1, min(4, len(marked) - start) + 1):
            part = marked[start : start + size]
            at = [start + i - 1 for i in range(size) if part[i] not in ("^", "$")]
            if at and UNK not in part:
                found.append((tuple(part), tuple(at)))
    return found


def test_each_frame_has_a_key_of_its_own_and_knows_its_words() -> None:
    random = np.random.default_rng(0)
    names: dict[int, tuple[object, ...]] = {}
    texts = [random.choice([UNK, A, B, C], random.integers(0, 7)).tolist() for _ in range(60)]
    for text in texts:
        ids = torch.tensor([[*text, 0, 0]])
        keys = []
        for one in frames(ids, ids != 0):
            for at in (one.keys[0] != NONE).nonzero().flatten().tolist():
                keys.append((int(one.keys[0, at]), tuple(at + step for step in one.steps)))
        expected = by_name(text)
        assert sorted(at for _, at in keys) == sorted(at for _, at in expected)
        # The same places may hold several frames, with and without borders: sizes tell them apart.
        for key, at in keys:
            fitting = {part for part, there in expected if there == at}
            if key in names:
                assert names[key] in fitting
            elif len(fitting) == 1:
                names[key] = fitting.pop()
    assert len(set(names.values())) == len(names)
    ids = torch.tensor([[A, B, C]])
    plain = {k for one in grams(ids, ids > 0, Kinds(3, 3, True)) for k in one.keys[0].tolist()}
    framed = {k for one in frames(ids, ids > 0) for k in one.keys[0].tolist()}
    assert plain & framed == {NONE}


def test_presence_of_frames_is_scikit_learns_of_marked_texts() -> None:
    from sklearn.feature_extraction.text import CountVectorizer

    random = np.random.default_rng(1)
    texts = [random.integers(4, 9, random.integers(0, 8)).tolist() for _ in range(50)]
    none, lengths = np.zeros(50, np.int64), np.array([len(text) for text in texts])
    starts = np.concatenate([[0], np.cumsum(lengths)])
    encoded = Encoded(np.array([t for text in texts for t in text], np.int32), starts, none, none)
    table = np.array([0, 1, 2, 3, 4, 10, 6, 10, 8, 9, 10])  # 5 and 7 stand as 10
    shaped = Encoded(table[encoded.ids].astype(np.int32), starts, none, none)
    parts = np.zeros((9, 0), np.int64)
    config = EvidenceConfig(orders=1, min_texts=1)
    found = presence(encoded, parts, config, shaped)
    words = presence(encoded, parts, config)
    counter = CountVectorizer(ngram_range=(1, 4), binary=True, token_pattern=r"\S+")
    oracle = counter.fit_transform([" ".join(map(str, ["^", *table[t], "$"])) for t in texts])
    names = counter.get_feature_names_out()
    oracle = oracle[:, [set(name.split()) - {"^", "$"} != set() for name in names]]
    assert found.matrix.shape[1] == words.matrix.shape[1] + oracle.shape[1]
    squares = (oracle @ oracle.T).toarray() + (words.matrix @ words.matrix.T).toarray()
    np.testing.assert_array_equal((found.matrix @ found.matrix.T).toarray(), squares)


def test_tables_that_do_not_fit_are_refused_and_ids_beyond_are_unknown() -> None:
    evidence = random_evidence(8, 2, framed=10)
    tensors = evidence.state_dict()
    again = Evidence.from_tensors(tensors, "", evidence.kinds, 0.5)
    ids = torch.tensor([[4, 10, 7, 99, 12, 5]])
    there = torch.ones_like(ids, dtype=torch.bool)
    assert again is not None and torch.equal(again.logits(ids, there), evidence.logits(ids, there))
    known = evidence.logits(ids.where(ids < 19, UNK), there)
    assert torch.equal(evidence.logits(ids, there), known)
    with pytest.raises(ValueError, match="do not fit"):
        Evidence.from_tensors(tensors | {"frames": torch.tensor([0, 2])}, "", evidence.kinds, 0.5)
    assert "frames" not in random_evidence(8, 2).state_dict()


def test_settings_without_shapes_are_refused() -> None:
    for setting in ({"text.unit": "character"}, {"text.lemmas": "en"}):
        with pytest.raises(HeedfulError, match=r"evidence\.frames=true needs words"):
            apply(Config(), {"evidence.frames": True} | setting)
    with pytest.raises(HeedfulError, match="frame_rare"):
        apply(Config(), {"evidence.frame_rare": 0})


def test_words_and_scores_count_shapes_as_unknown_words() -> None:
    model = evident_model("binary", "conv", evidence__frames=True)
    examples = [Example(text, ("positive",)) for text in ("w1 Paris w2 in 1999", "USA w3 w1")] * 2
    read = read_corpus(model, examples, 2)
    assert read.tally.occurrences[UNK] == 8 and read.tally.occurrences[:16].sum() == 16
    assert score_examples(model, examples, None).unknown.tolist() == [3, 1, 3, 1]
    first, second = model.probabilities(["w1 Paris", "w1 paris"])
    assert abs(first - second).max() > 1e-4

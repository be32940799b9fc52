"""N-gram evidence: groups of words, how they are found, weighed, fitted and explained."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from heedful import TextClassifier, load
from heedful.config import Config, EvidenceConfig
from heedful.learn.data import Data
from heedful.learn.evidence import evidence_logits, learn_evidence, log_count_ratio
from heedful.learn.fit import finished, fit
from heedful.learn.linear import fit_linear
from heedful.learn.mixing import fit_shares
from heedful.learn.presence import presence
from heedful.learn.subwords import subword_keys
from heedful.nn.evidence import Evidence, Features
from heedful.nn.grams import NONE, Kinds, grams
from heedful.nn.lookup import ABSENT, Lookup
from heedful.presets import preset
from heedful.records import Example
from heedful.settings import apply
from heedful.text.batch import pad
from heedful.text.labels import Labels
from heedful.text.tokenize import Tokenizer
from heedful.text.vocab import END, START, UNK, Encoded, Vocabulary
from heedful.text.vocab import fit as fit_vocabulary

A, B, C = 4, 5, 6
NO_PARTS = torch.full((8, 0), ABSENT, dtype=torch.int32)


def corpus(texts: list[list[int]]) -> Encoded:
    none = np.zeros(len(texts), np.int64)
    starts = np.concatenate([[0], np.cumsum([len(t) for t in texts])]).astype(np.int64)
    return Encoded(np.array([t for text in texts for t in text], np.int32), starts, none, none)


def texts_of(seed: int, count: int = 40, words: int = 12) -> list[list[int]]:
    """Short and long texts with repeats and unknown words."""
    random = np.random.default_rng(seed)
    lengths = random.integers(0, 15, count)
    choice = np.array([UNK, *range(4, words)])
    return [random.choice(choice, length).tolist() for length in lengths]


def groups(text: list[int], kinds: Kinds) -> Counter:
    """All groups of a text as tuples, the slow and plain way: what is covered, and its name."""
    found: Counter = Counter()
    for i in range(len(text)):
        for order in range(1, kinds.orders + 1):
            part = text[i : i + order]
            if len(part) == order and UNK not in part:
                found["n", *part] += 1
        for gap in range(2, kinds.reach + 1):
            pair = [text[i], text[i + gap]] if i + gap < len(text) else [UNK]
            if UNK not in pair:
                found["apart", *pair] += 1
    if kinds.borders and text:
        found.update([("n", START, text[0])] if text[0] != UNK else [])
        if len(text) > 1 and UNK not in text[:2]:
            found["first", text[0], text[1]] += 1
        found.update([("last", text[-1])] if text[-1] != UNK else [])
    return found


@pytest.mark.parametrize("kinds", [Kinds(1), Kinds(3), Kinds(2, 4), Kinds(3, 3, True)])
def test_a_key_stands_for_one_group_and_each_group_has_one(kinds):
    texts = [text for text in texts_of(0) if text]
    batch = pad(corpus(texts), range(len(texts)))
    found = grams(torch.from_numpy(batch.ids), torch.from_numpy(batch.mask), kinds)
    keys: dict[int, int] = Counter()
    for one in found:
        keys.update(Counter(one.keys[one.keys != NONE].tolist()))
    expected: Counter = Counter()
    for text in texts:
        expected.update(groups(text, kinds))
    assert sorted(keys.values()) == sorted(expected.values())
    flat = [sum(one.keys[row] != NONE for one in found).sum() for row in range(len(texts))]
    assert [int(n) for n in flat] == [sum(groups(text, kinds).values()) for text in texts]


def test_borders_are_told_from_words_inside():
    ids = torch.tensor([[A, B, A]])
    found = grams(ids, torch.ones_like(ids, dtype=torch.bool), Kinds(1, 1, True))
    words, first, two, last = (one.keys[0].tolist() for one in found)
    assert words[0] == words[2] != words[1]
    assert first[1:] == two[1:] == last[:2] == [NONE, NONE]
    assert len({words[0], first[0], two[0], last[2]}) == 4
    assert START != END


def test_lookup_finds_every_key_and_no_other():
    random = np.random.default_rng(0)
    crowd = (random.integers(0, 50, 400) << 58) + random.integers(0, 2**40, 400)  # few high bits
    spread = random.integers(-(2**63), 2**63 - 1, 400)
    keys = np.unique(np.concatenate([crowd, spread]))
    held = keys[::2]
    lookup = Lookup(torch.from_numpy(held))
    assert lookup.tables > 2
    found = lookup(torch.from_numpy(keys).view(1, -1))[0].tolist()
    assert found == [i // 2 if i % 2 == 0 else ABSENT for i in range(len(keys))]
    assert Lookup(torch.zeros(0, dtype=torch.int64))(torch.tensor([5])).tolist() == [ABSENT]
    with pytest.raises(ValueError, match="ascend"):
        Lookup(torch.tensor([3, 3]))


def by_hand() -> Evidence:
    """a = 1, b = 2, (a, b) = 4, base 10; a text of T tokens weighs them by 1 / sqrt T."""
    ids = torch.tensor([[A, B]])
    one, two = grams(ids, torch.ones_like(ids, dtype=torch.bool), Kinds(2))
    keys = torch.stack([one.keys[0, 0], one.keys[0, 1], two.keys[0, 0]])
    order = keys.argsort()
    weight = torch.tensor([[1.0], [2.0], [4.0]])[order]
    features = Features(keys[order], weight, torch.tensor([10.0]), NO_PARTS)
    return Evidence(features, Kinds(2), 0.5)


def test_evidence_by_hand():
    evidence = by_hand()
    ids = torch.tensor([[A, B, A, 0], [C, UNK, 0, 0], [A, B, A, B]])
    mask = torch.tensor([[1, 1, 1, 0], [1, 1, 0, 0], [1, 1, 1, 1]]).bool()
    found = evidence(ids, mask)
    root = math.sqrt(3)
    torch.testing.assert_close(found.logits, torch.tensor([[10 + 7 / root], [10.0], [10 + 7 / 2]]))
    # a stands twice: half of its 1 each; the pair's 4 goes to its two words.
    first = torch.tensor([0.5 + 2, 2 + 2, 0.5, 0]) / root
    # the pair stands twice too: half of 4 to each, shared by two words
    third = torch.tensor([0.5 + 1, 1 + 1, 0.5 + 1, 1 + 1]) / 2
    torch.testing.assert_close(found.contributions[0, :, 0], first)
    torch.testing.assert_close(found.contributions[2, :, 0], third)
    assert not found.contributions[1].any() and not found.contributions[0, 3].any()
    torch.testing.assert_close(evidence.logits(ids, mask), found.logits)


def fitted(kinds: dict, seed: int = 1, **more):
    texts = texts_of(seed, 80)
    encoded = corpus(texts)
    targets = np.array(
        [int(A in t) if more.get("task") != "multi-class" else len(t) % 3 for t in texts]
    )
    config = apply(Config(), {f"evidence.{k}": v for k, v in kinds.items()}).evidence
    words = Vocabulary([f"word{i}ing" for i in range(8)])
    keys = subword_keys(words, config.subwords or 0)
    task, usual = more.get("task", "binary"), None
    if config.frames:
        usual = np.arange(len(words)) % 4 - 1
        shapes = len(words) + np.arange(len(encoded.ids)) % 3  # of unknown words
        shapes = np.where((encoded.ids == UNK) & (shapes > len(words)), shapes, encoded.ids)
        encoded = replace(encoded, ids=shapes.astype(np.int32))
    own, _ = learn_evidence(Data(encoded, targets), None, keys, task, 3, config, usual)
    return own, encoded, targets


KINDS = [
    {"orders": 1, "min_texts": 1},
    {"orders": 3, "min_texts": 2},
    {"orders": 2, "reach": 4, "borders": True, "min_texts": 1},
    {"orders": 2, "subwords": 5, "min_texts": 1},
    {"orders": 3, "features": 64, "min_texts": 1},
    {"orders": 2, "frames": True, "frame_rare": 48, "borders": True, "min_texts": 1},
]


def in_turns() -> Iterator[object]:
    """Every kind with either task; the fast tests have each kind once, the tasks in turns."""
    for number, kinds in enumerate(KINDS):
        for other, task in enumerate(("multi-class", "binary")):
            slow = [] if other == number % 2 else [pytest.mark.slow]
            yield pytest.param(kinds, task, marks=slow)


@pytest.mark.parametrize(("kinds", "task"), in_turns())
def test_contributions_sum_to_the_logit_alone_and_in_any_batch(kinds, task):
    evidence, encoded, _ = fitted(kinds, task=task)
    together = evidence_logits(evidence, encoded)
    for text in range(len(encoded)):
        batch = pad(encoded, [text])
        ids, mask = torch.from_numpy(batch.ids), torch.from_numpy(batch.mask)
        alone = evidence(ids, mask)
        np.testing.assert_allclose(alone.logits[0].numpy(), together[text], atol=1e-5)
        wide = torch.nn.functional.pad(ids, (0, 3)), torch.nn.functional.pad(mask, (0, 3))
        padded = evidence(*wide)
        summed = evidence.bias + padded.contributions.sum(dim=1)
        torch.testing.assert_close(summed, alone.logits, atol=1e-5, rtol=0)
        assert not padded.contributions[~wide[1]].any()


def test_presence_counts_as_scikit_learn_does():
    from sklearn.feature_extraction.text import CountVectorizer

    texts = [[t for t in text if t != UNK] for text in texts_of(3)]
    counter = CountVectorizer(
        ngram_range=(1, 3), min_df=2, binary=True, lowercase=False, token_pattern=r"\S+"
    )
    oracle = counter.fit_transform([" ".join(map(str, t)) for t in texts])
    config = EvidenceConfig(orders=3, min_texts=2)
    found = presence(corpus(texts), np.zeros((20, 0), np.int64), config)
    assert found.matrix.shape == oracle.shape and found.collisions == 0
    assert sorted(found.matrix.sum(axis=0).tolist()) == sorted(oracle.sum(axis=0).tolist()[0])
    np.testing.assert_array_equal(found.matrix.sum(axis=1), np.asarray(oracle.sum(axis=1)).ravel())
    squares = (oracle @ oracle.T).toarray()  # the same texts share the same number of groups
    np.testing.assert_array_equal((found.matrix @ found.matrix.T).toarray(), squares)


def test_presence_in_parts_is_the_same(monkeypatch):
    encoded, config = corpus(texts_of(4)), EvidenceConfig(orders=2, subwords=4, min_texts=1)
    words = subword_keys(Vocabulary([f"word{i}" for i in range(8)]), 4)
    whole = presence(encoded, words, config)
    monkeypatch.setattr("heedful.learn.presence._AT_ONCE", 40)
    parts = presence(encoded, words, config)
    np.testing.assert_array_equal(whole.keys, parts.keys)
    assert (whole.matrix != parts.matrix).nnz == 0


def test_more_groups_than_places_share_them_and_it_is_reported():
    encoded = corpus(texts_of(5))
    none = np.zeros((20, 0), np.int64)
    whole = presence(encoded, none, EvidenceConfig(orders=3, min_texts=1))
    folded = presence(encoded, none, EvidenceConfig(orders=3, min_texts=1, features=64))
    assert folded.bits == 6 and len(folded.keys) <= 64
    assert folded.collisions == len(whole.keys) - len(folded.keys) > 0
    assert folded.matrix.max() == 1.0


def test_log_count_ratio_by_hand():
    from scipy.sparse import csr_array

    matrix = csr_array(np.array([[1, 0, 1], [1, 0, 0], [0, 1, 1], [0, 0, 1]], np.float32))
    positive = np.array([True, True, False, False])
    # 7 cases were there one more on each side: 3 + 1 of 6 + 2 are positive
    found = log_count_ratio(matrix, positive, 2.0)
    np.testing.assert_allclose(found, np.log([3 / 1, 1 / 2, 2 / 3]), rtol=1e-6)


def test_a_group_without_evidence_speaks_for_no_side_however_unequal_they_are():
    from scipy.sparse import csr_array

    positive = np.arange(100) < 5
    matrix = csr_array(np.ones((100, 2), np.float32) * [1, 0])
    ratio = log_count_ratio(matrix, positive, 2.0)
    assert abs(ratio[1]) < 1e-6


def random_rows(seed: int = 0):
    from scipy.sparse import csr_array

    random = np.random.default_rng(seed)
    dense = (random.random((60, 9)) < 0.4).astype(np.float32)
    positive = dense @ random.normal(size=9) + random.normal(size=60) > 0.3
    return csr_array(dense), positive, random.uniform(0.5, 2, 60), random.uniform(0.5, 2, 9)


def test_the_logistic_fit_is_scikit_learns():
    from sklearn.linear_model import LogisticRegression

    matrix, positive, row, column = random_rows()
    scale = row.astype(np.float32), column.astype(np.float32)
    weights, base = fit_linear(matrix, scale, positive, 0.7, "logistic")
    scaled = row[:, None] * matrix.toarray() * column
    oracle = LogisticRegression(C=0.7, tol=1e-8, max_iter=1000).fit(scaled, positive)
    np.testing.assert_allclose(weights, oracle.coef_[0] * column, atol=5e-3)
    assert base == pytest.approx(oracle.intercept_[0], abs=5e-3)


def test_the_squared_hinge_fit_is_scikit_learns():
    from sklearn.svm import LinearSVC

    matrix, positive, row, column = random_rows(1)
    scale = row.astype(np.float32), column.astype(np.float32)
    weights, base = fit_linear(matrix, scale, positive, 0.7, "squared-hinge")
    scaled = row[:, None] * matrix.toarray() * column
    # Its base is penalised too, unless it is scaled out of sight.
    oracle = LinearSVC(C=0.7, tol=1e-8, max_iter=100_000, dual=False, intercept_scaling=1e3)
    oracle.fit(scaled, positive)
    np.testing.assert_allclose(weights, oracle.coef_[0] * column, atol=5e-3)
    assert base == pytest.approx(oracle.intercept_[0], abs=5e-3)


def test_rows_in_blocks_give_the_same_fit(monkeypatch):
    matrix, positive, row, column = random_rows(2)
    scale = row.astype(np.float32), column.astype(np.float32)
    whole = fit_linear(matrix, scale, positive, 0.7, "logistic")
    monkeypatch.setattr("heedful.learn.linear._LARGE", 0)
    blocks = fit_linear(matrix, scale, positive, 0.7, "logistic")
    np.testing.assert_allclose(blocks[0], whole[0], atol=2e-3)
    assert blocks[1] == pytest.approx(whole[1], abs=2e-3)
    began = fit_linear(matrix, scale, positive, 0.7, "logistic", whole)
    np.testing.assert_allclose(began[0], whole[0], atol=2e-3)


def test_shares_follow_what_each_model_knows():
    random = np.random.default_rng(0)
    targets = random.integers(0, 2, 500)
    good = (2.0 * targets - 1 + random.normal(size=500))[:, None]
    noise = random.normal(size=(500, 1))
    first, second = fit_shares(good, 100 * noise, targets, "binary")
    assert first * good.std() > 5 * second * 100 * noise.std()
    other = (2.0 * targets - 1 + random.normal(size=500))[:, None]
    first, second = fit_shares(good, other, targets, "binary")
    assert 0.5 < first / second < 2
    # what both know together is twice as sure
    assert 1.5 < first * good.std() / 1.4 + second * other.std() / 1.4 < 4


def test_subwords_of_a_word():
    keys = subword_keys(Vocabulary(["cat", "cats", "a"]), 5)
    runs = [set(row[row != NONE].tolist()) for row in keys]
    assert [len(run) for run in runs] == [0, 0, 0, 0, 6, 9, 1]  # <ca cat at> <cat cat> <cat>
    assert len(runs[4] & runs[5]) == 3  # <ca cat <cat
    assert subword_keys(Vocabulary(["cat"]), 0).shape == (5, 0)


def reviews(count: int, seed: int) -> list[Example]:
    random = np.random.default_rng(seed)
    texts = []
    for row in range(count):
        label = row % 2
        mark = ["not good", "not bad"][label] if random.random() < 0.9 else "so so"
        filler = " ".join(random.choice(["the", "film", "was", "plot"], 4))
        texts.append(Example(f"{filler} {mark} {filler}", (str(label),), "made", row + 1))
    return texts


def test_fast_is_measured_on_texts_that_it_has_not_seen_and_then_learns_them():
    train, valid = reviews(60, 0), [Example("plot plot", ("1",), "made", 61)] * 20
    valid += reviews(20, 1)
    config = apply(preset("fast"), {"text.min_frequency": 1, "evidence.min_texts": 1})
    found = fit(train, valid, Labels(("0", "1"), "binary"), config)
    before = found.model.probabilities(["plot plot plot"])[0, 1]
    measured = found.validation["loss"]
    model = finished(found).model
    after = model.probabilities(["plot plot plot"])[0, 1]
    assert after > before + 0.05
    own = model.probabilities([e.text for e in valid])[
        np.arange(40), [int(e.labels[0]) for e in valid]
    ]
    assert -np.log(own).mean() < measured  # what the figures do not flatter with
    still = apply(config, {"evidence.refit": False})
    assert fit(train, valid, Labels(("0", "1"), "binary"), still).whole is None


@pytest.mark.parametrize(("encoder", "frames"), [("none", False), ("token", True)])
def test_evidence_is_saved_and_read_back_to_the_byte(tmp_path, encoder, frames):
    examples = reviews(80, 0)
    settings = {
        "model.encoder": encoder,
        "evidence.orders": 2,
        "evidence.subwords": 4,
        "evidence.borders": True,
        "evidence.frames": frames,
        "evidence.min_texts": 1,
        "train.epochs": 2,
        "evidence.features": 256,
        "model.words": 9,
    }
    texts, labels = [e.text for e in examples], [e.labels[0] for e in examples]
    model = TextClassifier("fast", settings=settings).fit(texts, labels)
    assert model.score(texts, labels) > 0.85
    model.save(tmp_path / "run")
    again = load(tmp_path / "run")
    tensors = load_file(tmp_path / "run" / "model.safetensors")
    assert ("evidence.frames" in tensors) == frames
    texts += ["The Actors were NOT bad in 1999 ."]  # words that it does not know
    assert again.predict_proba(texts).tobytes() == model.predict_proba(texts).tobytes()
    assert again.model_.network.evidence.bits == model.model_.network.evidence.bits


def test_a_rare_word_is_unknown_to_the_network_and_known_to_the_evidence():
    words = ["often"] * 3 + ["seldom"]
    tokenizer = Tokenizer(Config().text)
    vocabulary, _ = fit_vocabulary(words, tokenizer, apply(Config(), {"min_frequency": 1}).text)
    assert vocabulary.tokens[4:] == ("often", "seldom")
    config = apply(Config(), {"model.words": 5, "model.encoder": "token"}).model
    from heedful.nn.classify import Classifier

    network = Classifier(config, len(vocabulary), 1).eval()
    ids, mask = torch.tensor([[5, UNK, 4]]), torch.ones(1, 3, dtype=torch.bool)
    with torch.no_grad():
        rare, unknown, common = network.embed(ids, mask)[0]
    assert torch.equal(rare, unknown) and not torch.equal(rare, common)


def test_open_settings_follow_from_length_and_number():
    from heedful.learn.rules import with_rules

    def chosen(texts: int, tokens: int, **more):
        encoded = corpus([[A] * tokens] * texts)
        config = apply(Config(), {"evidence.orders": 3} | more)
        found = with_rules(config, encoded, "binary").evidence
        assert found.frames == found.borders or "evidence.borders" in more
        return found.subwords, found.min_texts, found.cost, found.reach, found.borders

    assert chosen(100, 51) == (0, 3, 0.05, 1, False)
    assert chosen(100, 50) == (5, 1, 0.1, 5, True)
    assert chosen(8_000, 3) == (5, 1, 0.1, 1, False)
    assert chosen(40_000, 3) == (5, 3, 0.1, 1, False)
    own = {"evidence.subwords": 0, "evidence.cost": 2.0, "evidence.borders": False}
    assert chosen(100, 50, **own) == (0, 1, 2.0, 5, False)
    none = with_rules(Config(), corpus([[A]]), "binary")
    assert none == Config()
    letters = apply(Config(), {"evidence.orders": 3, "text.unit": "character"})
    assert with_rules(letters, corpus([[A]]), "binary").evidence.frames is False


def test_validation_data_of_the_users_own_are_not_learnt(tmp_path):
    import json

    from command_line import TINY, heedful

    train = ("train", "reviews:40:1", *TINY, "--no-baseline")
    for name, more in (("own", ("--valid", "reviews:12:2")), ("held", ())):
        ran = heedful(*train, "--out", tmp_path / name, *more)
        assert ran.code == 0, ran.err
    refit = {
        name: json.loads((tmp_path / name / "config.json").read_text())["evidence"]["refit"]
        for name in ("own", "held")
    }
    assert refit == {"own": False, "held": True}


def test_without_validation_texts_evidence_still_has_a_usual_size():
    settings = {"text.min_frequency": 1, "evidence.min_texts": 1, "evidence.cost": 1e-6}
    examples, labels = reviews(60, 0), Labels(("0", "1"), "binary")
    found = fit(examples, [], labels, apply(preset("fast"), settings))
    assert found.whole is None
    values = evidence_logits(found.model.network.evidence, found.encoded["training"])
    assert values.std() == pytest.approx(3.0, rel=1e-3)

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import pytest
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from heedful.records import Example
from heedful.text.generate import review_words as words
from heedful.text.generate.reviews import LABELS, generate

TURNS = (*words.NEGATORS, *words.VERB_NEGATORS)


@pytest.fixture(scope="module")
def many() -> list[Example]:
    return generate(5_000, seed=7)


def _accuracy(train: list[Example], test: list[Example], longest: int) -> float:
    model = make_pipeline(
        TfidfVectorizer(ngram_range=(1, longest), sublinear_tf=True),
        LogisticRegression(C=10, max_iter=1_000),
    )
    model.fit([e.text for e in train], [e.labels[0] for e in train])
    return float(model.score([e.text for e in test], [e.labels[0] for e in test]))


def _read(evidence: str) -> str:
    """The class an evidence speaks for, by the words alone: an oracle for the planted rule."""
    good = {w for group in words.POSITIVE.values() for w in group} | set(words.LIKES)
    bad = {w for group in words.NEGATIVE.values() for w in group} | set(words.DISLIKES)
    found = [(w in good) for w in evidence.lower().split() if w in good | bad]
    assert len(found) == 1, evidence
    turned = evidence.lower().startswith(TURNS) or evidence.endswith("the opposite")
    return LABELS[found[0] != turned]


def test_the_evidence_gives_the_label_away(many: list[Example]) -> None:
    for example in many:
        assert {_read(example.text[a:b]) for a, b in example.gold} == set(example.labels)


def test_gold_spans_are_in_order_and_on_whole_words(many: list[Example]) -> None:
    for example in many:
        assert 1 <= len(example.gold) <= 3
        assert all(0 <= a < b <= len(example.text) for a, b in example.gold)
        assert all(x[1] <= y[0] for x, y in pairwise(example.gold))
        for a, b in example.gold:
            around = example.text[max(a - 1, 0) : a] + example.text[b : b + 1]
            assert example.text[a].isalpha() and example.text[b - 1].isalpha()
            assert not any(c.isalpha() for c in around)


def test_no_mark_of_the_patterns_is_left(many: list[Example]) -> None:
    assert not [e.text for e in many if set("[]{}") & set(e.text) or "(n)" in e.text]
    assert not [e.text for e in many if " a a" in e.text or " a e" in e.text or " an t" in e.text]


def test_records(many: list[Example]) -> None:
    assert [e.row for e in many] == list(range(1, 5_001))
    assert {e.source for e in many} == {"reviews"}
    assert LABELS == ("negative", "positive")


@pytest.mark.parametrize(("n", "negative"), [(0, 0), (1, 0), (2, 1), (5, 2), (600, 300)])
def test_classes_are_balanced(n: int, negative: int) -> None:
    labels = [e.labels for e in generate(n, seed=3)]
    assert (len(labels), labels.count(("negative",))) == (n, negative)
    assert labels.count(("positive",)) == n - negative


def test_texts_are_distinct_and_of_two_to_eight_sentences(many: list[Example]) -> None:
    assert len({e.text for e in many}) >= 4_950
    for example in many:
        plain = example.text.replace("...", ".").replace("!!", "!")
        assert 2 <= plain.count(".") + plain.count("!") <= 8


def test_a_seed_gives_the_same_texts_in_another_process(many: list[Example]) -> None:
    code = (
        "import hashlib; from heedful.text.generate.reviews import generate;"
        "print(hashlib.sha256(repr(generate(200, 5)).encode()).hexdigest())"
    )
    here = hashlib.sha256(repr(generate(200, 5)).encode()).hexdigest()
    source = str(Path(__file__).resolve().parents[1] / "src")
    hash_seed = "1" if os.environ.get("PYTHONHASHSEED") != "1" else "2"
    there = subprocess.run(
        [sys.executable, "-c", code],
        env={"PYTHONPATH": source, "PYTHONHASHSEED": hash_seed, "PYTHONIOENCODING": "utf-8"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert there.stdout.strip() == here


def test_seeds_differ(many: list[Example]) -> None:
    other = {e.text for e in generate(1_000, seed=8)}
    assert len(other & {e.text for e in many}) < 20


def test_variety(many: list[Example]) -> None:
    joined = " ".join(e.text for e in many)
    for piece in (
        "<br />",
        "!!",
        "...",
        "📦",
        "🎬",
        "far from",
        "the opposite",
        ", yet ",
        "Although",
    ):
        assert joined.count(piece) > 20, piece


def test_counting_words_is_not_enough() -> None:
    reviews = generate(2_500, seed=0)
    for longest in (1, 2):
        # Above chance, so that there is something to learn; well below reading in order.
        assert 0.65 < _accuracy(reviews[:2_000], reviews[2_000:], longest) < 0.85


def test_undeciding_opinions_are_there(many: list[Example]) -> None:
    opinions = {
        w for by in (words.POSITIVE, words.NEGATIVE) for group in by.values() for w in group
    }
    outside = 0
    for example in many:
        rest = example.text
        for a, b in reversed(example.gold):
            rest = rest[:a] + rest[b:]
        outside += bool(opinions & set(rest.replace(",", " ").replace(".", " ").lower().split()))
    assert outside > 2_500

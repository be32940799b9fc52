"""Results by length and by unknown words: every row in one bin, no bin thin."""

from __future__ import annotations

import itertools
import math
import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from sklearn import metrics as sk

from figure_cases import TASKS, made_case
from heedful.learn.metrics import decide
from heedful.learn.scores import Scores
from heedful.learn.slices import length_edges, merged, slices
from heedful.text.labels import Labels

NAMES = ("ash", "beech", "cedar", "date", "elm")


def made_scores(task: str, tokens, unknown=None, seed: int = 0) -> Scores:
    count = len(tokens)
    p, truth = made_case(task, seed, count)
    zeros = np.zeros(count, np.int64)
    return Scores(
        labels=Labels(NAMES[: p.shape[1]], task),
        sources=("made",) * count,
        rows=np.arange(count),
        excerpts=("",) * count,
        targets=truth,
        predicted=((),) * count,
        tokens=np.asarray(tokens, np.int64),
        unknown=zeros if unknown is None else np.asarray(unknown, np.int64),
        cut=zeros,
        probabilities=p,
    )


@pytest.mark.parametrize("task", TASKS)
def test_slices_are_what_scikit_learn_says_of_their_rows(task):
    tokens = np.arange(1, 212)
    scores = made_scores(task, tokens, seed=1)
    count = scores.probabilities.shape[1]
    thresholds = None if task == "multi-class" else np.linspace(0.3, 0.6, count)
    found = slices(scores, thresholds)["length"]
    decided = decide(scores.probabilities, task, thresholds)
    # fifths of 1 to 211 are 43, 85, 127 and 169
    bounds = [(1, 40), (41, 80), (81, 150), (151, 211)]
    assert [s["name"] for s in found] == ["up to 40", "41–80", "81–150", "over 150"]
    for part, (low, high) in zip(found, bounds, strict=True):
        rows = (tokens >= low) & (tokens <= high)
        t, g = scores.targets[rows], decided[rows]
        hits = int((t == g).sum() if task != "multi-label" else (t == g).all(axis=1).sum())
        wilson = stats.binomtest(hits, int(rows.sum())).proportion_ci(method="wilson")
        assert part["rows"] == rows.sum()
        assert part["accuracy"] == pytest.approx(hits / rows.sum())
        assert part["interval"] == pytest.approx([wilson.low, wilson.high])
        average = "binary" if task == "binary" else "macro"  # as `metrics.measure`
        assert part["f1"] == pytest.approx(sk.f1_score(t, g, average=average))
        assert list(part) == ["name", "rows", "accuracy", "interval", "f1"]


def test_a_class_that_is_not_in_a_slice_does_not_count_there():
    scores = made_scores("multi-class", [3] * 31 + [50] * 31)
    scores.targets[:31] = 0
    p = np.full((31, 5), 0.1)
    p[:, 0] = 0.6
    scores.probabilities[:31] = p
    short, long = slices(scores)["length"]
    assert (short["accuracy"], short["f1"]) == (1, 1)
    assert long["f1"] < 1


def test_unknown_words_have_their_bins():
    unknown = [0] * 41 + [1] * 43 + [4] * 47 + [30] * 37
    found = slices(made_scores("binary", [100] * 168, unknown))["unknown"]
    assert [(s["name"], s["rows"]) for s in found] == [
        ("none", 41),
        ("up to 1 %", 43),
        ("1–5 %", 47),
        ("over 5 %", 37),
    ]


def test_texts_without_a_token_have_no_unknown_words():
    found = slices(made_scores("binary", [0] * 31 + [10] * 37, [0] * 31 + [3] * 37))
    assert [(s["name"], s["rows"]) for s in found["unknown"]] == [("none", 31), ("some", 37)]
    assert [(s["name"], s["rows"]) for s in found["length"]] == [("up to 0", 31), ("over 0", 37)]


@pytest.mark.parametrize("task", TASKS)
def test_few_texts_are_one_slice_and_no_text_is_none(task):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        few = slices(made_scores(task, [1, 20, 300]))
        none = slices(made_scores(task, []))
    assert [(s["name"], s["rows"]) for s in few["length"]] == [("all", 3)]
    assert [(s["name"], s["rows"]) for s in few["unknown"]] == [("all", 3)]
    assert none == {"length": [], "unknown": []}


def test_a_slice_without_any_label_has_no_f1():
    scores = made_scores("multi-label", [5] * 7)
    scores.targets[:] = 0
    scores.probabilities[:] = 0.1
    (part,) = slices(scores)["length"]
    assert part["accuracy"] == 1
    assert math.isnan(part["f1"])


@given(st.lists(st.integers(0, 400), max_size=300))
def test_every_row_is_in_one_bin_and_no_bin_is_thin(lengths):
    values = np.array(lengths, np.int64)
    edges = length_edges(values)
    assert edges == sorted(set(edges))
    bounds = [-1, *edges, math.inf]
    sizes = [((values > a) & (values <= b)).sum() for a, b in itertools.pairwise(bounds)]
    assert sum(sizes) == len(values)
    if edges:
        assert min(sizes) >= max(30, 0.05 * len(values))


def test_edges_are_round():
    random = np.random.default_rng(0)
    lengths = np.exp(random.normal(5.2, 0.6, 5003)).astype(int)  # fifths 109 156 211 300
    assert length_edges(lengths) == [100, 150, 200, 300]
    assert length_edges(np.repeat(np.arange(3, 14), 50)) == [5, 7, 9, 10]


def test_a_thin_bin_joins_the_smaller_neighbour():
    values = np.repeat([0.5, 1.5, 2.5, 3.5], [50, 3, 40, 60])
    assert merged(values, [1, 2, 3]) == [1, 3]
    values = np.repeat([0.5, 1.5, 2.5, 3.5], [40, 3, 50, 60])
    assert merged(values, [1, 2, 3]) == [2, 3]
    assert merged(np.repeat([0.5, 1.5], [3, 70]), [1]) == []
    assert merged(np.repeat([0.5, 1.5], [30, 31]), [1]) == [1]
    assert merged(np.repeat([0.5, 1.5], [29, 31]), [1]) == []
    assert merged(np.repeat([0.5, 1.5], [2000, 60]), [1]) == [], "less than 5 %"

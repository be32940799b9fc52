"""Intervals: equal to scikit-learn on every resample, and right as often as they say."""

from __future__ import annotations

import itertools
import math
import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from sklearn import metrics as sk

from figure_cases import TASKS, made_case, two
from heedful.learn import bootstrap
from heedful.learn.bootstrap import draw_counts, intervals, paired_difference, share_interval
from heedful.learn.figures import figures
from heedful.learn.measures import rated
from heedful.learn.weighted import Ranking, WeightedFigures


def some_thresholds(task: str, moved: bool):
    if not moved or task == "multi-class":
        return None
    return np.array([0.7, 0.3] if task == "binary" else [0.2, 0.4, 0.5, 0.6, 0.8])


def resampled(task: str, seed: int, draws: int, rows: int = 43):
    p, truth = made_case(task, seed, rows)
    return p, truth, draw_counts(np.random.default_rng(seed), rows, draws)


@pytest.mark.parametrize("moved", [False, True])
@pytest.mark.parametrize("task", TASKS)
def test_weights_give_the_figures_of_the_repeated_rows(task, moved):
    p, truth, counts = resampled(task, 0, 9)
    thresholds = some_thresholds(task, moved)
    found = WeightedFigures(p, truth, task, thresholds)(counts)
    assert tuple(found) == rated(task)
    for draw, repeats in enumerate(counts.T.astype(int)):
        rows = np.repeat(np.arange(len(p)), repeats)
        expected = figures(p[rows], truth[rows], task, thresholds)  # scikit-learn
        each = {name: values[draw] for name, values in found.items()}
        assert each == pytest.approx(
            {name: expected[name] for name in each}, abs=1e-12, nan_ok=True
        )


def test_weights_give_what_scikit_learn_gives_with_sample_weights():
    p, truth, counts = resampled("binary", 1, 9, 101)
    found = WeightedFigures(p, truth, "binary")(counts)
    decided = (p[:, 1] > p[:, 0]).astype(int)
    for draw, w in enumerate(counts.T):
        expected = {
            "accuracy": sk.accuracy_score(truth, decided, sample_weight=w),
            "balanced_accuracy": sk.balanced_accuracy_score(truth, decided, sample_weight=w),
            "precision": sk.precision_score(truth, decided, sample_weight=w),
            "recall": sk.recall_score(truth, decided, sample_weight=w),
            "f1": sk.f1_score(truth, decided, sample_weight=w),
            "auc": sk.roc_auc_score(truth, p[:, 1], sample_weight=w),
            "average_precision": sk.average_precision_score(truth, p[:, 1], sample_weight=w),
            "mcc": sk.matthews_corrcoef(truth, decided, sample_weight=w),
            "loss": sk.log_loss(truth, p, sample_weight=w),
            "brier": sk.brier_score_loss(truth, p[:, 1], sample_weight=w),
        }
        assert {name: found[name][draw] for name in expected} == pytest.approx(expected)


@given(
    st.lists(
        st.tuples(st.integers(0, 4), st.booleans(), st.integers(0, 3)), min_size=1, max_size=12
    )
)
def test_ranking_counts_every_pair(rows):
    scores, truth, weights = (np.array(x, float) for x in zip(*rows, strict=True))
    area, precision = Ranking(scores, truth)(weights[:, None])
    here = [(s, w) for s, t, w in rows if t]
    pairs = sum(w * v * ((s > r) + (s == r) / 2) for s, w in here for r, t, v in rows if not t)
    whole = sum(w for _, w in here) * sum(w for _, t, w in rows if not t)
    expected = pairs / whole if whole else math.nan
    assert area[0] == pytest.approx(expected, nan_ok=True)
    gains = 0.0
    for level in {s for s, _ in here}:
        hit = sum(w for s, w in here if s >= level)
        said = sum(w for s, _, w in rows if s >= level)
        gains += sum(w for s, w in here if s == level) * (hit / said if said else 0)
    there = sum(w for _, w in here)
    assert precision[0] == pytest.approx(gains / there if there else math.nan, nan_ok=True)


@pytest.mark.parametrize("task", TASKS)
def test_intervals_hold_the_middle_of_the_resampled_figures(task):
    p, truth = made_case(task, 2, 47)
    found = intervals(p, truth, task, resamples=31, seed=7)
    counts = draw_counts(np.random.default_rng(7), 47, 31)
    drawn = []
    for repeats in counts.T.astype(int):
        rows = np.repeat(np.arange(47), repeats)
        drawn.append(figures(p[rows], truth[rows], task))
    for name in rated(task):
        values = np.array([each[name] for each in drawn if not math.isnan(each[name])])
        if name == "ece":  # noise adds to it: the draws are moved back by what it adds on average
            excess = values.mean() - figures(p, truth, task)["ece"]
            assert excess > 0
            values = np.maximum(0, values - excess)
        assert found[name] == pytest.approx(np.percentile(values, [2.5, 97.5]))


def test_same_seed_same_intervals_however_the_work_is_cut(monkeypatch):
    p, truth = made_case("multi-class", 3, 53)
    first = intervals(p, truth, "multi-class", resamples=83, seed=5)
    assert first == intervals(p, truth, "multi-class", resamples=83, seed=5)
    assert first != intervals(p, truth, "multi-class", resamples=83, seed=6)
    for cells in (53 * 7, 1):
        monkeypatch.setattr(bootstrap, "_CELLS", cells)
        found = intervals(p, truth, "multi-class", resamples=83, seed=5)
        for name in first:  # to rounding: sums run in another order
            assert found[name] == pytest.approx(first[name], rel=1e-12)


def test_every_resample_has_as_many_rows_as_the_data():
    counts = draw_counts(np.random.default_rng(0), 31, 2003)
    assert (counts.sum(axis=0) == 31).all()
    # Poisson-like: a row is left out by (1 - 1/n)^n of the resamples
    assert (counts == 0).mean() == pytest.approx((1 - 1 / 31) ** 31, abs=0.005)
    assert counts.var(axis=1).mean() == pytest.approx(1 - 1 / 31, abs=0.03)


def test_intervals_cover_the_truth_as_often_as_they_say():
    # Scores normal around 0 and 1.2: auc = Phi(1.2 / sqrt 2), best accuracy Phi(0.6).
    random = np.random.default_rng(4)
    shift, rows, runs = 1.2, 199, 300
    expected = {
        "auc": stats.norm.cdf(shift / math.sqrt(2)),
        "accuracy": stats.norm.cdf(shift / 2),
        "mcc": 2 * stats.norm.cdf(shift / 2) - 1,
    }
    inside = dict.fromkeys(expected, 0)
    for run in range(runs):
        truth = random.integers(0, 2, rows)
        score = random.normal(shift * truth)
        p = two(1 / (1 + np.exp(-shift * (score - shift / 2))))  # the true probabilities
        found = intervals(p, truth, "binary", resamples=200, seed=run)
        for name, value in expected.items():
            inside[name] += found[name][0] <= value <= found[name][1]
    # 95 % of 300 is 285, deviation 3.8; a bootstrap of 199 rows covers a little less
    assert all(272 <= count <= 297 for count in inside.values()), inside


def test_a_figure_that_is_nowhere_defined_has_no_interval():
    p, truth = made_case("multi-label", 5)
    truth[:, 2] = 0
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = intervals(p, truth, "multi-label", resamples=23)
    undefined = {name for name, (low, high) in found.items() if math.isnan(low + high)}
    assert undefined == {"auc", "average_precision"}


def test_a_rare_class_leaves_draws_out_and_not_the_figure():
    truth = np.array([1] + [0] * 12)
    p = two([0.5, 0.6] + [0.1] * 11)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        low, high = intervals(p, truth, "binary", resamples=401)["auc"]
    assert 0.7 < low < 11 / 12 < high == 1


@pytest.mark.parametrize("task", TASKS)
def test_one_text_and_none(task):
    p, truth = made_case(task, 6)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        one = intervals(p[:1], truth[:1], task, resamples=5)
        none = intervals(p[:0], truth[:0], task, resamples=5)
    alone = figures(p[:1], truth[:1], task)
    for name in rated(task):
        assert one[name] == pytest.approx((alone[name], alone[name]), nan_ok=True)
        assert all(math.isnan(value) for value in none[name])


@settings(deadline=None)
@given(st.lists(st.tuples(st.booleans(), st.booleans()), min_size=1, max_size=30))
def test_the_paired_interval_mirrors_when_models_change_places(pairs):
    first, second = (np.array(x) for x in zip(*pairs, strict=True))
    low, high = paired_difference(first, second, resamples=101)
    assert -1 <= low <= high <= 1
    if (first == second).all():
        assert (low, high) == (0, 0)
    if first.all() and not second.any():
        assert (low, high) == (1, 1)


def test_the_paired_interval_is_that_of_resampled_rows():
    random = np.random.default_rng(8)
    first, second = random.random(211) < 0.8, random.random(211) < 0.7
    gain = first.astype(int) - second
    low, high = paired_difference(first, second, resamples=20_011, seed=1)
    rows = random.integers(0, 211, (20_011, 211))
    expected = np.percentile(gain[rows].mean(axis=1), [2.5, 97.5])
    assert (low, high) == pytest.approx(expected, abs=0.005)
    assert (low, high) == paired_difference(first, second, resamples=20_011, seed=1)
    assert low < gain.mean() < high
    # A pair that is right on the same texts differs less than its accuracies vary.
    width = np.subtract(*share_interval(first)[::-1])
    same = first.copy()
    same[:3] = ~same[:3]
    assert np.subtract(*paired_difference(first, same)[::-1]) < width / 2


@pytest.mark.parametrize(("hits", "count"), list(itertools.product([0, 1, 5], [7, 29])))
def test_the_share_interval_is_wilsons(hits, count):
    right = np.arange(count) < hits
    expected = stats.binomtest(hits, count).proportion_ci(method="wilson")
    assert share_interval(right) == pytest.approx((expected.low, expected.high), abs=1e-12)
    mirrored = share_interval(~right)
    assert mirrored == pytest.approx((1 - expected.high, 1 - expected.low), abs=1e-12)


def test_nothing_has_no_share():
    assert all(math.isnan(x) for x in share_interval(np.array([], bool)))
    assert all(math.isnan(x) for x in paired_difference(np.array([]), np.array([])))


def test_a_rare_class_that_a_draw_leaves_out_does_not_count_as_missed():
    """28 classes with three rows each, every one right: there is nothing to doubt."""
    truth = np.repeat(np.arange(28), 3)
    p = np.full((84, 28), 0.001) + 0.972 * np.eye(28)[truth]
    found = intervals(p, truth, "multi-class", resamples=200)
    for name in ("accuracy", "precision", "recall", "f1"):
        assert found[name] == pytest.approx((1.0, 1.0)), name
    # a class that does not occur in the data at all counts 0, as in the figure itself
    absent = np.pad(p, ((0, 0), (0, 1)))
    low, high = intervals(absent, truth, "multi-class", resamples=50)["f1"]
    assert 0.9 < low < high == pytest.approx(28 / 29)

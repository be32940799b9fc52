"""Reliability, calibration error and temperature against hand-solved cases and laws."""

from __future__ import annotations

import math
import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import expit, log_softmax
from sklearn.calibration import calibration_curve

from figure_cases import TASKS, logits_of, made_case, two
from heedful.learn.calibration import (
    bin_of,
    calibration_error,
    confidences,
    fit_temperature,
    reliability,
)

BOUNDS = (0.2, 5.0)


def test_reliability_by_hand():
    # four bins; confidences .9 .6 .75 .8: .75 is the upper edge of the third bin
    found = reliability(two([0.9, 0.6, 0.25, 0.2]), np.array([1, 0, 0, 1]), "binary", bins=4)
    assert [b["count"] for b in found] == [0, 0, 2, 2]
    assert [(b["low"], b["high"]) for b in found] == [
        (0, 0.25),
        (0.25, 0.5),
        (0.5, 0.75),
        (0.75, 1),
    ]
    assert math.isnan(found[0]["confidence"])
    assert math.isnan(found[1]["accuracy"])
    assert found[2]["confidence"] == pytest.approx((0.6 + 0.75) / 2)
    assert found[2]["accuracy"] == 0.5  # .6 for the second class is wrong, .75 for the first right
    assert found[3]["confidence"] == pytest.approx((0.9 + 0.8) / 2)
    assert found[3]["accuracy"] == 0.5


@pytest.mark.parametrize("bins", [15, 7])
def test_reliability_is_the_curve_of_scikit_learn(bins):
    random = np.random.default_rng(0)
    p, truth = random.dirichlet(np.ones(5), 211), random.integers(0, 5, 211)
    found = [b for b in reliability(p, truth, "multi-class", bins) if b["count"]]
    right = p.argmax(axis=1) == truth
    share, sure = calibration_curve(right, p.max(axis=1), n_bins=bins)
    assert [b["accuracy"] for b in found] == pytest.approx(share)
    assert [b["confidence"] for b in found] == pytest.approx(sure)


@pytest.mark.parametrize("task", ["binary", "multi-class"])
def test_the_error_is_the_mean_gap_of_the_diagram(task):
    p, truth = made_case(task, 1, 97)
    bins = [b for b in reliability(p, truth, task) if b["count"]]
    expected = sum(b["count"] * abs(b["accuracy"] - b["confidence"]) for b in bins) / 97
    assert calibration_error(p, truth, task) == pytest.approx(expected)
    assert sum(b["count"] for b in bins) == 97


def test_multi_label_error_is_the_mean_over_labels_of_the_binary_one():
    p, truth = made_case("multi-label", 2, 97)
    each = [calibration_error(two(p[:, c]), truth[:, c].astype(int), "binary") for c in range(5)]
    assert calibration_error(p, truth, "multi-label") == pytest.approx(np.mean(each))
    assert sum(b["count"] for b in reliability(p, truth, "multi-label")) == 97 * 5


@given(st.floats(0, 1), st.integers(1, 31))
def test_a_confidence_lies_in_its_bin(confidence, bins):
    edges = np.linspace(0, 1, bins + 1)
    place = int(bin_of(np.array([confidence]), bins)[0])
    assert edges[place] <= confidence <= edges[place + 1]
    assert confidence > edges[place] or place == 0


def test_a_perfect_forecast_has_no_error_and_a_sure_wrong_one_all():
    truth = np.array([0, 1, 1])
    assert calibration_error(two([0.0, 1.0, 1.0]), truth, "binary") == 0
    assert calibration_error(two([1.0, 0.0, 0.0]), truth, "binary") == 1


@pytest.mark.parametrize("task", TASKS)
def test_without_texts(task):
    p, truth = made_case(task, 3)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert math.isnan(calibration_error(p[:0], truth[:0], task))
        found = reliability(p[:0], truth[:0], task)
    assert [b["count"] for b in found] == [0] * 15
    logits, truth = logits_of(task, 3, 5)
    assert fit_temperature(logits[:0], truth[:0], task) == 1.0


@pytest.mark.parametrize("scale", [0.5, 1.0, 3.0])
@pytest.mark.parametrize("task", TASKS)
def test_a_scale_put_on_the_logits_is_found_again(task, scale):
    logits, truth = logits_of(task, 4, 4001)
    plain = fit_temperature(logits, truth, task)
    assert plain == pytest.approx(1, abs=0.06)
    found = fit_temperature(scale * logits, truth, task)
    assert found == pytest.approx(scale * plain, rel=0.006)  # the prior pulls a little


def penalised(log_t: np.ndarray, logits, truth, task) -> np.ndarray:
    """What the temperature minimises, written down once more with scipy.special."""
    costs = []
    for t in np.exp(log_t):
        if task == "multi-class":
            loss = -log_softmax(logits / t, axis=1)[np.arange(len(truth)), truth].sum()
        else:
            p = expit(logits / t)
            loss = -np.log(np.where(truth.reshape(p.shape) > 0, p, 1 - p)).sum()
        costs.append(loss + np.log(t) ** 2 / (2 * 0.5**2))
    return np.array(costs)


@pytest.mark.parametrize("seed", [0, 1, 2])
@pytest.mark.parametrize("task", TASKS)
def test_no_other_temperature_is_better(task, seed):
    logits, truth = logits_of(task, seed, 13)
    found = fit_temperature(logits, truth, task)
    grid = np.linspace(*np.log(BOUNDS), 2003)
    costs = penalised(grid, logits, truth, task)
    assert found == pytest.approx(math.exp(grid[costs.argmin()]), rel=0.002)
    assert found == fit_temperature(logits, truth, task)


def test_perfectly_separated_data_leave_a_moderate_temperature():
    # Without the prior the loss falls for ever as T goes to 0.
    truth = np.array([0, 1] * 7)
    found = fit_temperature(np.where(truth, 1.0, -1.0)[:, None], truth, "binary")
    assert 0.25 < found < 0.6
    # one condition: the slopes of loss and prior in log T cancel
    z = 1 / found
    assert 14 * z * expit(-z) + math.log(found) / 0.25 == pytest.approx(0, abs=1e-4)


def test_the_prior_gives_way_to_data():
    logits, truth = logits_of("binary", 6, 11)
    few = fit_temperature(4 * logits, truth, "binary")
    many = fit_temperature(4 * np.tile(logits, (500, 1)), np.tile(truth, 500), "binary")
    best = fit_temperature(4 * np.tile(logits, (5000, 1)), np.tile(truth, 5000), "binary")
    assert abs(math.log(few)) < abs(math.log(many))
    assert many == pytest.approx(best, rel=0.01)


@pytest.mark.parametrize(("sign", "bound"), [(1, 0.2), (-1, 5.0)])
def test_the_temperature_stays_within_its_bounds(sign, bound):
    truth = np.array([0, 1] * 500)
    logits = sign * np.where(truth, 0.4, -0.4)[:, None]
    found = fit_temperature(logits, truth, "binary")
    assert found == pytest.approx(bound, rel=1e-4)
    assert BOUNDS[0] <= found <= BOUNDS[1]


@pytest.mark.parametrize("task", TASKS)
def test_extreme_logits_stay_finite(task):
    logits, truth = logits_of(task, 7, 17)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert BOUNDS[0] <= fit_temperature(1e4 * logits, truth, task) <= BOUNDS[1]


@pytest.mark.parametrize("task", TASKS)
def test_a_temperature_mends_what_was_too_sure(task):
    logits, truth = logits_of(task, 8, 2003)

    def probabilities(of):
        if task == "multi-class":
            return np.exp(log_softmax(of, axis=1))
        return two(expit(of[:, 0])) if task == "binary" else expit(of)

    sure = 3 * logits
    mended = sure / fit_temperature(sure, truth, task)
    errors = [calibration_error(probabilities(of), truth, task) for of in (sure, mended)]
    assert errors[1] < errors[0] / 2
    before, after = (confidences(probabilities(of), truth, task)[1] for of in (sure, mended))
    assert (before == after).all(), "no decision changes"

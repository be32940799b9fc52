"""Every figure of an evaluation against hand-solved cases and scikit-learn."""

from __future__ import annotations

import math
import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn import metrics as sk

from figure_cases import TASKS, made_case, two
from heedful.learn.figures import (
    averages,
    confusion,
    figures,
    per_class,
)
from heedful.learn.metrics import decide, measure, names
from heedful.records import HeedfulError

NAMES = ("ash", "beech", "cedar", "date", "elm")
FREE_OF_THRESHOLDS = {"loss", "auc", "average_precision", "brier", "ece"}


def strict(call, *arguments):
    """The result of a call that must not warn."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        return call(*arguments)


def class_names(task: str) -> tuple[str, ...]:
    return NAMES[:2] if task == "binary" else NAMES


def some_thresholds(task: str):
    return {
        "binary": np.array([0.7, 0.3]),
        "multi-class": None,
        "multi-label": np.array([0.2, 0.4, 0.5, 0.6, 0.8]),
    }[task]


def test_binary_by_hand():
    p, truth = two([0.9, 0.6, 0.5, 0.2, 0.1]), np.array([1, 0, 1, 0, 0])  # decided 1 1 0 0 0
    found = figures(p, truth, "binary")
    assert found["balanced_accuracy"] == pytest.approx((1 / 2 + 2 / 3) / 2)
    assert found["average_precision"] == pytest.approx(1 / 2 * 1 + 1 / 2 * 2 / 3)
    # tp 1, fp 1, fn 1, tn 2
    assert found["mcc"] == pytest.approx((1 * 2 - 1 * 1) / math.sqrt(2 * 2 * 3 * 3))
    assert found["brier"] == pytest.approx((0.01 + 0.36 + 0.25 + 0.04 + 0.01) / 5)
    # confidences .9 .6 .5 .8 .9, right 1 0 0 1 1; the two of .9 share a bin
    assert found["ece"] == pytest.approx((0.2 + 0.6 + 0.5 + 0.2) / 5)


def test_multi_class_brier_sums_over_the_classes():
    p = np.array([[0.6, 0.3, 0.1], [0.0, 0.0, 1.0]])
    found = figures(p, np.array([0, 1]), "multi-class")
    assert found["brier"] == pytest.approx((0.16 + 0.09 + 0.01 + 1 + 1) / 2)


def test_multi_label_by_hand():
    p = np.array([[0.9, 0.2], [0.6, 0.5], [0.3, 0.8]])  # decided 10 10 01
    truth = np.array([[1, 0], [0, 1], [0, 1]], dtype=np.float32)
    found = figures(p, truth, "multi-label")
    assert found["balanced_accuracy"] == pytest.approx(((1 + 1 / 2) / 2 + (1 / 2 + 1) / 2) / 2)
    # flattened: tp 2, fp 1, fn 1, tn 2
    assert found["mcc"] == pytest.approx((2 * 2 - 1 * 1) / 9)
    squares = [0.01, 0.04, 0.36, 0.25, 0.09, 0.04]
    assert found["brier"] == pytest.approx(sum(squares) / 6)
    # first label: .9 right, .6 wrong, .7 right; second: .8 right, .5 wrong, .8 right
    assert found["ece"] == pytest.approx(((0.1 + 0.6 + 0.3) / 3 + (0.4 + 0.5) / 3) / 2)


@pytest.mark.parametrize("seed", [0, 1, 2])
@pytest.mark.parametrize("task", TASKS)
def test_every_figure_is_that_of_scikit_learn(task, seed):
    p, truth = made_case(task, seed)
    decided = decide(p, task)
    found = strict(figures, p, truth, task)
    assert {name: found[name] for name in names(task)} == measure(p, truth, task)
    if task == "binary":
        expected = {
            "balanced_accuracy": sk.balanced_accuracy_score(truth, decided),
            "average_precision": sk.average_precision_score(truth, p[:, 1]),
            "mcc": sk.matthews_corrcoef(truth, decided),
            "brier": sk.brier_score_loss(truth, p[:, 1]),
        }
    elif task == "multi-class":
        expected = {
            "balanced_accuracy": sk.balanced_accuracy_score(truth, decided),
            "average_precision": sk.average_precision_score(truth, p),
            "mcc": sk.matthews_corrcoef(truth, decided),
            "brier": sk.brier_score_loss(truth, p, labels=range(5), scale_by_half=False),
        }
    else:
        columns = range(5)
        each = [sk.balanced_accuracy_score(truth[:, c], decided[:, c]) for c in columns]
        expected = {
            "balanced_accuracy": np.mean(each),
            "average_precision": np.mean(
                [sk.average_precision_score(truth[:, c], p[:, c]) for c in columns]
            ),
            "mcc": sk.matthews_corrcoef(truth.ravel(), decided.ravel()),
            "brier": np.mean([sk.brier_score_loss(truth[:, c], p[:, c]) for c in columns]),
        }
    assert {name: found[name] for name in expected} == pytest.approx(expected)
    assert set(found) == set(names(task)) | set(expected) | {"ece"}
    assert all(type(value) in (int, float) for value in found.values()), "ready for JSON"


@pytest.mark.parametrize("task", ["binary", "multi-label"])
def test_thresholds_touch_what_is_decided_and_nothing_else(task):
    p, truth = made_case(task, 3)
    plain, moved = figures(p, truth, task), figures(p, truth, task, some_thresholds(task))
    decided = (p > some_thresholds(task)).astype(int)
    right = decided[:, 1] == truth if task == "binary" else (decided == truth).all(axis=1)
    assert moved["accuracy"] == right.mean()
    assert {name for name in plain if plain[name] == moved[name]} == FREE_OF_THRESHOLDS


@pytest.mark.parametrize("task", ["binary", "multi-label"])
def test_thresholds_of_a_half_are_the_plain_rule(task):
    p, truth = made_case(task, 4)
    half = np.full(p.shape[1], 0.5)
    assert figures(p, truth, task, half) == figures(p, truth, task)


@given(st.floats(0, 1, width=32), st.floats(0, 1))
def test_yes_is_above_the_threshold_to_the_last_bit(p, threshold):
    values = two(np.array([p], np.float32))
    assert decide(values, "binary", np.array([1 - threshold, threshold]))[0] == (p > threshold)


@pytest.mark.parametrize(
    ("task", "thresholds"),
    [("multi-class", [0.5] * 5), ("multi-label", [0.5] * 3), ("binary", [0.5])],
)
def test_thresholds_that_do_not_fit_are_refused(task, thresholds):
    p, truth = made_case(task, 5)
    with pytest.raises(HeedfulError, match="threshold"):
        figures(p, truth, task, np.array(thresholds))


@pytest.mark.parametrize("task", TASKS)
def test_each_class_against_the_rest_is_that_of_scikit_learn(task):
    p, truth = made_case(task, 6)
    thresholds = some_thresholds(task)
    decided = decide(p, task, thresholds)
    found = strict(per_class, p, truth, task, class_names(task), thresholds)
    assert tuple(found) == class_names(task)
    for c, name in enumerate(class_names(task)):
        t, g = (x[:, c] if task == "multi-label" else x == c for x in (truth, decided))
        tn, fp, fn, tp = sk.confusion_matrix(t, g).ravel()
        expected = {
            "precision": sk.precision_score(t, g),
            "recall": sk.recall_score(t, g),
            "f1": sk.f1_score(t, g),
            "auc": sk.roc_auc_score(t, p[:, c]),
            "average_precision": sk.average_precision_score(t, p[:, c]),
            "brier": sk.mean_squared_error(t.astype(float), p[:, c]),
            "tp": tp,
            "fp": fp,
            "tn": tn,
            "fn": fn,
            "support": t.sum(),
            "predicted": g.sum(),
        }
        assert list(found[name]) == list(expected)
        assert found[name] == pytest.approx(expected)
        assert all(type(value) in (int, float) for value in found[name].values())


@pytest.mark.parametrize("task", TASKS)
def test_averages_and_classes_are_those_of_scikit_learn(task):
    p, truth = made_case(task, 7)
    classes = class_names(task)
    found = averages(p, truth, task)
    report = sk.classification_report(
        truth,
        decide(p, task),
        labels=range(len(classes)),
        target_names=classes,
        output_dict=True,
        zero_division=0,
    )
    micro = report.get("micro avg") or dict.fromkeys(
        ("precision", "recall", "f1-score"), report.get("accuracy")
    )
    for kind, of in (
        ("macro", report["macro avg"]),
        ("micro", micro),
        ("weighted", report["weighted avg"]),
    ):
        expected = {"precision": of["precision"], "recall": of["recall"], "f1": of["f1-score"]}
        assert found[kind] == pytest.approx(expected)
    each = per_class(p, truth, task, classes)
    assert tuple(each) == classes
    for name in classes:
        assert each[name]["support"] == report[name]["support"]
        assert each[name]["f1"] == pytest.approx(report[name]["f1-score"])


def test_confusion_has_true_rows_and_predicted_columns():
    p = np.array([[0.6, 0.3, 0.1], [0.2, 0.5, 0.3], [0.1, 0.5, 0.4], [0.0, 0.1, 0.9]])
    truth = np.array([0, 1, 2, 2])
    assert confusion(p, truth, "multi-class") == [[1, 0, 0], [0, 1, 0], [0, 1, 1]]
    assert confusion(p[:2], truth[:2], "multi-class") == [[1, 0, 0], [0, 1, 0], [0, 0, 0]]
    assert confusion(two([0.4]), np.array([0]), "binary") == [[1, 0], [0, 0]]
    moved = confusion(two([0.4]), np.array([0]), "binary", np.array([0.7, 0.3]))
    assert moved == [[0, 1], [0, 0]]


def test_multi_label_has_no_confusion_matrix():
    p, truth = made_case("multi-label", 8)
    assert confusion(p, truth, "multi-label") is None


@pytest.mark.parametrize("task", ["multi-class", "multi-label"])
def test_a_class_that_nobody_has_leaves_ranking_undefined_and_nothing_else(task):
    p, truth = made_case(task, 9)
    if task == "multi-class":
        truth[truth == 2] = 1
    else:
        truth[:, 2] = 0
    found = strict(figures, p, truth, task)
    assert {name for name, value in found.items() if math.isnan(value)} == {
        "auc",
        "average_precision",
    }
    each = strict(per_class, p, truth, task, NAMES)
    assert math.isnan(each["cedar"]["auc"])
    assert math.isnan(each["cedar"]["average_precision"])
    assert each["cedar"]["recall"] == each["cedar"]["precision"] == each["cedar"]["f1"] == 0
    assert each["ash"]["auc"] > 0
    if task == "multi-class":
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # that a predicted class does not occur
            expected = sk.balanced_accuracy_score(truth, decide(p, task))
        assert found["balanced_accuracy"] == pytest.approx(expected)


@pytest.mark.parametrize("truth", [0, 1])
def test_one_text(truth):
    p, targets = two([0.8]), np.array([truth])
    found = strict(figures, p, targets, "binary")
    assert found["balanced_accuracy"] == truth
    assert found["mcc"] == 0
    assert math.isnan(found["auc"])
    # one positive text alone is ranked first
    assert found["average_precision"] == pytest.approx(1 if truth else math.nan, nan_ok=True)
    assert found["brier"] == pytest.approx((0.8 - truth) ** 2)
    assert found["ece"] == pytest.approx(0.2 if truth else 0.8)
    strict(per_class, p, targets, "binary", NAMES[:2])
    strict(averages, p, targets, "binary")


@pytest.mark.parametrize("task", TASKS)
def test_always_the_same_decision(task):
    p, truth = made_case(task, 10)
    p = np.broadcast_to([0.9] + [0.1 / (p.shape[1] - 1)] * (p.shape[1] - 1), p.shape)
    found = strict(figures, p, truth, task)
    assert found["auc"] == 0.5, "everything ties"
    each = strict(per_class, p, truth, task, class_names(task))
    assert each["beech"]["predicted"] == each["beech"]["precision"] == 0
    if task == "multi-label":
        assert found["balanced_accuracy"] == 0.5
    else:
        assert found["balanced_accuracy"] == 1 / p.shape[1]
        assert found["mcc"] == 0
    shares = [of["support"] / len(truth) for of in each.values()]
    expected = shares[1] if task == "binary" else np.mean(shares)
    assert found["average_precision"] == pytest.approx(expected)


@pytest.mark.parametrize("task", TASKS)
def test_no_text_at_all(task):
    p, truth = made_case(task, 11)
    p, truth = p[:0], truth[:0]
    found = strict(figures, p, truth, task)
    assert all(found[name] == 0 for name in ("tp", "fp", "tn", "fn"))
    assert sum(math.isnan(value) for value in found.values()) == len(found) - 4
    each = strict(per_class, p, truth, task, class_names(task))
    assert math.isnan(each["ash"]["f1"])
    assert math.isnan(each["ash"]["brier"])
    assert each["ash"]["support"] == 0
    assert math.isnan(strict(averages, p, truth, task)["micro"]["f1"])
    matrix = strict(confusion, p, truth, task)
    assert matrix is None if task == "multi-label" else np.sum(matrix) == 0

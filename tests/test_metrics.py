"""Figures of merit against hand-solved cases and scikit-learn."""

from __future__ import annotations

import math
import warnings

import numpy as np
import pytest
from sklearn import metrics as sk

from heedful.learn.metrics import decide, is_better, log_loss, measure, names

TASKS = ("binary", "multi-class", "multi-label")


def two(p: list[float]) -> np.ndarray:
    """Probabilities of the second class as two columns."""
    return np.stack([1 - np.array(p), np.array(p)], axis=1)


def test_binary_by_hand():
    # decisions 1 1 0 0 0 (a tie goes to the first class), truth 1 0 1 0 0
    found = measure(two([0.9, 0.6, 0.5, 0.2, 0.1]), np.array([1, 0, 1, 0, 0]), "binary")
    assert (found["tp"], found["fp"], found["fn"], found["tn"]) == (1, 1, 1, 2)
    assert found["accuracy"] == pytest.approx(3 / 5)
    assert found["precision"] == pytest.approx(1 / 2)
    assert found["recall"] == pytest.approx(1 / 2)
    assert found["f1"] == pytest.approx(1 / 2)
    # six pairs of a positive and a negative: 3 + 2 in the right order
    assert found["auc"] == pytest.approx(5 / 6)
    loss = -sum(map(math.log, [0.9, 0.4, 0.5, 0.8, 0.9])) / 5
    assert found["loss"] == pytest.approx(loss)


def test_binary_figures_are_those_of_the_second_class():
    found = measure(two([0.9, 0.9, 0.9, 0.1]), np.array([1, 0, 0, 0]), "binary")
    assert found["precision"] == pytest.approx(1 / 3)
    assert found["recall"] == 1
    assert found["f1"] == pytest.approx(1 / 2)


def test_auc_counts_a_tie_as_half():
    found = measure(two([0.7, 0.7]), np.array([0, 1]), "binary")
    assert found["auc"] == 0.5


def test_multi_class_by_hand():
    # decisions 0 1 1 2, truth 0 1 2 2
    p = np.array([[0.6, 0.3, 0.1], [0.2, 0.5, 0.3], [0.1, 0.5, 0.4], [0.0, 0.1, 0.9]])
    found = measure(p, np.array([0, 1, 2, 2]), "multi-class")
    assert (found["tp"], found["fp"], found["fn"], found["tn"]) == (3, 1, 1, 7)
    assert found["accuracy"] == 0.75
    assert found["precision"] == pytest.approx((1 + 1 / 2 + 1) / 3)
    assert found["recall"] == pytest.approx((1 + 1 + 1 / 2) / 3)
    assert found["f1"] == pytest.approx((1 + 2 / 3 + 2 / 3) / 3)
    assert found["f1_micro"] == 0.75
    assert found["loss"] == pytest.approx(-sum(map(math.log, [0.6, 0.5, 0.4, 0.9])) / 4)


def test_multi_label_by_hand():
    p = np.array([[0.9, 0.2], [0.6, 0.5], [0.3, 0.8]])  # decided 10 10 01; .5 is a no
    truth = np.array([[1, 0], [0, 1], [0, 1]], dtype=np.float32)
    found = measure(p, truth, "multi-label")
    assert (found["tp"], found["fp"], found["fn"], found["tn"]) == (2, 1, 1, 2)
    assert found["accuracy"] == pytest.approx(2 / 3)
    assert found["precision"] == pytest.approx((1 / 2 + 1) / 2)
    assert found["recall"] == pytest.approx((1 + 1 / 2) / 2)
    each = [0.9 * 0.8, 0.4 * 0.5, 0.7 * 0.8]
    assert found["loss"] == pytest.approx(-sum(map(math.log, each)) / 3)
    assert found["auc"] == 1.0


def random_case(task: str, seed: int, n: int = 60, classes: int = 4):
    random = np.random.default_rng(seed)
    classes = 2 if task == "binary" else classes
    # one decimal: many ties
    p = np.round(random.random((n, classes)), 1) + 0.05
    if task == "multi-label":
        return np.minimum(p, 0.95), (random.random((n, classes)) < 0.4).astype(np.float32)
    return p / p.sum(axis=1, keepdims=True), random.integers(0, classes, n)


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("task", TASKS)
def test_against_scikit_learn(task, seed):
    p, truth = random_case(task, seed)
    found = measure(p, truth, task)
    guess = decide(p, task)
    average = "binary" if task == "binary" else "macro"
    expected = {
        "accuracy": sk.accuracy_score(truth, guess),
        "precision": sk.precision_score(truth, guess, average=average, zero_division=0),
        "recall": sk.recall_score(truth, guess, average=average, zero_division=0),
        "f1": sk.f1_score(truth, guess, average=average, zero_division=0),
    }
    if task == "binary":
        expected["auc"] = sk.roc_auc_score(truth, p[:, 1])
        counts = sk.confusion_matrix(truth, guess).ravel()
    elif task == "multi-class":
        expected["auc"] = sk.roc_auc_score(truth, p, multi_class="ovr", average="macro")
        counts = sk.multilabel_confusion_matrix(truth, guess).sum(axis=0).ravel()
    else:
        expected["auc"] = sk.roc_auc_score(truth, p, average="macro")
        counts = sk.multilabel_confusion_matrix(truth, guess).sum(axis=0).ravel()
    if task == "multi-label":
        expected["loss"] = sum(sk.log_loss(truth[:, c], p[:, c]) for c in range(4))
    else:
        expected["loss"] = sk.log_loss(truth, p)
    if task != "binary":
        expected["f1_micro"] = sk.f1_score(truth, guess, average="micro", zero_division=0)
    expected |= dict(zip(("tn", "fp", "fn", "tp"), counts, strict=True))
    assert found == pytest.approx(expected)
    assert tuple(found) == names(task)
    assert all(type(value) in (int, float) for value in found.values()), "ready for JSON"


@pytest.mark.parametrize("task", ["multi-class", "multi-label"])
def test_a_class_nobody_has(task):
    p, truth = random_case(task, 1)
    if task == "multi-label":
        truth[:, 2] = 0
    else:
        truth[truth == 2] = 1
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = measure(p, truth, task)
    assert math.isnan(found["auc"])
    assert 0 < found["f1"] < 1
    guess = decide(p, task)
    labels = {"labels": range(4)} if task == "multi-class" else {}
    expected = sk.f1_score(truth, guess, average="macro", zero_division=0, **labels)
    assert found["f1"] == pytest.approx(expected)


@pytest.mark.parametrize("truth", [0, 1])
def test_one_class_and_one_text(truth):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = measure(two([0.8]), np.array([truth]), "binary")
    assert found["accuracy"] == truth
    assert found["precision"] == found["recall"] == found["f1"] == truth
    assert math.isnan(found["auc"])
    assert found["tp"] == truth
    assert found["loss"] == pytest.approx(-math.log(0.8 if truth else 0.2))


@pytest.mark.parametrize("task", TASKS)
def test_no_text_at_all(task):
    p, truth = random_case(task, 0)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = measure(p[:0], truth[:0], task)
    assert tuple(found) == names(task)
    counts = {"tp", "fp", "tn", "fn"}
    assert all(found[name] == 0 for name in counts)
    assert all(math.isnan(found[name]) for name in set(found) - counts)


def test_certain_and_wrong_is_finite():
    assert log_loss(two([0.0]), np.array([1]), "binary") == pytest.approx(-math.log(1e-7))


@pytest.mark.parametrize(
    ("name", "value", "best", "delta", "better"),
    [
        ("loss", 0.4, 0.5, 0.0, True),
        ("loss", 0.5, 0.5, 0.0, False),
        ("loss", 0.45, 0.5, 0.1, False),
        ("accuracy", 0.6, 0.5, 0.0, True),
        ("accuracy", 0.4, 0.5, 0.0, False),
        ("accuracy", 0.55, 0.5, 0.1, False),
        ("fn", 3, 4, 0.0, True),
        ("tp", 3, 4, 0.0, False),
        ("f1", 0.1, None, 0.5, True),
        ("auc", math.nan, None, 0.0, False),
        ("auc", 0.5, math.nan, 0.0, True),
    ],
)
def test_is_better(name, value, best, delta, better):
    assert is_better(name, value, best, delta) is better

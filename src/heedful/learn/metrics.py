"""Figures of merit from probabilities and true labels. scikit-learn computes them.

The same names for every task:

- `loss`: mean log loss per text in nats (for multi-label summed over the classes of a text);
- `accuracy`: share of texts with exactly the right labels;
- `tp`, `fp`, `tn`, `fn`: for binary of the second class, otherwise summed over the classes,
  each against the rest;
- `precision`, `recall`, `f1`: binary of the second class, otherwise the mean over classes
  (macro); 0 where nothing was predicted or nothing was there;
- `auc`: area under the ROC curve, macro one-against-rest; NaN while it is not defined because
  a class is missing.

Multi-class and multi-label add `f1_micro`.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from heedful.learn.measures import COUNTS, LOWER_IS_BETTER
from heedful.records import HeedfulError, Task

Array = NDArray[Any]

NAMES = ("loss", "accuracy", "precision", "recall", "f1", "auc", *COUNTS)


def names(task: Task) -> tuple[str, ...]:
    """The figures that `measure` gives for a task, in order."""
    return NAMES if task == "binary" else (*NAMES, "f1_micro")


def decide(probabilities: Array, task: Task, thresholds: Array | None = None) -> Array:
    """Decisions: class index (N,), or (N, C) of 0/1 for multi-label.

    Without thresholds the highest probability decides (a binary tie goes to the first class,
    as with argmax), for multi-label more than .5. With thresholds (C,) it is a yes where the
    probability is above: binary reads the second one, multi-label one per class.

    Raises:
        HeedfulError: thresholds for a multi-class task, or not one per class.
    """
    if thresholds is not None:
        above = _above(probabilities, task, thresholds)
        return above if task == "multi-label" else above[:, 1]
    if task == "multi-label":
        return (probabilities > 0.5).astype(np.int64)
    decided: Array = probabilities.argmax(axis=1)
    return decided


def _above(probabilities: Array, task: Task, thresholds: Array) -> Array:
    if task == "multi-class":
        raise HeedfulError("a multi-class task takes no thresholds: its likeliest class decides")
    classes = probabilities.shape[1]
    # Thresholds lie between neighbouring probabilities: as float32 they could fall on one.
    limits = np.asarray(thresholds, np.float64)
    if limits.shape != (classes,):
        raise HeedfulError(f"thresholds of shape {limits.shape}; one for each of {classes} classes")
    return (probabilities.astype(np.float64) > limits).astype(np.int64)


def row_loss(probabilities: Array, targets: Array, task: Task) -> Array:
    """Negative log-likelihood of each text (N,), in nats, probabilities clipped at 1e-7."""
    p = np.clip(probabilities.astype(np.float64), 1e-7, 1 - 1e-7)
    if task == "multi-label":
        each: Array = -(targets * np.log(p) + (1 - targets) * np.log(1 - p)).sum(axis=1)
        return each
    return np.asarray(-np.log(p[np.arange(len(p)), targets]))


def log_loss(probabilities: Array, targets: Array, task: Task) -> float:
    """Mean negative log-likelihood per text, in nats, probabilities clipped at 1e-7."""
    return float(row_loss(probabilities, targets, task).mean()) if len(targets) else math.nan


def indicators(labels: Array, classes: int, task: Task) -> Array:
    """Targets or decisions as (N, C) of 0 and 1, one column per class."""
    if task == "multi-label":
        return labels.astype(np.int64)
    return np.eye(classes, dtype=np.int64)[labels]


def auc(probabilities: Array, truth: Array) -> float:
    """Mean area under the ROC curve of the columns of 0/1 `truth`; NaN if one has one value."""
    from sklearn.metrics import roc_auc_score

    present = truth.sum(axis=0)
    if len(truth) == 0 or (present == 0).any() or (present == len(truth)).any():
        return math.nan
    return float(roc_auc_score(truth, probabilities, average="macro"))


def measure(
    probabilities: Array, targets: Array, task: Task, thresholds: Array | None = None
) -> dict[str, float]:
    """All figures of this module.

    Args:
        probabilities: (N, C), one column per class, binary tasks two.
        targets: (N,) class indices, or (N, C) zeros and ones for multi-label.
        task: binary, multi-class or multi-label.
        thresholds: (C,) or None, as for `decide`; loss and auc do not depend on them.

    Without any text the counts are 0 and the rest is NaN.
    """
    from sklearn.metrics import f1_score, precision_recall_fscore_support

    classes = probabilities.shape[1]
    if len(targets) == 0:
        return {name: 0 if name in COUNTS else math.nan for name in names(task)}
    truth = indicators(targets, classes, task)
    guess = indicators(decide(probabilities, task, thresholds), classes, task)
    if task == "binary":
        truth, guess, probabilities_of = truth[:, 1:], guess[:, 1:], probabilities[:, 1:]
    else:
        probabilities_of = probabilities
    tn, fp, fn, tp = _confusion(truth, guess)
    # One column would be taken for two classes, and averaged over both.
    one_column = task == "binary"
    precision, recall, f1, _ = precision_recall_fscore_support(
        truth.ravel() if one_column else truth,
        guess.ravel() if one_column else guess,
        average="binary" if one_column else "macro",
        zero_division=0,
    )
    right = (truth == guess).all(axis=1)
    result = {
        "loss": log_loss(probabilities, targets, task),
        "accuracy": float(right.mean()),
        "precision": float(precision),
        "recall": float(recall),
        "f1": float(f1),
        "auc": auc(probabilities_of, truth),
        "tp": tp,
        "fp": fp,
        "tn": tn,
        "fn": fn,
    }
    if task != "binary":
        result["f1_micro"] = float(f1_score(truth, guess, average="micro", zero_division=0))
    return result


def _confusion(truth: Array, guess: Array) -> tuple[int, int, int, int]:
    """tn, fp, fn, tp summed over columns."""
    total = np.zeros((2, 2), dtype=np.int64)
    for column in range(truth.shape[1]):
        t, g = truth[:, column], guess[:, column]
        total += np.bincount(t * 2 + g, minlength=4).reshape(2, 2)
    tn, fp, fn, tp = (int(v) for v in total.ravel())
    return tn, fp, fn, tp


def is_better(name: str, value: float, best: float | None, min_delta: float) -> bool:
    """Whether `value` of metric `name` improves on `best` by more than `min_delta`."""
    if math.isnan(value):
        return False
    if best is None or math.isnan(best):
        return True
    gain = best - value if name in LOWER_IS_BETTER else value - best
    return gain > min_delta

"""Every figure of an evaluation, from probabilities and true labels. No torch.

`figures` adds to those of `learn.metrics`:

- `balanced_accuracy`: mean over the classes that occur of the share of their texts that is
  found; multi-label: that of yes against no for each label, then the mean over labels;
- `average_precision`: sum over thresholds of the gain in recall times the precision; binary of
  the second class, otherwise the mean over classes; NaN while one has no text;
- `mcc`: Matthews' correlation of truth and decision, 0 where one of them is constant;
  multi-label: of the decisions about all labels in one row;
- `brier`: mean squared error of the probabilities: binary of the second class, multi-class
  summed over classes (0 to 2), multi-label the mean over labels;
- `ece`: expected calibration error, see `learn.calibration`.

Thresholds touch only what is counted from decisions: not loss, auc, average_precision, brier
and ece.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from heedful.learn.calibration import calibration_error
from heedful.learn.measures import FIGURES
from heedful.learn.metrics import auc, decide, indicators, measure
from heedful.records import Task

Array = NDArray[Any]
Averages = dict[str, dict[str, float]]

ADDED = ("balanced_accuracy", "average_precision", "mcc", "brier", "ece")


def figures(
    probabilities: Array, targets: Array, task: Task, thresholds: Array | None = None
) -> dict[str, float]:
    """The figures of `measure` and of this module, for the whole data.

    Args:
        probabilities: (N, C), one column per class, binary tasks two.
        targets: (N,) class indices, or (N, C) zeros and ones for multi-label.
        task: binary, multi-class or multi-label.
        thresholds: (C,) or None, as for `metrics.decide`.

    Raises:
        HeedfulError: thresholds that do not go with the task.
    """
    found = measure(probabilities, targets, task, thresholds)
    if len(targets) == 0:
        found |= dict.fromkeys(ADDED, math.nan)
    else:
        decided = decide(probabilities, task, thresholds)
        true = targets.astype(np.int64)
        truth = indicators(targets, probabilities.shape[1], task)
        columns = slice(1, None) if task == "binary" else slice(None)
        found |= {
            "balanced_accuracy": _balanced_accuracy(true, decided),
            "average_precision": average_precision(probabilities[:, columns], truth[:, columns]),
            "mcc": _mcc(true.ravel(), decided.ravel()),
            "brier": float(row_brier(probabilities, targets, task).mean()),
            "ece": calibration_error(probabilities, targets, task),
        }
    return {name: found[name] for name in FIGURES if name in found}


def average_precision(probabilities: Array, truth: Array) -> float:
    """Mean average precision of the columns of 0/1 `truth`; NaN if one has no 1."""
    from sklearn.metrics import average_precision_score

    if len(truth) == 0 or (truth.sum(axis=0) == 0).any():
        return math.nan
    return float(average_precision_score(truth, probabilities, average="macro"))


def row_brier(probabilities: Array, targets: Array, task: Task) -> Array:
    """Squared error of each text's probabilities (N,); their mean is the Brier score.

    Binary: of the second class; multi-class: summed over classes (Brier 1950); multi-label:
    the mean over labels.
    """
    truth = indicators(targets, probabilities.shape[1], task)
    squares = (probabilities.astype(np.float64) - truth) ** 2
    if task == "binary":
        return np.asarray(squares[:, 1])
    return np.asarray(squares.mean(axis=1) if task == "multi-label" else squares.sum(axis=1))


def _balanced_accuracy(targets: Array, decided: Array) -> float:
    # Not `balanced_accuracy_score`: it warns of a class that is predicted but does not occur.
    from sklearn.metrics import recall_score

    pairs = [(targets, decided)] if targets.ndim == 1 else zip(targets.T, decided.T, strict=True)
    recalls = [
        recall_score(truth, guess, labels=np.unique(truth), average="macro", zero_division=0)
        for truth, guess in pairs
    ]
    return float(np.mean(recalls))


def _mcc(targets: Array, decided: Array) -> float:
    from sklearn.metrics import matthews_corrcoef

    if len(np.unique(np.concatenate([targets, decided]))) == 1:
        return 0.0  # scikit-learn gives the same, with a warning
    return float(matthews_corrcoef(targets, decided))


def per_class(
    probabilities: Array,
    targets: Array,
    task: Task,
    names: Sequence[str],
    thresholds: Array | None = None,
) -> dict[str, dict[str, float]]:
    """Each class against the rest, by name in class order; binary tasks list both classes.

    precision, recall, f1, auc, average_precision, brier (of this class's probability), tp, fp,
    tn, fn, support (texts that have the class) and predicted (texts that were given it).
    """
    classes = len(names)
    truth = indicators(targets, classes, task)
    guess = indicators(decide(probabilities, task, thresholds), classes, task)
    p = probabilities.astype(np.float64)
    return {name: _one_class(p[:, [c]], truth[:, c], guess[:, c]) for c, name in enumerate(names)}


def _one_class(p: Array, truth: Array, guess: Array) -> dict[str, float]:
    from sklearn.metrics import precision_recall_fscore_support

    precision = recall = f1 = brier = math.nan
    if len(truth):
        precision, recall, f1, _ = precision_recall_fscore_support(
            truth, guess, average="binary", zero_division=0
        )
        brier = ((p[:, 0] - truth) ** 2).mean()
    tn, fp, fn, tp = np.bincount(truth * 2 + guess, minlength=4).tolist()
    return {
        "precision": float(precision),
        "recall": float(recall),
        "f1": float(f1),
        "auc": auc(p, truth[:, None]),
        "average_precision": average_precision(p, truth[:, None]),
        "brier": float(brier),
        "tp": tp,
        "fp": fp,
        "tn": tn,
        "fn": fn,
        "support": tp + fn,
        "predicted": tp + fp,
    }


def averages(
    probabilities: Array, targets: Array, task: Task, thresholds: Array | None = None
) -> Averages:
    """Macro, micro and weighted precision, recall and f1 over all classes.

    Macro: the plain mean over classes; weighted: by the texts of each; micro: from the counts
    of all classes together (the accuracy, where a text has exactly one class). Binary tasks
    average over both classes. NaN without texts.
    """
    from sklearn.metrics import precision_recall_fscore_support

    kinds = ("macro", "micro", "weighted")
    parts = ("precision", "recall", "f1")
    if len(targets) == 0:
        return {kind: dict.fromkeys(parts, math.nan) for kind in kinds}
    labels = list(range(probabilities.shape[1]))
    decided = decide(probabilities, task, thresholds)
    result = {}
    for kind in kinds:
        values = precision_recall_fscore_support(
            targets.astype(np.int64), decided, labels=labels, average=kind, zero_division=0
        )
        result[kind] = {part: float(v) for part, v in zip(parts, values[:3], strict=True)}
    return result


def confusion(
    probabilities: Array, targets: Array, task: Task, thresholds: Array | None = None
) -> list[list[int]] | None:
    """How many texts of each true class (row) were given each class (column).

    None for multi-label, where a text has no single class.
    """
    from sklearn.metrics import confusion_matrix

    if task == "multi-label":
        return None
    classes = probabilities.shape[1]
    if len(targets) == 0:
        return [[0] * classes for _ in range(classes)]
    decided = decide(probabilities, task, thresholds)
    matrix: list[list[int]] = confusion_matrix(targets, decided, labels=range(classes)).tolist()
    return matrix

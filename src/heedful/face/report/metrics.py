"""What each figure of a report means, and which direction is better."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from heedful.face.report.numbers import Spell, number, share


class Metric(NamedTuple):
    """A figure of merit: its key in metrics.json, name, direction, spelling and definition."""

    key: str
    name: str
    better: str
    spell: Spell
    means: str


def metrics_of(task: str, classes: Sequence[str]) -> list[Metric]:
    """The figures of a task, in the order in which they are shown."""
    whose = f" of the class {classes[-1]}" if task == "binary" else ", the mean over the classes"
    short = _whose(task, classes)
    exactly = "exactly the right labels" if task == "multi-label" else "the right label"
    found = [
        Metric("accuracy", "Accuracy", "higher", share, f"The share of texts given {exactly}."),
        Metric("balanced_accuracy", "Balanced accuracy", "higher", share, _BALANCED),
        Metric("precision", f"Precision{short}", "higher", share, f"{_PRECISION}{whose}."),
        Metric("recall", f"Recall{short}", "higher", share, f"{_RECALL}{whose}."),
        Metric("f1", f1_name(task, classes), "higher", share, f"{_F1}{whose}."),
        Metric("f1_micro", "F1 (all decisions)", "higher", share, _MICRO),
        *_RANKED,
    ]
    # Where a text has exactly one class, F1 over all decisions is the accuracy once more.
    return [metric for metric in found if metric.key != "f1_micro" or task == "multi-label"]


def f1_name(task: str, classes: Sequence[str]) -> str:
    """`F1 (class positive)`, or `F1 (mean of classes)` where there are more than two."""
    return f"F1{_whose(task, classes)}"


def _whose(task: str, classes: Sequence[str]) -> str:
    return f" (class {classes[-1]})" if task == "binary" else " (mean of classes)"


_BALANCED = (
    "The mean over the classes of the share that was found: a rare class counts as much as a "
    "frequent one, so that always guessing the frequent class gains nothing."
)
_PRECISION = "Of the texts that were given a class, the share that belong to it"
_RECALL = "Of the texts that belong to a class, the share that were found"
_F1 = "The harmonic mean of precision and recall, low as soon as one of them is low"
_MICRO = "F1 over all decisions for all classes together: frequent classes count more."
_RANKED = (
    Metric("auc", "AUC (ROC)", "higher", number,
           "How often a text of the class gets a higher probability than one that is not: 0.5 is "
           "chance, 1 is perfect. It does not depend on a threshold."),
    Metric("average_precision", "Average precision", "higher", number,
           "The area under the curve of precision over recall: what ranking by probability is "
           "worth where the class is rare."),
    Metric("mcc", "Matthews correlation", "higher", number,
           "The correlation of decision and truth: 0 is chance, 1 is perfect. It stays low for a "
           "model that always says the same."),
    Metric("brier", "Brier score", "lower", number,
           "The mean squared distance of the probabilities from the truth: 0 is perfect."),
    Metric("ece", "Calibration error", "lower", number,
           "How far stated probabilities and observed shares lie apart on average: with 0.02, "
           "what is said with 90 % is right in 88 to 92 % of the cases."),
    Metric("loss", "Log loss", "lower", number,
           "The mean of minus the logarithm of the probability that the truth was given (nats): "
           "being sure and wrong costs most."),
)  # fmt: skip

"""The figures of merit by name: their order, which of them count, which are better low."""

from __future__ import annotations

from heedful.records import Task

COUNTS = ("tp", "fp", "tn", "fn")
RATED = (
    "accuracy", "balanced_accuracy", "precision", "recall", "f1", "f1_micro", "auc",
    "average_precision", "mcc", "loss", "brier", "ece",
)  # fmt: skip
"""All that do not count texts, in the order of every table; what they are: `learn.figures`."""
FIGURES = (*RATED, *COUNTS)
LOWER_IS_BETTER = frozenset({"loss", "fp", "fn", "brier", "ece"})
RIVALS = ("baseline", "uniform")
"""What a model is measured beside: keys of an evaluation's record."""


def rated(task: Task) -> tuple[str, ...]:
    """Those of `RATED` that a task has: `f1_micro` is no figure of a binary one."""
    return tuple(name for name in RATED if task != "binary" or name != "f1_micro")

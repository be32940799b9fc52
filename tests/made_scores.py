"""Made-up scores, records and histories that pictures are drawn from."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np

from heedful.face.plots.draw import (
    Plot,
    draw_all,
)
from heedful.learn.scores import Scores
from heedful.text.labels import Labels

HOSTILE = (
    '<script>&"',
    "שלום עולם",
    "🎉 party",
    "_hidden",
    "$x$ and $y$",
    "#0072b2",
    "a\x00b\ud800",
)
PRIMES = ((101, 2, 3), (5, 103, 7), (11, 13, 107))
BINS = [
    {"low": 0.0, "high": 0.5, "count": 0, "confidence": None, "accuracy": None},
    {"low": 0.5, "high": 0.8, "count": 3, "confidence": 0.6, "accuracy": 0.7},
    {"low": 0.8, "high": 1.0, "count": 7, "confidence": 0.9, "accuracy": 0.6},
]


def history(epochs: int) -> list[dict[str, Any]]:
    """Losses 1/2, 1/3, ... in training and 1, 2/2, 3/3 + ... in validation."""
    return [
        {
            "epoch": e,
            "train": {"loss": 1 / (e + 1), "auc": 0.5, "tp": 3 * e, "fp": 1, "tn": 2, "fn": e},
            "valid": {"loss": 0.5 + 0.1 * abs(e - 3), "auc": 0.25, "tp": 5, "fp": 7, "tn": 11,
                      "fn": 13},
        }
        for e in range(1, epochs + 1)
    ]  # fmt: skip


def two(rows: int = 997, seed: int = 0) -> tuple[Any, Any]:
    """Probabilities and targets of a binary task."""
    draw = np.random.default_rng(seed)
    targets = (draw.random(rows) < 0.3).astype(np.int64)
    p = 1 / (1 + np.exp(-draw.normal(0, 1.5, rows) - 2 * targets + 1))
    return np.stack([1 - p, p], axis=1).astype(np.float32), targets


def many(classes: int, rows: int, seed: int = 0) -> tuple[Any, Any]:
    draw = np.random.default_rng(seed)
    targets = draw.integers(classes, size=rows)
    z = np.exp(draw.normal(0, 1, (rows, classes)) + 2 * np.eye(classes)[targets])
    return (z / z.sum(axis=1, keepdims=True)).astype(np.float32), targets


def tags(classes: int, rows: int, seed: int = 0) -> tuple[Any, Any]:
    draw = np.random.default_rng(seed)
    targets = (draw.random((rows, classes)) < 0.2).astype(np.float32)
    return (1 / (1 + np.exp(-draw.normal(-1, 1, (rows, classes)) - 2 * targets))).astype(
        np.float32
    ), targets


def scored(task: Any, names: tuple[str, ...], probabilities: Any, targets: Any) -> Scores:
    n = len(targets)
    tokens = np.random.default_rng(1).integers(0, 60, n)
    zeros = np.zeros(n, np.int64)
    labels = Labels(names, task)
    return Scores(labels, ("a",) * n, zeros, ("",) * n, targets, ((),) * n, tokens, zeros, zeros,
                  probabilities)  # fmt: skip


def record(task: str, names: tuple[str, ...], thresholds: list[float] | None = None) -> Any:
    figures = {"precision": 0.5, "recall": None, "f1": 0.25, "support": 3}
    matrix = np.arange(len(names) ** 2).reshape(len(names), -1).tolist()
    return {
        "confusion": None if task == "multi-label" else matrix,
        "calibration": BINS,
        "per_class": dict.fromkeys(names, figures),
        "decision": {"thresholds": thresholds},
    }


@functools.cache
def everything(task: Any, names: tuple[str, ...], rows: int = 211) -> list[Plot]:
    """All pictures of a task."""
    made = {
        "binary": lambda: two(rows),
        "multi-class": lambda: many(len(names), rows),
        "multi-label": lambda: tags(len(names), rows),
    }[task]()
    return draw_all(scored(task, names, *made), record(task, names), history(5), 3, 31)


HUNDRED = tuple(f"a topic with a long name, number {i}" for i in range(100))
TASKS_OF_MANY = ("multi-class", "multi-label")
TASKS = [
    ("binary", HOSTILE[:2]),
    ("multi-class", HOSTILE),
    ("multi-label", HOSTILE),
    ("multi-class", HUNDRED),
]

"""From logits to predictions, whatever has made the logits. No torch here."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from heedful.learn.decision import Decision
from heedful.learn.metrics import decide
from heedful.records import Prediction, Task
from heedful.text.labels import Labels


def probabilities_of(logits: NDArray[Any], task: Task) -> NDArray[np.float32]:
    """(N, C) probabilities from logits, a binary logit becoming two; worked out in float64."""
    values = np.asarray(logits, np.float64)
    if task == "multi-class":
        powers = np.exp(values - values.max(axis=1, keepdims=True))
        return np.asarray(powers / powers.sum(axis=1, keepdims=True), np.float32)
    small = np.exp(-np.abs(values))  # never overflows
    p = np.where(values >= 0, 1.0, small) / (1.0 + small)
    if task == "binary":
        p = np.concatenate([1 - p, p], axis=1)
    return p.astype(np.float32)


def decided(
    probabilities: NDArray[np.float32], labels: Labels, decision: Decision
) -> list[tuple[str, ...]]:
    """The label names that the rows of probabilities (N, C) amount to."""
    return labels.decode(decide(probabilities, labels.task, decision.array()))


def to_predictions(
    probabilities: NDArray[np.float32],
    counts: tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]],
    labels: Labels,
    decision: Decision,
) -> list[Prediction]:
    """Rows of probabilities (N, C) as records.

    Args:
        probabilities: one column per class, binary models two.
        counts: of each text (N,) the tokens read, the unknown ones, those cut away.
        labels: the classes.
        decision: how they are decided on.
    """
    read, unknown, cut = counts
    chosen = decided(probabilities, labels, decision)
    told = zip((read + cut).tolist(), unknown.tolist(), cut.tolist(), strict=True)
    return [
        Prediction(names, dict(zip(labels.names, row, strict=True)), *of)
        for names, row, of in zip(chosen, probabilities.tolist(), told, strict=True)
    ]

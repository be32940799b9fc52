"""What a map is about: one class's logit or log-odds, and whether it is what is decided."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from heedful.learn.decision import Decision
from heedful.learn.metrics import decide
from heedful.learn.model import to_probabilities
from heedful.records import Task

Array = NDArray[np.float64]


def class_logit(logits: Tensor, classes: Tensor, task: Task) -> Tensor:
    """(B,) the logit of class `classes[b]` in row b of (B, L) logits; differentiable.

    A binary model has one logit, for the second class; the first class has its negative.
    """
    if task == "binary":
        return logits[:, 0] * (2 * classes - 1)
    return logits.gather(1, classes.unsqueeze(1)).squeeze(1)


def log_odds(logits: NDArray[np.floating], index: int, task: Task) -> Array:
    """(...) log p / (1 - p) of class `index`, from (..., L) logits.

    It orders texts as the probability does, and goes on where float probabilities are all 1. For
    binary and multi-label tasks it is the class's own logit.
    """
    values = np.asarray(logits, np.float64)
    if task == "binary":
        return values[..., 0] * (1 if index == 1 else -1)
    if task == "multi-label":
        return np.asarray(values[..., index])
    others = np.delete(values, index, axis=-1)
    return np.asarray(values[..., index] - np.logaddexp.reduce(others, axis=-1))


def probability(odds: Array) -> Array:
    """p from log-odds, without overflow."""
    return torch.sigmoid(torch.as_tensor(odds, dtype=torch.float64)).numpy()


def chosen(
    logits: NDArray[np.floating], index: int, task: Task, decision: Decision
) -> NDArray[np.bool_]:
    """(K,) whether class `index` is what the model decides, from (K, L) logits."""
    rows = to_probabilities(np.asarray(logits, np.float32), task)
    decided = decide(rows, task, decision.array())
    return np.asarray(decided[:, index] == 1 if task == "multi-label" else decided == index)

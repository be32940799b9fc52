"""What training minimises: the log loss of each task, with class weights."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from heedful.records import Task


def balanced_weights(targets: NDArray[Any], classes: int, task: Task) -> Tensor:
    """Class weights that make every class count alike.

    Single label: N / (C n_c) for each class c, as scikit-learn's "balanced". Multi-label:
    the weight (N - n_c) / n_c of a class's positive cases. An absent class weighs 1.
    """
    if task == "multi-label":
        positive = targets.sum(axis=0)
        weights = np.where(positive > 0, (len(targets) - positive) / np.maximum(positive, 1), 1.0)
    else:
        counts = np.bincount(targets, minlength=classes)
        weights = np.where(counts > 0, len(targets) / (classes * np.maximum(counts, 1)), 1.0)
    return torch.tensor(weights, dtype=torch.float32)


def loss(logits: Tensor, targets: Tensor, task: Task, weights: Tensor | None) -> Tensor:
    """Mean log loss over the batch, in nats.

    Args:
        logits: (B, 1) binary, else (B, C).
        targets: (B,) class indices, or (B, C) zeros and ones.
        task: binary, multi-class or multi-label (there the sum over a text's classes).
        weights: (classes,) from `balanced_weights`; the mean is then a weighted one.
    """
    if task == "multi-class":
        return functional.cross_entropy(logits, targets, weight=weights)
    if task == "multi-label":
        each = functional.binary_cross_entropy_with_logits(
            logits, targets.to(logits.dtype), pos_weight=weights, reduction="none"
        )
        return each.sum(dim=1).mean()
    truth = targets.to(logits.dtype)
    if weights is None:
        return functional.binary_cross_entropy_with_logits(logits.squeeze(1), truth)
    share = weights[targets]
    each = functional.binary_cross_entropy_with_logits(logits.squeeze(1), truth, reduction="none")
    return (each * share).sum() / share.sum()

"""Fits n-gram evidence: log-count ratios, then a linear model of the n-grams weighed by them."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from heedful.config import EvidenceConfig
from heedful.learn.data import Data
from heedful.learn.linear import Floats, fit_linear
from heedful.learn.presence import Presence, presence
from heedful.nn.evidence import Evidence
from heedful.records import Task
from heedful.text.batch import batches, scoring_order
from heedful.text.vocab import Encoded, joined

_TEXTS, _TOKENS = 256, 16_384  # of a scoring batch


def learn_evidence(
    train: Data, valid: Data | None, task: Task, classes: int, config: EvidenceConfig
) -> tuple[Evidence, Evidence | None]:
    """Evidence from the training texts, and from the validation texts too.

    Which n-grams there are is seen in both (no label is looked at for that). The second is None
    without validation texts, or where `config.refit` is off.
    """
    both = train.encoded if valid is None else joined(train.encoded, valid.encoded)
    found = presence(both, config)
    own = fit_evidence(found.first(len(train.targets)), train, task, classes, config)
    if valid is None or not config.refit:
        return own, None
    targets = np.concatenate([train.targets, valid.targets])
    return own, fit_evidence(found, Data(both, targets), task, classes, config)


def fit_evidence(
    found: Presence, data: Data, task: Task, classes: int, config: EvidenceConfig
) -> Evidence:
    """NB-SVM (Wang & Manning 2012), one class against the rest where there are more than two.

    Args:
        found: n-grams of N training texts.
        data: these texts and their labels.
        task: binary, multi-class or multi-label.
        classes: C.
        config: how.
    """
    sides = sides_of(data.targets, task, classes)  # (N, L)
    row = np.maximum(data.encoded.lengths, 1).astype(np.float32) ** np.float32(-config.length)
    fitted = [_one_side(found.matrix, row, sides[:, c], config) for c in range(sides.shape[1])]
    weight = np.stack([weights for weights, _ in fitted], axis=1)
    base = np.array([bias for _, bias in fitted], np.float32)
    return Evidence(
        torch.from_numpy(found.keys),
        torch.from_numpy(weight),
        torch.from_numpy(base),
        config.orders,
        config.length,
        found.bits,
    )


def sides_of(targets: NDArray[Any], task: Task, classes: int) -> NDArray[np.bool_]:
    """(N, L) which texts speak for each logit: L = 1 for binary tasks, else C."""
    if task == "multi-label":
        return np.asarray(targets > 0)
    if task == "binary":
        return np.asarray(targets == 1)[:, None]
    return np.asarray(targets[:, None] == np.arange(classes))


def _one_side(
    matrix: Any, row: Floats, positive: NDArray[np.bool_], config: EvidenceConfig
) -> tuple[Floats, float]:
    """(F,) weights and the base of one logit; only the base where all texts are on one side."""
    if positive.all() or not positive.any():
        sign = 1 if positive.all() else -1
        return np.zeros(matrix.shape[1], np.float32), sign * float(np.log(2 * len(positive) + 1))
    ratio = log_count_ratio(matrix, positive, config.smoothing)
    return fit_linear(matrix, (row, ratio), positive, config.cost, config.loss)


def log_count_ratio(matrix: Any, positive: NDArray[np.bool_], smoothing: float) -> Floats:
    """(F,) ln((p / |p|) / (q / |q|)), p and q = smoothing + texts with the n-gram on each side.

    Wang & Manning 2012, section 2.1; |.| is the sum over n-grams.
    """
    p = smoothing + matrix.T @ positive.astype(np.float32)
    q = smoothing + matrix.T @ (~positive).astype(np.float32)
    ratio = np.log(p / p.sum(dtype=np.float64)) - np.log(q / q.sum(dtype=np.float64))
    return np.asarray(ratio, np.float32)


def evidence_logits(evidence: Evidence, encoded: Encoded) -> Floats:
    """(N, L) what the evidence alone says of texts."""
    result = np.zeros((len(encoded), evidence.classes), np.float32)
    with torch.inference_mode():
        for batch in batches(encoded, scoring_order(encoded.lengths, _TEXTS, _TOKENS)):
            ids, mask = torch.from_numpy(batch.ids), torch.from_numpy(batch.mask)
            result[batch.order] = evidence.logits(ids, mask).cpu().numpy()
    return result

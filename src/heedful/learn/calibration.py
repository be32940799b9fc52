"""Whether probabilities mean what they say: reliability, calibration error, temperature. No torch.

Guo et al. 2017, "On Calibration of Modern Neural Networks". Calibration is a property of the
probabilities alone: thresholds do not enter here.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from heedful.records import Task

Array = NDArray[Any]

BINS = 15
TEMPERATURES = (0.2, 5.0)
# Of log T: a temperature between 1/2.7 and 2.7 is taken for likely (two deviations).
PRIOR_DEVIATION = 0.5


def confidences(probabilities: Array, targets: Array, task: Task) -> tuple[Array, Array]:
    """How sure each likeliest answer is, and whether it is right.

    Single label: the highest probability of a text, (N,). Multi-label: of each label the
    probability of the likelier one of yes and no, (N, C). `right` has the same shape, bool.
    """
    p = probabilities.astype(np.float64)
    if task == "multi-label":
        return np.maximum(p, 1 - p), (p > 0.5) == (targets > 0)
    return p.max(axis=1), p.argmax(axis=1) == targets


def bin_of(confidence: Array, bins: int = BINS) -> Array:
    """The bin of each confidence: equal widths from 0 to 1, the upper edge belongs to the bin."""
    edges = np.linspace(0.0, 1.0, bins + 1)
    return np.maximum(np.searchsorted(edges, confidence, side="left") - 1, 0)


def calibration_error(probabilities: Array, targets: Array, task: Task, bins: int = BINS) -> float:
    """Expected calibration error (Guo et al. 2017, equation 3); NaN without texts.

    The mean over texts of |accuracy - confidence| of the bin that they fall into, by the
    confidence of the likeliest class. Multi-label: that of each label as a task of yes or no,
    then the mean over labels.
    """
    if len(targets) == 0:
        return math.nan
    confidence, right = confidences(probabilities, targets, task)
    gaps = (right - confidence).reshape(len(targets), -1)
    places = bin_of(confidence, bins).reshape(gaps.shape)
    columns = zip(places.T, gaps.T, strict=True)
    errors = [np.abs(np.bincount(place, gap)).sum() / len(targets) for place, gap in columns]
    return float(np.mean(errors))


def reliability(
    probabilities: Array, targets: Array, task: Task, bins: int = BINS
) -> list[dict[str, float]]:
    """The reliability diagram: for each bin of confidence how often the answer is right.

    Each bin is {"low", "high", "count", "confidence", "accuracy"}: its edges (low exclusive),
    how many decisions it holds, their mean confidence and the share that is right (both NaN
    where it is empty). Multi-label: the decisions about all labels together, N x C of them.
    """
    confidence, right = (x.ravel() for x in confidences(probabilities, targets, task))
    place = bin_of(confidence, bins)
    count = np.bincount(place, minlength=bins)
    filled = np.where(count > 0, count, math.nan)
    sure = np.bincount(place, confidence, minlength=bins) / filled
    share = np.bincount(place, right, minlength=bins) / filled
    edges = np.linspace(0.0, 1.0, bins + 1)
    return [
        {
            "low": float(edges[i]),
            "high": float(edges[i + 1]),
            "count": int(count[i]),
            "confidence": float(sure[i]),
            "accuracy": float(share[i]),
        }
        for i in range(bins)
    ]


def fit_temperature(logits: Array, targets: Array, task: Task) -> float:
    """The temperature T for which `logits / T` give the best probabilities (Guo et al. 2017).

    Least log loss on validation data, over T from .2 to 5, with a weak prior: log T is normal
    with mean 0 and deviation .5. It counts as one term beside one per text, so data outweigh
    it, but it keeps T off its bound where the validation texts happen to be all right.

    Args:
        logits: (N, L), L = 1 for binary (the log-odds of the second class), else L = C.
        targets: (N,) class indices, or (N, C) zeros and ones for multi-label.
        task: binary, multi-class or multi-label.

    Returns:
        T; above 1 the probabilities were too sure. 1.0 without texts.
    """
    from scipy.optimize import minimize_scalar

    if len(targets) == 0:
        return 1.0
    scores = logits.astype(np.float64)

    def cost(log_t: float) -> float:
        loss = _total_loss(scores / math.exp(log_t), targets, task)
        return loss + 0.5 * (log_t / PRIOR_DEVIATION) ** 2

    # The prior can give the sum a second valley: a coarse search finds the deeper one.
    grid = np.linspace(math.log(TEMPERATURES[0]), math.log(TEMPERATURES[1]), 25)
    best = int(np.argmin([cost(float(x)) for x in grid]))
    around = (float(grid[max(best - 1, 0)]), float(grid[min(best + 1, len(grid) - 1)]))
    found = minimize_scalar(cost, bounds=around, method="bounded", options={"xatol": 1e-6})
    return float(math.exp(found.x))


def _total_loss(logits: Array, targets: Array, task: Task) -> float:
    """Negative log-likelihood of all texts, from logits, so that nothing is clipped."""
    if task == "multi-class":
        top = logits.max(axis=1)
        spread = top + np.log(np.exp(logits - top[:, None]).sum(axis=1))
        return float((spread - logits[np.arange(len(logits)), targets]).sum())
    truth = np.asarray(targets).reshape(logits.shape) > 0
    return float(np.logaddexp(0.0, np.where(truth, -logits, logits)).sum())

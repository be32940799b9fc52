"""How much each of two models has to say where their logits are added. No torch here."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from heedful.learn.baseline import to_probabilities
from heedful.learn.calibration import fit_temperature
from heedful.learn.metrics import log_loss
from heedful.records import Task

Array = NDArray[Any]

SHARES = np.linspace(0.05, 0.95, 19)
"""A few validation texts may be all right by one model alone: the other still keeps a say."""
_DEVIATION = 0.25
"""Of a share: before any text is seen, equal shares are likely and a lone model is not."""
_ENOUGH = 20_000
"""Texts: more would not move the share."""


def fit_shares(first: Array, second: Array, targets: Array, task: Task) -> tuple[float, float]:
    """Factors of the first and the second model's logits whose sum predicts best.

    Logits are brought to a deviation of 1, then mixed in 18 steps from nearly all of one to nearly
    all of the other; each mixture gets the temperature that suits it, and the least log loss wins,
    with a weak prior (one term beside one per text) for equal shares.

    Args:
        first, second: (N, L) logits of validation texts, which neither model has learnt from.
        targets: (N,) class positions, or (N, C) of 0 and 1 for multi-label.
        task: binary, multi-class or multi-label.
    """
    first, second, targets = (part[:_ENOUGH] for part in (first, second, targets))
    units = [1.0 / max(float(part.std()), 1e-6) for part in (first, second)]
    tried = []
    for share in SHARES.tolist():
        factors = share * units[0], (1 - share) * units[1]
        mixed = factors[0] * first + factors[1] * second
        temperature = fit_temperature(mixed, targets, task)
        probabilities = to_probabilities(mixed / temperature, task)
        prior = 0.5 * ((share - 0.5) / _DEVIATION) ** 2
        cost = len(targets) * log_loss(probabilities, targets, task) + prior
        tried.append((cost, factors[0] / temperature, factors[1] / temperature))
    return min(tried)[1:]

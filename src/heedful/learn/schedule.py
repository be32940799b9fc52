"""Learning rates over the course of training, as pure functions of progress."""

from __future__ import annotations

import math


def rate(schedule: str, highest: float, progress: float) -> float:
    """The learning rate at `progress` (0 = start, 1 = end).

    `constant`; `linear` and `cosine` fall to 0; `one-cycle` (Smith 2018) climbs from a 25th
    of the highest rate over the first 30 %, then falls along a cosine to next to nothing.
    """
    progress = min(max(progress, 0.0), 1.0)
    if schedule == "linear":
        return highest * (1 - progress)
    if schedule == "cosine":
        return highest * (1 + math.cos(math.pi * progress)) / 2
    if schedule == "one-cycle":
        rise, low, end = 0.3, highest / 25, highest / 1e5
        if progress < rise:
            return highest + (low - highest) * (1 + math.cos(math.pi * progress / rise)) / 2
        fall = (progress - rise) / (1 - rise)
        return end + (highest - end) * (1 + math.cos(math.pi * fall)) / 2
    return highest

"""How training ended, as a record and as a sentence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from heedful.records import Epoch


@dataclass(frozen=True)
class Outcome:
    """How training ended; the network then holds the best weights.

    Attributes:
        history: one record an epoch.
        best_epoch: the epoch (from 1) whose weights were kept; 0 = none was finished.
        reason: why training stopped, one sentence.
        interrupted: Ctrl-C.
    """

    history: tuple[Epoch, ...]
    best_epoch: int
    reason: str
    interrupted: bool


def summarise(history: Sequence[Epoch], best_epoch: int) -> str:
    """One sentence about the epoch that was kept."""
    if not best_epoch:
        return "no epoch was finished; the weights are those of the moment"
    kept = history[best_epoch - 1]
    figures = kept.valid or kept.train
    name = "validation" if kept.valid else "training"
    return (
        f"kept epoch {best_epoch} of {len(history)}: {name} accuracy "
        f"{figures['accuracy']:.4f}, loss {figures['loss']:.4f}"
    )

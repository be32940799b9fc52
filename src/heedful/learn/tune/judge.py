"""One trial on one fold: train, then what the model makes of each text that it has not seen."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from heedful.config import Config
from heedful.learn.checkpoint import Snapshot, Store
from heedful.learn.fit import Saving, finished, fit
from heedful.learn.metrics import decide, row_loss
from heedful.learn.model import TextModel, using_threads
from heedful.learn.tune.rounds import Round
from heedful.records import Epoch, Example
from heedful.text.corpus import split
from heedful.text.labels import Labels

Metric = Literal["accuracy", "loss"]
Values = NDArray[np.float32]


class OutOfTimeError(Exception):
    """The search has no time left for this trial."""


class Unwritten(Store):
    """No checkpoints; with it, tokens may be kept in the user's cache (text/cache.py)."""

    def save_epoch(self, snapshot: Snapshot) -> None:
        """Nothing: a fold is short, and trained again if need be."""

    def save_step(self, snapshot: Snapshot) -> None:
        """Nothing."""

    @property
    def begun(self) -> bool:
        """Never."""
        return False


@dataclass
class Watched:
    """Watches a training for its trial: tells how far it has come, and ends it in time.

    Attributes:
        epochs: how many there will be.
        told: gets the share of training done, 0 to 1, and the network's validation accuracy; it may
            raise to give the trial up.
        until: when there is no time left, by the monotonic clock; infinite = never.
    """

    epochs: int
    told: Callable[[float, float], None]
    until: float = math.inf

    def say(self, message: str) -> None:
        """Of no interest in a search."""

    def batch(self, epoch: int, done: int, total: int, loss: float) -> None:
        """Raise OutOfTimeError when it is time."""
        if time.monotonic() >= self.until:
            raise OutOfTimeError

    def epoch(self, epoch: Epoch, best: bool) -> None:
        """Pass it on."""
        value = epoch.valid.get("accuracy", math.nan)
        if math.isfinite(value):
            self.told(min(1.0, epoch.epoch / self.epochs), value)


def judge(
    config: Config, round_: Round, labels: Labels, metric: Metric, watched: Watched
) -> Values:
    """Train as `heedful train` does, and judge by texts that training has not seen.

    Epochs are chosen, network and evidence weighed against each other by a share held out of the
    training texts (`train.validation`), never by the texts that judge.

    Args:
        config: all settings.
        round_: what to train on and what to be judged by.
        labels: the classes.
        metric: `accuracy` or `loss`.
        watched: who watches.

    Returns:
        (N,) of each judging text, higher is better: 1 or 0 for right and wrong, or minus its log
        loss in nats.

    Raises:
        HeedfulError: the settings cannot be trained on these texts.
        KeyboardInterrupt: Ctrl-C, also where training has taken it for its end.
        OutOfTimeError, and what `watched.told` raises.
    """
    share = config.train.validation
    train, valid = split(round_.train, share, config.train.seed) if share else (round_.train, [])
    saving = Saving(Unwritten(Path()))
    fitted = finished(fit(train, valid, labels, config, saving, watched))
    if fitted.outcome.interrupted:
        raise KeyboardInterrupt
    return _values(fitted.model, round_.judged, labels, metric)


def _values(
    model: TextModel, examples: Sequence[Example], labels: Labels, metric: Metric
) -> Values:
    targets = labels.encode(examples)
    with using_threads(model.config.train.threads):
        probabilities = model.probabilities([example.text for example in examples])
    if metric == "loss":
        return -row_loss(probabilities, targets, labels.task).astype(np.float32)
    right = decide(probabilities, labels.task, model.decision.array()) == targets
    if labels.task == "multi-label":
        right = right.all(axis=1)
    return np.asarray(right, np.float32)

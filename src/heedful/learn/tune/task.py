"""What settings are searched for, and what has to be set for those that were found."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from heedful.config import Config
from heedful.learn.tune.judge import Metric
from heedful.learn.tune.profile import Profile, pinned, profile_of
from heedful.learn.tune.space import ENCODER, Params, spelt
from heedful.records import Example
from heedful.settings import SECTIONS, apply, value_of
from heedful.text.corpus import split
from heedful.text.labels import Labels


@dataclass(frozen=True)
class Task:
    """What settings are searched for.

    Attributes:
        examples: labelled texts.
        valid: validation texts of the user's own; empty = there are none.
        labels: the classes.
        asked: a preset and what somebody has set, which stays.
        metric: what trials are judged by.
        seed: of folds and of the search.
        folder: where the search is kept; None = in memory.
        trains: whether time for training the winner is to be left.
    """

    examples: Sequence[Example]
    valid: Sequence[Example]
    labels: Labels
    asked: Config
    metric: Metric
    seed: int
    folder: Path | None = None
    trains: bool = False

    def texts(self, config: Config) -> list[str]:
        """Those that `heedful train` would learn from with these settings."""
        share = config.train.validation
        if self.valid or not share:
            return [example.text for example in self.examples]
        return [e.text for e in split(self.examples, share, config.train.seed)[0]]

    def pinned(self, config: Config) -> tuple[Config, Profile]:
        """The settings with all that is left to rules filled in, and the data they are for."""
        texts = self.texts(config)
        profile = profile_of(texts, config, self.labels.task)
        found = pinned(config, texts, profile)
        if self.valid:  # as `heedful train --valid` does
            found = replace(found, evidence=replace(found.evidence, refit=False))
        return found, profile


def usual_metric(labels: Labels) -> Metric:
    """Accuracy; of several labels a text, few texts get all right, so there it is the log loss."""
    return "loss" if labels.task == "multi-label" else "accuracy"


def to_set(task: Task, wanted: Config) -> Params:
    """What has to be set, over what is asked already, so that training takes these settings.

    Where a setting moves the limits of a rule (`train.validation` says how many texts there are
    to train on), the rule may choose otherwise: then its settings are set as well.
    """
    changes: Params = {}
    if wanted.model.encoder != task.asked.model.encoder:  # some settings are for some encoders only
        goes_along = (ENCODER, "pretrain.on_training", "pretrain.regions", "train.tying")
        changes = {address: spelt(value_of(wanted, address)) for address in goes_along}
    for _ in range(3):
        made, _ = task.pinned(apply(task.asked, changes))
        more = _differing(made, wanted)
        if not more:
            break
        changes |= more
    return changes


def _differing(made: Config, wanted: Config) -> Params:
    values: Mapping[str, Mapping[str, Any]] = wanted.to_json()
    every = [f"{section}.{name}" for section in SECTIONS for name in values[section]]
    return {
        address: spelt(value_of(wanted, address))
        for address in every
        if value_of(made, address) != value_of(wanted, address)
    }

"""Searches for tests: a judge that knows its answers, and a search that was made by hand."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from heedful.config import Config
from heedful.learn.tune.judge import Values
from heedful.learn.tune.race import Difference
from heedful.learn.tune.rounds import Round
from heedful.learn.tune.rows import Row
from heedful.learn.tune.task import Task
from heedful.learn.tune.tuned import Tuned
from heedful.presets import preset
from heedful.records import Example
from heedful.settings import apply
from heedful.text.labels import Labels

BINARY = Labels(("negative", "positive"), "binary")
ROWS = 600


def short_texts(rows: int) -> list[Example]:
    """Distinct ones that take no time to read."""
    names = BINARY.names
    return [Example(f"{names[i % 2]} film {i}", (names[i % 2],), "X", i) for i in range(rows)]


def task(
    folder: Path | None = None, rows: int = ROWS, preset_: str = "default", **settings: Any
) -> Task:
    """A search on short texts."""
    named = {name.replace("__", "."): value for name, value in settings.items()}
    asked = apply(preset(preset_), {"train.threads": 1} | named)
    return Task(short_texts(rows), (), BINARY, asked, "accuracy", seed=0, folder=folder)


class Scripted:
    """Judges without training: the lower `evidence.cost`, the more texts are right.

    Args:
        failing: what to raise at which call, counted from 1.
    """

    def __init__(self, failing: dict[int, BaseException] | None = None) -> None:
        self.failing = failing or {}
        self.seen: list[Config] = []

    def __call__(
        self, config: Config, round_: Round, labels: Labels, metric: str, watched: Any
    ) -> Values:
        self.seen.append(config)
        if error := self.failing.get(len(self.seen)):
            raise error
        for epoch in (1, 2, 3, 4):
            watched.told(epoch / 4, 0.7)
        share = 0.6 + 0.2 / (1 + 10 * (config.evidence.cost or 0))
        texts = len(round_.judged)
        return (np.arange(texts) < round(share * texts)).astype(np.float32)


def row(number: int, gain: float | None, **changed: Any) -> Row:
    """A trial that all folds have judged."""
    found = None if gain is None else Difference(gain, 0.004, gain - 0.008, gain + 0.008, 500, 0.3)
    named = {name.replace("__", "."): value for name, value in changed.items()}
    name = "default" if gain is None else ""
    return Row(number, name, "complete", 0.8 + (gain or 0.0), 5, 12.0, found, named, "")


def tuned(**changes: Any) -> Tuned:
    """A search that was made by hand."""
    rows = [
        row(0, None),
        row(1, -0.02, model__encoder="none"),
        row(2, 0.011, evidence__cost=0.05, model__window="1,3"),
        row(3, -0.004, evidence__cost=0.3, train__epochs=6),
        replace(row(4, -0.05, evidence__cost=0.4), state="given up", folds=1, note="too far <b>"),
        row(5, 0.004, evidence__cost=0.07, pretrain__on_training=True),
    ]
    values: dict[str, Any] = {
        "preset": "default",
        "given": {"train.seed": 3, "train.threads": 1},
        "settings": {"evidence.cost": 0.05, "model.window": "1,3"},
        "metric": "accuracy",
        "profile": "900 short texts of 20 tokens on average, binary",
        "rounds": "500 texts in 5 folds judge every trial, 300 others in 3 folds the winner",
        "rows": tuple(rows),
        "default": rows[0],
        "winner": rows[2],
        "searched": rows[2].gain,
        "confirmed": Difference(0.006, 0.005, -0.003, 0.016, 300, 0.25),
        "importance": {"evidence.cost": 0.75, "model.window": 0.25},
        "seed": 3,
        "seconds": 61.0,
        "interrupted": False,
    }
    return Tuned(**(values | changes))

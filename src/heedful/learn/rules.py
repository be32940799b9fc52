"""Settings that are left open, chosen by the training texts: by how long they are and how many."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from heedful.config import Config
from heedful.text.vocab import Encoded

FEW = 8_000
"""Texts: so few that how each is built counts, not only what it holds."""
SHORT = 50
"""Tokens a text on average, at most: questions, headlines, posts; not reviews or articles."""
MANY = 40_000
"""Texts: so many that a group of words which only one of them has will hardly come again."""


def with_rules(config: Config, encoded: Encoded) -> Config:
    """The settings with every open one of n-gram evidence filled in.

    Short texts hold few groups of words: parts of words count too, single occurrences count, and
    an error costs more; where there are few such texts, first and last words and pairs with a gap
    count besides. Chosen by validation on TREC, MR and GoEmotions against IMDB; figures in
    docs/design.md.
    """
    evidence = config.evidence
    if not evidence.orders:
        return config
    short = float(np.mean(encoded.lengths)) <= SHORT if len(encoded) else True
    few = short and len(encoded) < FEW
    chosen: dict[str, Any] = {
        "subwords": 5 if short else 0,
        "reach": 5 if few else 1,
        "borders": few,
        "min_texts": 1 if short and len(encoded) < MANY else 3,
        "cost": 0.1 if short else 0.05,
    }
    open_ = {name: value for name, value in chosen.items() if getattr(evidence, name) is None}
    return replace(config, evidence=replace(evidence, **open_))

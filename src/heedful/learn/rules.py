"""Settings that are left open, chosen by the training texts: by how long they are and how many."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from heedful.config import Config, EvidenceConfig
from heedful.presets import for_short_texts, left_to_rules
from heedful.records import Task
from heedful.settings import has_shapes
from heedful.text.tokenize import Tokenizer
from heedful.text.vocab import Encoded

FEW = 8_000
"""Texts: so few that how each is built counts, not only what it holds."""
SHORT = 50
"""Tokens a text on average, at most: questions, headlines, posts; not reviews or articles."""
LOGISTIC_COST = 0.3
MANY = 40_000
"""Texts: so many that a group of words which only one of them has will hardly come again."""
_ENOUGH = 2_000
"""Texts to see by how long all are."""


def for_texts(config: Config, texts: Sequence[str]) -> Config:
    """The settings of a preset for texts of such a length: some presets have others for short ones.

    Seen in 2,000 texts at most, spread over all, before there is a vocabulary: how rare a word may
    be is such a setting.
    """
    if not left_to_rules(config.preset):
        return config
    tokenizer, some = Tokenizer(config.text), texts[:: -(-len(texts) // _ENOUGH) or 1]
    if not some or np.mean([len(tokenizer.words(text)) for text in some]) > SHORT:
        return config
    return for_short_texts(config, few=len(texts) < FEW)


def with_rules(config: Config, encoded: Encoded, task: Task) -> Config:
    """The settings with every open one of n-gram evidence filled in: see `evidence_for`."""
    tokens = float(np.mean(encoded.lengths)) if len(encoded) else 0.0
    return replace(config, evidence=evidence_for(config, tokens, len(encoded), task))


def evidence_for(config: Config, tokens: float, texts: int, task: Task) -> EvidenceConfig:
    """The settings of n-gram evidence, every open one filled in.

    Short texts hold few groups of words: parts of words count too, single occurrences count, and an
    error costs more; where there are few such texts, first and last words and pairs with a gap
    count besides, and frames with the shapes of rare words, unless texts are read by character or
    by lemma, which have no shape. Labels of which a text may have several are mostly rare, and then
    the hinge loss, which looks at the texts near its boundary only, orders the others badly: theirs
    is the logistic loss. Chosen by validation on TREC, MR and GoEmotions against IMDB; figures in
    docs/design.md.

    Args:
        config: all settings.
        tokens: of a training text, on average.
        texts: how many there are to train on.
        task: binary, multi-class or multi-label.
    """
    evidence = config.evidence
    if not evidence.orders:
        return evidence
    short = tokens <= SHORT
    few = short and texts < FEW
    chosen: dict[str, Any] = {
        "subwords": 5 if short else 0,
        "reach": 5 if few else 1,
        "borders": few,
        "frames": few and has_shapes(config),
        "min_texts": 1 if short and texts < MANY else 3,
        "cost": 0.1 if short else 0.05,
        "loss": "squared-hinge",
    }
    if task == "multi-label":
        chosen |= {"cost": LOGISTIC_COST, "loss": "logistic"}
    open_ = {name: value for name, value in chosen.items() if getattr(evidence, name) is None}
    return replace(evidence, **open_)

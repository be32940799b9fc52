"""What kind of data settings are searched for, and the base that every trial starts from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from heedful.config import Config
from heedful.learn.rules import SHORT, evidence_for, for_texts
from heedful.records import Task
from heedful.text.tokenize import Tokenizer

SMALL = 2_000
"""Texts: of fewer, a twentieth is too little to weigh network and evidence by."""
MUCH = 2_000_000
"""Tokens in all: recurrent encoders, which read word after word, would take too long."""
_SEEN = 5_000
"""Texts looked at for their length."""


@dataclass(frozen=True)
class Profile:
    """What a space of settings is chosen by.

    Attributes:
        texts: how many there are to train on.
        tokens: of a text, on average.
        task: binary, multi-class or multi-label.
    """

    texts: int
    tokens: float
    task: Task

    @property
    def short(self) -> bool:
        """Whether texts are sentences, not documents."""
        return self.tokens <= SHORT

    @property
    def small(self) -> bool:
        """Whether there are few texts even for a choice between settings."""
        return self.texts < SMALL

    @property
    def much(self) -> bool:
        """Whether only fast encoders are worth a try."""
        return self.texts * self.tokens > MUCH

    def __str__(self) -> str:
        kind = "short" if self.short else "long"
        return f"{self.texts:,} {kind} texts of {self.tokens:.0f} tokens on average, {self.task}"


def profile_of(texts: Sequence[str], config: Config, task: Task) -> Profile:
    """Seen in 5,000 texts at most, spread over all."""
    tokenizer, some = Tokenizer(config.text), texts[:: -(-len(texts) // _SEEN) or 1]
    most = config.text.max_tokens
    lengths = [len(tokenizer.words(text)) for text in some]
    read = [min(length, most or length) for length in lengths]
    return Profile(len(texts), float(np.mean(read)) if read else 0.0, task)


def pinned(config: Config, texts: Sequence[str], profile: Profile) -> Config:
    """All settings that `heedful train` would choose for the whole data, written out.

    A fold has fewer texts than the whole, and what is left to rules (learn/rules.py) must not
    change with that: a trial is to foretell what training on all texts gives.
    """
    found = for_texts(config, texts)
    evidence = evidence_for(found, profile.tokens, profile.texts, profile.task)
    # Settings that no preset makes are somebody's own, and no rule touches them again.
    return replace(found, evidence=evidence, preset="tuned")

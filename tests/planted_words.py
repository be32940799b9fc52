"""Texts with words that keep the same company, and vectors learnt from them. No torch here."""

from __future__ import annotations

from hashlib import sha256

import numpy as np

from heedful.config import PretrainConfig, TextConfig
from heedful.text import pretrain
from heedful.text.tokenize import Tokenizer

TOKENIZER = Tokenizer(TextConfig())
ALL = PretrainConfig(objective="skip-gram", sample=0, min_count=1)


def planted() -> list[str]:
    """Texts of two kinds; `fig` and `date` keep one company, `mars` the other."""
    random = np.random.default_rng(0)
    kinds = [("sweet ripe fruit juice bowl", "fig date"), ("orbit red planet dust rover", "mars")]
    texts = []
    for i in range(240):
        company, about = (part.split() for part in kinds[i % 2])
        chosen = [*random.permutation(company)[:4], random.choice(about)]
        texts.append(" ".join(random.permutation(chosen)))
    return texts


def prepared(texts: list[str], more: list[str] = (), config: PretrainConfig = ALL, **text: object):
    text_config = TextConfig(**({"min_frequency": 1} | text))
    return pretrain.prepare(texts, more, TOKENIZER, text_config, config)


def learnt(found: pretrain.Prepared, config: PretrainConfig = ALL, width: int = 12, seed: int = 0):
    return pretrain.learn(found, width, config, seed, lambda line: None)


def print_of_a_table() -> str:
    """SHA-256 of words and vectors; many words of the second kind of texts are equally frequent."""
    texts = planted()
    found = prepared(texts[::2], [*texts[1::2], "p q r s t u v w"])
    table = learnt(found).table
    return sha256(" ".join(found.vocabulary.tokens).encode() + table.tobytes()).hexdigest()

"""Models whose every weight is set by hand, so that what they rest on is known."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch

from heedful.config import Config
from heedful.learn.estimator import TextClassifier
from heedful.learn.model import TextModel
from heedful.nn.classify import Classifier
from heedful.nn.evidence import Evidence, Features
from heedful.nn.frames import frames
from heedful.nn.grams import NONE, Kinds, grams
from heedful.nn.lookup import ABSENT
from heedful.settings import apply
from heedful.text.labels import Labels
from heedful.text.shapes import SHAPES
from heedful.text.tokenize import Tokenizer
from heedful.text.vocab import PAD, RESERVED, Vocabulary

BINARY = Labels(("negative", "positive"), "binary")
USUAL = Kinds(3, 3, True)


def bag_of_words(weights: Mapping[str, float], base: float = 0.0, **settings: object) -> TextModel:
    """log-odds of positive = base + mean over tokens of the word's weight (unknown: 0)."""
    named = {k.replace("__", "."): v for k, v in settings.items()}
    config = apply(
        Config(),
        {
            "model.encoder": "token",
            "model.attention": "uniform",
            "model.embedding": 1,
            "train.threads": 1,
            **named,
        },
    )
    vocabulary = Vocabulary(weights)
    network = Classifier(config.model, len(vocabulary), 1).eval()
    with torch.no_grad():
        network.embed.table.weight.zero_()
        for word, weight in weights.items():
            network.embed.table.weight[vocabulary.id(word)] = weight
        network.head.linear.weight.fill_(1.0)
        network.head.linear.bias.fill_(base)
    return TextModel(config, BINARY, vocabulary, Tokenizer(config.text), network)


def random_model(
    words: int = 40, task: str = "binary", seed: int = 0, **settings: object
) -> TextModel:
    """Untrained weights of some size, words w0, w1, ...; three classes unless binary."""
    named = {k.replace("__", "."): v for k, v in settings.items()}
    small = {
        "model.embedding": 6,
        "model.hidden": 5,
        "model.heads": 1,
        "model.attention_width": 4,
        "model.encoder": "conv",
        "model.window": 3,
        "train.threads": 1,
    }
    config = apply(Config(), small | named)
    vocabulary = Vocabulary([f"w{i}" for i in range(words)])
    labels = BINARY if task == "binary" else Labels(("a", "b", "c"), task)
    torch.manual_seed(seed)
    network = Classifier(config.model, len(vocabulary), 1 if task == "binary" else 3).eval()
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.mul_(3.0)
    return TextModel(config, labels, vocabulary, Tokenizer(config.text), network)


def random_evidence(
    words: int,
    classes: int,
    seed: int = 0,
    kinds: Kinds = USUAL,
    length: float = 0.5,
    framed: int = 0,
) -> Evidence:
    """Random weights of most groups of some random texts of ids 2 .. words, and parts of words.

    With frames, in which every third word is rare, where `framed` is the size of a vocabulary.
    """
    draw = torch.Generator().manual_seed(seed)
    ids = torch.randint(2, words + 1, (40, 20), generator=draw)
    ids[::2, 1:] = PAD  # texts of one word
    found, table = grams(ids, ids != PAD, kinds), None
    if framed:
        table = torch.arange(framed + len(SHAPES), dtype=torch.int32)
        table[4:framed:3] = framed + table[4:framed:3] % len(SHAPES)
        unknown = framed + torch.randint(0, len(SHAPES), ids.shape, generator=draw)
        shaped = torch.where(ids == 2, unknown, table[ids].long()) * (ids != PAD)
        found += frames(shaped, ids != PAD)
    known = torch.cat([one.keys.flatten() for one in found]).unique()
    known = known[(known != NONE) & (torch.rand(len(known), generator=draw) < 0.8)]
    weight = torch.randn(len(known), classes, generator=draw)
    parts = torch.randint(-1, len(known), (words + 1, 2), generator=draw, dtype=torch.int32)
    parts[: len(RESERVED)] = ABSENT
    base = torch.randn(classes, generator=draw)
    return Evidence(Features(known, weight, base, parts, frames=table), kinds, length)


def evident_model(task: str = "binary", encoder: str = "none", **settings: object) -> TextModel:
    """`random_model` of 12 words with n-gram evidence beside it, or of nothing else."""
    model = random_model(12, task, model__encoder=encoder, evidence__orders=3, **settings)
    framed = len(model.vocabulary) if model.config.evidence.frames else 0
    model.network.evidence = random_evidence(13, model.network.classes, framed=framed)
    return model


def fitted(model: TextModel) -> TextClassifier:
    """The estimator of a model, as `load` makes it."""
    found = TextClassifier()
    found.model_, found.history_, found._indicator = model, (), False
    found.classes_ = np.array(model.labels.names)
    return found

"""Small texts and trainers that several tests share."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch

from heedful.config import Config
from heedful.learn.checkpoint import Store
from heedful.learn.classifying import Classifying
from heedful.learn.data import Data
from heedful.learn.estimator import TextClassifier
from heedful.learn.listener import Listener
from heedful.learn.model import number_of_logits
from heedful.learn.train import Trainer
from heedful.nn.classify import Classifier
from heedful.records import Epoch, Example
from heedful.settings import apply
from heedful.text.corpus import fingerprint
from heedful.text.generate.reviews import generate
from heedful.text.labels import Labels
from heedful.text.tokenize import Tokenizer
from heedful.text.vocab import encode
from heedful.text.vocab import fit as fit_vocabulary

TINY = {
    "model.embedding": 8,
    "model.hidden": 8,
    "model.attention_width": 4,
    "model.encoder": "conv",
    "model.window": 3,
    "text.min_frequency": 1,
    "train.threads": 1,
}

BINARY = Labels(("negative", "positive"), "binary")


def reviews(rows: int = 60, seed: int = 1) -> list[Example]:
    """Generated reviews."""
    return list(generate(rows, seed))


def topics(rows: int = 20) -> tuple[list[Example], Labels]:
    """Texts of three classes that a word gives away."""
    words = {"food": "bread butter cheese", "sport": "ball goal team", "space": "star moon orbit"}
    names = tuple(sorted(words))
    random = np.random.default_rng(4)
    examples = []
    for row in range(rows):
        name = names[row % 3]
        text = " ".join([*random.choice(words[name].split(), 2), f"the {row % 7} and so on"])
        examples.append(Example(text, (name,), "topics", row + 1))
    return examples, Labels(names, "multi-class")


def tagged(rows: int = 20) -> tuple[list[Example], Labels]:
    """Texts with none to three tags, each told by a word of its own."""
    words = {"food": "bread", "space": "moon", "sport": "goal"}
    examples = []
    for row in range(rows):
        names = tuple(name for bit, name in enumerate(sorted(words)) if (row >> bit) & 1)
        text = " ".join(["about", *(words[name] for name in names), f"number {row}"])
        examples.append(Example(text, names, "tagged", row + 1))
    return examples, Labels(tuple(sorted(words)), "multi-label")


def settings(**values: object) -> Config:
    """The tiny configuration with some training settings (`section__name` for others)."""
    named = {(k.replace("__", ".") if "__" in k else f"train.{k}"): v for k, v in values.items()}
    return apply(Config(), TINY | named)


def build(
    config: Config,
    train: list[Example],
    valid: list[Example] = (),
    labels: Labels = BINARY,
    store: Path | None = None,
    listener: Listener | None = None,
) -> Trainer:
    """A trainer with a freshly seeded network."""
    tokenizer = Tokenizer(config.text)
    vocabulary, encoded = fit_vocabulary((e.text for e in train), tokenizer, config.text)
    torch.manual_seed(config.train.seed)
    network = Classifier(config.model, len(vocabulary), number_of_logits(labels))
    held = None
    if valid:
        ids = encode([e.text for e in valid], tokenizer, vocabulary, None, "first")
        held = Data(ids, labels.encode(valid))
    data = Data(encoded, labels.encode(train))
    job = Classifying(network, data, held, config.train, labels.task, len(labels.names))
    return Trainer(job, config.train, Store(store) if store else None, listener)


class Notes:
    """A listener that remembers."""

    def __init__(self) -> None:
        self.said: list[str] = []
        self.losses: list[float] = []
        self.epochs: list[tuple[Epoch, bool]] = []

    def say(self, message: str) -> None:
        self.said.append(message)

    def batch(self, epoch: int, done: int, total: int, loss: float) -> None:
        self.losses.append(loss)

    def epoch(self, epoch: Epoch, best: bool) -> None:
        self.epochs.append((epoch, best))


def weights(network: torch.nn.Module) -> dict[str, bytes]:
    """The exact bytes of every tensor."""
    return {k: v.numpy().tobytes() for k, v in network.state_dict().items()}


__all__ = [
    "BINARY",
    "TINY",
    "Notes",
    "build",
    "fingerprint",
    "reviews",
    "settings",
    "tagged",
    "topics",
    "weights",
]


QUICK = TINY | {
    "train.epochs": 2,
    "train.batch_size": 8,
    "train.learning_rate": 0.01,
    "evidence.orders": 0,
    "pretrain.on_training": False,
    "pretrain.regions": 0,
}


def quick_classifier() -> TextClassifier:
    """One that learns a few texts in a moment."""
    return TextClassifier(settings=QUICK)

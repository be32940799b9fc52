"""spaCy's text categorizers: `spacy:bow`, `spacy:cnn`, `spacy:ensemble`.

The architectures of spaCy's own quick-start configurations, on a blank English pipeline without
outside vectors: bag of words and pairs (TextCatBOW.v3), convolutions over hashed embeddings with
mean and max pooling (TextCatReduce.v1 on HashEmbedCNN.v2), and both together (TextCatEnsemble.v2).
Trained as the quick start does: Adam at .001, dropout .1, batches that grow from 100 to 1,000 words
(settings: epochs; seconds, after which training stops between two batches, 0 = never). A text that
is cut short by the clock is said so in the facts.
"""

from __future__ import annotations

import random
import time
from pathlib import Path
from typing import Any

import spacy
from spacy.training import Example
from spacy.training.batchers import minibatch_by_words
from spacy.util import fix_random_seed
from thinc.api import compounding

EPOCHS = {"bow": 5, "cnn": 3, "ensemble": 3}


def _vectors(width: int) -> dict[str, Any]:
    return {
        "@architectures": "spacy.HashEmbedCNN.v2",
        "pretrained_vectors": None,
        "width": width,
        "depth": 4,
        "embed_size": 2000,
        "window_size": 1,
        "maxout_pieces": 3,
        "subword_features": True,
    }


def architecture(detail: str, exclusive: bool) -> dict[str, Any]:
    """The `model` part of a configuration."""
    bag = {
        "@architectures": "spacy.TextCatBOW.v3",
        "exclusive_classes": exclusive,
        "ngram_size": 2,
        "no_output_layer": False,
        "length": 262144,
    }
    if detail == "bow":
        return bag
    if detail == "cnn":
        return {
            "@architectures": "spacy.TextCatReduce.v1",
            "exclusive_classes": exclusive,
            "use_reduce_first": False,
            "use_reduce_last": False,
            "use_reduce_max": True,
            "use_reduce_mean": True,
            "tok2vec": _vectors(96),
        }
    return {
        "@architectures": "spacy.TextCatEnsemble.v2",
        "tok2vec": _vectors(64),
        "linear_model": bag,
    }


class Categorizer:
    """One of spaCy's text categorizers."""

    libraries = ("spacy", "thinc", "numpy")
    seeded = True

    def __init__(self, detail: str, settings: dict[str, str], seed: int) -> None:
        self.detail, self.seed = detail or "bow", seed
        self.epochs = int(settings.get("epochs", EPOCHS[self.detail]))
        self.seconds = float(settings.get("seconds", 0))
        self.nlp: Any = None
        self.many = False

    def fit(self, texts: list[str], labels: list[list[str]], many: bool) -> dict[str, Any]:
        started = time.monotonic()
        fix_random_seed(self.seed)
        self.many, names = many, sorted({name for some in labels for name in some})
        self.nlp = spacy.blank("en")
        pipe = "textcat_multilabel" if many else "textcat"
        self.nlp.add_pipe(pipe, config={"model": architecture(self.detail, not many)})
        examples = [
            Example.from_dict(
                self.nlp.make_doc(text), {"cats": {n: float(n in some) for n in names}}
            )
            for text, some in zip(texts, labels, strict=True)
        ]
        optimizer = self.nlp.initialize(lambda: examples[:1000] + _one_each(examples, names))
        optimizer.learn_rate = 0.001
        sizes, shuffler = compounding(100, 1000, 1.001), random.Random(self.seed)
        for epoch in range(self.epochs):
            shuffler.shuffle(examples)
            for done, batch in enumerate(minibatch_by_words(examples, size=sizes)):
                self.nlp.update(batch, sgd=optimizer, drop=0.1)
                if self.seconds and time.monotonic() - started > self.seconds:
                    return {"epochs": epoch, "batches": done + 1, "stopped": "by the clock"}
        return {"epochs": self.epochs}

    def predict(self, texts: list[str]) -> list[list[str]]:
        result = []
        for doc in self.nlp.pipe(texts, batch_size=256):
            if self.many:
                result.append([name for name, p in doc.cats.items() if p >= 0.5])
            else:
                result.append([max(doc.cats, key=doc.cats.get)])
        return result

    def save(self, folder: Path) -> None:
        self.nlp.to_disk(folder)

    def load(self, folder: Path) -> None:
        self.nlp = spacy.load(folder)
        self.many = "textcat_multilabel" in self.nlp.pipe_names


def _one_each(examples: list[Example], names: list[str]) -> list[Example]:
    """One example of every label, which is how the component learns their names."""
    return [next(e for e in examples if e.reference.cats[name]) for name in names]


def create(kind: str, detail: str, settings: dict[str, str], seed: int) -> Categorizer:
    """`spacy:ARCHITECTURE`."""
    del kind
    return Categorizer(detail, settings, seed)

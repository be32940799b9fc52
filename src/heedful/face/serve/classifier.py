"""A classifier as a served model: what each kind of request gets from it."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from heedful.explain.attribute import explain_examples
from heedful.explain.methods import methods_of
from heedful.explain.trusted import trusted_examples
from heedful.explain.whole_words import in_words
from heedful.face.explaining import shown_by_default
from heedful.learn.folder import load_model
from heedful.learn.model import TextModel, logits, threads_for, to_probabilities, using_threads
from heedful.nn.classify import Classifier
from heedful.records import Example, Prediction


@dataclass(frozen=True)
class Decided:
    """A prediction and the numbers before it: per class log-odds, as in an Explanation."""

    prediction: Prediction
    logits: dict[str, float]


class ServedClassifier:
    """A classifier's run.

    Attributes:
        name: what clients call it.
        folder: the run.
        model: scores; only ever used by one thread.
        explaining: the same weights in a network of its own, for another thread.
        methods: the maps that it has.
        method: the map to show first.
    """

    kind = "classifier"

    def __init__(self, name: str, folder: Path) -> None:
        self.name, self.folder = name, folder
        self.model = load_model(folder)
        self.explaining = beside(self.model)
        self.methods = methods_of(self.model.network)
        self.method = shown_by_default(folder)

    @property
    def labels(self) -> tuple[str, ...]:
        """The classes, in order."""
        return self.model.labels.names

    def predict(self, texts: Sequence[str]) -> list[Decided]:
        """What the model says of each text."""
        model = self.model
        with using_threads(threads_for(texts, 0)):
            encoded = model.encode(texts)
            found = logits(model.network, encoded)
        rows = to_probabilities(found, model.task)
        predictions = model.to_predictions(rows, encoded.lengths, encoded.unknown, encoded.cut)
        columns = np.concatenate([-found, found], axis=1) if model.task == "binary" else found
        return [
            Decided(prediction, _by_class(self.labels, row))
            for prediction, row in zip(predictions, columns, strict=True)
        ]

    def explain(self, text: str, target: str | None, methods: Sequence[str], trust: bool) -> Any:
        """The Explanation of a text, as JSON."""
        make = trusted_examples if trust else explain_examples
        with using_threads(threads_for([text], 1)):
            (found,) = make(self.explaining, [Example(text)], target, list(methods))
        return in_words(self.model, found).to_json()


def beside(model: TextModel) -> TextModel:
    """The model with a network of its own whose weights are the other's: it costs no memory."""
    tensors = {id(x): x for x in model.network.state_dict(keep_vars=True).values()}
    network: Classifier = copy.deepcopy(model.network, tensors)
    return replace(model, network=network)


def _by_class(names: Sequence[str], row: NDArray[np.float32]) -> dict[str, float]:
    return dict(zip(names, row.tolist(), strict=True))

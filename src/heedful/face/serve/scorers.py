"""What the two kinds of models make of the rows of a file."""

from __future__ import annotations

import math
from collections.abc import Sequence
from concurrent.futures import Future
from typing import Any

from heedful.face.serve.classifier import Decided, ServedClassifier
from heedful.face.serve.filed import Scorer
from heedful.face.serve.loaded import Served
from heedful.face.serve.rewriter import ServedRewriter
from heedful.face.serve.worker import Worker
from heedful.records import Rewriting


def scorer_of(model: Served, worker: Worker) -> Scorer:
    """The scorer for a model."""
    if isinstance(model, ServedRewriter):
        return RewriterScorer(model, worker)
    return ClassifierScorer(model, worker)


class ClassifierScorer:
    """Label, its probability, and that of every class; of several labels one a line in a cell."""

    def __init__(self, model: ServedClassifier, worker: Worker) -> None:
        self.model, self.worker = model, worker
        self.columns = ("label", "probability", *(f"p({name})" for name in model.labels))

    def submit(self, texts: list[str]) -> Future[list[Any]]:
        """Queue some texts."""
        key = (self.model.name, "predict")
        return self.worker.submit(key, self.model.predict, texts, background=True)

    def cells(self, answer: Decided) -> list[Any]:
        """The cells of an answer."""
        prediction = answer.prediction
        sure = prediction.probabilities[prediction.main_label]
        return ["\n".join(prediction.labels), sure, *prediction.probabilities.values()]

    def label(self, answer: Decided) -> tuple[str, float]:
        """The main label, or (none) where a multi-label model gives none."""
        prediction = answer.prediction
        name = ", ".join(prediction.labels) or "(none)"
        return name, prediction.probabilities[prediction.main_label]


class RewriterScorer:
    """What was written, and how sure the network is of it."""

    columns: tuple[str, ...] = ("output", "score", "finished")

    def __init__(self, model: ServedRewriter, worker: Worker) -> None:
        self.model, self.worker = model, worker

    def submit(self, texts: list[str]) -> Future[list[Any]]:
        """Queue some texts."""
        return self.worker.submit((self.model.name, "file"), self._best, texts, background=True)

    def _best(self, texts: Sequence[str]) -> list[Rewriting]:
        found = self.model.rewrite(texts, self.model.beam(None, 1), 1)
        return [best[0] for best in found]

    def cells(self, answer: Rewriting) -> list[Any]:
        """The cells of an answer."""
        return [answer.text, answer.score, str(answer.finished).lower()]

    def label(self, answer: Rewriting) -> tuple[str, float]:
        """Whether it came to its end, and the probability of what was written."""
        return "finished" if answer.finished else "cut off", math.exp(answer.log_probability)

"""Texts to try a served model with: what its run folder keeps of its data."""

from __future__ import annotations

from typing import Any

from heedful.face.serve.classifier import ServedClassifier
from heedful.face.serve.loaded import Served
from heedful.learn.evaluations import evaluations, examples_of
from heedful.learn.layout import VALIDATION
from heedful.learn.scores import EXCERPT, read_scores
from heedful.learn.sequence_examples import LONGEST, read_examples
from heedful.records import HeedfulError

EXAMPLES = 8


def examples(model: Served) -> list[dict[str, Any]]:
    """Short texts with what is right for them; none where the run keeps none."""
    try:
        return _texts(model) if isinstance(model, ServedClassifier) else _pairs(model)
    except (HeedfulError, OSError, LookupError, TypeError, AttributeError):
        return []  # a damaged companion is no reason not to serve


def _texts(model: ServedClassifier) -> list[dict[str, Any]]:
    """Validation texts with their true labels, class by class."""
    path = model.folder / VALIDATION
    if not path.exists():
        return []
    scores = read_scores(path, model.model.labels)
    true = scores.labels.decode(scores.targets)
    by_label: dict[tuple[str, ...], list[str]] = {}
    for text, labels in zip(scores.excerpts, true, strict=True):
        if text and len(text) < EXCERPT:  # a longer one was cut off
            by_label.setdefault(tuple(labels), []).append(text)
    return _in_turn(by_label)


def _in_turn(by_label: dict[tuple[str, ...], list[str]]) -> list[dict[str, Any]]:
    """The first text of each class, then the second, ... until there are enough."""
    found: list[dict[str, Any]] = []
    longest = max(map(len, by_label.values()), default=0)
    for place in range(longest):
        for labels, texts in sorted(by_label.items()):
            if place < len(texts) and len(found) < EXAMPLES:
                found.append({"text": texts[place], "labels": list(labels)})
    return found


def _pairs(model: Served) -> list[dict[str, Any]]:
    """Validation pairs; of a run that was trained before they were kept, pairs it was measured on.

    Of the latter those that came out right, if there are any: mistakes are kept first.
    """
    pairs = read_examples(model.folder) or _measured(model)
    return [{"text": source, "labels": [], "target": target} for source, target in pairs[:EXAMPLES]]


def _measured(model: Served) -> list[tuple[str, str]]:
    for record in reversed(evaluations(model.folder)):
        kept = examples_of(model.folder, record)
        kept.sort(key=lambda one: not one["right"])
        found = [(one["rewriting"]["source"], one["targets"][0]) for one in kept]
        if short := [pair for pair in found if max(map(len, pair)) <= LONGEST]:
            return short
    return []

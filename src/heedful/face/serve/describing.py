"""What a served model is, and texts to try it with."""

from __future__ import annotations

from typing import Any

from heedful.face.remembering import facts
from heedful.face.serve.classifier import ServedClassifier
from heedful.face.serve.loaded import Served
from heedful.face.serve.rewriter import ServedRewriter
from heedful.face.serve.serving import Serving
from heedful.learn.layout import VALIDATION
from heedful.learn.scores import EXCERPT, read_scores
from heedful.records import HeedfulError

EXAMPLES = 8


def described(model: Served, serving: Serving, *, default: bool) -> dict[str, Any]:
    """An entry of /models."""
    found: dict[str, Any] = {"name": model.name, "default": default}
    found |= _classifier(model) if isinstance(model, ServedClassifier) else _rewriter(model)
    known = facts(model.folder)
    rows = known.get("train_rows")
    return found | {
        "parameters": sum(p.numel() for p in model.model.network.parameters()),
        "preset": model.model.config.preset,
        "trained_on": rows if isinstance(rows, int) else None,
        "max_characters": serving.max_characters,
    }


def _classifier(model: ServedClassifier) -> dict[str, Any]:
    inner = model.model
    text, network = inner.config.text, inner.network
    return {
        "task": inner.task,
        "labels": list(model.labels),
        "methods": list(model.methods),
        "method": model.method,
        "encoder": inner.config.model.encoder if network.attends else None,
        "attention": inner.config.model.attention if network.attends else None,
        "evidence": network.evidence is not None,
        "thresholds": _thresholds(model),
        "unit": text.unit,
        "lowercase": text.lowercase,
        "lemmas": text.lemmas,
        "stop_words": text.stop_words,
        "vocabulary": len(inner.vocabulary),
        "max_tokens": text.max_tokens,
    }


def _thresholds(model: ServedClassifier) -> list[float] | None:
    found = model.model.decision.thresholds
    return None if found is None else list(found)


def _rewriter(model: ServedRewriter) -> dict[str, Any]:
    config = model.model.config
    sequence = config.sequence
    attends = sequence.scope != "none"
    return {
        "task": "sequence",
        "labels": [],
        "methods": ["attention"] if attends else [],
        "method": "attention" if attends else None,
        "encoder": config.model.encoder,
        "attention": config.model.attention if attends else None,
        "source_unit": sequence.source_unit,
        "target_unit": sequence.target_unit,
        "beam": sequence.beam,
        "max_length": sequence.max_length,
        "vocabulary": len(model.model.source),
        "max_tokens": None,
    }


def examples(model: Served) -> list[dict[str, Any]]:
    """Short validation texts with their true labels, class by class; none where none are kept."""
    path = model.folder / VALIDATION
    if not isinstance(model, ServedClassifier) or not path.exists():
        return []
    try:
        scores = read_scores(path, model.model.labels)
    except HeedfulError:
        return []  # a damaged companion is no reason not to serve
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

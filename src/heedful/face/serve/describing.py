"""What a served model is."""

from __future__ import annotations

from typing import Any

from heedful.face.remembering import facts
from heedful.face.serve.classifier import ServedClassifier
from heedful.face.serve.loaded import Served
from heedful.face.serve.rewriter import ServedRewriter
from heedful.face.serve.serving import Serving


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
        "max_file": serving.max_file,
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

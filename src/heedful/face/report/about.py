"""What a reported model is: settings, training, decision, where it comes from, how to load it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from heedful.face.report.data import Report, items, part
from heedful.face.report.head import files
from heedful.face.report.numbers import MISSING, count, finite, number, share
from heedful.face.report.table import Table, text

SECTIONS = {"text": "Text", "model": "Network", "train": "Training"}


def about(report: Report) -> dict[str, Any]:
    """The tables and sentences of the last part of the page."""
    return {
        "settings": [_settings(report, key) for key in SECTIONS if part(report.config, key)],
        "training": _training(report),
        "decision": _decision(report),
        "provenance": _provenance(report),
        "limits": _limits(report),
    }


def _settings(report: Report, section: str) -> Table:
    values = part(report.config, section)
    rows = [[text(f"{section}.{key}"), text(_setting(value))] for key, value in values.items()]
    return Table(f"{SECTIONS[section]} settings", ["setting", "value"], rows, texts=True)


def _setting(value: Any) -> str:
    if value is None:
        return "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list | tuple):
        return ", ".join(_setting(x) for x in value)
    return f"{value:g}" if isinstance(value, float) else str(value)


def _training(report: Report) -> list[str]:
    valid, best = part(report.metrics, "validation"), report.metrics.get("best_epoch")
    lines = []
    if finite(best):
        lines.append(f"The weights are those of epoch {count(best)}.")
    if report.config.get("stopped"):
        lines.append(f"Training ended: {str(report.config['stopped']).rstrip('.')}.")
    if valid:
        lines.append(
            f"On the validation data: accuracy {share(valid.get('accuracy'))}, F1 "
            f"{share(valid.get('f1'))}, log loss {number(valid.get('loss'))}. It chose the epoch, "
            "so these figures flatter the model a little."
        )
    return lines or ["Nothing was stored about its training."]


def _decision(report: Report) -> list[str]:
    found = part(report.record, "decision") or part(report.config, "decision")
    lines = [_rule(report, found)]
    temperature = finite(found.get("temperature"))
    if temperature is not None and temperature != 1:
        lines.append(
            f"Probabilities are calibrated with temperature {number(temperature, 2)}: log-odds are "
            "divided by it before they become probabilities. It was chosen on the validation data."
        )
    else:
        lines.append("Probabilities are the network's own (temperature 1).")
    return lines


def _rule(report: Report, found: Mapping[str, Any]) -> str:
    thresholds = items(found, "thresholds")
    if thresholds:
        return f"{_thresholds(report, thresholds)}, chosen on the validation data{_aim(found)}."
    if report.task == "multi-label":
        return "Every class with a probability above 0.5 is given, which may be none."
    return "The class with the highest probability is given."


def _thresholds(report: Report, thresholds: Sequence[Any]) -> str:
    pairs = list(zip(report.classes, thresholds, strict=False))
    if report.task == "binary":
        name, threshold = pairs[-1]
        return f"A text is {name} where its probability is above {number(threshold)}"
    told = ", ".join(f"{name} {number(threshold)}" for name, threshold in pairs)
    return f"A class is given where its probability is above its threshold ({told})"


def _aim(found: Mapping[str, Any]) -> str:
    return f" for the aim {found['aim']}" if found.get("aim") else ""


def _provenance(report: Report) -> Table:
    config, data = report.config, part(report.config, "data")
    train = part(config, "train")
    found = [
        ("trained on", files(data, "files")),
        ("training texts", count(data.get("train_rows"))),
        ("validation texts", count(data.get("valid_rows"))),
        ("fingerprint of the training data", data.get("fingerprint")),
        *(_evaluation(report.record) if report.record is not None else []),
        ("seed", train.get("seed")),
        ("heedful version", config.get("heedful")),
    ]
    rows = [[text(name), text(MISSING if value is None else value)] for name, value in found]
    return Table("Where it comes from", ["", ""], rows, texts=True)


def _evaluation(record: Mapping[str, Any]) -> list[tuple[str, Any]]:
    return [
        ("evaluated on", files(record, "data") if record else None),
        ("fingerprint of the evaluated data", record.get("fingerprint")),
        ("evaluation", record.get("id")),
        ("date of the evaluation", record.get("date")),
    ]


def _limits(report: Report) -> list[str]:
    limit = part(report.config, "text").get("max_tokens")
    lines = [
        "The figures hold for texts like those it was measured on. Texts from elsewhere, later or "
        "in another language need a measurement of their own.",
        "The intervals say how far another draw of the same number of texts may lie. They do not "
        "cover another training run, wrong labels, or other texts.",
        "A heat map shows what the decision of this model rests on. It does not show that the "
        "decision is right, nor what a person would have gone by.",
    ]
    if finite(limit):
        lines.append(f"At most {count(limit)} tokens of a text are read; the rest has no say.")
    if part(report.checks, "splits"):
        lines.append("Probable label errors and near duplicates are suspicions, found by rules.")
    return lines

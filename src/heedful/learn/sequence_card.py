"""The model card of a network that rewrites sequences. No torch here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from heedful.learn.card import MARKER, exact_leaks, license_lines
from heedful.learn.quoting import plain, yaml_string

Json = Mapping[str, Any]


def sequence_card(name: str, config: Json, metrics: Json, old: str = "") -> str:
    """Markdown with the Hugging Face metadata header.

    Args:
        name: of the run folder.
        config: config.json.
        metrics: metrics.json.
        old: the card that lies there; what stands below its marker is kept.
    """
    head = ["---", *license_lines(config.get("license")), "library_name: heedful"]
    head += ["pipeline_tag: translation", "tags:", "- attention", "- explainability"]
    head += [*_index(name, metrics), "---", "", "# " + plain(name), ""]
    own = old.partition(MARKER)[2].strip()
    lines = [*head, *_what(config), *_figures(metrics), *_measured(metrics), *_use(), MARKER]
    return "\n".join([*lines, *([own] if own else []), ""])


def _index(name: str, metrics: Json) -> list[str]:
    """What was measured on data of its own, as the hub's tables of results have it."""
    evaluations = metrics.get("evaluations") or ()
    if not evaluations:
        return []
    lines = ["metrics:", "- exact_match", "- cer", "- chrf", "model-index:"]
    lines += [f"- name: {yaml_string(name)}", "  results:"]
    for record in evaluations:
        lines += ["  - task:", "      type: translation", "    dataset:"]
        lines += [f"      name: {yaml_string(', '.join(record['data']))}"]
        lines += [f"      type: {yaml_string('local-' + record['fingerprint'][:12])}"]
        lines += ["    metrics:"]
        for metric, key in _METRICS.items():
            lines += [f"    - type: {metric}", f"      value: {record[key]:.4f}"]
    return lines


_METRICS = {"exact_match": "exact_match", "cer": "character_error_rate", "chrf": "chrf"}


def _what(config: Json) -> list[str]:
    model, sequence = config["model"], config["sequence"]
    looks = f"attention `{model['attention']}` ({sequence['scope']})"
    if sequence["scope"] == "none":
        looks = "no attention: the encoder's last state"
    return [
        "A network that rewrites one sequence as another, trained with heedful "
        f"{config['heedful']}.",
        "",
        f"- from {sequence['source_unit']}s to {sequence['target_unit']}s",
        f"- encoder `{model['encoder']}` of {model['hidden']} units, decoder "
        f"`{sequence['cell']}` of {sequence['units']}, {looks} ({config['parameters']:,} "
        "parameters)",
        f"- preset `{config['preset']}`, seed {config['train']['seed']}",
        *([f"- training: {config['stopped']}"] if config.get("stopped") else []),
        f"- it writes at most {sequence['max_length']:,} tokens",
        "",
    ]


def _figures(metrics: Json) -> list[str]:
    found = metrics.get("validation") or {}
    if not found:
        return []
    return [
        "## Validation data, by which the best epoch was chosen",
        "",
        f"- whole sequences right: {100 * found['accuracy']:.2f} %",
        f"- tokens right, those before known: {100 * found['token_accuracy']:.2f} %",
        f"- loss: {found['loss']:.4f} nats a token",
        "",
    ]


def _measured(metrics: Json) -> list[str]:
    """What `heedful evaluate` found, data by data."""
    lines = []
    for record in metrics.get("evaluations") or ():
        lines += [
            f"- {plain(', '.join(record['data']))} ({record['rows']:,} pairs): whole sequences "
            f"right {100 * record['exact_match']:.2f} %, wrong characters "
            f"{100 * record['character_error_rate']:.2f} %, chrF {record['chrf']:.1f}"
        ]
        lines += [f"  - {plain(sentence)}" for sentence in exact_leaks(record)]
    said = lines or ["- It has not been measured on data of its own."]
    return ["## Measured", "", *said, ""]


def _use() -> list[str]:
    return [
        "## Use",
        "",
        "```python",
        "from heedful import explain, load",
        "",
        'model = load("this folder")',
        'model.predict(["a text"])',
        'explain(model, "a text")',
        "```",
        "",
    ]

"""The model card that goes with a run: what it is, from what, how good, its limits, how to load.

A function of what the run folder holds. It is written when training ends and again after every
evaluation; what the user adds below the marker stays. No torch here.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from heedful.learn.measures import RATED, RIVALS
from heedful.learn.quoting import code_span, plain, yaml_string

MARKER = "<!-- heedful writes what stands above this line anew; what stands below is yours -->"
LONG_NAMES = 30

Json = Mapping[str, Any]


def model_card(name: str, config: Json, metrics: Json, old: str = "") -> str:
    """Markdown with the Hugging Face metadata header.

    Args:
        name: of the run folder.
        config: config.json.
        metrics: metrics.json.
        old: the card that lies there; what stands below its marker is kept.
    """
    evaluations = metrics.get("evaluations", [])
    blocks = [
        [*_header(name, evaluations, config.get("license")), "", "# " + plain(name), ""],
        _what(config),
        _data(config),
        _figures(config, metrics),
        _limits(evaluations),
        _use(),
    ]
    own = old.partition(MARKER)[2].strip()
    lines = [line for block in blocks for line in block] + [MARKER, *([own] if own else []), ""]
    return "\n".join(lines)


def license_lines(name: Any) -> list[str]:
    """The line of the header that names the licence, where there is one."""
    return [f"license: {yaml_string(name)}"] if isinstance(name, str) else []


def _header(name: str, evaluations: Sequence[Json], license: Any) -> list[str]:
    lines = ["---", *license_lines(license), "library_name: heedful"]
    lines += ["pipeline_tag: text-classification", "tags:"]
    lines += ["- text-classification", "- attention", "- explainability"]
    if evaluations:
        lines += ["metrics:", "- accuracy", "- f1", "model-index:", f"- name: {yaml_string(name)}"]
        lines += ["  results:"]
    for record in evaluations:
        lines += ["  - task:", "      type: text-classification", "    dataset:"]
        lines += [f"      name: {yaml_string(', '.join(record['data']))}"]
        lines += [
            f"      type: {yaml_string('local-' + record['fingerprint'][:12])}",
            "    metrics:",
        ]
        for metric in ("accuracy", "f1"):
            lines += [
                f"    - type: {metric}",
                f"      value: {_number(record.get(metric), '.nan')}",
            ]
    return [*lines, "---"]


def _what(config: Json) -> list[str]:
    names = list(config["id2label"].values())
    shown = ", ".join(map(code_span, names[:LONG_NAMES]))
    more = f" and {len(names) - LONG_NAMES} more" if len(names) > LONG_NAMES else ""
    made = "trained in Keras and converted by" if _converted(config) else "trained with"
    lines = [
        f"A {config['task']} text classifier, {made} heedful {config['heedful']}. "
        f"Labels: {shown}{more}.",
        "",
        f"- network: {', '.join(_parts(config))}{_parameters(config)}",
    ]
    if not _converted(config):
        lines.append(f"- preset `{config['preset']}`, seed {config['train']['seed']}")
    if config.get("stopped"):
        lines.append(f"- training: {config['stopped']}")
    return [*lines, *_decision(config.get("decision") or {}), ""]


def _converted(config: Json) -> bool:
    """Whether the network was trained elsewhere (`heedful convert`)."""
    return "converted_from" in (config.get("data") or {})


def _parts(config: Json) -> Iterator[str]:
    """What the decision is made of."""
    network, orders = config["model"], config.get("evidence", {}).get("orders", 0)
    if network["encoder"] != "none":
        yield _reader(config)
        yield f"attention `{network['attention']}`, {network['head']} head"
        if network.get("pooling") == "attention+max":
            yield "max pooling beside attention"
    if orders:
        yield f"evidence of n-grams of up to {orders} words"


def _reader(config: Json) -> str:
    """Embed and Encode."""
    network = config["model"]
    if network["encoder"] != "hf":
        return f"embedding {network['embedding']}, encoder `{network['encoder']}`"
    how = "fine-tuned" if config["hf"]["tune"] else "frozen"
    return f"a pre-trained transformer, {how} (`encoder/`)"


def _parameters(config: Json) -> str:
    count = config.get("parameters")
    return f" ({count:,} parameters)" if count else ""


def _decision(decision: Json) -> Iterator[str]:
    temperature = decision.get("temperature", 1.0)
    if temperature != 1.0:
        yield f"- probabilities are calibrated on validation data (temperature {temperature:.3g})"
    if decision.get("thresholds"):
        yield f"- thresholds were chosen on validation data for `{decision['aim']}`"


def _data(config: Json) -> list[str]:
    data = config.get("data") or {}
    lines = ["## Data", ""]
    if "files" not in data:
        where = "in Keras" if _converted(config) else "from Python"
        return [*lines, f"Trained {where}; nothing is recorded about its data.", ""]
    held = f"{data['valid_rows']:,} to validate on" if data["valid_rows"] else "none to validate on"
    lines += [
        f"- files: {', '.join(map(code_span, data['files']))}; "
        f"{data['train_rows']:,} texts to train on, {held}",
        f"- fingerprint (SHA-256 of texts and labels): `{data['fingerprint']}`",
    ]
    if config.get("lengths"):
        lines.append(f"- {config['lengths']}")
    return [*lines, *_pretraining(config), ""]


def _pretraining(config: Json) -> Iterator[str]:
    """What its word vectors were learnt from."""
    learnt, files = config.get("pretraining"), (config.get("data") or {}).get("unlabelled_files")
    if not learnt:
        return
    told = f"- word vectors were learnt first ({config['pretrain']['objective']}), labels unseen, "
    told += f"from the {learnt['texts']:,} texts to train on"
    if files:
        told += f" and {learnt['unlabelled']:,} of {', '.join(map(code_span, files))}"
    yield f"{told}: {learnt['tokens']:,} tokens, {learnt['words']:,} words"
    if learnt["left_out"]:
        also = f"{learnt['left_out']:,} more of these, which stand in the validation data"
        yield f"- {also}, were not used"


def _whose(config: Json) -> str:
    """Which classes the figures are of."""
    names = list(config["id2label"].values())
    whose = (
        f"of the class `{names[-1]}`" if config["task"] == "binary" else "means over the classes"
    )
    return f"Precision, recall, F1, AUC and average precision are {whose}."


def _figures(config: Json, metrics: Json) -> list[str]:
    validation, evaluations = metrics.get("validation") or {}, metrics.get("evaluations", [])
    lines = ["## Figures", ""]
    if not validation and not evaluations:
        return [*lines, "Trained without validation data, and not evaluated: no figures.", ""]
    columns = [("validation", validation)] if validation else []
    columns += [
        (f"{', '.join(record['data'])} ({record['rows']:,} texts)", record)
        for record in evaluations
    ]
    lines += ["| | " + " | ".join(plain(name) for name, _ in columns) + " |"]
    lines += ["|---" * (len(columns) + 1) + "|"]
    for metric in RATED:
        if any(metric in figures for _, figures in columns):
            cells = [_with_interval(figures, metric) for _, figures in columns]
            lines.append(f"| {metric} | " + " | ".join(cells) + " |")
    if evaluations:
        lines += ["", "In brackets: 95 % bootstrap intervals over the texts."]
    lines += ["", _whose(config)]
    if validation:
        lines += ["", "Validation figures were used to choose the epoch and the temperature, so "]
        lines[-1] += "they flatter the model a little."
    for record in evaluations:
        lines += ["", *_sentences(record)]
    if not evaluations:
        lines += ["", "For a fair figure run `heedful evaluate` on data the model has never seen."]
    return [*lines, ""]


def _sentences(record: Json) -> Iterator[str]:
    where = plain(", ".join(record["data"]))
    for rival in RIVALS:
        if record.get(rival):
            yield f"- {where}: {record[rival]['sentence']}"


def _with_interval(figures: Json, metric: str) -> str:
    if metric not in figures:
        return ""
    low, high = (figures.get("intervals") or {}).get(metric) or (None, None)
    around = f" [{_number(low)}, {_number(high)}]" if low is not None else ""
    return _number(figures[metric]) + around


def _number(value: float | None, missing: str = "n/a") -> str:
    return missing if value is None or not math.isfinite(value) else f"{value:.4f}"


def exact_leaks(record: Json) -> list[str]:
    """One sentence for each part of the training data that an evaluation's very texts stand in."""
    return [
        f"{leak['second_rows']:,} of {_texts(record)} also stand in the {leak['first']} data: the "
        "figures flatter the model"
        for leak in _leaks(record)
        if leak["second_rows"]
    ]


def near_leaks(record: Json) -> list[str]:
    """The same for texts that are nearly the same as one there."""
    return [
        f"{leak['near']:,} of {_texts(record)} are nearly the same as one in the {leak['first']} "
        "data"
        for leak in _leaks(record)
        if leak.get("near")
    ]


def _leaks(record: Json) -> Sequence[Json]:
    return (record.get("checks") or {}).get("leaks") or []


def _texts(record: Json) -> str:
    return f"{record['rows']:,} texts of {', '.join(record['data'])}"


def _without(record: Json) -> list[str]:
    """The figures without the texts that stand in the training data, where there are some."""
    clean = record.get("without_leaks")
    if not clean:
        return []
    told = ", ".join(f"{name} {_with_interval(clean, name)}" for name in ("accuracy", "f1"))
    return [f"Without the same texts, on {clean['rows']:,}: {told}"]


def _limits(evaluations: Sequence[Json]) -> list[str]:
    lines = []
    for record in evaluations:
        leaks = map(plain, exact_leaks(record) + near_leaks(record))
        lines += [f"- {sentence}." for sentence in (*leaks, *_without(record))]
    if not evaluations:
        lines.append("- It has not been measured on data of its own.")
    lines += [
        "- One training run with one seed; another seed gives slightly other figures.",
        "- It knows the words and the kind of text it was trained on; on other text its "
        "probabilities mean little. `heedful predict` counts the unknown words of every text.",
        "- A heat map says what the decision rests on in this model, not why the label is true.",
    ]
    return ["## Limits", "", *lines, ""]


def _use() -> list[str]:
    return [
        "## Use",
        "",
        "```python",
        "from heedful import load, explain",
        "",
        'classifier = load("this folder")',
        'classifier.predict(["a text"])',
        'explain(classifier, "a text")',
        "```",
        "",
    ]

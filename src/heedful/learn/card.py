"""The model card that goes with a run: what it is, from what, how good, how to load."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from heedful.learn.fit import Fitted
from heedful.learn.outcome import summarise


def model_card(fitted: Fitted, data: Mapping[str, Any]) -> str:
    """Markdown with the Hugging Face metadata header."""
    model, labels = fitted.model, fitted.model.labels
    network = model.config.model
    header = ["---", "library_name: heedful", "pipeline_tag: text-classification", "tags:"]
    header += ["- text-classification", "- attention", "---", ""]
    lines = [
        "# Text classifier with attention",
        "",
        f"A {labels.task} classifier trained with heedful. Labels: {_names(labels.names)}.",
        "",
        f"- network: embedding {network.embedding}, encoder `{network.encoder}`, attention "
        f"`{network.attention}`, {network.head} head "
        f"({sum(p.numel() for p in model.network.parameters()):,} parameters)",
        f"- preset: `{model.config.preset}`, seed {model.config.train.seed}",
        f"- data: {', '.join(data['files'])}: {data['train_rows']:,} texts to train on, "
        f"{data['valid_rows']:,} to validate on; fingerprint `{data['fingerprint'][:16]}`",
        f"- {fitted.lengths}",
        f"- training: {summarise(fitted.outcome.history, fitted.outcome.best_epoch)}",
        "",
        "## Figures",
        "",
        *_table(fitted.validation),
        "",
        "Validation figures were used to choose the epoch, so they flatter the model a little. "
        "For a fair figure run `heedful evaluate` on data it has never seen.",
        "",
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
    return "\n".join(header + lines)


def _names(names: Sequence[str]) -> str:
    shown = ", ".join(f"`{name}`" for name in names[:30])
    return shown + (f" and {len(names) - 30} more" if len(names) > 30 else "")


def _table(figures: Mapping[str, float]) -> list[str]:
    if not figures:
        return ["Trained without validation data: there are no figures."]
    rows = [f"| {name} | {value:.4g} |" for name, value in figures.items()]
    return ["| validation | |", "|---|---|", *rows]

"""`heedful explain` of an exported file: contributions and attention, which travel in its graph."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from heedful.explain.shares import About, Arrays, explanation_of
from heedful.face.explained import (
    Wanted,
    check_target,
    check_wanted,
    show_explained,
    wanted_examples,
)
from heedful.face.onnx_model import OnnxModel
from heedful.records import Example, Explanation, HeedfulError
from heedful.text.options import ReadOptions

MAPS = ("contribution", "attention")


def run_explain_file(
    file: str, texts: Sequence[str], paths: Sequence[str], options: ReadOptions, wanted: Wanted
) -> None:
    """Explain texts given as arguments and rows of files, by an exported file.

    Raises:
        HeedfulError: what is wanted needs the run folder, or cannot be read or written.
    """
    _check_possible(wanted)
    check_wanted(wanted, texts, paths)
    path = Path(file)
    model = OnnxModel.load(path)
    check_target(wanted.target, model.travelling.labels.names)
    if wanted.method == "attention" and not model.attends:
        raise HeedfulError("the model has no attention network; leave out --method attention")
    plain = replace(options, labelled=False)
    examples = wanted_examples(texts, paths, plain, model.options(plain), wanted.limit)
    found = explained(model, examples, wanted.target)
    show_explained(found, wanted, path.stem, wanted.method or "contribution")


def _check_possible(wanted: Wanted) -> None:
    asked = {
        "--trust": bool(wanted.trust),
        "--all-methods": wanted.all_methods,
        "--pieces": wanted.pieces,
        f"--method {wanted.method}": wanted.method not in (None, *MAPS),
    }
    for flag, given in asked.items():
        if given:
            raise HeedfulError(
                f"{flag} needs the run folder: an exported file makes the maps of "
                f"{' and '.join(MAPS)} alone"
            )


def explained(
    model: OnnxModel, examples: Sequence[Example], target: str | None = None
) -> list[Explanation]:
    """One Explanation per example, in order, with contributions and attention."""
    encoded = model.encode([example.text for example in examples])
    own, outputs = model.travelling, model.outputs
    about = About(own.labels, model.attends, "evidence" in outputs, target)
    logits = np.zeros((len(examples), model.classes), np.float32)
    parts: dict[int, Arrays] = {}
    for order, found in model.scored(encoded, outputs):
        logits[order] = found["logits"]
        silent = np.zeros_like(found["logits"])
        for row, index in enumerate(order.tolist()):
            rows = (found[name][row] for name in ("logits", "weights", "contributions"))
            last = (found["base"], found.get("evidence", silent)[row])
            parts[index] = Arrays(*(np.asarray(part, np.float64) for part in (*rows, *last)))
    predictions = model.predictions(logits, encoded)
    return [
        explanation_of(example, model.tokens(example.text), prediction, parts[i], about)
        for i, (example, prediction) in enumerate(zip(examples, predictions, strict=True))
    ]

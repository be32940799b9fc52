"""What a run keeps beside its model, so that it can be judged when the data are gone.

Made once, when training ends: the linear baseline on the same texts, hashes of the texts, what
is wrong with them, and what the model says of the validation texts.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load, save

from heedful.learn.baseline import Baseline, fit_baseline
from heedful.learn.files import finite
from heedful.learn.fit import Fitted
from heedful.learn.listener import Listener
from heedful.learn.model import TextModel, using_threads
from heedful.learn.scores import to_parquet
from heedful.learn.scoring import score_examples
from heedful.records import HeedfulError
from heedful.text.corpus import Corpus
from heedful.text.quality import Quality, leak, measure_split
from heedful.text.sketch import Sketch
from heedful.text.vocab import lengths

BASELINE = "baseline.safetensors"
SKETCH = "sketch.safetensors"
CHECKS = "checks.json"
VALIDATION = "validation.parquet"


def make_companions(
    fitted: Fitted, splits: Mapping[str, Corpus], listener: Listener, *, baseline: bool = True
) -> dict[str, bytes]:
    """The files by name.

    Args:
        fitted: the trained model.
        splits: `training`, and `validation` if there is any.
        listener: told what takes time.
        baseline: fit the linear baseline too.
    """
    files = {}
    linear = None
    if baseline:
        train = splits["training"].examples
        targets = fitted.model.labels.encode(train)
        linear = fit_baseline([e.text for e in train], targets, fitted.model.task)
        listener.say(f"linear baseline beside it: {linear.describe()}")
        files[BASELINE] = linear.to_bytes()
    seen = Sketch.of(example for corpus in splits.values() for example in corpus.examples)
    files[SKETCH] = save({name: np.ascontiguousarray(x) for name, x in seen.to_arrays().items()})
    checks = data_checks(fitted.model, splits, seen)
    files[CHECKS] = (json.dumps(finite(checks), indent=2) + "\n").encode()
    if "validation" in splits:
        with using_threads(fitted.model.config.train.threads):
            scores = score_examples(fitted.model, splits["validation"].examples, linear)
        files[VALIDATION] = to_parquet(scores)
    return files


def data_checks(model: TextModel, splits: Mapping[str, Corpus], seen: Sketch) -> dict[str, Any]:
    """Quality of each split and what each two share; lengths and unknown words as the model
    sees them. `seen` holds the texts of all splits, one after the other."""
    names, sketches, start = list(splits), {}, 0
    for name in names:
        stop = start + len(splits[name].examples)
        sketches[name], start = seen.part(start, stop), stop
    leaks = [
        leak(one, sketches[one], other, sketches[other])
        for i, one in enumerate(names)
        for other in names[i + 1 :]
    ]
    measured = {name: measure_split(splits[name], sketches[name]) for name in names}
    checks = Quality(measured, tuple(leaks)).to_json()
    checks["lengths"], checks["unknown_tokens"] = {}, {}
    for name, corpus in splits.items():
        encoded = model.encode([example.text for example in corpus.examples])
        whole = int((encoded.lengths + encoded.cut).sum())
        checks["lengths"][name] = lengths(encoded).to_json()
        checks["unknown_tokens"][name] = float(encoded.unknown.sum()) / max(whole, 1)
    return checks


def read_sketch(folder: Path) -> Sketch | None:
    """The hashes of the training and validation texts; None for a run without them.

    Raises:
        HeedfulError: damaged.
    """
    path = folder / SKETCH
    if not path.exists():
        return None
    try:
        return Sketch.from_arrays(load(path.read_bytes()))
    except (SafetensorError, KeyError, ValueError, TypeError) as error:
        raise HeedfulError(f"{path} cannot be read: {error}") from None


def read_baseline(folder: Path) -> Baseline | None:
    """The linear baseline; None for a run without one.

    Raises:
        HeedfulError: damaged.
    """
    path = folder / BASELINE
    if not path.exists():
        return None
    try:
        return Baseline.from_bytes(path.read_bytes())
    except HeedfulError as error:
        raise HeedfulError(f"{path} cannot be read: {error}") from None

"""What a run keeps beside its model, so that it can be judged when the data are gone.

Made once, when training ends: the linear baseline on the same texts, hashes of the texts, what
is wrong with them, and what the model says of the validation texts.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeVar

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load, save

from heedful.learn.baseline import DESCRIPTION, Baseline, fit_baseline
from heedful.learn.checks import training_checks
from heedful.learn.files import finite
from heedful.learn.fit import Fitted
from heedful.learn.layout import BASELINE, CHECKS, SKETCH, VALIDATION
from heedful.learn.listener import Listener
from heedful.learn.model import using_threads
from heedful.learn.scores import to_parquet
from heedful.learn.scoring import score_examples
from heedful.records import HeedfulError
from heedful.text.corpus import Corpus
from heedful.text.sketch import Sketch

T = TypeVar("T")


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
        listener.say(f"linear baseline beside it: {DESCRIPTION}")  # before: it may take a while
        linear = fit_baseline([e.text for e in train], targets, fitted.model.task)
        files[BASELINE] = linear.to_bytes()
    seen = Sketch.of(example for corpus in splits.values() for example in corpus.examples)
    files[SKETCH] = save({name: np.ascontiguousarray(x) for name, x in seen.to_arrays().items()})
    checks = training_checks(splits, fitted.encoded, seen)
    files[CHECKS] = (json.dumps(finite(checks), indent=2) + "\n").encode()
    if "validation" in splits:
        with using_threads(fitted.model.config.train.threads):
            held = splits["validation"].examples
            scores = score_examples(fitted.model, held, linear, fitted.encoded["validation"])
        files[VALIDATION] = to_parquet(scores)
    return files


def read_sketch(folder: Path) -> Sketch | None:
    """The hashes of the training and validation texts; None for a run without them.

    Raises:
        HeedfulError: damaged.
    """
    return _read(folder / SKETCH, lambda content: Sketch.from_arrays(load(content)))


def read_baseline(folder: Path) -> Baseline | None:
    """The linear baseline; None for a run without one.

    Raises:
        HeedfulError: damaged.
    """
    return _read(folder / BASELINE, Baseline.from_bytes)


def _read(path: Path, parse: Callable[[bytes], T]) -> T | None:
    if not path.exists():
        return None
    try:
        return parse(path.read_bytes())
    except (HeedfulError, SafetensorError, KeyError, ValueError, TypeError) as error:
        raise HeedfulError(f"{path} cannot be read: {error}") from None

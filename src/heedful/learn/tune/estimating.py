"""The search for settings as a function of texts and labels, as scikit-learn users call one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from heedful.learn.estimator import read_targets
from heedful.learn.reading import as_texts
from heedful.learn.tune.budget import Budget
from heedful.learn.tune.engine import Task, search, usual_metric
from heedful.learn.tune.journal import alone
from heedful.learn.tune.judge import Metric
from heedful.learn.tune.tuned import Tuned
from heedful.presets import preset as preset_named
from heedful.records import Example, HeedfulError
from heedful.settings import apply
from heedful.text.labels import Labels


def tune(
    texts: Iterable[str],
    labels: Iterable[Any],
    *,
    preset: str = "default",
    settings: Mapping[str, Any] | None = None,
    trials: int | None = None,
    minutes: float | None = None,
    metric: Metric | None = None,
    seed: int = 0,
    folder: str | Path | None = None,
    verbose: bool = False,
) -> Tuned:
    """Settings with which TextClassifier foretells these labels best, by cross-validation.

    Args:
        texts: to train on. Keep test texts away from here.
        labels: as `TextClassifier.fit` takes them.
        preset: what the search goes around; it is the first trial.
        settings: by address; these stay as they are.
        trials, minutes: what the search may spend; 30 minutes if neither is given.
        metric: `accuracy` or `loss`; None = accuracy, or loss where texts may have several labels.
        seed: of everything random.
        folder: keeps the search, and one that lies there goes on; None = nothing is written.
        verbose: print a line a trial.

    Returns:
        What was found; `.classifier()` is a TextClassifier with it, to be fitted.

    Raises:
        HeedfulError: Optuna is not installed, too few texts, settings that leave nothing to search
            for, labels that cannot be learnt.
    """
    budget = Budget(trials, minutes)
    rows = as_texts(texts)
    names, classes, task, _ = read_targets(labels)
    if len(names) != len(rows):
        raise HeedfulError(f"{len(rows)} texts but {len(names)} labels")
    examples = [Example(x, y, "X", i) for i, (x, y) in enumerate(zip(rows, names, strict=True), 1)]
    known = Labels(tuple(str(c) for c in classes), task)
    asked = apply(preset_named(preset), {**(settings or {}), "train.seed": seed})
    chosen = metric or usual_metric(known)
    if chosen not in ("accuracy", "loss"):
        raise HeedfulError(f"metric is {chosen!r}; it is accuracy or loss")
    place = None if folder is None else Path(folder)
    asked_for = Task(examples, (), known, asked, chosen, seed, place)
    say = print if verbose else _silent
    if place is None:
        return search(asked_for, budget, say)
    place.mkdir(parents=True, exist_ok=True)
    with alone(place):
        return search(asked_for, budget, say)


def _silent(message: str) -> None:
    """Nothing."""

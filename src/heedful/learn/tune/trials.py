"""What the trials of a study have given: values by text, means, times, the best one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from heedful.learn.tune.journal import packed, unpacked
from heedful.learn.tune.judge import Values

if TYPE_CHECKING:
    from optuna import Study, Trial
    from optuna.trial import FrozenTrial

NAME = "name"
FAILED = "failed"
STOPPED = "stopped"
_VALUES, _SECONDS = "values.{}", "seconds.{}"


def keep(trial: Trial, fold: int, values: Values, seconds: float) -> None:
    """Write what a fold has given."""
    trial.set_user_attr(_SECONDS.format(fold), round(seconds, 2))
    trial.set_user_attr(_VALUES.format(fold), packed(values))


def values_of(trial: FrozenTrial, folds: int) -> Values:
    """(N,) of the first `folds` folds, as far as the trial went through them."""
    found = []
    for fold in range(folds):
        text = trial.user_attrs.get(_VALUES.format(fold))
        if text is None:
            break
        found.append(unpacked(text))
    return np.concatenate([np.zeros(0, np.float32), *found])


def folds_of(trial: FrozenTrial) -> int:
    """How many folds have judged a trial."""
    return sum(name.startswith("values.") for name in trial.user_attrs)


def seconds_of(trial: FrozenTrial) -> float:
    """Seconds of one fold, on average; 0 before any."""
    times = [v for name, v in trial.user_attrs.items() if name.startswith("seconds.")]
    return float(np.mean(times)) if times else 0.0


def complete(study: Study) -> list[FrozenTrial]:
    """Trials that all folds have judged, in order."""
    from optuna.trial import TrialState

    return list(study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,)))


def counted(study: Study) -> list[FrozenTrial]:
    """Trials that were made, given up or not; without those that were cut off from outside."""
    from optuna.trial import TrialState

    states = (TrialState.COMPLETE, TrialState.PRUNED, TrialState.FAIL)
    every = study.get_trials(deepcopy=False, states=states)
    return [t for t in every if t.state != TrialState.FAIL or FAILED in t.user_attrs]


def best_of(trials: Sequence[FrozenTrial]) -> FrozenTrial | None:
    """The one with the highest mean, the earliest of equals; None of none."""
    return max(trials, key=lambda t: (t.value or 0.0, -t.number), default=None)


def named(trials: Sequence[FrozenTrial], name: str) -> FrozenTrial | None:
    """The trial of that name."""
    return next((t for t in trials if t.user_attrs.get(NAME) == name), None)

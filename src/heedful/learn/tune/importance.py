"""Which settings made trials good or bad."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

import numpy as np

from heedful.learn.tune import trials as t

if TYPE_CHECKING:
    from optuna import Study

FEWEST = 10
"""Finished trials: with fewer, importance is noise."""


def importance(study: Study) -> dict[str, float]:
    """Address to share, the greatest first; together 1. Empty where there is too little to tell.

    PED-ANOVA (Watanabe, Bansal and Hutter 2023): how far the settings of good trials are spread
    otherwise than those of all. It reads trials that all folds have judged.
    """
    complete = t.complete(study)
    if len(complete) < FEWEST or len({trial.value for trial in complete}) < 2:
        return {}
    import optuna

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = optuna.importance.get_param_importances(
            study, evaluator=optuna.importance.PedAnovaImportanceEvaluator()
        )
    values = {name: float(share) for name, share in found.items() if np.isfinite(share)}
    total = sum(values.values())
    return {name: share / total for name, share in values.items()} if total > 0 else {}

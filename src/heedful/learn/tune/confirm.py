"""The winner and the default once more, on texts and with a seed that the search has not seen.

The best of many trials is partly the luckiest, so the score that won flatters it. What is measured
here does not: it chooses nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from heedful.config import Config
from heedful.learn.tune.budget import Budget
from heedful.learn.tune.journal import packed, unpacked
from heedful.learn.tune.judge import Metric, Values, Watched, judge
from heedful.learn.tune.rounds import Round
from heedful.text.labels import Labels

if TYPE_CHECKING:
    from optuna import Study


def confirmed(
    study: Study,
    pair: tuple[tuple[int, Config], tuple[int, Config]],
    rounds: Sequence[Round],
    labels: Labels,
    metric: Metric,
    budget: Budget,
    say: Callable[[str], None],
) -> tuple[Values, Values]:
    """(N,) values of both by text, of the same texts: as many folds as there is time for.

    What an earlier call has measured is taken from the study.

    Args:
        pair: number of the trial and settings of each.
        rounds: texts that have judged no trial.
        study, labels, metric, budget, say: as of the search.
    """
    found: tuple[list[Values], list[Values]] = ([], [])
    for fold, round_ in enumerate(rounds):
        known = all(_key(number, fold) in study.user_attrs for number, _ in pair)
        if budget.over and not known:
            say(f"no time to confirm on more than {fold} of {len(rounds)} folds")
            break
        for part, (number, config) in zip(found, pair, strict=True):
            part.append(_measured(study, number, config, fold, round_, labels, metric))
        first, second = (float(part[-1].mean()) for part in found)
        say(f"confirming, fold {fold + 1}: winner {abs(first):.4f}, preset {abs(second):.4f}")
    empty = np.zeros(0, np.float32)
    return np.concatenate([empty, *found[0]]), np.concatenate([empty, *found[1]])


def _measured(
    study: Study,
    number: int,
    config: Config,
    fold: int,
    round_: Round,
    labels: Labels,
    metric: Metric,
) -> Values:
    name = _key(number, fold)
    if name not in study.user_attrs:
        fresh = replace(config, train=replace(config.train, seed=config.train.seed + 1))
        watched = Watched(config.train.epochs, lambda done, accuracy: None)
        study.set_user_attr(name, packed(judge(fresh, round_, labels, metric, watched)))
    return unpacked(study.user_attrs[name])


def _key(number: int, fold: int) -> str:
    return f"confirm.{number}.{fold}"

"""A whole search: the data's profile, the trials, the confirmation, and what is concluded."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from heedful.config import Config
from heedful.learn.tune import trials as t
from heedful.learn.tune.budget import Budget
from heedful.learn.tune.confirm import confirmed
from heedful.learn.tune.importance import importance
from heedful.learn.tune.journal import study_in
from heedful.learn.tune.needs import require
from heedful.learn.tune.profile import Profile
from heedful.learn.tune.race import Difference, difference
from heedful.learn.tune.rounds import Rounds, rounds_of
from heedful.learn.tune.rows import row_of
from heedful.learn.tune.search import Search
from heedful.learn.tune.space import Space, spelt
from heedful.learn.tune.spaces import config_of, plan_of, space_for
from heedful.learn.tune.task import Task, to_set
from heedful.learn.tune.tuned import Tuned
from heedful.records import HeedfulError
from heedful.settings import value_of
from heedful.text.corpus import fingerprint

if TYPE_CHECKING:
    from optuna import Study
    from optuna.trial import FrozenTrial

Say = Callable[[str], None]


def search(task: Task, budget: Budget, say: Say) -> Tuned:
    """Search, confirm, conclude.

    Args:
        task: what for.
        budget: what it may spend.
        say: told a line now and then.

    Raises:
        HeedfulError: Optuna is not installed, too few texts, nothing left to search for, the
            default itself cannot be trained, a damaged journal.
        KeyboardInterrupt: Ctrl-C before the default was judged.
    """
    require()
    base, profile = task.pinned(task.asked)
    rounds = rounds_of(task.examples, task.valid, task.seed)
    space = space_for(base, profile, task.asked.given)
    if not space.dimensions:
        raise HeedfulError("--set leaves nothing to search for; leave some settings open")
    say(f"{profile}; {rounds}; {len(space.dimensions)} settings are searched for")
    study = study_in(task.folder, task.seed)
    _check_same(study, task)
    plan = plan_of(space, profile, task.asked.preset)
    run = Search(
        study, space, rounds, task.labels, task.metric, budget, plan, task.trains, task.seed, say
    )
    interrupted = _interrupted(run.run, say, lambda: _judged(study, run.base))
    found = _Found(study, space, rounds, run.base)
    pair = None
    if not interrupted and found.winner.number != found.default.number:
        kept: list[Difference] = []
        interrupted = _interrupted(lambda: kept.append(_confirm(task, found, budget, say)), say)
        pair = kept[0] if kept else None
    return _concluded(task, found, profile, pair, budget, interrupted=interrupted)


def _check_same(study: Study, task: Task) -> None:
    """Raise HeedfulError where a folder holds the search for something else."""
    of = {
        "texts": fingerprint([*task.examples, *task.valid]),
        "settings": json.loads(json.dumps(task.asked.to_json())),
        "metric": task.metric,
        "seed": task.seed,
    }
    found = study.user_attrs.get("of")
    if found is None:  # killed before this was written, nothing was tried
        study.set_user_attr("of", of)
        return
    if found == of:
        return
    differs = next(name for name in of if found.get(name) != of[name])
    raise HeedfulError(
        f"{task.folder} holds a search with other {differs}; give the same, or another folder"
    )


def _judged(study: Study, name: str) -> bool:
    return t.named(t.complete(study), name) is not None


def _interrupted(
    step: Callable[[], Any], say: Say, keeps: Callable[[], bool] = lambda: True
) -> bool:
    """Whether a step was ended by Ctrl-C; it goes on up if there is nothing to keep yet."""
    try:
        step()
    except KeyboardInterrupt:
        if not keeps():
            raise
        say("stopped by hand: the best so far is kept")
        return True
    return False


class _Found:
    """The trials of a study that matter in the end."""

    def __init__(self, study: Study, space: Space, rounds: Rounds, base: str) -> None:
        self.study, self.space, self.rounds = study, space, rounds
        complete = t.complete(study)
        default, winner = t.named(complete, base), t.best_of(complete)
        if default is None or winner is None:
            raise HeedfulError("the default was not judged; give the search more time")
        self.default, self.winner = default, winner

    def config(self, trial: FrozenTrial) -> Config:
        return config_of(self.space, trial.params)

    def searched(self) -> Difference:
        folds = len(self.rounds.search)
        return difference(t.values_of(self.winner, folds), t.values_of(self.default, folds))


def _confirm(task: Task, found: _Found, budget: Budget, say: Say) -> Difference:
    winner, default = (
        (trial.number, found.config(trial)) for trial in (found.winner, found.default)
    )
    values = confirmed(
        found.study, (winner, default), found.rounds.confirm, task.labels, task.metric, budget, say
    )
    return difference(*values)


def _concluded(
    task: Task,
    found: _Found,
    profile: Profile,
    confirmed: Difference | None,
    budget: Budget,
    *,
    interrupted: bool,
) -> Tuned:
    if confirmed is not None and not confirmed.texts:
        confirmed = None
    other = found.winner.number != found.default.number
    searched = found.searched() if other else None
    kept = searched is not None and _pooled(searched, confirmed) > 0
    settings = to_set(task, found.config(found.winner)) if kept else {}
    rows = [row_of(trial, found.default, found.space) for trial in t.counted(found.study)]
    default, winner = (
        next(row for row in rows if row.number == trial.number)
        for trial in (found.default, found.winner)
    )
    asked = task.asked
    return Tuned(
        preset=asked.preset,
        given={address: spelt(value_of(asked, address)) for address in sorted(asked.given)},
        settings=settings,
        metric=task.metric,
        profile=str(profile),
        rounds=str(found.rounds),
        rows=tuple(rows),
        default=default,
        winner=winner,
        searched=searched,
        confirmed=confirmed,
        importance=importance(found.study),
        seed=asked.train.seed,
        seconds=budget.seconds,
        interrupted=interrupted,
    )


def _pooled(searched: Difference, confirmed: Difference | None) -> float:
    """The mean gain over all texts that have judged both."""
    parts = [part for part in (searched, confirmed) if part is not None]
    return sum(p.mean * p.texts for p in parts) / sum(p.texts for p in parts)

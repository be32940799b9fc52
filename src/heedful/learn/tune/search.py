"""The search: which trial comes next, folds that judge it, and when it is given up."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from heedful.learn.tune import trials as t
from heedful.learn.tune.budget import Budget, ending
from heedful.learn.tune.judge import Metric, OutOfTimeError, Values, Watched, judge
from heedful.learn.tune.race import hopeless
from heedful.learn.tune.rounds import Rounds, fold_count
from heedful.learn.tune.rows import line_of, row_of
from heedful.learn.tune.space import Params, Space
from heedful.learn.tune.spaces import config_of
from heedful.records import HeedfulError
from heedful.text.labels import Labels

if TYPE_CHECKING:
    from optuna import Study, Trial

NEIGHBOURS = 8
"""Trials near the base before the sampler takes over: it needs some to learn from."""
_QUARTERS = 4
_FOLD = 10  # steps, as the pruner counts them: quarters of the first fold come before it
_UNFINISHED = "the time was up"


@dataclass
class Search:
    """One search.

    Args:
        study: where trials are kept.
        space: what may vary.
        rounds: texts that judge.
        labels: the classes.
        metric: what trials are judged by.
        budget: what it may spend.
        plan: names and values of the first trials, in order; the first is the base.
        trains: whether time for training the winner is to be left.
        seed: of the neighbours that are drawn.
        say: told a line about each trial.
    """

    study: Study
    space: Space
    rounds: Rounds
    labels: Labels
    metric: Metric
    budget: Budget
    plan: Sequence[tuple[str, Params]]
    trains: bool
    seed: int
    say: Callable[[str], None]

    def run(self) -> None:
        """Trial after trial, until the budget is spent.

        Raises:
            HeedfulError: the default itself cannot be trained.
            KeyboardInterrupt: Ctrl-C; what was found is kept.
        """
        self._forget_cut_off()
        while not self._spent():
            trial = self._next()
            try:
                self._try(trial)
            except BaseException as error:
                self._fail(trial, None)
                if isinstance(error, OutOfTimeError):
                    return
                raise

    @property
    def base(self) -> str:
        """The name of the trial that all others are compared with: the preset's."""
        return self.plan[0][0]

    # -- which trial comes next -----------------------------------------------------------

    def _spent(self) -> bool:
        budget, done = self.budget, t.counted(self.study)
        if budget.trials is not None and len(done) >= budget.trials:
            return True
        default = t.named(t.complete(self.study), self.base)
        # Without the default there is nothing to compare with: it gets the time it needs.
        return default is not None and budget.clock() >= self._until()

    def _until(self) -> float:
        """When trials have to end, so that confirming and training come in time."""
        complete = t.complete(self.study)
        default, best = t.named(complete, self.base), t.best_of(complete)
        if default is None or best is None:
            return math.inf
        times = t.seconds_of(default), t.seconds_of(best)
        folds = len(self.rounds.confirm)
        return self.budget.until(ending(*times, folds, trains=self.trains))

    def _next(self) -> Trial:
        """The first of the plan that was not tried, then neighbours, then what the sampler says.

        One that ended when an earlier call's time was up is tried again.
        """
        tried = [each.user_attrs for each in t.counted(self.study)]
        known = {attrs.get(t.NAME) for attrs in tried if attrs.get(t.STOPPED) != _UNFINISHED}
        near = (f"near {number}" for number in range(1, NEIGHBOURS + 1))
        planned = dict(self.plan)
        name = next((name for name in (*planned, *near) if name not in known), None)
        if name is None:
            return self.study.ask()
        params = planned.get(name)
        if params is None:
            params = self.space.neighbour(self._start(name), f"{self.seed} {name}")
        self.study.enqueue_trial(params, user_attrs={t.NAME: name})
        return self.study.ask()

    def _start(self, name: str) -> Params:
        """What a neighbour is drawn around: by turns the default, and the best so far."""
        best = t.best_of(t.complete(self.study)) if int(name[-1]) % 2 == 0 else None
        return self.space.start() | (best.params if best else {})

    def _forget_cut_off(self) -> None:
        """Trials of a process that was killed: they will be made again."""
        from optuna.trial import TrialState

        for trial in self.study.get_trials(states=(TrialState.RUNNING, TrialState.WAITING)):
            if trial.state == TrialState.WAITING:  # enqueued, and not begun
                self.study.ask()
            self.study.tell(trial.number, state=TrialState.FAIL)

    # -- one trial ------------------------------------------------------------------------

    def _try(self, trial: Trial) -> None:
        from optuna import TrialPruned
        from optuna.trial import TrialState

        first = trial.user_attrs.get(t.NAME) == self.base
        started = time.monotonic()
        try:
            values = self._judged(trial, config_params=self.space.suggest(trial), first=first)
        except TrialPruned as why:
            trial.set_user_attr(t.STOPPED, str(why))
            self.study.tell(trial, state=TrialState.PRUNED)
        except OutOfTimeError:
            trial.set_user_attr(t.STOPPED, _UNFINISHED)
            self.study.tell(trial, state=TrialState.PRUNED)
            self._tell(trial.number, time.monotonic() - started)
            raise
        except (HeedfulError, MemoryError, RuntimeError) as error:
            # Of torch's own errors, memory that is lacking is one of the settings.
            out_of_memory = isinstance(error, MemoryError) or "memory" in str(error)
            if first or not (out_of_memory or isinstance(error, HeedfulError)):
                raise
            self._fail(trial, "out of memory" if out_of_memory else str(error))
        else:
            self.study.tell(trial, float(values.mean()))
        self._tell(trial.number, time.monotonic() - started)

    def _judged(self, trial: Trial, config_params: Params, *, first: bool) -> Values:
        """Values of all folds; raises where the trial is given up."""
        from optuna import TrialPruned

        config = config_of(self.space, config_params)
        found: list[Values] = []
        for fold, round_ in enumerate(self.rounds.search):
            watched = self._watched(trial, config.train.epochs, fold, first=first)
            started = time.monotonic()
            found.append(judge(config, round_, self.labels, self.metric, watched))
            if not np.isfinite(found[-1]).all():
                raise HeedfulError("its predictions are not finite")
            t.keep(trial, fold, found[-1], time.monotonic() - started)
            values = np.concatenate(found)
            trial.report(float(values.mean()), _FOLD * (fold + 1))
            last = fold + 1 == len(self.rounds.search)
            if not last and not first and self._behind(values, fold + 1):
                raise TrialPruned(f"too far behind the best after {fold_count(fold + 1)}")
            if not last and not first and self.budget.clock() >= self._until():
                raise OutOfTimeError
        return np.concatenate(found)

    def _watched(self, trial: Trial, epochs: int, fold: int, *, first: bool) -> Watched:
        from optuna import TrialPruned

        def told(done: float, accuracy: float) -> None:
            """Networks that learn next to nothing are given up within their first fold."""
            step = int(_QUARTERS * done)
            if fold or first or not step or step in reported:
                return
            reported.add(step)
            trial.report(accuracy, step)
            if step < _QUARTERS and trial.should_prune():
                raise TrialPruned(f"its network lagged after {100 * done:.0f} % of the first fold")

        reported: set[int] = set()
        # The one fold of the default that all comparisons rest on is never cut short.
        return Watched(epochs, told, math.inf if first else self._until())

    def _behind(self, values: Values, folds: int) -> bool:
        best = t.best_of(t.complete(self.study))
        return best is not None and hopeless(values, t.values_of(best, folds))

    def _fail(self, trial: Trial, reason: str | None) -> None:
        """A trial that gave nothing; without a reason it was cut off, and will be made again."""
        from optuna.trial import TrialState

        if self.study.get_trials(deepcopy=False)[trial.number].state.is_finished():
            return
        if reason is not None:
            trial.set_user_attr(t.FAILED, reason)
        self.study.tell(trial, state=TrialState.FAIL)

    def _tell(self, number: int, seconds: float) -> None:
        trial = self.study.get_trials(deepcopy=False)[number]
        default = t.named(t.complete(self.study), self.base)
        self.say(f"{line_of(row_of(trial, default, self.space), self.metric)}; {seconds:.0f} s")

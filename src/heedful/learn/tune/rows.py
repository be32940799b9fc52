"""Trials as they are told: a record of each, and a line."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from heedful.learn.tune import trials as t
from heedful.learn.tune.judge import Metric
from heedful.learn.tune.race import Difference, difference
from heedful.learn.tune.rounds import fold_count
from heedful.learn.tune.space import Params, Space

if TYPE_CHECKING:
    from optuna.trial import FrozenTrial

STATES = {"COMPLETE": "complete", "PRUNED": "given up", "FAIL": "failed", "RUNNING": "running"}


@dataclass(frozen=True)
class Row:
    """One trial.

    Attributes:
        number: from 0.
        name: the preset's, `fast`, `near 1`, ...; empty where the sampler chose.
        state: complete, given up, failed or running.
        value: mean over the texts that have judged it, higher is better; None before any.
        folds: how many folds have.
        seconds: of one fold.
        gain: against the default on the same texts; None before any.
        changed: settings in which it differs from the default.
        note: why it was given up or failed.
    """

    number: int
    name: str
    state: str
    value: float | None
    folds: int
    seconds: float
    gain: Difference | None
    changed: Params
    note: str

    def to_json(self) -> dict[str, Any]:
        """The attributes by name."""
        return asdict(self)


def row_of(trial: FrozenTrial, default: FrozenTrial | None, space: Space) -> Row:
    """The record of a trial."""
    folds = t.folds_of(trial)
    values = t.values_of(trial, folds)
    gain = None
    if default is not None and default.number != trial.number and len(values):
        gain = difference(values, t.values_of(default, folds))
    own = space.start()
    changed = {k: v for k, v in trial.params.items() if own.get(k) != v}
    attrs = trial.user_attrs
    return Row(
        number=trial.number,
        name=str(attrs.get(t.NAME, "")),
        state=STATES.get(trial.state.name, trial.state.name.lower()),
        value=float(values.mean()) if len(values) else None,
        folds=folds,
        seconds=t.seconds_of(trial),
        gain=gain,
        changed=changed,
        note=str(attrs.get(t.FAILED) or attrs.get(t.STOPPED) or ""),
    )


def figure(value: float, metric: Metric) -> str:
    """A trial's value as people read it: `accuracy .8012`, `loss .4312`."""
    shown = f"{-value if metric == 'loss' else value:.4f}"
    return f"{metric} {shown.removeprefix('0') if shown.startswith('0.') else shown}"


def signed(value: float) -> str:
    """`+.0031`, `−.0120`."""
    return f"{'−' if value < 0 else '+'}{f'{abs(value):.4f}'.removeprefix('0')}"


def line_of(row: Row, metric: Metric) -> str:
    """One line about a trial."""
    head = f"trial {row.number}" + (f" ({row.name})" if row.name else "")
    told = [] if row.value is None else [f"{figure(row.value, metric)} on {fold_count(row.folds)}"]
    if row.gain is not None:
        told.append(f"{signed(row.gain.mean)} ± {f'{row.gain.error:.4f}'.removeprefix('0')}")
    if row.state != "complete":
        told.append(f"{row.state}: {row.note}" if row.note else row.state)
    return f"{head}: {', '.join(told)}{': ' if row.changed else ''}{settings_text(row.changed)}"


def settings_text(settings: Params) -> str:
    """`evidence.cost=0.05 train.epochs=6`, as --set takes them."""
    return " ".join(f"{address}={value_text(value)}" for address, value in settings.items())


def value_text(value: Any) -> str:
    """One value as --set reads it."""
    if isinstance(value, bool):
        return str(value).lower()
    return f"{value:.4g}" if isinstance(value, float) else str(value)

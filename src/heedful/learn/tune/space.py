"""A space of settings: what may vary, from where to where, and for which encoders."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, cast

from heedful.config import Config
from heedful.settings import value_of

if TYPE_CHECKING:
    from optuna.trial import BaseTrial

Value = str | int | float | bool
Params = dict[str, Value]

ENCODER = "model.encoder"
_CHANGED = 4
"""Settings that a neighbour has drawn anew, on average."""
_TRIES = 100


@dataclass(frozen=True)
class Dimension:
    """One setting that is searched for.

    Attributes:
        address: of the setting.
        values: to choose from; empty = a range.
        low, high: of a range, both inclusive.
        log: whether the range is gone through by factors.
        whole: whether it holds whole numbers only.
        encoders: for which it means something; empty = for all.
    """

    address: str
    values: tuple[Value, ...] = ()
    low: float = 0.0
    high: float = 1.0
    log: bool = False
    whole: bool = False
    encoders: frozenset[str] = frozenset()

    def holding(self, value: Value) -> Dimension:
        """The same, widened so that `value` lies in it."""
        if self.values:
            known = value in self.values
            return self if known else replace(self, values=(*self.values, value))
        low, high = min(self.low, float(value)), max(self.high, float(value))
        return replace(self, low=low, high=high, log=self.log and low > 0)

    def holds(self, value: Value) -> bool:
        """Whether a value is one to choose from, or lies in the range."""
        if self.values:
            return value in self.values
        return not isinstance(value, str) and self.low <= value <= self.high

    def suggest(self, trial: BaseTrial) -> Value:
        """What a trial has for it."""
        if self.values:
            return cast(Value, trial.suggest_categorical(self.address, self.values))
        if self.whole:
            return trial.suggest_int(self.address, int(self.low), int(self.high), log=self.log)
        return trial.suggest_float(self.address, self.low, self.high, log=self.log)

    def draw(self, random: random.Random) -> Value:
        """One value by chance."""
        if self.values:
            return random.choice(self.values)
        share = random.random()
        if self.log:
            found = self.low * (self.high / self.low) ** share
        else:
            found = self.low + (self.high - self.low) * share
        found = min(max(found, self.low), self.high)  # rounding may lead a hair beyond
        return round(found) if self.whole else float(found)


@dataclass(frozen=True)
class Space:
    """All that is searched for, around a base.

    Attributes:
        dimensions: the encoder first, where it may vary.
        base: settings of everything else.
    """

    dimensions: tuple[Dimension, ...]
    base: Config

    def suggest(self, trial: BaseTrial) -> Params:
        """The values of a trial: of those settings that mean something for its encoder."""
        found: Params = {}
        encoder: str = self.base.model.encoder
        for dimension in self.dimensions:
            if dimension.encoders and encoder not in dimension.encoders:
                continue
            found[dimension.address] = dimension.suggest(trial)
            if dimension.address == ENCODER:
                encoder = str(found[ENCODER])
        return found

    def start(self, changes: Mapping[str, Value] | None = None) -> Params:
        """The base itself as values, changed where the space holds what is to be changed to."""
        own = {d.address: spelt(value_of(self.base, d.address)) for d in self.dimensions}
        wanted = changes or {}
        held = [
            d.address for d in self.dimensions if d.address in wanted and d.holds(wanted[d.address])
        ]
        return own | {address: wanted[address] for address in held}

    def neighbour(self, params: Mapping[str, Value], seed: str) -> Params:
        """`params` with about four settings, one at least, drawn anew: those of its encoder."""
        draw = random.Random(seed)
        encoder = params.get(ENCODER, self.base.model.encoder)
        free = [d for d in self.dimensions if not d.encoders or encoder in d.encoders]
        share = min(0.5, _CHANGED / max(1, len(free)))
        found = dict(params)
        for _ in range(_TRIES):  # what is drawn may be what it was
            changed = [d for d in free if draw.random() < share]
            found = dict(params) | {d.address: d.draw(draw) for d in changed}
            if found != params:
                break
        return found


def spelt(value: Any) -> Value:
    """A setting as the command line writes it; what has one number or is none is that itself."""
    if isinstance(value, tuple | list):
        return ",".join(map(str, value))
    return cast(Value, value)


def around(base: Config, dimensions: Sequence[Dimension], fixed: frozenset[str]) -> Space:
    """The space with `base` in it.

    Args:
        base: settings that a trial starts from.
        dimensions: what may vary.
        fixed: addresses that somebody has set: they stay.
    """
    free = [d for d in dimensions if d.address not in fixed]
    if ENCODER in fixed or base.model.encoder == "none":  # one encoder, and what it has no use for
        free = [d for d in free if not d.encoders or base.model.encoder in d.encoders]
        free = [d for d in free if d.address != ENCODER]
    held = [d.holding(spelt(value_of(base, d.address))) for d in free]
    return Space(tuple(sorted(held, key=lambda d: d.address != ENCODER)), base)

"""How probabilities become decisions, as a run folder keeps it. No torch here."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from heedful.records import HeedfulError, Task


@dataclass(frozen=True)
class Decision:
    """Temperature and thresholds, both found on validation data.

    Attributes:
        temperature: what the logits were divided by (Guo et al. 2017). It is already part of the
            stored weights, so that base, contributions and probabilities agree; it stands here
            to be known.
        thresholds: one per class; a class is decided when its probability is higher. None = the
            most probable class, or for multi-label one half.
        aim: what the thresholds were chosen for: `f1`, `precision=0.9`, `recall=0.95`.
    """

    temperature: float = 1.0
    thresholds: tuple[float, ...] | None = None
    aim: str | None = None

    def array(self) -> NDArray[np.float64] | None:
        """The thresholds as an array (C,)."""
        return None if self.thresholds is None else np.array(self.thresholds)

    def to_json(self) -> dict[str, Any]:
        """The attributes by name."""
        values = asdict(self)
        values["thresholds"] = None if self.thresholds is None else list(self.thresholds)
        return values


def decision_from_json(values: Any, classes: int, task: Task) -> Decision:
    """What `to_json` wrote; a run without the section decides as usual.

    Raises:
        HeedfulError: damaged, or thresholds that do not fit the classes.
    """
    if values is None:
        return Decision()
    if not isinstance(values, Mapping) or set(values) - {"temperature", "thresholds", "aim"}:
        raise HeedfulError("decision is no table of temperature, thresholds and aim")
    try:
        temperature = float(values.get("temperature", 1.0))
        found = values.get("thresholds")
        thresholds = None if found is None else tuple(float(x) for x in found)
    except (TypeError, ValueError):
        raise HeedfulError("decision holds something that is no number") from None
    if not (math.isfinite(temperature) and temperature > 0):
        raise HeedfulError(f"decision.temperature is {temperature}; it must be above 0")
    if thresholds is not None:
        if task == "multi-class" or len(thresholds) != classes:
            raise HeedfulError(f"decision.thresholds do not fit {classes} classes ({task})")
        if not all(0 <= x <= 1 for x in thresholds):
            raise HeedfulError("decision.thresholds must be from 0 to 1")
    aim = values.get("aim")
    return Decision(temperature, thresholds, None if aim is None else str(aim))

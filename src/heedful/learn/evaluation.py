"""The record of an evaluation: every figure, with intervals, against two rivals. No torch here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from heedful.learn.bootstrap import intervals
from heedful.learn.calibration import reliability
from heedful.learn.decision import Decision
from heedful.learn.figures import averages, confusion, figures, per_class
from heedful.learn.label_errors import Suspect, label_errors
from heedful.learn.measures import rated
from heedful.learn.metrics import decide
from heedful.learn.paired import mcnemar, verdict
from heedful.learn.scores import Floats, Scores
from heedful.learn.slices import slices
from heedful.records import Task

CALLED = {
    "baseline": ("the linear baseline", "the network"),
    "uniform": ("uniform attention", "the learned attention"),
}
"""By key in `measures.RIVALS`: its name in a sentence, and that of the model beside it."""
MOST_SUSPECTS = 100

Bools = NDArray[np.bool_]


def evaluation_record(
    scores: Scores, decision: Decision, seed: int = 0
) -> tuple[dict[str, Any], list[Suspect]]:
    """All figures of scored data as plain JSON, and the rows whose label looks wrong.

    Intervals are 95 % percentile bootstrap intervals over rows, seeded. The rivals are the
    linear baseline and the same network with uniform attention, each with a McNemar test in
    which the rival is the first.
    """
    names, task, thresholds = scores.labels.names, scores.task, decision.array()
    p, truth = scores.probabilities, scores.targets
    right = is_right(p, truth, task, thresholds)
    suspects = label_errors(p, truth, task)
    record: dict[str, Any] = {
        **measured(p, truth, task, thresholds, seed),
        "per_class": per_class(p, truth, task, names, thresholds),
        "averages": averages(p, truth, task, thresholds),
        "confusion": confusion(p, truth, task, thresholds),
        "calibration": reliability(p, truth, task),
        "slices": slices(scores, thresholds),
        "decision": decision.to_json(),
        "label_errors": [_suspect(scores, suspect) for suspect in suspects[:MOST_SUSPECTS]],
        "label_errors_found": len(suspects),
    }
    for key, used in (("baseline", None), ("uniform", thresholds)):
        record[key] = _rival(scores, key, used, right, seed)
        if record[key] is not None:
            record[key]["sentence"] += _but(record, record[key], CALLED[key])
    return record, suspects


def measured(
    probabilities: Floats,
    targets: NDArray[Any],
    task: Task,
    thresholds: NDArray[Any] | None,
    seed: int = 0,
) -> dict[str, Any]:
    """The figures by name, and under `intervals` their 95 % bootstrap intervals."""
    return {
        **figures(probabilities, targets, task, thresholds),
        "intervals": intervals(probabilities, targets, task, thresholds, seed=seed),
    }


def without_rows(
    scores: Scores, decision: Decision, leaked: Bools, seed: int = 0
) -> dict[str, Any] | None:
    """Accuracy and F1 without the rows (N,) that are marked; None where none or all are."""
    kept = np.flatnonzero(~leaked)
    if len(kept) in (0, len(scores)):
        return None
    p, truth = scores.probabilities[kept], scores.targets[kept]
    found = measured(p, truth, scores.task, decision.array(), seed)
    return {"rows": len(kept), **_chosen(found, ("accuracy", "f1"))}


def _chosen(found: Mapping[str, Any], names: Sequence[str]) -> dict[str, Any]:
    """Some of the figures, with their intervals."""
    return {
        **{name: found[name] for name in names},
        "intervals": {name: found["intervals"][name] for name in names},
    }


def is_right(
    probabilities: Floats, targets: NDArray[Any], task: Task, thresholds: NDArray[Any] | None
) -> Bools:
    """(N,) whether the decision is exactly the truth (multi-label: in every class)."""
    same: Bools = decide(probabilities, task, thresholds) == targets
    return np.asarray(same.all(axis=1)) if task == "multi-label" else same


def _rival(
    scores: Scores,
    key: str,
    thresholds: NDArray[Any] | None,
    right: Bools,
    seed: int,
) -> dict[str, Any] | None:
    probabilities = scores.baseline if key == "baseline" else scores.uniform
    if probabilities is None:
        return None
    name, model = CALLED[key]
    truth, task = scores.targets, scores.task
    own = is_right(probabilities, truth, task, thresholds)
    test = mcnemar(own, right)
    found = measured(probabilities, truth, task, thresholds, seed)
    sentence = verdict(name, float(own.mean()), model, float(right.mean()), test)
    return {
        "name": name,
        **_chosen(found, rated(task)),
        "mcnemar": test,
        "sentence": sentence,
    }


def _but(own: Mapping[str, Any], rival: Mapping[str, Any], names: tuple[str, str]) -> str:
    """A sentence more where F1 clearly contradicts accuracy, or nothing.

    Where classes are rare, accuracy may be won by leaving them out. Clearly: the intervals of
    F1 do not meet. `names` are those of the rival and of the model.
    """
    sides = ((rival, own, names[0]), (own, rival, names[1]))
    for ahead, behind, name in sides:
        low, high = ahead["intervals"]["f1"][0], behind["intervals"]["f1"][1]
        if low > high and ahead["accuracy"] <= behind["accuracy"]:
            more, less = (f"{100 * side['f1']:.1f} %" for side in (ahead, behind))
            return f" But in F1 {name} is ahead: {more} against {less}."
    return ""


def _suspect(scores: Scores, suspect: Suspect) -> dict[str, Any]:
    return {
        "source": scores.sources[suspect.index],
        "row": int(scores.rows[suspect.index]),
        **suspect.to_json(scores.labels.names),
    }

"""The pictures of a report, in reading order.

| picture | shows |
|---|---|
| confusion | which class is taken for which |
| per_class | F1, precision and recall of many classes |
| roc, precision_recall, threshold | what another threshold would do |
| scores, calibration | how sure the model is, and how rightly |
| lengths | how long the texts are, and where they are cut |
| curves, counts | every figure by epoch, training beside validation |

A `Plot` becomes a part of a page with `to_svg`, or a file with `to_png`. Loads matplotlib: import
this where something is drawn.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from heedful.face.plots.classes import confusion, per_class
from heedful.face.plots.colours import plot_style
from heedful.face.plots.curves import precision_recall, roc
from heedful.face.plots.frame import Plot
from heedful.face.plots.root import standalone
from heedful.face.plots.scores import calibration, lengths, scores
from heedful.face.plots.svg import to_png, to_svg
from heedful.face.plots.threshold import threshold
from heedful.face.plots.training import counts, curves
from heedful.learn.scores import Scores

__all__ = [
    "Plot", "calibration", "confusion", "counts", "curves", "draw_all", "lengths", "per_class",
    "plot_style", "precision_recall", "roc", "scores", "standalone", "threshold", "to_png",
    "to_svg",
]  # fmt: skip


def draw_all(
    scored: Scores | None,
    record: Mapping[str, Any] | None,
    history: Sequence[Mapping[str, Any]],
    best_epoch: int,
    max_tokens: int | None,
    validation: Scores | None = None,
) -> list[Plot]:
    """The pictures that make sense for a task and its data.

    Args:
        scored: what the model said of every row; None before any evaluation.
        record: the evaluation of the same rows: "decision", "confusion", "calibration" and
            "per_class".
        history: the lines of history.jsonl.
        best_epoch: whose weights were kept.
        max_tokens: the most that is read of a text; None: all.
        validation: what the model said of the validation texts. Thresholds are chosen on these,
            so their curve is drawn of them: nobody should choose by the curve of test texts.
    """
    plots = []
    if scored and record:
        plots += _of_decisions(scored, record, validation)
        plots.append(lengths(scored.tokens, max_tokens))
    return plots + _of_training(history, best_epoch)


def _of_training(history: Sequence[Mapping[str, Any]], best_epoch: int) -> list[Plot]:
    if not history:
        return []
    counted = any("tp" in (epoch.get("train") or {}) for epoch in history)
    return [curves(history, best_epoch)] + ([counts(history, best_epoch)] if counted else [])


def _of_decisions(
    scored: Scores, record: Mapping[str, Any], validation: Scores | None
) -> list[Plot]:
    names, task = scored.labels.names, scored.task
    thresholds = (record.get("decision") or {}).get("thresholds")
    given = (scored.probabilities, scored.targets, task, names, thresholds)
    plots = []
    if record.get("confusion"):
        plots.append(confusion(record["confusion"], names))
    if task != "binary" and record.get("per_class"):
        plots.append(per_class(record["per_class"]))
    plots += [roc(*given), precision_recall(*given)]
    if task != "multi-class":
        held = (validation.probabilities, validation.targets) if validation else given[:2]
        where = "validation texts" if validation else ""
        plots.append(threshold(*held, task, names, thresholds, where))
    plots.append(scores(*given))
    if record.get("calibration"):
        plots.append(calibration(record["calibration"]))
    return plots

"""`heedful decide`: the threshold of a run, chosen on its validation data and nothing else."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from rich.table import Table

from heedful.face.console import cell, figure_text, note, show, warn, write_json
from heedful.learn.decision import Decision
from heedful.learn.evaluations import evaluations, renew_card
from heedful.learn.layout import VALIDATION
from heedful.learn.metrics import measure
from heedful.learn.run import read_labels, set_decision
from heedful.learn.scores import Scores, read_scores
from heedful.learn.threshold import Aim, as_thresholds, choose_each
from heedful.records import HeedfulError, Task

COLUMNS = ("accuracy", "precision", "recall", "f1")


def run_decide(run: str, aim: str | None, json: str | None) -> None:
    """Show how the run decides; with an aim, choose thresholds for it and store them."""
    folder = Path(run)
    labels, decision = read_labels(folder)
    if labels.task == "multi-class":
        raise HeedfulError(
            "a multi-class run decides for the most probable class and has no threshold; decide "
            "works for binary and multi-label runs"
        )
    earlier = evaluations(folder)  # a damaged part is told before anything is changed
    path = folder / VALIDATION
    if not path.exists():
        raise HeedfulError(
            f"{folder} keeps no validation scores (trained without validation data, or by an "
            "older heedful); train it again with validation data"
        )
    scores = read_scores(path, labels)
    new = decision if aim is None else _chosen(scores, decision, aim)
    record = _record(scores, decision, new)
    if json:
        write_json(json, record)
    if json != "-":
        show(_table(record), f"{run} on its {len(scores):,} validation texts")
        if new.thresholds and labels.task == "multi-label":
            show(_per_class(labels.names, new), "thresholds")
    if aim is not None:
        set_decision(folder, new)
        renew_card(folder)
        note(f"{folder} now decides {_spelt(new, labels.task)}", style="bold")
        if any(record.get("decision") != new.to_json() for record in earlier):
            warn("the figures of earlier evaluations hold for the old rule; evaluate again")


def _chosen(scores: Scores, decision: Decision, aim: str) -> Decision:
    if aim == "none":
        return replace(decision, thresholds=None, aim=None)
    wanted = Aim.parse(aim)
    names = scores.labels.names[1:] if scores.task == "binary" else scores.labels.names
    choices = choose_each(scores.probabilities, scores.targets, scores.task, wanted)
    for name, choice in zip(names, choices, strict=True):
        if not choice.reached and choice.recall == 0:
            warn(
                f"no validation text has the label {name}, or its probability is always 0: "
                f"nothing to choose its threshold on, it stays {choice.threshold:g}"
            )
        elif not choice.reached:
            warn(
                f"no threshold gives {aim} for {name} on the validation texts; the nearest gives "
                f"precision {choice.precision:.3f}, recall {choice.recall:.3f}"
            )
    return replace(decision, thresholds=as_thresholds(choices, scores.task), aim=str(wanted))


def _record(scores: Scores, old: Decision, new: Decision) -> dict[str, Any]:
    task = scores.task

    def measured(decision: Decision) -> dict[str, float]:
        return measure(scores.probabilities, scores.targets, task, thresholds=decision.array())

    rules = {_spelt(rule, task): rule for rule in (Decision(), old, new)}
    return {
        "decision": new.to_json(),
        "validation": {name: measured(decision) for name, decision in rules.items()},
    }


def _spelt(decision: Decision, task: Task) -> str:
    if decision.thresholds is None:
        return "at one half"
    if task == "binary":
        return f"at {decision.thresholds[1]:.3f} ({decision.aim})"
    return f"at a threshold per label ({decision.aim})"


def _table(record: dict[str, Any]) -> Table:
    table = Table()
    for heading in ("decided", *COLUMNS):
        table.add_column(heading, justify="left" if heading == "decided" else "right")
    for name, figures in record["validation"].items():
        table.add_row(name, *(figure_text(metric, figures[metric]) for metric in COLUMNS))
    return table


def _per_class(names: tuple[str, ...], decision: Decision) -> Table:
    table = Table("label", "threshold")
    for name, value in zip(names, decision.thresholds or (), strict=True):
        table.add_row(cell(name), f"{value:.3f}")
    return table

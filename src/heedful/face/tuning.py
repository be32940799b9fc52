"""`heedful tune`: read, search, report, train what was found."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext, redirect_stdout
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, cast

from heedful.config import Config
from heedful.face.console import note, show, tell_data, write_json
from heedful.face.remembering import names_of
from heedful.face.rewriting import REWRITING, Columns, are_pairs
from heedful.face.run_place import made
from heedful.face.stdin import taking_stdin
from heedful.face.training import Job, run_training, tell_lists, tell_shared
from heedful.face.tuning_command import command_of
from heedful.face.tuning_place import REPORT, RUN, begun, finish, is_finished, resumes
from heedful.face.tuning_report import best_table, sentences, write_report
from heedful.learn.tune.budget import Budget
from heedful.learn.tune.engine import search
from heedful.learn.tune.journal import alone
from heedful.learn.tune.judge import Metric
from heedful.learn.tune.needs import require
from heedful.learn.tune.task import Task, usual_metric
from heedful.learn.tune.tuned import Tuned
from heedful.records import Example, HeedfulError
from heedful.settings import apply
from heedful.text.corpus import Corpus, ReadOptions, fingerprint, read
from heedful.text.labels import Labels


@dataclass(frozen=True)
class Tuning:
    """What to search for, and where to put it."""

    data: tuple[str, ...]
    valid: tuple[str, ...]
    out: str
    trials: int | None = None
    minutes: float | None = None
    metric: str | None = None
    resume: bool = False
    json: str | None = None


def run_tuning(asked: Tuning, config: Config, options: ReadOptions) -> int:
    """Search, report, train; returns the exit code (0 done, 130 interrupted)."""
    _refuse(asked, config)
    budget = Budget(asked.trials, asked.minutes)
    require()
    folder = Path(asked.out)
    with made(folder), alone(folder), taking_stdin(asked.data, options) as files:
        corpus = read(files, options)
        tell_data(corpus.notes, corpus.bad_rows)
        task = _task(asked, folder, corpus, config, options)
        with begun(folder, _plan(asked, task, corpus), resume=asked.resume):
            tuned = search(task, budget, note)
        # Reports are handed on: in them, data have names and no place.
        told = command_of(tuned, names_of(asked.data), names_of(asked.valid), options)
        write_report(folder, tuned, told)
        with _tables(asked):
            _tell(tuned, folder)
        if asked.json:
            write_json(asked.json, tuned.to_json() | {"command": told})
        if tuned.interrupted:
            note("the same command with --resume goes on; what is best so far is trained by")
            note(f"  {command_of(tuned, asked.data, asked.valid, options)}", style="")
            return 130
        with _tables(asked):
            return _train(asked, folder, tuned, config, options, files)


def _tables(asked: Tuning) -> AbstractContextManager[Any]:
    """Where tables go: beside the notes, if standard output is for JSON alone."""
    return redirect_stdout(sys.stderr) if asked.json == "-" else nullcontext()


def _refuse(asked: Tuning, config: Config) -> None:
    if config.preset in REWRITING or are_pairs(asked.data, Columns(), config.preset):
        raise HeedfulError(
            "heedful tune searches settings of classifiers; those of a network that rewrites are "
            "set by hand: heedful train PAIRS --set KEY=VALUE"
        )
    if not asked.out:
        raise HeedfulError("--out is empty; name a folder for the search")
    if asked.metric not in (None, "accuracy", "loss"):
        raise HeedfulError(f"--metric is {asked.metric}; it is accuracy or loss")


def _task(
    asked: Tuning, folder: Path, corpus: Corpus, config: Config, options: ReadOptions
) -> Task:
    labels = Labels.infer(corpus.examples, corpus.multi_label)
    if options.multi_label is None:
        tell_lists(labels)  # before hours are spent on wrong labels
    valid: Sequence[Example] = ()
    if asked.valid:
        own = replace(options, split=None, usual_split="validation", multi_label=corpus.multi_label)
        other = read(asked.valid, own)
        tell_data(other.notes, other.bad_rows)
        valid = other.examples
        labels.encode(valid)  # an unknown label is told before hours are spent
        so = "the search will favour settings that learn texts by heart"
        tell_shared(corpus.examples, valid, so)
    metric = cast(Metric, asked.metric or usual_metric(labels))
    return Task(corpus.examples, valid, labels, config, metric, config.train.seed, folder, True)


def _plan(asked: Tuning, task: Task, corpus: Corpus) -> dict[str, Any]:
    """What a search belongs to: another one must not go on with its trials."""
    return {
        "config": task.asked.to_json(),
        "data": names_of(asked.data),
        "validation_data": names_of(asked.valid),
        "fingerprint": fingerprint([*corpus.examples, *task.valid]),
        "metric": task.metric,
    }


def _tell(tuned: Tuned, folder: Path) -> None:
    for sentence in sentences(tuned):
        note(sentence, style="")
    show(best_table(tuned), "best trials")
    note(f"{folder / REPORT} written", style="bold")


def _train(
    asked: Tuning,
    folder: Path,
    tuned: Tuned,
    config: Config,
    options: ReadOptions,
    files: Sequence[str],
) -> int:
    """Train what was found on all data, as `heedful train` does."""
    run = folder / RUN
    found = apply(config, tuned.settings)
    if asked.resume and is_finished(folder, found):
        note(f"{run} holds this model already")
        return 0
    job = Job(
        tuple(files),
        asked.valid,
        str(run),
        resume=resumes(run, found, valid=bool(asked.valid)),
        overwrite=True,
        baseline=found.model.encoder != "none",
    )
    code = run_training(job, found, options)
    if code == 0:
        finish(folder, found)
    return code

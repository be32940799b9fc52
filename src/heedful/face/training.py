"""`heedful train`: read, split, fit, write the run folder."""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from heedful.config import Config
from heedful.face.cluster.engine import Cluster
from heedful.face.cluster.workers import NO_STDIN, workers_here
from heedful.face.console import Watch, metrics_table, note, show, tell_data, warn
from heedful.face.remembering import names_of
from heedful.face.run_logs import log_places
from heedful.face.run_place import made, place_of, saving_of
from heedful.face.stdin import taking_stdin
from heedful.face.unlabelled import read_unlabelled, unlabelled_facts
from heedful.learn.checkpoint import Store
from heedful.learn.companions import make_companions
from heedful.learn.fit import Fitted, finished, fit, with_machine
from heedful.learn.folder import save_run
from heedful.learn.layout import CHECKPOINT
from heedful.learn.logs import check_logs, logging_to
from heedful.learn.outcome import summarise
from heedful.learn.pretrained import check_source
from heedful.learn.pretraining import check_start
from heedful.learn.workers import Workers
from heedful.records import Example, HeedfulError
from heedful.text.corpus import Corpus, ReadOptions, fingerprint, read, split
from heedful.text.labels import Labels
from heedful.text.normalise import key


@dataclass(frozen=True)
class Job:
    """What to train on and where to put it."""

    data: tuple[str, ...]
    valid: tuple[str, ...]
    out: str
    resume: bool = False
    overwrite: bool = False
    baseline: bool = True
    unlabelled: tuple[str, ...] = ()
    logs: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Read:
    """What was read, and what is to be made of it."""

    corpus: Corpus
    train: Sequence[Example]
    valid: Sequence[Example]
    labels: Labels
    texts: list[str] | None
    facts: dict[str, Any]


def run_training(
    job: Job, config: Config, options: ReadOptions, cluster: Cluster | None = None
) -> int:
    """Train and save; returns the exit code (0 done, 130 interrupted)."""
    if cluster is not None:
        from heedful.face.cluster.train import train_on_cluster

        return train_on_cluster(train_with, job, config, options, cluster)
    with workers_here() as workers:
        return train_with(workers, job, config, options)


def train_with(workers: Workers, job: Job, config: Config, options: ReadOptions) -> int:
    """Train with others, who call this too; the leader says and writes all there is.

    Returns the exit code, of the others 0.
    """
    started = time.monotonic()
    folder, replacing = workers.first(
        lambda: place_of(job.out, resume=job.resume, overwrite=job.overwrite)
    )
    if folder is None:
        return 0
    with ExitStack() as stack:
        files = workers.together(lambda: _opened(job, folder, config, options, workers, stack))
        found = _fit(job, folder, files, config, options, workers)
    if found is None:
        return 0
    fitted, facts, files_beside = found
    save_run(finished(fitted), folder, facts, files_beside, overwrite=replacing)
    if not fitted.outcome.interrupted:
        Store(folder / CHECKPOINT).clear()
    _tell_end(fitted, folder, time.monotonic() - started)
    return 130 if fitted.outcome.interrupted else 0


def _opened(
    job: Job,
    folder: Path,
    config: Config,
    options: ReadOptions,
    workers: Workers,
    stack: ExitStack,
) -> list[str]:
    """The files to read, when there is a folder to write to."""
    check_start(config, unlabelled=bool(job.unlabelled))
    check_source(config)
    check_logs(job.logs, config)
    if workers.leads:
        stack.enter_context(made(folder))
    if workers.size > 1 and "-" in (*job.data, *job.valid):
        raise HeedfulError(NO_STDIN)
    return stack.enter_context(taking_stdin(job.data, options))


def _fit(
    job: Job,
    folder: Path,
    files: Sequence[str],
    config: Config,
    options: ReadOptions,
    workers: Workers,
) -> tuple[Fitted, dict[str, Any], dict[str, bytes]] | None:
    """The trained model, the facts about its data for config.json, and the files beside it.

    None in workers that do not lead.
    """
    # Before the plan is written: it is part of it.
    config = workers.first(lambda: with_machine(config, workers.beside))
    if job.valid:  # validation data of the user's own are for measuring, and nothing learns them
        config = replace(config, evidence=replace(config.evidence, refit=False))
    data = workers.together(lambda: _read(job, files, config, options))
    facts = data.facts | ({"workers": workers.size} if workers.size > 1 else {})
    saving = workers.lead(lambda: saving_of(folder, config, facts, resume=job.resume))
    places = workers.lead(lambda: log_places(folder, job.logs, resume=job.resume)) or {}
    epochs = None if config.train.steps else config.train.epochs
    with Watch(epochs) as watch, logging_to(watch, places) as listener:
        fitted = fit(
            data.train, data.valid, data.labels, config, saving, listener, data.texts, workers
        )
    if not workers.leads:
        return None
    splits = {"training": replace(data.corpus, examples=tuple(data.train))}
    if data.valid:
        splits["validation"] = replace(data.corpus, examples=tuple(data.valid), bad_rows=())
    try:
        return fitted, facts, make_companions(fitted, splits, watch, baseline=job.baseline)
    except KeyboardInterrupt:
        note("stopped before the run was written; the same command with --resume goes on")
        raise


def _read(job: Job, files: Sequence[str], config: Config, options: ReadOptions) -> _Read:
    """Read the data, and say what is in them."""
    corpus = read(files, options)
    tell_data(corpus.notes, corpus.bad_rows)
    train, valid = _train_and_valid(job, corpus, config, options)
    labels = Labels.infer(corpus.examples, corpus.multi_label)
    if options.multi_label is None:
        tell_lists(labels)
    note(
        f"{labels.task}: {_names(labels)}; {len(train):,} texts to train on, "
        f"{len(valid):,} to validate"
    )
    more = read_unlabelled(job.unlabelled, options)
    facts = _facts(job, options, corpus, train, valid) | unlabelled_facts(job.unlabelled, more)
    texts = [example.text for example in more] if job.unlabelled else None
    return _Read(corpus, train, valid, labels, texts, facts)


def tell_lists(labels: Labels) -> None:
    """Warn where labels look like lists of labels that were read as one each."""
    for mark in (",", "|", ";"):
        lists = [name for name in labels.names if mark in name]
        parts = {part.strip() for name in lists for part in name.split(mark)}
        if lists and len(parts & set(labels.names)) > len(parts) / 2:
            warn(
                f"labels such as {lists[0]!r} look like several labels in one cell; they are taken "
                f"for one. --label-separator '{mark}' --multi-label reads them apart, "
                "--single-label says they are right"
            )
            return


def _names(labels: Labels) -> str:
    shown = ", ".join(labels.names[:12])
    return shown + (f" and {len(labels.names) - 12} more" if len(labels.names) > 12 else "")


def _train_and_valid(
    job: Job, corpus: Corpus, config: Config, options: ReadOptions
) -> tuple[Sequence[Example], Sequence[Example]]:
    if job.valid:
        # Not the split of the training rows, and labels as these were understood.
        own = replace(options, split=None, usual_split="validation", multi_label=corpus.multi_label)
        other = read(job.valid, own)
        tell_data(other.notes, other.bad_rows)
        tell_shared(
            corpus.examples, other.examples, "the validation figures will flatter the model"
        )
        return corpus.examples, other.examples
    if config.train.validation == 0:
        warn("no validation data: training runs to its last epoch and keeps it")
        return corpus.examples, ()
    return split(corpus.examples, config.train.validation, config.train.seed)


def tell_shared(train: Sequence[Example], valid: Sequence[Example], so: str) -> None:
    """Warn of validation texts that training has seen, and say what comes of it."""
    known = {key(example.text) for example in train}
    shared = sum(key(example.text) in known for example in valid)
    if shared:
        warn(
            f"{shared:,} of {len(valid):,} validation texts also stand in the training data; "
            f"{so} (heedful check names them)"
        )


def _facts(
    job: Job,
    options: ReadOptions,
    corpus: Corpus,
    train: Sequence[Example],
    valid: Sequence[Example],
) -> dict[str, Any]:
    """What config.json says about the data; reading flags are the defaults of `evaluate`."""
    return {
        "files": names_of(job.data),
        "validation_files": names_of(job.valid),
        "train_rows": len(train),
        "valid_rows": len(valid),
        "fingerprint": fingerprint(corpus.examples),
        "split_fingerprint": fingerprint([*train, *valid]),
        "read": {k: v for k, v in asdict(options).items() if v not in (None, ())},
    }


def _tell_end(fitted: Fitted, folder: Path, seconds: float) -> None:
    outcome = fitted.outcome
    attends = fitted.model.network.attends
    kept = f"; {summarise(outcome.history, outcome.best_epoch)}" if attends else ""
    note(f"{outcome.reason}{kept}", style="")
    if fitted.validation:
        show(metrics_table({"validation": fitted.validation}), "kept model")
    note(f"{folder} written after {seconds:.0f} s", style="bold")
    if outcome.interrupted:
        note("the best model so far is saved; the same command with --resume trains on")

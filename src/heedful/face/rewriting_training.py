"""`heedful train` on pairs: read, split by source, fit, write the run folder."""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from heedful.config import Config
from heedful.face.check import tell_leaks
from heedful.face.cluster.engine import Cluster
from heedful.face.cluster.workers import NO_STDIN, workers_here
from heedful.face.console import Watch, metrics_table, note, show, tell_data, warn
from heedful.face.remembering import names_of
from heedful.face.rewriting import Columns, pairs_of
from heedful.face.run_logs import log_places
from heedful.face.run_place import made, place_of, saving_of
from heedful.learn.checkpoint import Store
from heedful.learn.fit import with_machine
from heedful.learn.layout import CHECKPOINT
from heedful.learn.logs import check_logs, logging_to
from heedful.learn.outcome import summarise
from heedful.learn.sequence_companions import sequence_companions
from heedful.learn.sequence_fit import FittedSequence, fit_sequence
from heedful.learn.sequence_folder import save_sequence_run
from heedful.learn.workers import Workers
from heedful.records import HeedfulError
from heedful.settings import check_idle, check_sequence
from heedful.text.options import ReadOptions
from heedful.text.pair_quality import check_pairs
from heedful.text.pairs import Pair, Pairs, fingerprint_of, split_by_source


@dataclass(frozen=True)
class PairJob:
    """Which pairs to train on and where to put what comes out."""

    data: tuple[str, ...]
    valid: tuple[str, ...]
    columns: Columns
    out: str
    resume: bool = False
    overwrite: bool = False
    logs: tuple[str, ...] = ()


def run_pair_training(
    job: PairJob, config: Config, options: ReadOptions, cluster: Cluster | None = None
) -> int:
    """Train and save; returns the exit code (0 done, 130 interrupted)."""
    if cluster is not None:
        from heedful.face.cluster.train import train_on_cluster

        return train_on_cluster(train_pairs_with, job, config, options, cluster)
    with workers_here() as workers:
        return train_pairs_with(workers, job, config, options)


def train_pairs_with(workers: Workers, job: PairJob, config: Config, options: ReadOptions) -> int:
    """Train with others, who call this too; the leader says and writes all there is.

    Returns the exit code, of the others 0.
    """
    started = time.monotonic()
    folder, replacing = workers.first(lambda: _place(job, config, workers))
    if folder is None:
        return 0
    with ExitStack() as stack:
        workers.lead(lambda: stack.enter_context(made(folder)))
        config = workers.first(lambda: with_machine(config, workers.beside))
        found = _fit(job, folder, config, options, workers)
    if found is None:
        return 0
    fitted, facts, beside = found
    save_sequence_run(fitted, folder, facts, beside, overwrite=replacing)
    if not fitted.outcome.interrupted:
        Store(folder / CHECKPOINT).clear()
    _tell_end(fitted, folder, time.monotonic() - started)
    return 130 if fitted.outcome.interrupted else 0


def _place(job: PairJob, config: Config, workers: Workers) -> tuple[Path | None, bool]:
    check_idle(config)
    check_sequence(config)
    check_logs(job.logs, config)
    if workers.size > 1 and "-" in (*job.data, *job.valid):
        raise HeedfulError(NO_STDIN)
    return place_of(job.out, resume=job.resume, overwrite=job.overwrite)


def _fit(
    job: PairJob, folder: Path, config: Config, options: ReadOptions, workers: Workers
) -> tuple[FittedSequence, dict[str, Any], dict[str, bytes]] | None:
    """The trained model, the facts about its data for config.json, and the files beside it.

    None in workers that do not lead.
    """
    train, valid, facts = workers.together(lambda: _read(job, config, options))
    facts |= {"workers": workers.size} if workers.size > 1 else {}
    saving = workers.lead(lambda: saving_of(folder, config, facts, resume=job.resume))
    places = workers.lead(lambda: log_places(folder, job.logs, resume=job.resume)) or {}
    epochs = None if config.train.steps else config.train.epochs
    with Watch(epochs) as watch, logging_to(watch, places) as listener:
        fitted = fit_sequence(train, valid, config, saving, listener, workers)
    if not workers.leads:
        return None
    return fitted, facts, sequence_companions(train, valid)


def _read(
    job: PairJob, config: Config, options: ReadOptions
) -> tuple[Sequence[Pair], Sequence[Pair], dict[str, Any]]:
    """The pairs to train on and those to validate with, and the facts about them."""
    given = pairs_of(job.data, options, job.columns)
    tell_data(given.notes, given.bad_rows)
    train, valid = _train_and_valid(job, given, config, options)
    note(f"{len(train):,} pairs to train on, {len(valid):,} to validate")
    return train, valid, _facts(job, options, given, train, valid)


def _train_and_valid(
    job: PairJob, given: Pairs, config: Config, options: ReadOptions
) -> tuple[Sequence[Pair], Sequence[Pair]]:
    if job.valid:
        other = pairs_of(job.valid, options, job.columns)
        tell_data(other.notes, other.bad_rows)
        tell_leaks(check_pairs({"training": given, "validation": other}))
        return given.pairs, other.pairs
    if config.train.validation == 0:
        warn("no validation data: training runs to its last epoch and keeps it")
        return given.pairs, ()
    return split_by_source(given.pairs, config.train.validation, config.train.seed)


def _facts(
    job: PairJob,
    options: ReadOptions,
    given: Pairs,
    train: Sequence[Pair],
    valid: Sequence[Pair],
) -> dict[str, Any]:
    """What config.json says about the data; the columns are the defaults of `evaluate`."""
    read = {"source": job.columns.source, "target": job.columns.target}
    read |= {"delimiter": options.delimiter, "encoding": options.encoding}
    return {
        "files": names_of(job.data),
        "validation_files": names_of(job.valid),
        "train_rows": len(train),
        "valid_rows": len(valid),
        "fingerprint": fingerprint_of(given.pairs),
        "split_fingerprint": fingerprint_of([*train, *valid]),
        "read": {name: value for name, value in read.items() if value is not None},
    }


def _tell_end(fitted: FittedSequence, folder: Path, seconds: float) -> None:
    outcome = fitted.outcome
    note(f"{outcome.reason}; {summarise(outcome.history, outcome.best_epoch)}", style="")
    if fitted.validation:
        show(metrics_table({"validation": fitted.validation}), "kept model, told the truth so far")
    note(f"{folder} written after {seconds:.0f} s", style="bold")
    if outcome.interrupted:
        note("the best model so far is saved; the same command with --resume trains on")

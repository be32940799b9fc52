"""The command's side of scoring on a cluster: hands out inputs, keeps the journal and a bar."""

from __future__ import annotations

import pickle
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from heedful.face.cluster.flow import Flow, flowing
from heedful.face.cluster.journal import Journal, Keeper
from heedful.face.cluster.places import Place, opened
from heedful.face.cluster.scoring import Done, End, Failed, Job, Scores, Writing, read_units, write
from heedful.face.cluster.shipping import packed
from heedful.face.cluster.units import Row, file_name, starts
from heedful.face.console import note
from heedful.face.output.pace import Pace
from heedful.records import HeedfulError
from heedful.text.options import ReadOptions


@dataclass(frozen=True)
class Task:
    """What is to be scored.

    Attributes:
        run: a run folder or an exported file.
        places: the inputs, in order.
        options: how they are read.
    """

    run: str
    places: Sequence[Place]
    options: ReadOptions


def score(task: Task, writing: Writing, keeper: Keeper, workers: int) -> None:
    """Every unit that is not done yet, into the store. Connected to a cluster already.

    Raises:
        HeedfulError: something cannot be read or written, or the cluster gives up.
    """
    journal = keeper.journal
    try:
        jobs = _jobs(task, journal)
        if jobs:
            _work(jobs, task, writing, keeper, workers)
        if not journal.units:
            _write_empty(writing, keeper)
        _check_whole(journal)
        journal.complete = True
    finally:
        if journal.rows or journal.complete:
            keeper.save()
        else:
            keeper.store.clear()
        if journal.rows and not journal.complete:
            note(
                f"{journal.rows:,} rows of {keeper.store.name} are kept; the same command with "
                "--resume goes on from there"
            )


def _jobs(task: Task, journal: Journal) -> list[Job]:
    before = starts(_rows(place, task.options) for place in task.places)
    return [
        Job(input, place, before[input], journal.done(input))
        for input, place in enumerate(task.places)
        if not journal.finished(input)
    ]


def _rows(place: Place, options: ReadOptions) -> Iterator[Row]:
    with opened(place, options) as stream:
        yield from stream


def _work(jobs: Sequence[Job], task: Task, writing: Writing, keeper: Keeper, workers: int) -> None:
    flow = Flow(
        worker=Scores,
        arguments=(packed(task.run), writing),
        read=read_units,
        options=(task.options, writing.beside),
    )
    shares = _Shares(task.places, jobs)
    with Pace(shares, keeper.journal.rows) as pace:
        for cell in flowing([pickle.dumps(job) for job in jobs], flow, workers):
            _take(pickle.loads(cell), keeper.journal, shares)
            keeper.now_and_then()
            pace(keeper.journal.rows)


def _take(found: Any, journal: Journal, shares: _Shares) -> None:
    """What a worker says.

    Raises:
        HeedfulError: that it cannot go on.
    """
    if isinstance(found, Failed):
        raise HeedfulError(found.message)
    if isinstance(found, End):
        journal.ends[found.input] = found.units
    elif isinstance(found, Done):
        journal.add(found.input, found.number, found.rows, found.errors)
        shares.add(found.input, found.share)


class _Shares:
    """How much of all inputs is done, by bytes; more or less, as units overtake each other."""

    def __init__(self, places: Sequence[Place], jobs: Sequence[Job]) -> None:
        self._sizes = [place.size for place in places]
        waiting = {job.input for job in jobs}
        self._done = [0.0 if input in waiting else 1.0 for input in range(len(places))]

    def add(self, input: int, share: float | None) -> None:
        self._done[input] = max(self._done[input], share or 0.0)

    def __call__(self) -> float | None:
        sizes = [size for size in self._sizes if size is not None]
        if len(sizes) < len(self._sizes) or not sum(sizes):
            return None
        return sum(size * done for size, done in zip(sizes, self._done, strict=True)) / sum(sizes)


def _write_empty(writing: Writing, keeper: Keeper) -> None:
    """No rows: one file that has none, but the columns."""
    name = file_name(0, 0, writing.inputs)
    write(iter(()), writing.columns, lambda file: keeper.store.put(name, file))
    keeper.journal.add(0, 0, 0, 0)
    keeper.journal.ends[0] = 1


def _check_whole(journal: Journal) -> None:
    missing = [n for n in range(journal.inputs) if not journal.finished(n)]
    if missing:
        raise HeedfulError(
            f"the cluster has lost rows of {len(missing):,} inputs; the same command with --resume "
            "scores them"
        )

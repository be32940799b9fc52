"""Scoring piece by piece into an output, with a bar: what every kind of model shares."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any

from heedful.face.output.asked import Output
from heedful.face.output.column import Column, Record
from heedful.face.output.journal import Journal
from heedful.face.output.pace import Pace, worth_a_bar
from heedful.face.output.target import opened, tell


@dataclass(frozen=True)
class Scoring:
    """What is to be scored, and as what it is written.

    Attributes:
        records: given how many pieces are done and how many threads to use, the records of the
            others, a piece at a time. It must cut the rows into the same pieces each time.
        columns: of a table of them.
        identity: what the output follows from (`identity.identity`); called for files only.
        share: how much of the input has been read, 0 to 1, None where it is not known; None = the
            input is no file, and too small for a bar.
        threads: that scoring uses.
    """

    records: Callable[[int, int], Iterable[Sequence[Record]]]
    columns: Sequence[Column]
    identity: Callable[[], dict[str, Any]]
    share: Callable[[], float | None] | None
    threads: int


def write_scored(scoring: Scoring, output: Output) -> Journal:
    """Everything that is not written yet; what there is to say of it is said.

    Raises:
        HeedfulError: something cannot be read, written or gone on with.
    """
    with opened(output, scoring.columns, scoring.identity, scoring.threads) as target:
        journal, pace = target.journal, None
        if scoring.share is not None and worth_a_bar(output.path) and not journal.complete:
            pace = Pace(scoring.share, journal.rows)
        with pace or nullcontext():
            left = () if journal.complete else scoring.records(journal.pieces, journal.threads)
            for piece in left:
                target.write(piece)
                if pace:
                    pace(target.journal.rows)
    tell(target.journal, output)
    return target.journal

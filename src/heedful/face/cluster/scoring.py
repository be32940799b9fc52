"""What workers of `heedful predict --engine ray` do: inputs become units, units become files."""

from __future__ import annotations

import pickle
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from heedful.face.cluster.places import Place, opened
from heedful.face.cluster.shipping import Shipped, load
from heedful.face.cluster.store import store_at
from heedful.face.cluster.units import Unit, cut, file_name
from heedful.face.output.column import Column, Record
from heedful.face.output.parquet import write_parquet
from heedful.face.output.pieces import arrow
from heedful.face.scorer import MANY_CHARACTERS, Scorer
from heedful.face.scoring import records_of
from heedful.records import HeedfulError
from heedful.text.options import ReadOptions


@dataclass(frozen=True)
class Job:
    """An input to read.

    Attributes:
        input: its place in the list.
        place: where it lies.
        before: as `units.cut` takes it.
        done: units that are there already.
    """

    input: int
    place: Place
    before: int
    done: frozenset[int]


@dataclass(frozen=True)
class End:
    """An input has been read to its end: so many units."""

    input: int
    units: int


@dataclass(frozen=True)
class Done:
    """A unit's file is written."""

    input: int
    number: int
    rows: int
    errors: int
    share: float | None


@dataclass(frozen=True)
class Failed:
    """What cannot go on: one line."""

    message: str


@dataclass(frozen=True)
class Writing:
    """What becomes of scored rows.

    Attributes:
        output: path or address of the folder.
        columns: of the files.
        inputs: how many there are.
        with_text: repeat the text in each row.
        beside: names of the input's other columns that are kept.
    """

    output: str
    columns: tuple[Column, ...]
    inputs: int
    with_text: bool
    beside: tuple[str, ...]


def read_units(job: bytes, options: ReadOptions, beside: Sequence[str]) -> Iterator[bytes]:
    """The units of an input that are not done, then its End, pickled."""
    asked: Job = pickle.loads(job)
    try:
        with opened(asked.place, options) as stream:
            stream.columns = tuple(beside)
            number = 0
            for rows in stream.parts():
                for unit in cut(rows, asked.input, asked.before, stream.share):
                    number = unit.number + 1
                    if unit.number not in asked.done:
                        yield pickle.dumps(unit)
        yield pickle.dumps(End(asked.input, number))
    except (HeedfulError, OSError) as error:
        yield pickle.dumps(Failed(str(error)))


class Scores:
    """Scores units; what is no unit passes through. Everything pickled.

    Args:
        shipped: the model.
        writing: what becomes of the rows.
    """

    def __init__(self, shipped: Shipped, writing: Writing) -> None:
        self._shipped = shipped
        self._writing, self._store = writing, store_at(writing.output)
        self._many: Scorer | None = None

    def __call__(self, cell: bytes) -> bytes:
        """A Done, an End or a Failed."""
        unit = pickle.loads(cell)
        if not isinstance(unit, Unit):
            return cell
        try:
            return pickle.dumps(self._scored(unit))
        except (HeedfulError, OSError) as error:
            return pickle.dumps(Failed(str(error)))

    def about(self, cell: bytes) -> str:
        """Which rows a cell holds, for messages."""
        unit = pickle.loads(cell)
        if not isinstance(unit, Unit):
            return "no rows"
        first, last = unit.pieces[0][0], unit.pieces[-1][-1]
        return f"{first.source}, rows {first.row:,} to {last.row:,}"

    def _scored(self, unit: Unit) -> Done:
        scorer, writing = self._scorer(unit.before), self._writing
        pieces = (
            records_of(scorer, piece, 1, writing.with_text, writing.beside) for piece in unit.pieces
        )
        name = file_name(unit.input, unit.number, writing.inputs)
        rows, errors = write(pieces, writing.columns, lambda file: self._store.put(name, file))
        return Done(unit.input, unit.number, rows, errors, unit.share)

    def _scorer(self, before: int) -> Scorer:
        """Prepared as the local engine's is after so many characters."""
        if before < MANY_CHARACTERS:  # the first units of all: a network that is not prepared
            scorer = load(self._shipped)
            scorer.pass_over([" " * before])
            return scorer
        if self._many is None:
            self._many = load(self._shipped)
            self._many.pass_over([" " * MANY_CHARACTERS])
        return self._many


def write(
    pieces: Iterator[list[dict[str, Any]]],
    columns: Sequence[Column],
    put: Callable[[Path], None],
) -> tuple[int, int]:
    """Records as a Parquet file such as the local engine writes.

    Args:
        pieces: the records.
        columns: of the file.
        put: takes it where it belongs.

    Returns:
        How many rows, and how many of them have an error.
    """
    rows = errors = 0
    with tempfile.TemporaryDirectory(prefix="heedful-") as folder:
        waiting, file = Path(folder) / "pieces", Path(folder) / "file"
        with waiting.open("wb") as target:
            for records in pieces:
                target.write(arrow(records, columns))
                rows, errors = rows + len(records), errors + sum(map(_has_error, records))
        write_parquet(waiting, file, columns)
        put(file)
    return rows, errors


def _has_error(record: Record) -> bool:
    return "error" in record

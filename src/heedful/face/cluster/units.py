"""The units of work of a cluster: some pieces of one input, which become one file of the output.

Pieces are those of the local engine, so that the same texts meet in a batch, and a row's figures
are the same to the last bit.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice

from heedful.face.scorer import MANY_CHARACTERS
from heedful.face.scoring import chunks
from heedful.records import BadRow, Example

PIECES = 8
"""Of a unit: up to 32,768 rows or 16 million characters."""
Row = Example | BadRow


@dataclass(frozen=True)
class Unit:
    """A unit of work.

    Attributes:
        input: which input its rows are of, by its place in the sorted list.
        number: which unit of that input.
        before: characters of all rows before it, `MANY_CHARACTERS` at most: what comes after so
            many is scored by a network that has prepared for many.
        share: how much of the input has been read, 0 to 1; None where that is not known.
        pieces: its rows; each piece is scored together.
    """

    input: int
    number: int
    before: int
    share: float | None
    pieces: tuple[tuple[Row, ...], ...]


def cut(
    rows: Iterable[Row], input: int, before: int, share: Callable[[], float | None]
) -> Iterator[Unit]:
    """The units of an input.

    Args:
        rows: all its rows, in order.
        input: its place in the list.
        before: characters of all inputs before it, `MANY_CHARACTERS` at most.
        share: asked when a unit is read.
    """
    pieces = map(tuple, chunks(rows))
    number = 0
    while some := tuple(islice(pieces, PIECES)):
        yield Unit(input, number, before, share(), some)
        before = min(MANY_CHARACTERS, before + sum(map(characters, some)))
        number += 1


def characters(rows: Iterable[Row]) -> int:
    """Of the rows that are scored."""
    return sum(len(row.text) for row in rows if isinstance(row, Example))


def starts(inputs: Iterable[Iterable[Row]]) -> list[int]:
    """`before` of each input; no more is read than that takes.

    Args:
        inputs: the rows of each; an input after `MANY_CHARACTERS` is not gone through.
    """
    found, before = [], 0
    for rows in inputs:
        found.append(before)
        for row in rows if before < MANY_CHARACTERS else ():
            before = min(MANY_CHARACTERS, before + characters([row]))
            if before == MANY_CHARACTERS:
                break
    return found


def file_name(input: int, number: int, inputs: int) -> str:
    """Of a unit's file: names sort as the rows do."""
    width = max(5, len(str(inputs - 1)))
    return f"part-{input:0{width}}-{number:06}.parquet"

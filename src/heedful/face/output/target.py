"""Where records go: standard output, or a file that appears whole and can be gone on with."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from heedful.face.console import note
from heedful.face.output.asked import Output
from heedful.face.output.column import Column, Record
from heedful.face.output.journal import Journal
from heedful.face.output.parts import Parts
from heedful.face.output.pieces import (
    arrow,
    compressed,
    csv_head,
    csv_lines,
    json_lines,
    npy_head,
    npy_rows,
)


class Target(Protocol):
    """Takes records, piece by piece."""

    @property
    def journal(self) -> Journal:
        """What it has taken, earlier runs of the command included."""

    def write(self, records: Sequence[Record]) -> None:
        """One piece."""


@dataclass(frozen=True)
class Form:
    """How records become bytes: what stands first, and each piece after it."""

    head: bytes
    piece: Callable[[Sequence[Record]], bytes]


def form(output: Output, columns: Sequence[Column]) -> Form:
    """As the output's format and compression say."""
    if output.format == "jsonl":
        found = Form(b"", json_lines)
    elif output.format == "csv":
        found = Form(csv_head(columns), lambda records: csv_lines(records, columns))
    elif output.format == "npy":
        vector = columns[-1]
        found = Form(npy_head(0, vector.width), lambda records: npy_rows(records, vector))
    else:
        found = Form(b"", lambda records: arrow(records, columns))
    how, piece = output.compression, found.piece
    if how is None or output.path == "-":
        return found
    head = compressed(found.head, how) if found.head else b""
    return Form(head, lambda records: compressed(piece(records), how))


class Printed:
    """Standard output, as it comes."""

    def __init__(self, form: Form, threads: int) -> None:
        self.journal = Journal({}, threads)
        self._form = form
        sys.stdout.write(form.head.decode())

    def write(self, records: Sequence[Record]) -> None:
        """One piece."""
        data = self._form.piece(records)
        sys.stdout.write(data.decode())
        self.journal = self.journal.after(len(data), records)


class Filed:
    """A file's pieces, which become the file in the end."""

    def __init__(self, parts: Parts, form: Form) -> None:
        self._parts = parts
        self._form = form
        if not parts.journal.bytes:
            parts.begin(form.head)

    @property
    def journal(self) -> Journal:
        """Of the file, earlier runs of the command included."""
        return self._parts.journal

    def write(self, records: Sequence[Record]) -> None:
        """One piece, which is kept for good some seconds later at most."""
        self._parts.append(self._form.piece(records), records)
        self._parts.keep_now_and_then()


@contextmanager
def opened(
    output: Output,
    columns: Sequence[Column],
    identity: Callable[[], dict[str, Any]],
    threads: int,
) -> Iterator[Target]:
    """Where the records of a command go. A file appears under its name only when it is whole.

    What is broken off is kept, as far as it has come; `output.resume` goes on from there.

    Args:
        output: what is asked for.
        columns: of a table.
        identity: `identity.identity` of this command; only called for a file.
        threads: that scoring uses, unless what is gone on with was begun with another number.

    Raises:
        HeedfulError: it cannot be written, or not be gone on with.
    """
    output.check()
    if output.path == "-":
        yield Printed(form(output, columns), threads)
        sys.stdout.flush()
        return
    parts = Parts(Path(output.path), output.resume, Journal(identity(), threads))
    with parts:
        yield Filed(parts, form(output, columns))
        if output.format == "npy":  # how many rows come is only known now
            parts.change_head(npy_head(parts.journal.rows, columns[-1].width))
        parts.finish(columns if output.format == "parquet" else None)


def tell(journal: Journal, output: Output) -> None:
    """How many rows were written, and where."""
    if output.path != "-" or journal.errors:
        where = "" if output.path == "-" else f" in {output.path}"
        rows = f"{journal.rows:,} row{'s' if journal.rows != 1 else ''}"
        note(f"{rows}{where}, {journal.errors:,} with an error")

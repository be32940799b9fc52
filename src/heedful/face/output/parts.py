"""A half-written output beside its name: the pieces so far, and the journal that vouches for them.

| `.NAME.parts/` | holds |
|---|---|
| pieces | what has been written, one piece after the other |
| journal.json | how much of it is kept for good, and what it was made from |
| whole | Parquet only: the file, while it is made of the pieces |
| lock | held by the process that writes |
"""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import IO

from heedful.face.console import note
from heedful.face.output.column import Column, Record
from heedful.face.output.identity import difference
from heedful.face.output.journal import Journal, read_journal
from heedful.face.output.locking import locked
from heedful.face.output.parquet import write_parquet
from heedful.records import HeedfulError

EVERY = 2.0
"""Seconds between two journals: what a killed command has to do again, more or less."""


class Parts:
    """The pieces of an output. A context manager; left by an error it says what is kept.

    Args:
        path: the output.
        resume: go on with what lies there.
        blank: the journal of an output that is begun.

    Raises:
        HeedfulError: it cannot be written, another process writes it, or what lies there was made
            from something else.
    """

    def __init__(self, path: Path, resume: bool, blank: Journal) -> None:
        self.path = path
        self.folder = path.with_name(f".{path.name}.parts")
        self._pieces = self.folder / "pieces"
        self._journal = self.folder / "journal.json"
        self._kept = 0  # rows in the journal as it lies there
        self._file: IO[bytes] | None = None
        with self._writing():
            self.folder.mkdir(exist_ok=True)
            self._lock = locked(self.folder / "lock", path)
            try:
                self.journal = self._resumed(blank) if resume else self._anew(blank)
                self._open()
            except BaseException:
                self._lock.close()
                raise
        self._saved = time.monotonic()

    def _anew(self, blank: Journal) -> Journal:
        with suppress(HeedfulError):
            old = read_journal(self._journal)
            if old and old.rows:
                note(
                    f"the {old.rows:,} rows of {self.path} that an interrupted command has left "
                    "are thrown away; --resume goes on with them"
                )
        self._journal.unlink(missing_ok=True)
        self._pieces.unlink(missing_ok=True)
        return blank

    def _resumed(self, blank: Journal) -> Journal:
        old = read_journal(self._journal)
        if old is None:
            if self.path.exists():
                shutil.rmtree(self.folder, ignore_errors=True)
                raise HeedfulError(
                    f"{self.path} lies there whole and nothing is left to resume; leave out "
                    "--resume to write it anew"
                )
            note(f"nothing of {self.path} is left to go on with; it is begun")
            return self._anew(blank)
        if found := difference(old.identity, blank.identity):
            raise HeedfulError(
                f"{self.path} cannot be resumed: {found}; leave out --resume to write it anew"
            )
        note(f"{self.path}: {old.rows:,} rows are done already")
        return old

    def _open(self) -> None:
        """The pieces, without what the journal does not vouch for."""
        journal = self.journal
        self._kept = journal.rows
        if journal.complete and not self._pieces.exists() and self.path.exists():
            return  # killed after the file had its name
        self._file = self._pieces.open("ab")
        if self._file.tell() < journal.bytes:
            raise HeedfulError(f"{self._pieces} is damaged; run the command without --resume")
        self._file.truncate(journal.bytes)
        if not journal.bytes:
            journal.save(self._journal)

    def begin(self, head: bytes) -> None:
        """What stands before all pieces.

        Raises:
            HeedfulError: it cannot be written.
        """
        self._write(head)
        self.journal = replace(self.journal, bytes=len(head))

    def change_head(self, head: bytes) -> None:
        """Another head, exactly as long, in the place of the first.

        Raises:
            HeedfulError: it cannot be written.
        """
        if self._file is None:
            return
        with self._writing():
            self._file.flush()
            with self._pieces.open("rb+") as file:
                file.write(head)
                file.flush()
                os.fsync(file.fileno())

    def append(self, data: bytes, records: Sequence[Record]) -> None:
        """One piece more, made of these records.

        Raises:
            HeedfulError: it cannot be written.
        """
        self._write(data)
        # In one step, after it is done: Ctrl-C may come in between any two.
        self.journal = self.journal.after(len(data), records)

    def _write(self, data: bytes) -> None:
        if self._file is not None:
            with self._writing():
                self._file.write(data)

    def keep_now_and_then(self) -> None:
        """`keep`, unless that was moments ago."""
        if time.monotonic() - self._saved >= EVERY:
            self.keep()

    def keep(self) -> None:
        """Whatever happens now, the pieces so far stay."""
        if self._file is None:
            return
        with self._writing():
            self._file.flush()
            os.fsync(self._file.fileno())
            self.journal.save(self._journal)
        self._kept = self.journal.rows
        self._saved = time.monotonic()

    def finish(self, columns: Sequence[Column] | None) -> None:
        """The file under its name.

        Args:
            columns: the pieces are those of a table with these, and become Parquet.
        """
        self.journal = replace(self.journal, complete=True)
        self.keep()
        file, self._file = self._file, None  # nothing is kept any more that is not
        if file is not None:
            with self._writing():
                file.close()
                if columns is None:
                    self._pieces.replace(self.path)
                else:
                    whole = self.folder / "whole"
                    write_parquet(self._pieces, whole, columns)
                    whole.replace(self.path)
        self._remove()

    def __enter__(self) -> Parts:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is not None and self.folder.exists():
            self._broken_off(by_hand=issubclass(kind, KeyboardInterrupt))
        if self._file is not None:
            with suppress(OSError):  # what could not be written before cannot now
                self._file.close()
        self._lock.close()

    def _broken_off(self, *, by_hand: bool) -> None:
        if by_hand:
            with suppress(HeedfulError):
                self.keep()
        piped = {"name": "-"} in self.journal.identity.get("inputs", ())
        if self._kept and not piped:
            note(
                f"{self._kept:,} rows of {self.path} are kept; the same command with --resume "
                "goes on from there"
            )
        else:
            self._remove()

    def _remove(self) -> None:
        # The journal last: without it nothing says that the pieces are whole.
        self._pieces.unlink(missing_ok=True)
        shutil.rmtree(self.folder, ignore_errors=True)

    @contextmanager
    def _writing(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            reason = error.strerror or error
            raise HeedfulError(f"{self.path} cannot be written: {reason}") from None

"""The journal of a half-written output: what is kept for good, and what it was made from."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from heedful.face.output.column import Record
from heedful.learn.files import write_json
from heedful.records import HeedfulError

FORMAT = 1


@dataclass(frozen=True)
class Journal:
    """How far an output has come.

    Attributes:
        identity: what the output follows from.
        threads: that scoring uses; sums round differently with another number.
        pieces: how many are in the file of pieces, whole and durable.
        rows: that they hold.
        errors: rows of them that could not be used.
        cut: rewritings of them that were cut off.
        bytes: length of the file of pieces.
        complete: whether these are all pieces.
    """

    identity: dict[str, Any]
    threads: int
    pieces: int = 0
    rows: int = 0
    errors: int = 0
    cut: int = 0
    bytes: int = 0
    complete: bool = False
    format: int = field(default=FORMAT)

    def after(self, length: int, records: Sequence[Record]) -> Journal:
        """With one more piece: of so many bytes, made of these records."""
        return replace(
            self,
            pieces=self.pieces + 1,
            rows=self.rows + len(records),
            errors=self.errors + sum("error" in record for record in records),
            cut=self.cut + sum(not record.get("finished", True) for record in records),
            bytes=self.bytes + length,
        )

    def save(self, path: Path) -> None:
        """Write it: the file is the old one or the new one, never a part."""
        write_json(path, asdict(self))


def read_journal(path: Path) -> Journal | None:
    """What lies there; None where nothing does.

    Raises:
        HeedfulError: it is no journal of ours.
    """
    try:
        found = Journal(**json.loads(path.read_bytes()))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, TypeError, RecursionError):
        found = None
    if found is None or found.format != FORMAT or not _counts(found):
        raise HeedfulError(f"{path} is damaged; run the command without --resume")
    return found


def _counts(found: Journal) -> bool:
    numbers = (found.threads, found.pieces, found.rows, found.errors, found.cut, found.bytes)
    whole = all(type(value) is int and value >= 0 for value in numbers)
    return whole and type(found.complete) is bool and isinstance(found.identity, dict)

"""The journal of a half-written output: what is kept for good, and what it was made from."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from heedful.learn.files import write_json
from heedful.records import HeedfulError

FORMAT = 1


@dataclass
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

"""Which units of a folder of results are done: told by workers, kept by the command."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from heedful.face.cluster.store import Store
from heedful.face.cluster.units import file_name
from heedful.face.console import note
from heedful.face.output.identity import difference
from heedful.records import HeedfulError

FORMAT = 1
EVERY = 2.0
"""Seconds between two times that it is saved: what is done again after a kill, more or less."""


@dataclass
class Journal:
    """What is done.

    Attributes:
        identity: what the results follow from.
        inputs: how many there are.
        units: of each input the units that are done -> rows, and rows with an error.
        ends: of the inputs that have been read to their end, how many units they have.
        complete: whether that is all.
    """

    identity: dict[str, Any]
    inputs: int
    units: dict[int, dict[int, tuple[int, int]]] = field(default_factory=dict)
    ends: dict[int, int] = field(default_factory=dict)
    complete: bool = False

    @property
    def rows(self) -> int:
        """Of all units that are done."""
        return sum(rows for units in self.units.values() for rows, _ in units.values())

    @property
    def errors(self) -> int:
        """Rows of them that could not be used."""
        return sum(errors for units in self.units.values() for _, errors in units.values())

    def add(self, input: int, number: int, rows: int, errors: int) -> None:
        """A unit is done; it may be said twice."""
        self.units.setdefault(input, {})[number] = (rows, errors)

    def done(self, input: int) -> frozenset[int]:
        """Units of an input that are."""
        return frozenset(self.units.get(input, ()))

    def finished(self, input: int) -> bool:
        """Whether all units of an input are done."""
        end = self.ends.get(input)
        return end is not None and self.done(input) == frozenset(range(end))

    def names(self) -> list[str]:
        """The files of all units, in the order of the rows."""
        return [
            file_name(input, number, self.inputs)
            for input in sorted(self.units)
            for number in sorted(self.units[input])
        ]

    def to_json(self) -> dict[str, Any]:
        """For a file."""
        units = [[i, n, *done] for i, some in self.units.items() for n, done in some.items()]
        return {
            "format": FORMAT,
            "identity": self.identity,
            "inputs": self.inputs,
            "units": units,
            "ends": list(self.ends.items()),
            "complete": self.complete,
        }


def read_journal(content: bytes, where: str) -> Journal:
    """What `to_json` made.

    Raises:
        HeedfulError: it is damaged.
    """
    try:
        found = json.loads(content)
        if found["format"] != FORMAT:
            raise ValueError
        journal = Journal(dict(found["identity"]), int(found["inputs"]))
        for input, number, rows, errors in found["units"]:
            journal.add(int(input), int(number), int(rows), int(errors))
        journal.ends = {int(input): int(count) for input, count in found["ends"]}
        journal.complete = bool(found["complete"])
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        raise HeedfulError(
            f"the journal of {where} is damaged; run the command without --resume"
        ) from None
    return journal


def begun(store: Store, identity: Mapping[str, Any], inputs: int, *, resume: bool) -> Journal:
    """The journal of a folder that is begun, or gone on with; anything else of it is cleared.

    Raises:
        HeedfulError: there is nothing to go on with but a whole folder, or it was made from
            something else.
    """
    blank = Journal(dict(identity), inputs)
    saved = store.saved()
    if not resume:
        if saved is not None:
            note(
                f"what an interrupted command has left of {store.name} is thrown away; --resume "
                "goes on with it"
            )
        store.clear()
        return blank
    if saved is None:
        if store.listed():
            raise HeedfulError(
                f"{store.name} lies there whole and nothing is left to resume; leave out --resume "
                "to write it anew"
            )
        note(f"nothing of {store.name} is left to go on with; it is begun")
        store.clear()
        return blank
    old = read_journal(saved, store.name)
    if found := difference(old.identity, blank.identity):
        raise HeedfulError(
            f"{store.name} cannot be resumed: {found}; leave out --resume to write it anew"
        )
    note(f"{store.name}: {old.rows:,} rows are done already")
    return old


class Keeper:
    """Saves a journal now and then, and whenever it is asked to."""

    def __init__(self, store: Store, journal: Journal) -> None:
        self.store, self.journal = store, journal
        self._saved = time.monotonic()

    def now_and_then(self) -> None:
        """`save`, unless that was moments ago."""
        if time.monotonic() - self._saved >= EVERY:
            self.save()

    def save(self) -> None:
        """Whatever happens now, what is done stays."""
        self.store.save(self.journal.to_json())
        self._saved = time.monotonic()

"""One file, folder or generated set of a corpus, whatever its format."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from heedful.records import BadRow, Example
from heedful.text.gauge import Gauge


@dataclass(frozen=True)
class Part:
    """What every reader gives.

    Attributes:
        source: name for messages.
        items: yields one Example or BadRow for each row, in order; may be called again.
        notes: what is said aloud about it.
        multi_label: whether a row may carry several labels.
        empty_is_an_answer: an example without labels has none of them (an empty list),
            rather than being unlabelled.
        gauge: how far its items have been read, where that is known.
        beside: names of the columns whose cells its items carry.
    """

    source: str
    items: Callable[[], Iterator[Example | BadRow]]
    notes: tuple[str, ...] = ()
    multi_label: bool = False
    empty_is_an_answer: bool = False
    gauge: Gauge | None = None
    beside: tuple[str, ...] = ()

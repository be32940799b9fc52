"""A file that is scored in the background: how far it is, and what came out."""

from __future__ import annotations

import csv
import io
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import Future
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any, Protocol

from heedful.records import BadRow, Example, HeedfulError

CHUNK = 32
"""Texts that are scored at once: a request never waits for more of a file than this."""
CHUNK_CHARACTERS = 40_000


class Scorer(Protocol):
    """What a model does with the rows of a file."""

    columns: tuple[str, ...]

    def submit(self, texts: list[str]) -> Future[list[Any]]:
        """Queue some texts, behind whoever waits for an answer."""

    def cells(self, answer: Any) -> list[Any]:
        """The cells of an answer, one per column."""

    def label(self, answer: Any) -> tuple[str, float]:
        """What a summary counts an answer as, and how sure the model is of it."""


@dataclass(eq=False)
class Filed:
    """A file and its state.

    Attributes:
        id: unguessable.
        model: the name of the model.
        folder: holds the file and the result, and nothing else.
        size: bytes of the file.
        state: waiting, scoring, done, failed.
        rows: of the file; None until they have been counted.
        done, errors: rows that have an answer or an error; those that have an error.
        reason: why it failed.
        counts, sums: per label how many, and the sum of their probabilities.
        ended: when it came or, once nothing more happens, when that was; by the monotonic clock.
    """

    id: str
    model: str
    folder: Path
    size: int
    state: str = "waiting"
    rows: int | None = None
    done: int = 0
    errors: int = 0
    reason: str | None = None
    counts: Counter[str] = field(default_factory=Counter)
    sums: dict[str, float] = field(default_factory=dict)
    ended: float = field(default_factory=time.monotonic)
    cancelled: threading.Event = field(default_factory=threading.Event)

    @property
    def result(self) -> Path:
        """Where the answers are."""
        return self.folder / "result.csv"

    @property
    def finished(self) -> bool:
        """Whether nothing more happens to it."""
        return self.state in ("done", "failed")

    def to_json(self) -> dict[str, Any]:
        """As GET /files/{id} tells it. Bytes read are told in proportion to the rows."""
        counts = dict(self.counts)
        read = self.size if self.state == "done" else 0
        if self.rows:
            read = self.size * self.done // self.rows
        return {
            "id": self.id,
            "model": self.model,
            "state": self.state,
            "rows": self.rows,
            "done": self.done,
            "errors": self.errors,
            "bytes_read": read,
            "bytes": self.size,
            "reason": self.reason,
            "summary": [
                {"label": label, "count": count, "mean_probability": self.sums[label] / count}
                for label, count in sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))
            ],
        }

    def count(self, label: str, probability: float) -> None:
        """Add an answer to the summary."""
        # The sum first: whoever reads the counts meanwhile finds a sum for each.
        self.sums[label] = self.sums.get(label, 0.0) + probability
        self.counts[label] += 1


def score_file(filed: Filed, rows: Iterator[Example | BadRow], scorer: Scorer, most: int) -> None:
    """Write the answers of all rows, in their order, chunk by chunk; memory stays flat.

    Raises:
        HeedfulError: they are more than `most` bytes; no byte beyond is written.
    """
    left = most
    with filed.result.open("wb") as stream:
        text: bytes | None = _csv([["row", "text", *scorer.columns, "error"]])
        while text is not None:
            left -= len(text)
            if left < 0:
                raise HeedfulError(
                    f"the answers are larger than {most:,} bytes (--max-result); "
                    "send the file in parts"
                )
            stream.write(text)
            text = None if filed.cancelled.is_set() else _answered(filed, rows, scorer)


def _answered(filed: Filed, rows: Iterator[Example | BadRow], scorer: Scorer) -> bytes | None:
    """The lines of the next rows; None after the last."""
    if not (chunk := _chunk(rows)):
        return None
    texts = [row.text for row in chunk if isinstance(row, Example)]
    answers = iter(scorer.submit(texts).result() if texts else ())
    lines = [_line(filed, row, answers, scorer) for row in chunk]
    filed.done += len(chunk)
    return _csv(lines)


def _csv(lines: list[list[Any]]) -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text).writerows(lines)
    return text.getvalue().encode("utf-8")


def _chunk(rows: Iterator[Example | BadRow]) -> list[Example | BadRow]:
    chunk: list[Example | BadRow] = []
    size = 0
    for row in islice(rows, CHUNK):
        chunk.append(row)
        size += len(row.text) if isinstance(row, Example) else 0
        if size >= CHUNK_CHARACTERS:
            break
    return chunk


def _line(filed: Filed, row: Example | BadRow, answers: Iterator[Any], scorer: Scorer) -> list[Any]:
    if isinstance(row, BadRow):
        filed.errors += 1
        return [row.row, "", *[""] * len(scorer.columns), row.reason]
    answer = next(answers)
    filed.count(*scorer.label(answer))
    return [row.row, row.text, *scorer.cells(answer), ""]

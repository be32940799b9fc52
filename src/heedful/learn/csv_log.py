"""Training as two CSV files: epochs.csv, a row an epoch, and batches.csv, a row a batch."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import IO, Any

from heedful.learn.files import write_bytes
from heedful.learn.recording import Step
from heedful.records import Epoch

EPOCHS, BATCHES = "epochs.csv", "batches.csv"
COLUMNS = ("step", "epoch", "loss", "learning_rate", "tokens", "seconds", "tokens_per_second")


class CsvLog:
    """Writes both files. What is not a number becomes an empty cell.

    A row is written out as soon as it is there. epochs.csv is written anew each time, whole or not
    at all; of batches.csv a kill may leave half a row, which goes when training is resumed.

    Args:
        folder: made if it is not there.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.epochs: list[Epoch] = []
        self.stream: IO[str] | None = None

    def rewind(self, step: int, epochs: Sequence[Epoch]) -> None:
        """See `recording.Log`."""
        self.close()
        self.folder.mkdir(parents=True, exist_ok=True)
        self.epochs = list(epochs)
        self._write_epochs()
        path = self.folder / BATCHES
        kept = _rows_until(path, step) if step else []
        write_bytes(path, _lines([COLUMNS, *kept]).encode())
        self.stream = path.open("a", encoding="utf-8", newline="")

    def step(self, step: Step) -> None:
        """See `recording.Log`."""
        if self.stream is None:
            return
        values = (_cell(getattr(step, name)) for name in COLUMNS)
        self.stream.write(_lines([list(values)]))
        self.stream.flush()

    def epoch(self, epoch: Epoch) -> None:
        """See `recording.Log`."""
        self.epochs.append(epoch)
        self._write_epochs()

    def close(self) -> None:
        """See `recording.Log`."""
        if self.stream is not None:
            self.stream.close()
            self.stream = None

    def _write_epochs(self) -> None:
        rows = [_row(epoch) for epoch in self.epochs]
        columns = list(dict.fromkeys(name for row in rows for name in row))
        cells = [[row.get(name, "") for name in columns] for row in rows]
        write_bytes(self.folder / EPOCHS, _lines([columns, *cells] if columns else []).encode())


def _row(epoch: Epoch) -> dict[str, str]:
    """An epoch by column: `train_loss`, `valid_accuracy`, ..."""
    found: dict[str, Any] = {}
    for name, value in epoch.to_json().items():
        inner = value.items() if isinstance(value, dict) else [("", value)]
        found |= {f"{name}_{metric}" if metric else name: number for metric, number in inner}
    return {name: _cell(value) for name, value in found.items()}


def _cell(value: float) -> str:
    if isinstance(value, int):
        return str(value)
    return f"{value:.7g}" if math.isfinite(value) else ""


def _rows_until(path: Path, step: int) -> list[list[str]]:
    """The whole rows of batches up to a step; none where the file is not one of ours."""
    if not path.exists():
        return []
    text = path.read_text(encoding="utf-8", errors="replace")
    whole = text[: text.rfind("\n") + 1]  # a kill may have cut the last one
    rows = list(csv.reader(whole.splitlines()))
    if not rows or tuple(rows[0]) != COLUMNS:
        return []
    return [row for row in rows[1:] if row and row[0].isdigit() and int(row[0]) <= step]


def _lines(rows: Iterable[Sequence[str]]) -> str:
    stream = io.StringIO(newline="")
    csv.writer(stream, lineterminator="\n").writerows(rows)
    return stream.getvalue()

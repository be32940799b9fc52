"""Where output goes: results to stdout, everything else to stderr; and the progress bar."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TextIO

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
)
from rich.table import Table
from rich.text import Text

from heedful.face.controls import harmless
from heedful.learn.files import finite, write_bytes
from heedful.learn.measures import COUNTS, FIGURES, RIVALS
from heedful.records import BadRow, Epoch, HeedfulError

PLAIN_EVERY = 30.0  # seconds between progress lines where there is no live terminal


_instead: tuple[TextIO | None, TextIO | None] = (None, None)


@contextmanager
def shown_on(out: TextIO, err: TextIO) -> Iterator[None]:
    """Within it, what would go to stdout and stderr goes to these."""
    global _instead
    before, _instead = _instead, (out, err)
    try:
        yield
    finally:
        _instead = before


@contextmanager
def hushed() -> Iterator[None]:
    """Within it nothing is shown: of several processes that do the same, one speaks."""
    with Path(os.devnull).open("w") as nowhere, shown_on(nowhere, nowhere):
        yield


def stdout() -> Console:
    """For results."""
    return Console(file=_instead[0], highlight=False, emoji=False)


def stderr() -> Console:
    """For progress, notes and errors."""
    return Console(file=_instead[1], stderr=True, highlight=False, soft_wrap=True, emoji=False)


def note(message: str, style: str = "dim", console: Console | None = None) -> None:
    """One line to stderr; square brackets in it are just brackets."""
    (console or stderr()).print(harmless(message), style=style, markup=False)


def warn(message: str) -> None:
    """A line to stderr that stands out."""
    note(f"warning: {message}", style="yellow")


def tell_data(notes: Iterable[str], bad_rows: Iterable[BadRow], most: int = 5) -> None:
    """Say aloud what the reader found, and name the first bad rows."""
    for line in notes:
        note(line)
    bad = list(bad_rows)
    if bad:
        warn(f"{len(bad):,} row{'s' if len(bad) > 1 else ''} could not be used:")
        for row in bad[:most]:
            note(f"  {row}", style="yellow")
        if len(bad) > most:
            note(f"  ... and {len(bad) - most:,} more", style="yellow")


def write_text(target: str, text: str) -> None:
    """To a file, atomically, or to stdout for `-`.

    Raises:
        HeedfulError: the file cannot be written.
    """
    if target == "-":
        sys.stdout.write(text)
        return
    try:
        write_bytes(Path(target), text.encode("utf-8", "surrogatepass"))
    except (OSError, ValueError) as error:  # ValueError: no name, or a NUL byte in it
        reason = getattr(error, "strerror", None) or error
        raise HeedfulError(f"{target or 'an empty name'} cannot be written: {reason}") from None


# What `json.dumps` would make anew for each of a million lines.
_READABLE = json.JSONEncoder(ensure_ascii=False, allow_nan=False)


def to_json(value: Any, indent: int | None = None) -> str:
    """Strict JSON; NaN becomes null, and text stays readable where it can be written as UTF-8."""
    if indent is None:
        try:
            return _writable(_READABLE.encode(value), value)
        except (TypeError, ValueError):
            pass  # not finite somewhere, or no plain dictionary
    value = finite(value)
    text = json.dumps(value, ensure_ascii=False, indent=indent, allow_nan=False)
    return _writable(text, value, indent)


def _writable(text: str, value: Any, indent: int | None = None) -> str:
    """`text`, or `value` with escapes where standard output or UTF-8 cannot hold it."""
    if text.isascii():
        return text
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:  # half of a character pair: escaped, as JSON allows
        return json.dumps(value, ensure_ascii=True, indent=indent, allow_nan=False)
    if (sys.stdout.encoding or "").lower().replace("-", "") == "utf8":
        return text
    return json.dumps(value, ensure_ascii=True, indent=indent, allow_nan=False)


def write_json(target: str, value: Any) -> None:
    """Strict JSON to a file or, for `-`, to stdout."""
    write_text(target, to_json(value, indent=2) + "\n")


def show(table: Table, title: str) -> None:
    """A table on stdout below its title, which may be wider than the table."""
    console = stdout()
    console.print(harmless(title), style="bold", markup=False, soft_wrap=True)
    console.print(table)


def cell(text: str) -> Text:
    """A name or a text in a table: on one line, brackets just brackets, controls made visible."""
    return Text(harmless(text).replace("\n", "␊").replace("\t", "␉"))


def metrics_table(columns: Mapping[str, Mapping[str, float]]) -> Table:
    """Metrics as rows, one column of numbers per data set."""
    table = Table()
    table.add_column("metric")
    for name in columns:
        table.add_column(cell(name), justify="right")
    for metric in next(iter(columns.values())):
        table.add_row(metric, *(figure_text(metric, v.get(metric)) for v in columns.values()))
    return table


HEADINGS = {"baseline": "linear", "uniform": "uniform"}


def figures_table(record: Mapping[str, Any]) -> Table:
    """An evaluation: the model's figures with their intervals, beside its rivals'."""
    rivals = [name for name in RIVALS if record.get(name)]
    table = Table()
    table.add_column("metric", no_wrap=True)
    for heading in ("model", "95 % interval", *(HEADINGS[name] for name in rivals)):
        table.add_column(heading, justify="right", no_wrap=True)
    for metric in FIGURES:
        if metric in record:
            others = [record[rival].get(metric, "") for rival in rivals]
            cells = ["" if value == "" else figure_text(metric, value) for value in others]
            own = figure_text(metric, record[metric])
            table.add_row(metric, own, interval_text(record["intervals"], metric), *cells)
    return table


def classes_table(record: Mapping[str, Any]) -> Table:
    """The classification report of an evaluation: each class, then the averages over them."""
    table = Table()
    table.add_column("class", overflow="fold")
    for heading in ("precision", "recall", "f1", "texts"):
        table.add_column(heading, justify="right", no_wrap=True)
    for name, figures in record["per_class"].items():
        shares = (figure_text(metric, figures[metric]) for metric in ("precision", "recall", "f1"))
        table.add_row(cell(name), *shares, f"{figures['support']:,}")
    table.add_section()
    for name, figures in record["averages"].items():
        shares = (figure_text(metric, figures[metric]) for metric in ("precision", "recall", "f1"))
        table.add_row(f"{name} average", *shares, "")
    return table


def interval_text(intervals: Mapping[str, Any], metric: str) -> str:
    """`0.8379 to 0.8920`; empty where there is none."""
    low, high = intervals.get(metric) or (None, None)
    if low is None or low != low:
        return ""
    return " to ".join(figure_text(metric, value) for value in (low, high))


def figure_text(metric: str, value: float | None) -> str:
    """A figure as tables show it: counts whole, the rest with four decimals."""
    if value is None or value != value:
        return "n/a"
    return f"{int(value):,}" if metric in COUNTS else f"{value:.4f}"


class Counter:
    """How many of how many are done: a live bar on a terminal, plain lines elsewhere."""

    def __init__(self) -> None:
        self.console = stderr()
        self.bar: Progress | None = None
        self.tasks: dict[str, TaskID] = {}
        self.told = time.monotonic()

    def __enter__(self) -> Counter:
        if self.console.is_terminal:
            columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
            left = TimeRemainingColumn()
            self.bar = Progress(*columns, left, console=self.console, transient=True)
            self.bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self.bar:
            self.bar.stop()

    def __call__(self, what: str, done: int, total: int) -> None:
        """Move the bar of `what`, or print a line now and then."""
        if self.bar:
            if what not in self.tasks:
                self.tasks[what] = self.bar.add_task(what, total=total)
            self.bar.update(self.tasks[what], completed=done)
            return
        now = time.monotonic()
        if now - self.told >= PLAIN_EVERY:
            self.told = now
            note(f"{what}: {done:,} of {total:,}", console=self.console)


class Watch:
    """Watches training: a live bar on a terminal, plain lines elsewhere. A context manager."""

    def __init__(self, epochs: int | None) -> None:
        """`epochs` is how many there will be at most; None where something else decides."""
        self.of = f"/{epochs}" if epochs else ""
        self.console = stderr()
        self.bar: Progress | None = None
        self.task = TaskID(0)
        self.started = self.told = time.monotonic()
        self.base = 0
        self.current = 0

    def __enter__(self) -> Watch:
        if self.console.is_terminal:
            self.bar = Progress(
                TextColumn("{task.description}"),
                BarColumn(),
                TextColumn("{task.fields[speed]}"),
                TimeRemainingColumn(),
                console=self.console,
                transient=True,
            )
            self.bar.start()
            self.task = self.bar.add_task("training", total=None, speed="")
        return self

    def __exit__(self, *_: object) -> None:
        if self.bar:
            self.bar.stop()

    def say(self, message: str) -> None:
        """A sentence the user should read."""
        # Through the bar's own console, which takes the bar away while it prints.
        note(message, console=self.console)

    def batch(self, epoch: int, done: int, total: int, loss: float) -> None:
        """Move the bar, or print a line now and then."""
        now = time.monotonic()
        if epoch != self.current:
            self.current, self.started, self.told, self.base = epoch, now, now, done
            return
        speed = (done - self.base) / max(now - self.started, 1e-9)
        if self.bar:
            text = f"epoch {epoch}{self.of}  loss {loss:.4f}"
            self.bar.update(
                self.task,
                description=text,
                total=total,
                completed=done,
                speed=f"{speed:,.0f} tokens/s",
            )
        elif now - self.told >= PLAIN_EVERY:
            self.told = now
            left = (total - done) / max(speed, 1e-9)
            note(
                f"epoch {epoch}{self.of}: {100 * done / total:.0f} %, loss {loss:.4f}, "
                f"{speed:,.0f} tokens/s, {left:.0f} s left in this epoch",
                console=self.console,
            )

    def epoch(self, epoch: Epoch, best: bool) -> None:
        """One line an epoch."""
        line = (
            f"epoch {epoch.epoch}{self.of}  "
            f"train loss {epoch.train['loss']:.4f} accuracy {epoch.train['accuracy']:.4f}"
        )
        if epoch.valid:
            line += (
                f"  validation loss {epoch.valid['loss']:.4f} "
                f"accuracy {epoch.valid['accuracy']:.4f}"
            )
            for name, said in (("f1", "f1"), ("token_accuracy", "token accuracy")):
                line += f" {said} {epoch.valid[name]:.4f}" if name in epoch.valid else ""
        line += f"  {epoch.seconds:.1f} s, {epoch.tokens_per_second:,.0f} tokens/s"
        note(line + ("  *" if best else ""), style="", console=self.console)

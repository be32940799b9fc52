"""Training as TensorBoard shows it: three curves, `train`, `validation` and `batches`.

Each is a folder of event files, so that losses of the same name lie in one picture over the same
steps. TensorBoard's own record writer is used as it is, one flush a row: what was logged before a
kill is on file, and no thread has to be waited for.
"""

from __future__ import annotations

import math
import os
import time
from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from heedful.learn.recording import Step
from heedful.records import Epoch, HeedfulError

CURVES = ("train", "validation", "batches")
_PREFIX = "events.out.tfevents."


def check_installed() -> None:
    """Raise HeedfulError where TensorBoard is not installed."""
    if find_spec("tensorboard") is None:
        raise HeedfulError(
            "logs for TensorBoard need its package, which is not installed: "
            "pip install 'heedful[tensorboard]'; logs as csv need none"
        )


class TensorboardLog:
    """Writes event files.

    Args:
        folder: made if it is not there; `tensorboard --logdir` takes it or any folder above.

    Raises:
        HeedfulError: TensorBoard is not installed.
    """

    def __init__(self, folder: Path) -> None:
        check_installed()
        self.folder = folder
        self.curves: dict[str, _Events] = {}

    def rewind(self, step: int, epochs: Sequence[Epoch]) -> None:
        """See `recording.Log`. Epochs are written anew; of batches those after `step` are void."""
        self.close()
        for curve in CURVES:
            if curve != "batches" or not step:
                remove_events(self.folder / curve)
            self.curves[curve] = _Events(self.folder / curve, step + 1)
        for epoch in epochs:
            self.epoch(epoch)

    def step(self, step: Step) -> None:
        """See `recording.Log`."""
        values = {
            "loss": step.loss,
            "learning_rate": step.learning_rate,
            "tokens_per_second": step.tokens_per_second,
        }
        self._write("batches", step.step, values)

    def epoch(self, epoch: Epoch) -> None:
        """See `recording.Log`."""
        more = {
            "learning_rate": epoch.learning_rate,
            "tokens_per_second": epoch.tokens_per_second,
        }
        self._write("train", epoch.step, epoch.train | more)
        self._write("validation", epoch.step, epoch.valid)

    def close(self) -> None:
        """See `recording.Log`."""
        for events in self.curves.values():
            events.close()
        self.curves = {}

    def _write(self, curve: str, step: int, values: Mapping[str, float]) -> None:
        if curve in self.curves:
            self.curves[curve].write(step, values)


class _Events:
    """One event file more in a folder, which voids steps from `first` on in those before it."""

    def __init__(self, folder: Path, first: int) -> None:
        from tensorboard.compat.proto.event_pb2 import Event, SessionLog
        from tensorboard.summary.writer.record_writer import RecordWriter

        folder.mkdir(parents=True, exist_ok=True)
        earlier = sorted(folder.glob(f"{_PREFIX}*"))
        number = len(earlier)
        # Readers take the files by name: the later one must sort last, whatever the clock says.
        path = folder / f"{_PREFIX}{number:010d}.{int(time.time())}.{os.getpid()}"
        self.stream = path.open("wb")
        self.records = RecordWriter(self.stream)
        self._put(Event(wall_time=time.time(), file_version="brain.Event:2"))
        if earlier:
            start = SessionLog(status=SessionLog.START)
            self._put(Event(wall_time=time.time(), step=first, session_log=start))

    def write(self, step: int, values: Mapping[str, float]) -> None:
        """Scalars of a step, those that are numbers."""
        from tensorboard.compat.proto.event_pb2 import Event
        from tensorboard.compat.proto.summary_pb2 import Summary

        found = [
            Summary.Value(tag=tag, simple_value=value)
            for tag, value in values.items()
            if math.isfinite(value)
        ]
        if found:
            self._put(Event(wall_time=time.time(), step=step, summary=Summary(value=found)))

    def _put(self, event: Any) -> None:
        self.records.write(event.SerializeToString())
        self.records.flush()

    def close(self) -> None:
        """Close the file."""
        self.stream.close()


def remove_events(folder: Path) -> None:
    """Remove the event files of a folder."""
    for path in folder.glob(f"{_PREFIX}*"):
        path.unlink(missing_ok=True)

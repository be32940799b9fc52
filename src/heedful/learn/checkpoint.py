"""Snapshots of training: all that is needed to go on as if nothing had happened.

One safetensors file holds tensors and, in its header, the rest as JSON: no pickle. A file is
written beside its name and renamed, so a killed process leaves the old one or the new one.
`epoch.safetensors` is the state at the start of the running epoch, where a loss that is not
finite goes back to; `step.safetensors`, if newer, is a state within it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor

from heedful.learn.files import remove_parts, write_bytes
from heedful.records import HeedfulError

SOURCE = "source.json"
"""Fingerprint of the pre-trained model that a network is trained on."""


@dataclass
class Snapshot:
    """Tensors by name and JSON-able facts."""

    tensors: dict[str, Tensor]
    facts: dict[str, Any]


def write_snapshot(path: Path, snapshot: Snapshot) -> None:
    """Write a snapshot atomically."""
    facts = {"facts": json.dumps(snapshot.facts)}  # Python's own NaN spelling reads back
    write_bytes(path, save({k: v.contiguous() for k, v in snapshot.tensors.items()}, facts))


def read_snapshot(path: Path) -> Snapshot:
    """Read a snapshot.

    Raises:
        HeedfulError: the file is damaged or not a snapshot.
    """
    try:
        with safe_open(str(path), framework="pt") as stream:
            facts = json.loads((stream.metadata() or {})["facts"])
            tensors = {name: stream.get_tensor(name) for name in stream.keys()}  # noqa: SIM118
    except (SafetensorError, OSError, KeyError, ValueError) as error:
        raise HeedfulError(
            f"checkpoint {path} cannot be read ({error}); delete it and train again"
        ) from None
    return Snapshot(tensors, facts)


@dataclass(frozen=True)
class Store:
    """A folder of checkpoints."""

    folder: Path

    def save_epoch(self, snapshot: Snapshot) -> None:
        """The state at the start of an epoch."""
        write_snapshot(self.folder / "epoch.safetensors", snapshot)

    def save_step(self, snapshot: Snapshot) -> None:
        """A state within an epoch."""
        write_snapshot(self.folder / "step.safetensors", snapshot)

    @property
    def begun(self) -> bool:
        """Whether there is a state to go on from."""
        return (self.folder / "epoch.safetensors").exists()

    def load(self) -> tuple[Snapshot, Snapshot] | None:
        """(start of the epoch, newest state) or None where there is nothing yet."""
        remove_parts(self.folder)
        epoch_file, step_file = self.folder / "epoch.safetensors", self.folder / "step.safetensors"
        if not epoch_file.exists():
            return None
        epoch = read_snapshot(epoch_file)
        newest = epoch
        if step_file.exists():
            step = read_snapshot(step_file)
            # An older step file belongs to an epoch that has ended since, or that was begun
            # again after a loss that was not finite.
            same_try = step.facts.get("epoch_start") == epoch.facts.get("epoch_start")
            if same_try and step.facts["step"] > epoch.facts["step"]:
                newest = step
        return epoch, newest

    def clear(self) -> None:
        """Remove the checkpoints of a finished run."""
        # The plan goes first: without it there is nothing to resume, however much else is left.
        for name in ("plan.json", "step.safetensors", "epoch.safetensors", SOURCE):
            (self.folder / name).unlink(missing_ok=True)
        remove_parts(self.folder)
        if self.folder.exists() and not any(self.folder.iterdir()):
            self.folder.rmdir()


def copy_tensors(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Deep copies on the processor."""
    return {name: tensor.detach().cpu().clone() for name, tensor in tensors.items()}

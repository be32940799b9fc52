"""The reviews of bench/peer_network.py as ids: NumPy only, read by heedful's and Keras' side."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Ids:
    """Texts as ids, one after the other, and their labels.

    Attributes:
        ids: all tokens, int32; 0 is never among them (it is padding's).
        starts: where each text begins, and the end of the last, int64, N + 1.
        labels: (N,) 0 or 1.
    """

    ids: NDArray[np.int32]
    starts: NDArray[np.int64]
    labels: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.labels)

    @property
    def lengths(self) -> NDArray[np.int64]:
        """Tokens of each text."""
        return np.diff(self.starts)

    def padded(self, rows: NDArray[np.int64], width: int) -> NDArray[np.int32]:
        """(B, width) ids, zeros on the right."""
        mask = np.arange(width) < self.lengths[rows][:, None]
        places = self.starts[rows][:, None] + np.arange(width)
        result = np.zeros(mask.shape, np.int32)
        result[mask] = self.ids[places[mask]]
        return result


def save(path: Path, train: Ids, test: Ids, settings: dict[str, Any]) -> None:
    """Both parts and the settings, for the contenders' processes."""
    arrays = {
        f"{name}_{key}": getattr(part, key)
        for name, part in (("train", train), ("test", test))
        for key in ("ids", "starts", "labels")
    }
    np.savez(path, **arrays)
    path.with_suffix(".json").write_text(json.dumps(settings))


def load(path: str | Path) -> tuple[Ids, Ids, dict[str, Any]]:
    """The inverse of `save`."""
    with np.load(path, allow_pickle=False) as found:
        train, test = (
            Ids(*(found[f"{name}_{key}"] for key in ("ids", "starts", "labels")))
            for name in ("train", "test")
        )
    return train, test, json.loads(Path(path).with_suffix(".json").read_text())


def rungs(length: int, count: int = 8) -> NDArray[np.int64]:
    """Widths that a bucketed batch is padded to: a compiled network needs few shapes."""
    return np.unique(np.ceil(np.arange(1, count + 1) * length / count).astype(np.int64))


def bucketed(
    lengths: NDArray[np.int64], size: int, widths: NDArray[np.int64], seed: int | None
) -> list[tuple[NDArray[np.int64], int]]:
    """Batches of texts of like length, each with its width.

    Shuffled, taken in pools of 50 batches, sorted within the pool, and the batches shuffled, as
    heedful does it; without a seed (scoring) all are sorted.
    """
    random = np.random.default_rng(seed)
    order = np.arange(len(lengths)) if seed is None else random.permutation(len(lengths))
    pool = len(lengths) if seed is None else size * 50
    batches = []
    for start in range(0, len(order), pool):
        part = order[start : start + pool]
        part = part[np.argsort(lengths[part], kind="stable")]
        batches += [part[i : i + size] for i in range(0, len(part), size)]
    if seed is not None:
        batches = [batches[i] for i in random.permutation(len(batches))]
    longest = [max(1, int(lengths[rows].max())) for rows in batches]
    return [
        (rows, int(widths[np.searchsorted(widths, most)]))
        for rows, most in zip(batches, longest, strict=True)
    ]

"""Pairs of sequences as ids, as rectangles, and in which order they are scored."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from heedful.text.batch import pad, scoring_order
from heedful.text.vocab import END, UNK, Encoded

SCORING_TOKENS = 8_192
SCORING_TEXTS = 256


@dataclass(frozen=True)
class SequenceData:
    """Pairs as ids.

    Attributes:
        sources: the sources.
        targets: the targets, each with END as its last id.
    """

    sources: Encoded
    targets: Encoded

    def __len__(self) -> int:
        return len(self.sources)

    @property
    def lengths(self) -> NDArray[np.int64]:
        """(N,) tokens of both sides, END included."""
        both: NDArray[np.int64] = self.sources.lengths + self.targets.lengths
        return both

    def plan(self) -> list[NDArray[np.int64]]:
        """Batches for scoring: pairs by length, longest first."""
        return scoring_order(self.lengths, SCORING_TEXTS, SCORING_TOKENS)


class PairBatch(NamedTuple):
    """Some pairs as two rectangles.

    Attributes:
        ids: (B, T) of the sources.
        mask: (B, T), True = real.
        targets: (B, U), END included.
        real: (B, U), True = real.
    """

    ids: Tensor
    mask: Tensor
    targets: Tensor
    real: Tensor


def pairs(data: SequenceData, order: NDArray[np.int64], device: torch.device) -> PairBatch:
    """The pairs `order`, padded, on the device."""
    source, target = pad(data.sources, order), pad(data.targets, order)
    parts = (source.ids, source.mask, target.ids, target.mask)
    return PairBatch(*(torch.from_numpy(part).to(device) for part in parts))


def sources_as_ids(rows: Sequence[Sequence[int]]) -> Encoded:
    """Lists of ids in flat storage."""
    starts = np.zeros(len(rows) + 1, np.int64)
    np.cumsum([len(row) for row in rows], out=starts[1:])
    flat = np.fromiter((i for row in rows for i in row), np.int32, int(starts[-1]))
    unknown = np.array([sum(i == UNK for i in row) for row in rows], np.int64)
    return Encoded(flat, starts, unknown, np.zeros(len(rows), np.int64))


def targets_as_ids(rows: Sequence[Sequence[int]]) -> Encoded:
    """Lists of ids in flat storage, each with END at its end."""
    return sources_as_ids([[*row, END] for row in rows])


def source_batches(
    sources: Encoded, device: torch.device, beam: int = 1
) -> Iterator[tuple[NDArray[np.int64], Tensor, Tensor]]:
    """Which sources, their ids (B, T) and mask (B, T); longest first, fewer for a wide beam."""
    texts, tokens = max(1, SCORING_TEXTS // beam), max(1, SCORING_TOKENS // beam)
    for order in scoring_order(sources.lengths, texts, tokens):
        batch = pad(sources, order)
        ids, mask = torch.from_numpy(batch.ids), torch.from_numpy(batch.mask)
        yield batch.order, ids.to(device), mask.to(device)

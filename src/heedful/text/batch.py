"""Ids to batches: the sole place that pads.

Texts of like length travel together, so that little padding is computed; padding stands on
the right. Everything here is a pure function of the lengths and a seed.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from heedful.text.vocab import PAD, Encoded

Index = NDArray[np.int64]


@dataclass(frozen=True)
class Batch:
    """Some texts as one rectangle.

    Attributes:
        ids: (B, T) int64; PAD exactly where the mask is False.
        mask: (B, T) bool; True = real.
        order: (B,) which texts of the corpus these are, to restore the order.
        targets: (B,) class indices or (B, C) zeros and ones; None when unlabelled.
    """

    ids: NDArray[np.int64]
    mask: NDArray[np.bool_]
    order: Index
    targets: NDArray[np.generic] | None = None

    @property
    def tokens(self) -> int:
        """Real tokens in the batch."""
        return int(self.mask.sum())


def pad(
    encoded: Encoded, order: Sequence[int] | Index, targets: NDArray[np.generic] | None = None
) -> Batch:
    """The texts `order` of `encoded` as one batch, at least one column wide."""
    chosen = np.asarray(order, dtype=np.int64)
    mask, places = _rectangle(encoded, chosen)
    ids = np.full(mask.shape, PAD, dtype=np.int64)
    ids[mask] = np.asarray(encoded.ids)[places]
    return Batch(ids, mask, chosen, None if targets is None else targets[chosen])


def pad_marks(
    encoded: Encoded, order: Sequence[int] | Index, marks: NDArray[np.bool_]
) -> NDArray[np.bool_]:
    """(B, T) marks of the tokens of the texts `order`, as `pad` lays them; False on padding.

    Args:
        encoded: the corpus.
        order: which texts.
        marks: one for each of `encoded.ids`.
    """
    mask, places = _rectangle(encoded, np.asarray(order, dtype=np.int64))
    result = np.zeros(mask.shape, bool)
    result[mask] = marks[places]
    return result


def _rectangle(encoded: Encoded, chosen: Index) -> tuple[NDArray[np.bool_], Index]:
    """Where the rectangle of some texts holds tokens (B, T), and their places in `ids`."""
    starts = np.asarray(encoded.starts)[chosen]
    lengths = np.asarray(encoded.starts)[chosen + 1] - starts
    columns = np.arange(max(1, int(lengths.max(initial=0))))
    mask = columns < lengths[:, None]
    return mask, (starts[:, None] + columns)[mask]


def cut_to_budget(order: Index, lengths: NDArray[np.int64], size: int, tokens: int) -> list[Index]:
    """Cut a sequence of texts into batches of at most `size` texts and `tokens` padded tokens.

    A text longer than the budget goes alone.
    """
    batches: list[Index] = []
    start, longest = 0, 0
    for i, text in enumerate(order):
        longest = max(longest, int(lengths[text]))
        full = i - start >= size or (i > start and longest * (i - start + 1) > tokens)
        if full:
            batches.append(order[start:i])
            start, longest = i, int(lengths[text])
    if start < len(order):
        batches.append(order[start:])
    return batches


def training_order(
    lengths: NDArray[np.int64], size: int, tokens: int, seed: Sequence[int]
) -> list[Index]:
    """One epoch's batches: every text once, shuffled, neighbours of like length.

    Texts are shuffled, taken in pools of 50 batches, sorted by length within the pool, cut
    into batches, and the batches shuffled: near-random batches with next to no padding.
    """
    random = np.random.default_rng(list(seed))
    order = random.permutation(len(lengths))
    batches: list[Index] = []
    pool = size * 50
    for start in range(0, len(order), pool):
        part = order[start : start + pool]
        part = part[np.argsort(lengths[part], kind="stable")]
        batches += cut_to_budget(part, lengths, size, tokens)
    return [batches[i] for i in random.permutation(len(batches))]


def scoring_order(lengths: NDArray[np.int64], size: int, tokens: int) -> list[Index]:
    """Batches for scoring: all texts by length, longest first."""
    return cut_to_budget(np.argsort(-lengths, kind="stable"), lengths, size, tokens)


def batches(
    encoded: Encoded, plan: Sequence[Index], targets: NDArray[np.generic] | None = None
) -> Iterator[Batch]:
    """The planned batches, padded one at a time."""
    return (pad(encoded, order, targets) for order in plan)

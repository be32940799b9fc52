"""Texts with tokens kept, deleted or masked: in id space, scored in batches of a token budget.

No text is ever decoded and tokenised again. Who needs scores writes a generator that yields
`Variants` and gets their logits back; `run` drives many such generators side by side, so that
the variants of many texts fill the same batches.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from heedful.learn.model import logits
from heedful.nn.classify import Classifier
from heedful.text.vocab import UNK, Encoded

Ids = NDArray[np.int32]
Rows = NDArray[np.bool_]
Logits = NDArray[np.float32]
Answer = TypeVar("Answer")

AT_ONCE = 32
"""Texts whose questions are asked together."""
BUDGET = 4_000_000
"""Tokens scored in one go: 16 MiB of ids."""


@dataclass(frozen=True, eq=False)
class Variants:
    """K changed copies of texts, in flat storage.

    Attributes:
        ids: the ids of all copies one after the other.
        lengths: (K,) how many tokens each has.
    """

    ids: Ids
    lengths: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.lengths)


Asking = Generator[Variants, Logits, Answer]
"""A computation that asks for the logits of variants, as often as it likes, and answers."""


def kept(ids: Ids, rows: Rows) -> Variants:
    """One copy per row of (K, N): only the tokens where it is True."""
    tiled = np.broadcast_to(ids, rows.shape)
    return Variants(np.ascontiguousarray(tiled[rows]), rows.sum(axis=1, dtype=np.int64))


def deleted(ids: Ids, rows: Rows) -> Variants:
    """One copy per row of (K, N): without the tokens where it is True."""
    return kept(ids, ~rows)


def masked(ids: Ids, rows: Rows) -> Variants:
    """One copy per row of (K, N): the tokens where it is True are the unknown token."""
    changed = np.where(rows, np.int32(UNK), ids).astype(np.int32)
    return Variants(changed.reshape(-1), np.full(len(rows), rows.shape[1], np.int64))


def joined(parts: Sequence[Variants]) -> Variants:
    """Several sets as one, in order."""
    return Variants(
        np.concatenate([part.ids for part in parts]) if parts else np.zeros(0, np.int32),
        np.concatenate([part.lengths for part in parts]) if parts else np.zeros(0, np.int64),
    )


def top_rows(order: NDArray[np.int64], counts: Sequence[int]) -> Rows:
    """(K, N): row j marks the first `counts[j]` tokens of `order`, a permutation of N tokens."""
    place = np.empty(len(order), np.int64)
    place[order] = np.arange(len(order))
    return place[None, :] < np.asarray(counts, np.int64)[:, None]


def score(network: Classifier, variants: Variants) -> Logits:
    """(K, L) logits, in order."""
    starts = np.zeros(len(variants) + 1, np.int64)
    np.cumsum(variants.lengths, out=starts[1:])
    result = np.zeros((len(variants), network.classes), np.float32)
    for low, high in _spans(starts):
        none = np.zeros(high - low, np.int64)
        part = variants.ids[starts[low] : starts[high]]
        part_starts = starts[low : high + 1] - starts[low]
        result[low:high] = logits(network, Encoded(part, part_starts, none, none))
    return result


def _spans(starts: NDArray[np.int64]) -> Iterator[tuple[int, int]]:
    """Runs of variants of at most `BUDGET` tokens; a longer one goes alone."""
    low = 0
    while low < len(starts) - 1:
        end = int(np.searchsorted(starts, starts[low] + BUDGET, side="right")) - 1
        high = max(low + 1, end)
        yield low, high
        low = high


def run(network: Classifier, questions: Iterable[Asking[Answer]]) -> Iterator[Answer]:
    """The answers, in order; the variants of `AT_ONCE` questions are scored together."""
    source = iter(questions)
    while group := list(islice(source, AT_ONCE)):
        yield from _together(network, group)


def _together(network: Classifier, group: Sequence[Asking[Answer]]) -> list[Answer]:
    answers: dict[int, Answer] = {}
    waiting: dict[int, Variants] = {}

    def step(number: int, sent: Logits | None) -> None:
        try:
            question = group[number]
            waiting[number] = next(question) if sent is None else question.send(sent)
        except StopIteration as done:
            answers[number] = done.value

    for number in range(len(group)):
        step(number, None)
    while waiting:
        asked, waiting_now = list(waiting.items()), joined(list(waiting.values()))
        waiting.clear()
        found = score(network, waiting_now)
        start = 0
        for number, variants in asked:
            step(number, found[start : start + len(variants)])
            start += len(variants)
    return [answers[number] for number in range(len(group))]

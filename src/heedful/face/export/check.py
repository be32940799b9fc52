"""Whether an exported graph says what PyTorch says, on made-up texts of many lengths."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from heedful.learn.model import TextModel, inference
from heedful.records import HeedfulError
from heedful.text.batch import Batch
from heedful.text.shapes import SHAPES
from heedful.text.vocab import PAD, RESERVED

MOST = 1e-4
"""The largest difference that passes."""
SHAPES_TRIED = ((1, 1), (3, 1), (2, 7), (5, 23), (4, 64), (8, 130))
"""Texts and places of the batches."""
FEW = 40
"""Frequent tokens, of which every other batch is made: so that groups of words are met again."""
DRAWS = 3


@dataclass(frozen=True)
class Difference:
    """How far the graph is from PyTorch.

    Attributes:
        largest: by output, over all batches.
        batches: how many were compared.
        texts, tokens: of the largest and of the longest of them.
    """

    largest: Mapping[str, float]
    batches: int
    texts: int
    tokens: int

    def __str__(self) -> str:
        told = ", ".join(f"{name} {value:.1e}" for name, value in self.largest.items())
        return (
            f"checked against PyTorch on {self.batches} batches of 1 to {self.texts} texts of 0 to "
            f"{self.tokens} tokens; largest difference: {told}"
        )


def check(
    model: TextModel,
    session: Any,
    shapes: Sequence[tuple[int, int]] = SHAPES_TRIED,
    draws: int = DRAWS,
) -> Difference:
    """Run both on the same batches.

    Contributions through a ReLU unit at its kink, or from one of two equal largest values, may
    fall either way by rounding: each batch is drawn `draws` times over, and for contributions the
    closest draw counts. For everything else it is the worst.

    Raises:
        HeedfulError: they differ by more than `MOST`.
    """
    random = np.random.default_rng(0)
    largest: dict[str, float] = {}
    drawn = 0
    for pool in _pools(model):
        for shape in shapes:
            found = [_compare(model, session, _draw(pool, shape, random)) for _ in range(draws)]
            drawn += len(found)
            for name in found[0]:
                worst = min if name == "contributions" else max
                value = worst(one[name] for one in found)
                largest[name] = max(largest.get(name, 0.0), value)
    for name, value in largest.items():
        if value > MOST:
            raise HeedfulError(
                f"the exported graph differs from PyTorch by {value:.1e} in {name}, more than "
                f"{MOST:g}; nothing was written. Please report this with the run's config.json"
            )
    return Difference(largest, drawn, *(max(sizes) for sizes in zip(*shapes, strict=True)))


def _pools(model: TextModel) -> Iterator[NDArray[np.int64]]:
    """Ids to draw from: frequent ones, and all, unknown ones with and without a shape included."""
    size, first = len(model.vocabulary), len(RESERVED)
    yield np.arange(1, min(size, first + FEW), dtype=np.int64)
    yield np.arange(1, size + len(SHAPES), dtype=np.int64)


def _draw(pool: NDArray[np.int64], shape: tuple[int, int], random: np.random.Generator) -> Batch:
    """Texts of all lengths, the first as long as the batch; of three and more the last is empty."""
    texts, places = shape
    lengths = random.integers(0, places + 1, texts)
    lengths[0] = places if texts > 1 else random.integers(0, places + 1)
    if texts > 2:
        lengths[-1] = 0
    mask = np.arange(places) < lengths[:, None]
    ids = np.where(mask, random.choice(pool, shape), PAD)
    return Batch(ids, mask, np.arange(texts))


def _compare(model: TextModel, session: Any, batch: Batch) -> dict[str, float]:
    """The largest difference of each output."""
    names = [one.name for one in session.get_outputs()]
    found = session.run(names, {"ids": batch.ids, "mask": batch.mask})
    with inference(model.network):
        known = model.network(torch.from_numpy(batch.ids), torch.from_numpy(batch.mask))
    wanted = (getattr(known, name).detach().numpy() for name in names)
    pairs = zip(names, found, wanted, strict=True)
    return {name: _furthest(own, other) for name, own, other in pairs}


def _furthest(own: NDArray[np.float32], other: NDArray[np.float32]) -> float:
    """The largest difference; infinite where one is no number."""
    apart = np.nan_to_num(np.abs(own - other), nan=np.inf)
    return float(apart.max(initial=0.0))

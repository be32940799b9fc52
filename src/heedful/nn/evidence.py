"""N-gram evidence: a bag of words, pairs, triples, ... whose weights add up to log-odds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn
from torch.nn import functional

from heedful.nn.grams import NONE, gram_keys
from heedful.nn.lookup import ABSENT, Lookup


class Shares(NamedTuple):
    """What n-grams say of a batch: `logits = base + contributions.sum over tokens`.

    Attributes:
        logits: (B, C).
        contributions: (B, T, C), exactly 0 on padding.
    """

    logits: Tensor
    contributions: Tensor


class Evidence(nn.Module):
    """NB-SVM as a layer (Wang & Manning 2012, "Baselines and Bigrams", section 2.3).

    For a text of T tokens with the distinct n-grams G:
    `logits = base + T ^ -length * sum over g in G of weight[g]`, where a weight is the n-gram's
    log-count ratio times a weight learnt by a linear model (learn/evidence.py). An n-gram counts
    once a text, however often it stands there. As the sum is additive, so is the explanation: each
    of the k places of an n-gram of n tokens gives each of its tokens weight / (k n).

    Args:
        keys: (F,) int64, ascending: the n-grams that are known, see `grams.gram_keys`; folded to
            their highest `bits`.
        weight: (F, C).
        base: (C,) what is said of a text without n-grams.
        orders: longest n-gram.
        length: exponent of the text's length, see above.
        bits: of a key that count, 64 = all. Fewer bound the number of distinct n-grams, and
            n-grams that share those bits share a weight.
    """

    def __init__(
        self,
        keys: Int[Tensor, F],
        weight: Float[Tensor, "F C"],
        base: Float[Tensor, C],
        orders: int,
        length: float,
        bits: int = 64,
    ) -> None:
        super().__init__()
        self.known = Lookup(keys)
        self.weight = nn.Parameter(weight, requires_grad=False)
        self.bias = nn.Parameter(base, requires_grad=False)
        self.orders, self.length, self.bits = orders, length, bits
        self.register_buffer("folded", torch.tensor(bits))  # so that it is saved

    @classmethod
    def from_tensors(
        cls, tensors: Mapping[str, Tensor], prefix: str, orders: int, length: float
    ) -> Evidence | None:
        """The layer that a state of this shape belongs to; None where it holds no such layer.

        Raises:
            ValueError: tensors that do not fit each other.
        """
        names = ("known.keys", "weight", "bias", "folded")
        found = [tensors.get(prefix + name) for name in names]
        if all(tensor is None for tensor in found):
            return None
        keys, weight, bias, folded = found
        if keys is None or weight is None or bias is None or folded is None:
            raise ValueError("n-gram evidence is incomplete")
        if weight.shape != (len(keys), len(bias)) or not 1 <= int(folded) <= 64:
            raise ValueError("the parts of the n-gram evidence do not fit each other")
        return cls(keys, weight, bias, orders, length, int(folded))

    def rows(self, ids: Int[Tensor, "B T"], mask: Bool[Tensor, "B T"]) -> Int[Tensor, "B N T"]:
        """The row in `weight` of the n-gram of each order that begins at each token, or ABSENT."""
        keys = torch.stack(gram_keys(ids, mask, self.orders), dim=1)
        rows: Tensor = self.known(keys >> (64 - self.bits))
        return rows.masked_fill(keys == NONE, ABSENT)

    def scale(self, mask: Bool[Tensor, "B T"]) -> Float[Tensor, B]:
        """T ^ -length, T the tokens of each text."""
        return mask.sum(dim=1).clamp(min=1).to(self.weight.dtype) ** -self.length

    def logits(self, ids: Int[Tensor, "B T"], mask: Bool[Tensor, "B T"]) -> Float[Tensor, "B C"]:
        """The evidence of each text, without saying where it stands."""
        if not len(self.known):
            return self.bias.expand(len(ids), -1)
        rows, _ = self.rows(ids, mask).flatten(1).sort(dim=1)
        first = torch.ones_like(rows, dtype=torch.bool)
        first[:, 1:] = rows[:, 1:] != rows[:, :-1]
        counts = (first & (rows != ABSENT)).to(self.weight.dtype)
        found = functional.embedding_bag(
            rows.clamp(min=0), self.weight, mode="sum", per_sample_weights=counts
        )
        return self.bias + self.scale(mask).unsqueeze(1) * found

    def forward(self, ids: Int[Tensor, "B T"], mask: Bool[Tensor, "B T"]) -> Shares:
        """The evidence of each text and of each token."""
        rows = self.rows(ids, mask)
        if not len(self.known):
            return Shares(self.logits(ids, mask), self.weight.new_zeros(*ids.shape, self.classes))
        share = _shares(rows.flatten(1)).view(rows.shape) * self.scale(mask)[:, None, None]
        values = self.weight[rows.clamp(min=0)] * share.unsqueeze(-1)  # (B, N, T, C)
        contributions = values[:, 0]
        for order in range(2, self.orders + 1):
            part = values[:, order - 1] / order
            for step in range(order):  # an n-gram that begins at t covers t .. t + order - 1
                moved = torch.roll(part, step, dims=1)
                moved[:, :step] = 0.0
                contributions = contributions + moved
        return Shares(self.logits(ids, mask), contributions)

    def __str__(self) -> str:
        told = f"{len(self.known):,} n-grams of up to {self.orders} words"
        return told if self.bits == 64 else f"{told}, told apart by {self.bits} bits"

    @property
    def classes(self) -> int:
        """C."""
        return self.weight.shape[1]

    @property
    def reach(self) -> int | None:
        """An n-gram lies within so many neighbouring tokens; None = nobody knows."""
        return self.orders

    @torch.no_grad()
    def rescale(self, factor: float) -> None:
        """Multiply all evidence, and with it base and contributions, by a number."""
        self.weight.mul_(factor)
        self.bias.mul_(factor)


def _shares(rows: Int[Tensor, "B K"]) -> Float[Tensor, "B K"]:
    """1 / how often the row occurs in its text; 0 for ABSENT."""
    ordered, order = rows.sort(dim=1)
    changes = torch.zeros_like(ordered)
    changes[:, 1:] = (ordered[:, 1:] != ordered[:, :-1]).long()
    group = changes.cumsum(dim=1)
    sizes = torch.zeros_like(ordered).scatter_add_(1, group, torch.ones_like(group))
    share = 1.0 / sizes.gather(1, group).float()
    return torch.zeros_like(share).scatter_(1, order, share.masked_fill(ordered == ABSENT, 0.0))

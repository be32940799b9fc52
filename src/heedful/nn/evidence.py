"""Evidence of words, pairs, triples, ... and parts of words, whose weights add up to log-odds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn
from torch.nn import functional

from heedful.nn.frames import LONGEST, frames
from heedful.nn.grams import NONE, Kinds, grams
from heedful.nn.lookup import ABSENT, Lookup
from heedful.text.vocab import UNK


class Shares(NamedTuple):
    """What the evidence of a batch is: `logits = base + contributions.sum over tokens`.

    Attributes:
        logits: (B, C).
        contributions: (B, T, C), exactly 0 on padding.
    """

    logits: Tensor
    contributions: Tensor


class Features(NamedTuple):
    """F weighed groups of words or of a word's characters, as learnt.

    Attributes:
        keys: (F,) int64, ascending: the groups that are known, folded to their highest `bits`.
        weight: (F, C).
        base: (C,) what is said of a text without any of them.
        parts: (V, M) int32, for each token id the rows in `keys` of its character n-grams, filled
            up with ABSENT; M = 0 without such evidence. Ids of V and more are unknown words.
        bits: of a key that count, 64 = all. Fewer bound the number of distinct groups, and groups
            that share those bits share a weight.
        frames: (V + S,) int32, what stands for each token id in a frame (nn/frames.py), its own or
            that of a shape; the last S ids are unknown words by their shape. None = no frames.
    """

    keys: Tensor
    weight: Tensor
    base: Tensor
    parts: Tensor
    bits: int = 64
    frames: Tensor | None = None


class Evidence(nn.Module):
    """NB-SVM as a layer (Wang & Manning 2012, "Baselines and Bigrams", section 2.3).

    For a text of T tokens with the distinct groups G:
    `logits = base + T ^ -length * sum over g in G of weight[g]`, where a weight is the group's
    log-count ratio times a weight learnt by a linear model (learn/evidence.py). A group counts
    once a text, however often it stands there. As the sum is additive, so is the explanation: each
    of the k places of a group of n words gives each of its words weight / (k n).

    Args:
        features: what is known; not copied.
        kinds: which groups of words are looked for.
        length: exponent of the text's length, see above.
    """

    parts: Tensor
    frames: Tensor

    def __init__(self, features: Features, kinds: Kinds, length: float) -> None:
        super().__init__()
        self.known = Lookup(features.keys)
        self.weight = nn.Parameter(features.weight, requires_grad=False)
        self.bias = nn.Parameter(features.base, requires_grad=False)
        self.register_buffer("parts", features.parts)
        table = features.parts.new_zeros(0) if features.frames is None else features.frames
        # Not saved where there is none: a run without frames is what it was before there were any.
        self.register_buffer("frames", table, persistent=len(table) > 0)
        self.register_buffer("folded", torch.tensor(features.bits))  # so that it is saved
        self.kinds, self.length, self.bits = kinds, length, features.bits

    @classmethod
    def from_tensors(
        cls, tensors: Mapping[str, Tensor], prefix: str, kinds: Kinds, length: float
    ) -> Evidence | None:
        """The layer that a state of this shape belongs to; None where it holds no such layer.

        Raises:
            ValueError: tensors that do not fit each other.
        """
        names = ("known.keys", "weight", "bias", "parts", "folded")
        found = {name: tensors[prefix + name] for name in names if prefix + name in tensors}
        if not found:
            return None
        if len(found) < len(names):
            raise ValueError("n-gram evidence is incomplete")
        keys, weight, bias, parts, folded = found.values()
        inside = not parts.numel() or int(parts.max()) < len(keys)
        table = tensors.get(prefix + "frames")
        if table is not None:
            inside &= table.dim() == 1 and bool(((table >= 0) & (table < len(table))).all())
        if weight.shape != (len(keys), len(bias)) or not 1 <= int(folded) <= 64 or not inside:
            raise ValueError("the parts of the n-gram evidence do not fit each other")
        return cls(Features(keys, weight, bias, parts, int(folded), table), kinds, length)

    def rows(
        self, ids: Int[Tensor, "B T"], mask: Bool[Tensor, "B T"]
    ) -> tuple[Int[Tensor, "B K T"], list[tuple[int, ...]]]:
        """The row in `weight` of each kind of group at each token, or ABSENT; and where each kind's
        words stand, see `Grams.steps`."""
        as_read, ids = ids, ids.masked_fill(ids >= len(self.parts), UNK)
        found = grams(ids, mask, self.kinds)
        if len(self.frames):
            framed = self.frames[as_read.masked_fill(as_read >= len(self.frames), UNK)]
            found += frames(framed.long(), mask)
        keys = torch.stack([one.keys for one in found], dim=1)
        rows: Tensor = self.known(keys >> (64 - self.bits))
        rows = rows.masked_fill(keys == NONE, ABSENT)
        steps = [one.steps for one in found]
        if not self.parts.shape[1]:
            return rows, steps
        inner = self.parts[ids.masked_fill(~mask, 0)].long().masked_fill(~mask[..., None], ABSENT)
        return torch.cat([rows, inner.transpose(1, 2)], dim=1), steps + [(0,)] * inner.shape[2]

    def scale(self, mask: Bool[Tensor, "B T"]) -> Float[Tensor, B]:
        """T ^ -length, T the tokens of each text."""
        return mask.sum(dim=1).clamp(min=1).to(self.weight.dtype) ** -self.length

    def logits(self, ids: Int[Tensor, "B T"], mask: Bool[Tensor, "B T"]) -> Float[Tensor, "B C"]:
        """The evidence of each text, without saying where it stands."""
        if not len(self.known):
            return self.bias.expand(len(ids), -1)
        rows, _ = self.rows(ids, mask)[0].flatten(1).sort(dim=1)
        first = torch.ones_like(rows, dtype=torch.bool)
        first[:, 1:] = rows[:, 1:] != rows[:, :-1]
        counts = (first & (rows != ABSENT)).to(self.weight.dtype)
        found = functional.embedding_bag(
            rows.clamp(min=0), self.weight, mode="sum", per_sample_weights=counts
        )
        return self.bias + self.scale(mask).unsqueeze(1) * found

    def forward(self, ids: Int[Tensor, "B T"], mask: Bool[Tensor, "B T"]) -> Shares:
        """The evidence of each text and of each token."""
        contributions = self.weight.new_zeros(*ids.shape, self.classes)
        if not len(self.known):
            return Shares(self.logits(ids, mask), contributions)
        rows, steps = self.rows(ids, mask)
        share = _shares(rows.flatten(1)).view(rows.shape) * self.scale(mask)[:, None, None]
        for kind, places in enumerate(steps):
            part = self.weight[rows[:, kind].clamp(min=0)] * share[:, kind].unsqueeze(-1)
            for step in places:  # a group at t has words at t + step
                there = max(ids.shape[1] - step, 0)
                contributions[:, step:] += part[:, :there] / len(places)
        return Shares(self.logits(ids, mask), contributions)

    def __str__(self) -> str:
        inner = len(set(self.parts.flatten().tolist()) - {ABSENT})
        told = f"{len(self.known) - inner:,} words and groups of words"
        told = f"{told}, {inner:,} parts of words" if inner else told
        return told if self.bits == 64 else f"{told}, told apart by {self.bits} bits"

    @property
    def classes(self) -> int:
        """C."""
        return self.weight.shape[1]

    @property
    def reach(self) -> int | None:
        """Every group lies within so many neighbouring tokens; None = nobody knows."""
        return max(self.kinds.widest, LONGEST) if len(self.frames) else self.kinds.widest

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

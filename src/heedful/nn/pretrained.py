"""A pre-trained transformer in the place of Embed and Encode.

Embed gives its vectors of word pieces, Encode puts what its tokenizer puts around a text ([CLS],
[SEP]) about them and runs it: so a token is a piece, a state is the last hidden state of that
piece, and all that deletes, masks or differentiates by token vectors works as on any encoder.
Vaswani et al. 2017; Devlin et al. 2019, section 4.
"""

from __future__ import annotations

from copy import deepcopy
from typing import Any, NamedTuple

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn

from heedful.nn.chance import generator
from heedful.nn.dropout import Dropout
from heedful.nn.encode import Encoder, States
from heedful.nn.overlap import Window, layout, windows
from heedful.text.vocab import UNK

AT_ONCE = 16_384
"""Tokens that the transformer reads at once where no gradients are kept."""


class Kept:
    """Holds a module without making it one of a network's parts.

    Args:
        module: the module.
        frozen: nothing changes it, so copies of its holder share it.
    """

    def __init__(self, module: nn.Module, *, frozen: bool) -> None:
        self.module, self.frozen = module, frozen

    def __deepcopy__(self, memo: dict[int, Any]) -> Kept:
        return self if self.frozen else Kept(deepcopy(self.module, memo), frozen=False)


def vectors_of(body: nn.Module) -> nn.Embedding:
    """A transformer's table of vectors of pieces."""
    found = body.get_input_embeddings()  # type: ignore[operator]
    assert isinstance(found, nn.Embedding)
    return found


class PretrainedEmbed(nn.Module):
    """The transformer's own vectors of pieces; position and all else come in the encoder.

    Args:
        kept: the transformer, whose table is used and not copied.
        pieces: (V,) its id of each of heedful's.
        word_dropout: share of tokens that become the unknown (mask) token while training.
    """

    pieces: Tensor

    def __init__(self, kept: Kept, pieces: Int[Tensor, V], word_dropout: float) -> None:
        super().__init__()
        self.kept, self.word_dropout = kept, word_dropout
        self.register_buffer("pieces", pieces, persistent=False)
        self.width = self.table.embedding_dim

    @property
    def table(self) -> nn.Embedding:
        """The table of vectors, by the transformer's own ids."""
        return vectors_of(self.kept.module)

    def forward(self, ids: Int[Tensor, "B T"], mask: Bool[Tensor, "B T"]) -> Float[Tensor, "B T E"]:
        """Vectors of the tokens; zero at padding."""
        if self.training and self.word_dropout > 0:
            draws = torch.rand(ids.shape, device=ids.device, generator=generator())
            ids = ids.masked_fill((draws < self.word_dropout) & mask, UNK)
        known = ids.masked_fill(ids >= len(self.pieces), UNK)
        vectors: Tensor = self.table(self.pieces[known])
        return vectors.masked_fill(~mask.unsqueeze(-1), 0.0)


class PretrainedEncoder(Encoder):
    """The transformer. Frozen, it is no part of the network: neither learnt nor in checkpoints.

    Args:
        body: takes `inputs_embeds` and `attention_mask`, gives `last_hidden_state`.
        around: the transformer's ids before a text, and after it.
        size: tokens of a text that it has positions for, beside those around it.
        overlap: of windows over longer texts.
        dropout: of states while training.
        rate: its learning rate's share of the network's; None = frozen.

    Attributes:
        body: the transformer.
        rate: see above.
    """

    reach = None

    def __init__(
        self,
        body: nn.Module,
        around: tuple[tuple[int, ...], tuple[int, ...]],
        size: int,
        overlap: int,
        dropout: float,
        rate: float | None,
    ) -> None:
        super().__init__()
        self.kept = Kept(body, frozen=rate is None)
        self.around, self.rate = around, rate
        self.size, self.overlap = size, min(overlap, size - 1)
        self.width = int(body.config.hidden_size)  # type: ignore[union-attr, arg-type]
        self.dropout = Dropout(dropout)
        body.requires_grad_(rate is not None)
        if rate is not None:
            self.tuned = body  # registered: its weights are the network's

    @property
    def body(self) -> nn.Module:
        """The transformer."""
        return self.tuned if self.rate is not None else self.kept.module

    @property
    def table(self) -> nn.Embedding:
        """Its vectors of pieces, by its own ids."""
        return vectors_of(self.body)

    def _apply(self, fn: Any, recurse: bool = True) -> PretrainedEncoder:
        parts: list[Any] = [super(), self.kept.module]  # to another device as well
        for part in parts if self.rate is None else parts[:1]:
            part._apply(fn, recurse)
        return self

    def forward(self, values: Float[Tensor, "B T E"], mask: Bool[Tensor, "B T"]) -> States:
        """The last hidden states of the pieces; those of what stands around a text are left out."""
        lengths = mask.sum(dim=1).tolist()
        wanted = [w for i, n in enumerate(lengths) for w in windows(i, n, self.size, self.overlap)]
        if not wanted:
            return States(values.new_zeros(*mask.shape, self.width), None)
        return States(self.dropout(self._read(values, wanted)), None)

    def _read(self, values: Tensor, wanted: list[Window]) -> Tensor:
        before, after = map(len, self.around)
        count, tokens, width = values.shape
        plan = layout(wanted, (count, tokens), before, after)
        rows, mask, back = (part.to(values.device) for part in plan)
        ids = torch.tensor([*self.around[0], *self.around[1]], dtype=torch.int64)
        around: Tensor = self.table(ids.to(values.device)).to(values.dtype)
        source = torch.cat([values.reshape(-1, width), around, values.new_zeros(1, width)])
        step = len(rows) if torch.is_grad_enabled() else max(1, AT_ONCE // rows.shape[1])
        found = [
            self._run(source[rows[low : low + step]], mask[low : low + step])
            for low in range(0, len(rows), step)
        ]
        states = found[0] if len(found) == 1 else torch.cat(found)
        return states.flatten(0, 1)[back]

    def _run(self, vectors: Tensor, mask: Tensor) -> Tensor:
        states: Tensor = self.body(
            inputs_embeds=vectors, attention_mask=mask.to(torch.int64)
        ).last_hidden_state
        return states


class Reader(NamedTuple):
    """A transformer's two places in a classifier."""

    embed: PretrainedEmbed
    encode: PretrainedEncoder

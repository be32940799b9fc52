"""A transformer encoder: blocks of multi-head self-attention and a feed-forward layer.

What goes into either is normalised first and what comes out is added to the stream ("pre-norm",
Xiong et al. 2020), so that it learns without a warm-up. The norm is LayerNorm, not RMSNorm: PyTorch
has it as one operation on a processor and ONNX as one operator, RMSNorm as four or five.
"""

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

from heedful.nn.attend import ScaledDot, attend
from heedful.nn.dropout import Dropout
from heedful.nn.rotary import rotate

AT_ONCE = 8_388_608
"""Most scores that stand in memory at a time (32 MiB): a text of 2,500 tokens has 25 million."""


class SelfAttention(nn.Module):
    """Every token asks all tokens of its text, once a head (Vaswani et al. 2017, section 3.2.2).

    Scores are those of `ScaledDot` between rotated queries and keys, weights those of `attend`.
    Where there would be more than `AT_ONCE` scores, the queries go in blocks, and in training each
    block's scores are worked out anew for its gradient instead of being kept: memory grows with
    the tokens, not with their square.

    Args:
        width: H, of the states.
        heads: how many; they share the width evenly.
        at_once: most scores in memory at a time.

    Raises:
        ValueError: the width is no multiple of the heads.
    """

    def __init__(self, width: int, heads: int, at_once: int = AT_ONCE) -> None:
        super().__init__()
        if width % heads:
            raise ValueError(f"{heads} heads do not share a width of {width} evenly")
        self.heads, self.at_once = heads, at_once
        self.into = nn.Linear(width, 3 * width)  # query, key, value
        self.out = nn.Linear(width, width)
        self.score = ScaledDot()
        _start(self.into, self.out)

    def forward(
        self, values: Float[Tensor, "B T H"], mask: Bool[Tensor, "B T"]
    ) -> Float[Tensor, "B T H"]:
        """What each token makes of what it saw."""
        query, keys, held = (self._split(part) for part in self.into(values).chunk(3, dim=-1))
        query, keys = rotate(query), rotate(keys)  # (B x heads, T, H / heads)
        seen = self._look(query, keys, held, mask.repeat_interleave(self.heads, dim=0))
        together: Tensor = self.out(self._join(seen))
        return together

    def _look(self, query: Tensor, keys: Tensor, held: Tensor, mask: Tensor) -> Tensor:
        """(B x heads, T, H / heads) contexts, in one go or in blocks of queries."""
        rows, tokens, _ = query.shape
        block = max(1, self.at_once // max(rows * tokens, 1))
        if block >= tokens:
            return self._context(query, keys, held, mask)
        found = []
        for part in torch.split(query, block, dim=1):
            if torch.is_grad_enabled():
                again = checkpoint(
                    self._context, part, keys, held, mask, use_reentrant=False,
                    preserve_rng_state=False,
                )  # fmt: skip
                found.append(again)
            else:
                found.append(self._context(part, keys, held, mask))
        return torch.cat(found, dim=1)

    def _context(self, query: Tensor, keys: Tensor, held: Tensor, mask: Tensor) -> Tensor:
        return attend(query, keys, mask, self.score, held).context

    def _split(self, values: Tensor) -> Tensor:
        """(B, T, H) -> (B x heads, T, H / heads)."""
        texts, tokens, width = values.shape
        apart = values.view(texts, tokens, self.heads, width // self.heads)
        return apart.transpose(1, 2).flatten(0, 1)

    def _join(self, values: Tensor) -> Tensor:
        """The inverse of `_split`."""
        rows, tokens, width = values.shape
        apart = values.view(rows // self.heads, self.heads, tokens, width)
        return apart.transpose(1, 2).flatten(2)


class Block(nn.Module):
    """x + attention(norm(x)), then x + feed-forward(norm(x)); GELU between 4 H units.

    Args:
        width: H.
        heads: of the self-attention.
        dropout: on what either adds.
    """

    def __init__(self, width: int, heads: int, dropout: float) -> None:
        super().__init__()
        self.before_attention, self.before_feed = nn.LayerNorm(width), nn.LayerNorm(width)
        self.attention = SelfAttention(width, heads)
        self.widen, self.narrow = nn.Linear(width, 4 * width), nn.Linear(4 * width, width)
        self.dropout = Dropout(dropout)
        _start(self.widen, self.narrow)

    def forward(
        self, values: Float[Tensor, "B T H"], mask: Bool[Tensor, "B T"]
    ) -> Float[Tensor, "B T H"]:
        """The stream after this block."""
        values = values + self.dropout(self.attention(self.before_attention(values), mask))
        hidden = nn.functional.gelu(self.widen(self.before_feed(values)))
        stream: Tensor = values + self.dropout(self.narrow(hidden))
        return stream


class Transformer(nn.Module):
    """Token vectors to the stream's width, blocks, and a last norm.

    Args:
        width: E, of the token vectors.
        hidden: H, of the stream.
        heads: of each block.
        dropout: of each block.
    """

    def __init__(self, width: int, hidden: int, heads: int, dropout: tuple[float, ...]) -> None:
        super().__init__()
        self.enter = nn.Linear(width, hidden)
        self.blocks = nn.ModuleList(Block(hidden, heads, rate) for rate in dropout)
        self.norm = nn.LayerNorm(hidden)
        _start(self.enter)

    def forward(
        self, values: Float[Tensor, "B T E"], mask: Bool[Tensor, "B T"]
    ) -> Float[Tensor, "B T H"]:
        """States; undefined at padding."""
        # Padding may hold anything, and must stay finite on its way through the norms. The stream
        # is float32 in mixed precision too: it is a sum of many parts.
        stream = self.enter(values.masked_fill(~mask.unsqueeze(-1), 0.0)).float()
        for block in self.blocks:
            stream = block(stream, mask)
        states: Tensor = self.norm(stream)
        return states


def _start(*layers: nn.Linear) -> None:
    """Initial weights: Glorot; biases zero."""
    for layer in layers:
        nn.init.xavier_uniform_(layer.weight)
        nn.init.zeros_(layer.bias)

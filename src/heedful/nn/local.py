"""Where a decoder looks at a step: everywhere, in a moving window, or nowhere.

Each way takes a query and the source and gives the context and the weights of the tokens it saw.
Time and memory of a step are those of the tokens seen: the source for `Everywhere`, at most
2 D + 1 tokens for the local ones, however long the source.
"""

from typing import Literal, NamedTuple

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn

from heedful.nn.keyed import project, scores_of
from heedful.nn.mask import masked_softmax


class Source(NamedTuple):
    """A source as the decoder sees it; `rows` keeps some of its texts.

    Attributes:
        states: (B, T, H), zero at padding.
        mask: (B, T), True = real.
        keys: (B, T, K), what the score function made of the states.
        lengths: (B,) real tokens.
        final: (B, F), the encoder's final states; width 0 where it has none.
    """

    states: Tensor
    mask: Tensor
    keys: Tensor
    lengths: Tensor
    final: Tensor

    def rows(self, index: Tensor) -> "Source":
        """The texts at these indices."""
        return Source(*(part[index] for part in self))


class Looked(NamedTuple):
    """What a look at the source gives.

    Attributes:
        context: (B, H).
        weights: (B, S) of the tokens `first[b], first[b] + 1, ...`; >= 0, sum 1 over real tokens
            (0 for a source without any), exactly 0 elsewhere.
        first: (B,), may be negative: tokens before the source have weight 0.
    """

    context: Tensor
    weights: Tensor
    first: Tensor


class Everywhere(nn.Module):
    """Global attention over all tokens."""

    def __init__(self, score: nn.Module) -> None:
        super().__init__()
        self.score = score

    def forward(self, query: Float[Tensor, "B D"], source: Source, step: int) -> Looked:
        """As `attend` with one query a text; the step does not matter."""
        weights = masked_softmax(scores_of(self.score, query, source.keys), source.mask)
        context = torch.bmm(weights.unsqueeze(1), source.states).squeeze(1)
        return Looked(context, weights, torch.zeros_like(source.lengths))


class Nowhere(nn.Module):
    """No attention: the context is the encoder's final state at every step. The control."""

    def forward(self, query: Float[Tensor, "B D"], source: Source, step: int) -> Looked:
        """The same at each step; no weights at all."""
        none = query.new_zeros(query.shape[0], 0)
        return Looked(source.final, none, torch.zeros_like(source.lengths))


class Local(nn.Module):
    """Attention to the tokens at most D from a centre p (Luong, Pham & Manning 2015, section 3.2).

    local-m: p is the step itself, and the last token from there on. local-p: p = S sigmoid(v .
    tanh(W q)) with S tokens in the source (equation 9), and the window's scores get
    -(t - p)^2 / (2 s^2), s = D / 2, before the softmax. Luong et al. multiply the weights by the
    exponential of that afterwards (equation 10); here they still sum to 1. For D = 0 s is 1/2.

    Args:
        score: the score function.
        width: of the query.
        reach: D.
        kind: which of the two.
    """

    def __init__(
        self, score: nn.Module, width: int, reach: int, kind: Literal["local-m", "local-p"]
    ) -> None:
        super().__init__()
        self.score, self.reach = score, reach
        self.inner = nn.Linear(width, width, bias=False) if kind == "local-p" else None
        self.outer = nn.Linear(width, 1, bias=False) if kind == "local-p" else None

    def centre(
        self, query: Float[Tensor, "B D"], lengths: Int[Tensor, " B"], step: int
    ) -> Float[Tensor, " B"]:
        """p, counted from the first token = 0."""
        last = (lengths - 1).clamp(min=0).to(query.dtype)
        if self.inner is None or self.outer is None:
            return last.clamp(max=step)
        share = torch.sigmoid(self.outer(torch.tanh(self.inner(query)))).squeeze(1)
        return lengths * share

    def forward(self, query: Float[Tensor, "B D"], source: Source, step: int) -> Looked:
        """A look at the window around p."""
        centre = self.centre(query, source.lengths, step)  # (B,)
        reach = min(self.reach, source.mask.shape[1])
        first = centre.detach().floor().long() - reach
        places = first.unsqueeze(1) + torch.arange(2 * reach + 1, device=first.device)  # (B, S)
        seen = (places >= 0) & (places < source.lengths.unsqueeze(1))
        index = places.clamp(0, max(source.mask.shape[1] - 1, 0))
        rows = torch.arange(len(index), device=index.device).unsqueeze(1)
        scores = scores_of(self.score, query, source.keys[rows, index])
        if self.inner is not None:
            away = places - centre.unsqueeze(1)
            scores = scores - away * away * (2 / max(self.reach, 1) ** 2)
        weights = masked_softmax(scores, seen)
        context = torch.bmm(weights.unsqueeze(1), source.states[rows, index]).squeeze(1)
        return Looked(context, weights, first)


def on_source(
    weights: Float[Tensor, "B U S"], first: Int[Tensor, "B U"], tokens: int
) -> Float[Tensor, "B U T"]:
    """Weights of windows as weights of all `tokens` tokens of the source; needs U x T memory."""
    places = first.unsqueeze(2) + torch.arange(weights.shape[2], device=weights.device)
    inside = (places >= 0) & (places < tokens)
    result = weights.new_zeros(*weights.shape[:2], max(tokens, 1))
    result.scatter_add_(2, places.clamp(0, max(tokens - 1, 0)), weights * inside)
    return result[..., :tokens]


def prepare(
    score: nn.Module | None,
    states: Float[Tensor, "B T H"],
    mask: Bool[Tensor, "B T"],
    final: Float[Tensor, "B F"] | None,
) -> Source:
    """The source for a decoder: padding cleared, keys projected once."""
    real = states.masked_fill(~mask.unsqueeze(-1), 0.0)
    keys = real[..., :0] if score is None else project(score, real)
    ends = states.new_zeros(len(states), 0) if final is None else final
    return Source(real, mask, keys, mask.sum(dim=1), ends)

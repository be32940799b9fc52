"""Attend: who looks where, and how strongly.

A score function maps `query (B, Q, D)` and `keys (B, T, H)` to `scores (B, Q, T)` and does
nothing else; masking and softmax happen once, in `attend`. Classification has one query a
text (Q = 1), a decoder one per step, self-attention one per token (Q = T).
"""

import math
from typing import NamedTuple

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn

from heedful.config import ModelConfig
from heedful.nn.mask import masked_softmax


class Attended(NamedTuple):
    """What attention returns.

    Attributes:
        context: (B, Q, H), the weighted sum of the keys, or (B, Q, V) of the values.
        weights: (B, Q, T), >= 0, sum 1 over real tokens, exactly 0 on padding.
    """

    context: Tensor
    weights: Tensor


def attend(
    query: Float[Tensor, "B Q D"],
    keys: Float[Tensor, "B T H"],
    mask: Bool[Tensor, "B T"],
    score: nn.Module,
    values: Float[Tensor, "B T V"] | None = None,
) -> Attended:
    """context_q = sum_t a_qt keys_t with a_q = softmax over real t of score(query_q, keys_t).

    With `values` they are summed in the place of the keys, and the context is as wide as they are.
    A text without real tokens gets zero weights and a zero context.
    """
    scores = score(query, keys)  # (B, Q, T)
    if scores.dtype == torch.bfloat16:  # fine for products, too coarse for a softmax
        scores = scores.float()
    weights = masked_softmax(scores, mask.unsqueeze(1).expand_as(scores))
    # Padding may hold anything, and 0 x inf is NaN: it is cleared before the product.
    real = (keys if values is None else values).masked_fill(~mask.unsqueeze(-1), 0.0)
    return Attended(torch.bmm(weights, real), weights)


def _activation(name: str) -> nn.Module:
    return nn.Tanh() if name == "tanh" else nn.ReLU()


class Additive(nn.Module):
    """v . f(... f(W_q q + W_k k + b) ...) (Bahdanau, Cho & Bengio 2015, appendix A.1.2).

    With `depth` 1 and tanh it is the paper's; further hidden layers of the same width make it
    an attention MLP.
    """

    def __init__(
        self, query_width: int, key_width: int, width: int, depth: int, activation: str
    ) -> None:
        super().__init__()
        self.key = nn.Linear(key_width, width)
        self.query = nn.Linear(query_width, width, bias=False)
        hidden: list[nn.Module] = [_activation(activation)]
        for _ in range(depth - 1):
            hidden += [nn.Linear(width, width), _activation(activation)]
        self.hidden = nn.Sequential(*hidden)
        self.vector = nn.Linear(width, 1, bias=False)

    def forward(
        self, query: Float[Tensor, "B Q D"], keys: Float[Tensor, "B T H"]
    ) -> Float[Tensor, "B Q T"]:
        """Scores, before masking and softmax."""
        pre = self.query(query).unsqueeze(2) + self.key(keys).unsqueeze(1)  # (B, Q, T, W)
        scores: Tensor = self.vector(self.hidden(pre)).squeeze(-1)
        return scores


class Concat(nn.Module):
    """v . tanh(W [q; k]) (Luong, Pham & Manning 2015, equation 8, "concat"); no biases."""

    def __init__(self, query_width: int, key_width: int, width: int) -> None:
        super().__init__()
        self.joint = nn.Linear(query_width + key_width, width, bias=False)
        self.vector = nn.Linear(width, 1, bias=False)

    def forward(
        self, query: Float[Tensor, "B Q D"], keys: Float[Tensor, "B T H"]
    ) -> Float[Tensor, "B Q T"]:
        """Scores, before masking and softmax."""
        wide = (-1, query.shape[1], keys.shape[1], -1)
        pairs = [query.unsqueeze(2).expand(wide), keys.unsqueeze(1).expand(wide)]
        scores: Tensor = self.vector(torch.tanh(self.joint(torch.cat(pairs, dim=-1)))).squeeze(-1)
        return scores


class General(nn.Module):
    """q^T W k (+ b) (Luong et al. 2015, equation 8, "general"; they have no b).

    A bias shifts every score alike and cancels in the softmax: it is off unless asked for,
    to take over weights from libraries that carry one.
    """

    def __init__(self, query_width: int, key_width: int, *, bias: bool = False) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(query_width, key_width))
        self.bias = nn.Parameter(torch.zeros(())) if bias else None
        nn.init.xavier_uniform_(self.weight)

    def forward(
        self, query: Float[Tensor, "B Q D"], keys: Float[Tensor, "B T H"]
    ) -> Float[Tensor, "B Q T"]:
        """Scores, before masking and softmax."""
        scores: Tensor = torch.matmul(query @ self.weight, keys.transpose(1, 2))
        if self.bias is not None:
            scores = scores + self.bias
        return scores


class Dot(nn.Module):
    """q . k (Luong et al. 2015, equation 8, "dot"). Needs query and keys of one width."""

    def forward(
        self, query: Float[Tensor, "B Q H"], keys: Float[Tensor, "B T H"]
    ) -> Float[Tensor, "B Q T"]:
        """Scores, before masking and softmax."""
        return torch.matmul(query, keys.transpose(1, 2))


class ScaledDot(nn.Module):
    """q . k / sqrt(H) (Vaswani et al. 2017, equation 1). Needs query and keys of one width."""

    def forward(
        self, query: Float[Tensor, "B Q H"], keys: Float[Tensor, "B T H"]
    ) -> Float[Tensor, "B Q T"]:
        """Scores, before masking and softmax."""
        return torch.matmul(query, keys.transpose(1, 2)) / math.sqrt(keys.shape[-1])


class Content(nn.Module):
    """beta cos(q, k) (Graves, Wayne & Danihelka 2014, equations 5 and 6).

    beta > 0 is the key strength, one learned number that starts at 1: a cosine alone lies
    between -1 and 1 and could never make a sharp softmax. A zero vector has cosine 0.
    """

    def __init__(self) -> None:
        super().__init__()
        self.log_strength = nn.Parameter(torch.zeros(()))

    def forward(
        self, query: Float[Tensor, "B Q H"], keys: Float[Tensor, "B T H"]
    ) -> Float[Tensor, "B Q T"]:
        """Scores, before masking and softmax."""
        unit_query = nn.functional.normalize(query, dim=-1, eps=1e-8)
        unit_keys = nn.functional.normalize(keys, dim=-1, eps=1e-8)
        return self.log_strength.exp() * torch.matmul(unit_query, unit_keys.transpose(1, 2))


class Location(nn.Module):
    """W q, read off at the position of the key (Luong et al. 2015, equation 9).

    The score sees the target state and the position alone, never the key. The table has
    `positions` rows; what stands further back shares the last row, so that a text of any
    length can be read.
    """

    def __init__(self, query_width: int, positions: int = 512) -> None:
        super().__init__()
        self.table = nn.Linear(query_width, positions, bias=False)

    def forward(
        self, query: Float[Tensor, "B Q D"], keys: Float[Tensor, "B T H"]
    ) -> Float[Tensor, "B Q T"]:
        """Scores, before masking and softmax."""
        positions = torch.arange(keys.shape[1], device=keys.device)
        index = positions.clamp(max=self.table.out_features - 1)
        scores: Tensor = self.table(query)[..., index]
        return scores


class Uniform(nn.Module):
    """0 for every token: the control that every other score has to beat."""

    def forward(
        self, query: Float[Tensor, "B Q D"], keys: Float[Tensor, "B T H"]
    ) -> Float[Tensor, "B Q T"]:
        """Scores, before masking and softmax."""
        return keys.new_zeros(keys.shape[0], query.shape[1], keys.shape[1])


def build_score(query_width: int, key_width: int, config: ModelConfig) -> nn.Module:
    """The score function that `config.attention` names.

    `dot`, `scaled-dot` and `content` need `query_width == key_width`.
    """
    width = config.attention_width
    if config.attention == "additive":
        depth, activation = config.attention_depth, config.attention_activation
        return Additive(query_width, key_width, width, depth, activation)
    if config.attention == "concat":
        return Concat(query_width, key_width, width)
    if config.attention == "general":
        return General(query_width, key_width)
    if config.attention == "location":
        return Location(query_width)
    plain: dict[str, type[nn.Module]] = {
        "dot": Dot,
        "scaled-dot": ScaledDot,
        "content": Content,
        "uniform": Uniform,
    }
    return plain[config.attention]()

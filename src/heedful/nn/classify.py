"""Predict: the whole classifier, Embed -> Encode -> Attend -> Predict, and n-grams beside it."""

from collections.abc import Callable
from dataclasses import replace
from typing import NamedTuple

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn

from heedful.config import ModelConfig
from heedful.nn.attend import Attended, attend, build_score
from heedful.nn.dropout import Dropout
from heedful.nn.embed import Embed
from heedful.nn.encode import ConvEncoder, Encoder, States, build_encoder
from heedful.nn.evidence import Evidence
from heedful.nn.mask import masked_mean
from heedful.nn.pool import MaxPool, taken
from heedful.nn.pretrained import PretrainedEmbed, PretrainedEncoder, Reader


class Scored(NamedTuple):
    """A scored batch.

    For every text and class: `logits = base + contributions.sum over tokens`, up to rounding.
    A token's contribution is a_t (w . h_t), what its state adds to the logit, and with max pooling
    what the units add that are largest there; under a convolution, whose states are sums over
    windows, it is what the token's own vector adds to the states that see it. With n-gram
    evidence, its share of the n-grams that it is part of is added.

    Attributes:
        logits: (B, C) log-odds before the sigmoid or softmax; C = 1 for a binary task.
        weights: (B, T) attention.
        contributions: (B, T, C) signed, exactly 0 on padding.
        base: (C,) what the model says of a text that contributes nothing.
        evidence: (B, C) what of the contributions' sum comes from n-gram evidence.
    """

    logits: Tensor
    weights: Tensor
    contributions: Tensor
    base: Tensor
    evidence: Tensor


class Inner(NamedTuple):
    """A batch's decision and what led to it, all of one pass, for penalties on the way there.

    Attributes:
        logits: (B, C).
        values: (B, T, E) token vectors as the encoder read them, drop-out included.
        states: (B, T, H), undefined at padding.
        weights: (B, T) attention, 0 on padding.
    """

    logits: Tensor
    values: Tensor
    states: Tensor
    weights: Tensor


class LinearHead(nn.Module):
    """W c + b. Every token's share is exact: a_t (w . h_t)."""

    def __init__(self, width: int, classes: int, dropout: float) -> None:
        super().__init__()
        self.dropout = Dropout(dropout)
        self.linear = nn.Linear(max(width, 1), classes)
        if not width:  # nothing to weigh, and a constant that something else brings
            self.linear.weight = nn.Parameter(self.linear.weight[:, :0].detach().clone())
            nn.init.zeros_(self.linear.bias)

    def forward(self, context: Float[Tensor, "B H"]) -> Float[Tensor, "B C"]:
        """Logits."""
        logits: Tensor = self.linear(self.dropout(context))
        return logits

    def slope(self, context: Float[Tensor, "B H"]) -> Float[Tensor, "B C H"]:
        """The gradient of each logit, which is the same everywhere."""
        return self.linear.weight.unsqueeze(0).expand(context.shape[0], -1, -1)

    def base(self) -> Float[Tensor, "C"]:
        """Logits of a zero context."""
        return self.linear.bias

    @torch.no_grad()
    def scale(self, factor: float) -> None:
        """Multiply all logits, and with them base and contributions, by a number > 0."""
        self.linear.weight.mul_(factor)
        self.linear.bias.mul_(factor)


class DenseHead(nn.Module):
    """W2 f(W1 c + b1) + b2, explained by integrated gradients from c = 0.

    Along the path s c (0 <= s <= 1) the hidden pre-activation of unit k is s a_k + b_k with
    a = W1 c, so the path integral of its derivative is the secant
    (f(a_k + b_k) - f(b_k)) / a_k: integrated gradients (Sundararajan et al. 2017, equation 1)
    in closed form, with a completeness error of rounding only.
    """

    def __init__(
        self, width: int, classes: int, hidden: int, activation: str, dropout: float
    ) -> None:
        super().__init__()
        self.hidden = nn.Linear(width, hidden)
        self.activation: nn.Module = nn.ReLU() if activation == "relu" else nn.Tanh()
        self.dropout = Dropout(dropout)
        self.output = nn.Linear(hidden, classes)

    def forward(self, context: Float[Tensor, "B H"]) -> Float[Tensor, "B C"]:
        """Logits."""
        logits: Tensor = self.output(self.dropout(self.activation(self.hidden(context))))
        return logits

    def slope(self, context: Float[Tensor, "B H"]) -> Float[Tensor, "B C H"]:
        """The mean gradient of each logit between a zero context and this one."""
        bias = self.hidden.bias
        step = context @ self.hidden.weight.T  # (B, K)
        rise = self.activation(step + bias) - self.activation(bias)
        flat = step.abs() < 1e-7  # no way to go along this unit: nothing to hand out either
        secant = torch.where(flat, torch.zeros_like(rise), rise / step.masked_fill(flat, 1.0))
        return torch.einsum("ck,bk,kh->bch", self.output.weight, secant, self.hidden.weight)

    def base(self) -> Float[Tensor, "C"]:
        """Logits of a zero context."""
        logits: Tensor = self.output(self.activation(self.hidden.bias))
        return logits

    @torch.no_grad()
    def scale(self, factor: float) -> None:
        """Multiply all logits, and with them base and contributions, by a number > 0."""
        self.output.weight.mul_(factor)
        self.output.bias.mul_(factor)


class Classifier(nn.Module):
    """Embed -> Encode -> Attend -> Predict, and n-gram evidence beside it if there is any.

    The logits of both are added. Without an attention network (`model.encoder=none`) tokens have
    vectors of width 0: all of its contributions are 0, its attention is uniform.

    Args:
        config: the network's settings.
        vocabulary: number of token ids V.
        classes: number of logits C; 1 for a binary task.
        reader: the transformer in the place of Embed and Encode; None = there is none.

    Attributes:
        peak: max pooling beside attention; None = none.
        evidence: n-gram evidence; None = none. It is fitted apart (learn/evidence.py).
        computing: what encoder and attention multiply in while training. Scoring and explaining
            are done in float32 whatever it is.
        first: what the encoder's first layer makes of ids; None = it works that out of their
            vectors. It is there only while many texts are scored (nn/tabled.py).
        known: the states of texts that a frozen transformer has read before (learn/frozen.py); None
            for texts that it has not. It is there only while training.
    """

    def __init__(
        self, config: ModelConfig, vocabulary: int, classes: int, reader: Reader | None = None
    ) -> None:
        super().__init__()
        self.config, self.classes = config, classes
        self.evidence: Evidence | None = None
        self.computing = torch.float32
        self.first: Callable[[Tensor, Tensor], Tensor] | None = None
        self.known: Callable[[Tensor, Tensor], Tensor | None] | None = None
        if config.encoder == "none":
            config = replace(config, encoder="token", embedding=0, attention="uniform")
            config = replace(config, query="learned", head="linear", pooling="attention")
        self.embed: Embed | PretrainedEmbed
        self.encode: Encoder
        if reader is not None:
            self.embed, self.encode = reader
        else:
            self.embed = Embed(
                min(vocabulary, config.words),
                config.embedding,
                config.embedding_dropout,
                config.word_dropout,
            )
            self.encode = build_encoder(config.embedding, config)
        width = self.encode.width
        self.score = build_score(width, width, config)
        self.query = nn.Parameter(torch.randn(width) * 0.1) if config.query == "learned" else None
        self.head: LinearHead | DenseHead
        if config.head == "linear":
            self.head = LinearHead(width, classes, config.head_dropout)
        else:
            self.head = DenseHead(
                width, classes, config.head_width, config.head_activation, config.head_dropout
            )
        self.peak: MaxPool | None = None
        if config.pooling == "attention+max":
            self.peak = MaxPool(width, classes, config.head_dropout)

    def pool(
        self, values: Float[Tensor, "B T E"], mask: Bool[Tensor, "B T"]
    ) -> tuple[Float[Tensor, "B T H"], Attended]:
        """States of the tokens and what attention makes of them (one query a text).

        In training the states are as coarse as `computing` says; context and weights are float32.
        """
        if not self.training or self.computing == torch.float32:
            return self._pool(values, mask)
        device = values.device.type
        # Threads share what is cached, so that none could tell what it gets (nn/recurrent.py).
        with torch.autocast(device, dtype=self.computing, cache_enabled=device != "cpu"):
            # Rounded before the first product, and not after a copy or two.
            states, attended = self._pool(values.to(self.computing), mask)
        return states, Attended(attended.context.float(), attended.weights.float())

    def look(
        self, ids: Int[Tensor, "B T"], mask: Bool[Tensor, "B T"]
    ) -> tuple[Float[Tensor, "B T E"], Float[Tensor, "B T H"], Attended]:
        """Token vectors, states and attention, the states from those that are known if they are."""
        values = self.embed(ids, mask)
        states = self._known(ids, mask)
        if states is None:
            return values, *self.pool(values, mask)
        return values, *self._attended(States(states, None), mask)

    def _known(self, ids: Tensor, mask: Tensor) -> Tensor | None:
        if self.known is None or not isinstance(self.encode, PretrainedEncoder):
            return None
        if self.training and self.embed.word_dropout > 0:
            return None
        states = self.known(ids, mask)
        return None if states is None else self.encode.dropout(states)

    def _pool(self, values: Tensor, mask: Tensor) -> tuple[Tensor, Attended]:
        return self._attended(self.encode(values, mask), mask)

    def _attended(self, encoded: States, mask: Tensor) -> tuple[Tensor, Attended]:
        states, final = encoded
        if self.query is not None:
            query = self.query.expand(states.shape[0], 1, -1)
        elif final is not None:
            query = final.unsqueeze(1)
        else:
            raise ValueError("an encoder without a final state has no query but a learned one")
        return states, attend(query, states, mask, self.score)

    def said(
        self,
        states: Float[Tensor, "B T H"],
        context: Float[Tensor, "B H"],
        mask: Bool[Tensor, "B T"],
    ) -> Float[Tensor, "B C"]:
        """What the attention network says, by the states and what attention made of them."""
        logits: Tensor = self.head(context)
        return logits if self.peak is None else logits + self.peak(states, mask)

    def shared_peaks(
        self,
        values: Float[Tensor, "B T E"],
        states: Float[Tensor, "B T H"],
        mask: Bool[Tensor, "B T"],
    ) -> Float[Tensor, "B T C"]:
        """Each token's share of the max pooling's logits, to which they sum; zeros without it."""
        if self.peak is None:
            return values.new_zeros(*mask.shape, self.classes)
        units, slope = taken(states, mask), self.peak.slope(len(mask))
        return self.encode.hand_down(values, states, mask, units, slope)

    @property
    def attends(self) -> bool:
        """Whether there is an attention network."""
        return self.config.encoder != "none"

    def logits(self, ids: Int[Tensor, "B T"], mask: Bool[Tensor, "B T"]) -> Float[Tensor, "B C"]:
        """The decision alone."""
        return self.beside(ids, mask, self.read(ids, mask))

    def read(self, ids: Int[Tensor, "B T"], mask: Bool[Tensor, "B T"]) -> Float[Tensor, "B C"]:
        """What the attention network says, as training needs it."""
        if not self.attends:
            return self.head.base().expand(len(ids), -1)
        if self.first is None or not isinstance(self.encode, ConvEncoder):
            _, states, attended = self.look(ids, mask)
        else:
            states, attended = self._attended(self.encode.after(self.first(ids, mask), mask), mask)
        return self.said(states, attended.context.squeeze(1), mask)

    def beside(
        self, ids: Int[Tensor, "B T"], mask: Bool[Tensor, "B T"], logits: Float[Tensor, "B C"]
    ) -> Float[Tensor, "B C"]:
        """Logits of the attention network with those of the n-gram evidence added."""
        return logits if self.evidence is None else logits + self.evidence.logits(ids, mask)

    @torch.no_grad()
    def scale(self, factor: float) -> None:
        """Multiply all logits, and with them base and contributions, by a number > 0."""
        self.scale_read(factor)
        if self.evidence is not None:
            self.evidence.rescale(factor)

    @torch.no_grad()
    def scale_read(self, factor: float) -> None:
        """Multiply what the attention network says by a number > 0; n-gram evidence stays."""
        self.head.scale(factor)
        if self.peak is not None:
            self.peak.scale(factor)

    def inner(self, ids: Int[Tensor, "B T"], mask: Bool[Tensor, "B T"]) -> Inner:
        """What the attention network says as `read` gives it, with vectors, states, attention."""
        values, states, attended = self.look(ids, mask)
        logits = self.said(states, attended.context.squeeze(1), mask)
        return Inner(logits, values, states.float(), attended.weights.squeeze(1))

    def logits_and_uniform(
        self, ids: Int[Tensor, "B T"], mask: Bool[Tensor, "B T"]
    ) -> tuple[Float[Tensor, "B C"], Float[Tensor, "B C"]]:
        """The decision, and what it would be were every real token read alike.

        States, head and max pooling stay as they are (the control of Jain & Wallace 2019, section
        4.2.1, there for a network trained so; here the weights of a trained one are replaced).
        """
        _, states, attended = self.look(ids, mask)
        learned = self.said(states, attended.context.squeeze(1), mask)
        uniform = self.said(states, masked_mean(states, mask), mask)
        if self.evidence is None:
            return learned, uniform
        more = self.evidence.logits(ids, mask)
        return learned + more, uniform + more

    def forward(self, ids: Int[Tensor, "B T"], mask: Bool[Tensor, "B T"]) -> Scored:
        """The decision, the attention and the contribution of every token."""
        values = self.embed(ids, mask)
        states, attended = self.pool(values, mask)
        context, weights = attended.context.squeeze(1), attended.weights.squeeze(1)
        slope = self.head.slope(context)  # (B, C, H)
        contributions = self.encode.hand_down(values, states, mask, weights.unsqueeze(-1), slope)
        if self.peak is not None:
            contributions = contributions + self.shared_peaks(values, states, mask)
        logits, base = self.said(states, context, mask), self.head.base()
        if self.evidence is None:
            return Scored(logits, weights, contributions, base, torch.zeros_like(logits))
        found = self.evidence(ids, mask)
        return Scored(
            logits + found.logits,
            weights,
            contributions + found.contributions,
            base + self.evidence.bias,
            found.logits - self.evidence.bias,
        )

"""Encode: token vectors to states that know their surroundings (or do not)."""

from typing import NamedTuple

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn

from heedful.config import ModelConfig
from heedful.nn.convolve import convolve
from heedful.nn.dropout import Dropout
from heedful.nn.recurrent import Cell, Recurrent
from heedful.nn.transformer import Transformer


class States(NamedTuple):
    """What an encoder returns.

    Attributes:
        states: (B, T, H), undefined at padding.
        final: (B, H), the final state of each direction; None where an encoder has none.
    """

    states: Tensor
    final: Tensor | None


class Encoder(nn.Module):
    """What every encoder is: vectors in, states out, and whose each state's share is.

    Attributes:
        width: H, the width of the states.
        reach: a state sees so many tokens to either side; None = the whole text.
    """

    width: int
    reach: int | None = 0

    def forward(self, values: Float[Tensor, "B T E"], mask: Bool[Tensor, "B T"]) -> States:
        """States of the tokens: here their own vectors."""
        return States(values, None)

    def hand_down(
        self,
        values: Float[Tensor, "B T E"],
        states: Float[Tensor, "B T H"],
        mask: Bool[Tensor, "B T"],
        weights: Float[Tensor, "B T W"],
        slope: Float[Tensor, "B C H"],
    ) -> Float[Tensor, "B T C"]:
        """What each token adds to sum_t w_c . (a_t h_t): here what its own state does.

        Args:
            values: the token vectors that went in.
            states: the states that came out of them.
            mask: True = real.
            weights: what pools the states; 0 on padding. The attention a, W = 1, or for each unit
                weights of its own, W = H.
            slope: w, one row a class.
        """
        # Padding may hold anything, and 0 x inf is NaN: it is cleared before the product.
        pooled = weights * states.masked_fill(~mask.unsqueeze(-1), 0.0)
        return torch.matmul(pooled, slope.transpose(1, 2))  # (B, T, C)


class TokenEncoder(Encoder):
    """No context at all: the state of a token is its own vector."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.width = width


class ConvEncoder(Encoder):
    """Convolutions over windows of tokens with ReLU (Kim 2014, section 2).

    A layer has `hidden` channels for each window, side by side. With the widest window a state
    sees `layers * (window - 1) + 1` tokens. Padding counts as zeros, just as what lies beyond
    the end of a text, so it changes nothing.

    Attributes:
        convolutions: layer by layer, and in each window by window.
    """

    def __init__(
        self,
        width: int,
        hidden: int,
        layers: int,
        windows: tuple[int, ...],
        dropout: tuple[float, ...],
    ) -> None:
        super().__init__()
        self.width, self.reach = hidden * len(windows), layers * (max(windows) // 2)
        self.windows = windows
        convolutions = [
            nn.Conv1d(width if i == 0 else self.width, hidden, window, padding=window // 2)
            for i in range(layers)
            for window in windows
        ]
        self.convolutions = nn.ModuleList(convolutions)
        self.dropouts = nn.ModuleList(Dropout(rate) for rate in dropout)
        for convolution in convolutions:
            nn.init.xavier_uniform_(convolution.weight)
            if convolution.bias is not None:
                nn.init.zeros_(convolution.bias)

    def forward(self, values: Float[Tensor, "B T E"], mask: Bool[Tensor, "B T"]) -> States:
        """States after the last layer."""
        return self.after(_side_by_side(self.layers()[0], values * mask.unsqueeze(-1)), mask)

    def after(self, before: Float[Tensor, "B T H"], mask: Bool[Tensor, "B T"]) -> States:
        """States after the last layer, from what the first one gives before its ReLU.

        `before` is used up.
        """
        values = self.dropouts[0](torch.relu_(before))
        for layer, dropout in list(zip(self.layers(), self.dropouts, strict=True))[1:]:
            values = dropout(torch.relu(_side_by_side(layer, values * mask.unsqueeze(-1))))
        return States(values, None)

    def layers(self) -> list[list[nn.Conv1d]]:
        """The convolutions of each layer."""
        every = [one for one in self.convolutions if isinstance(one, nn.Conv1d)]
        step = len(self.windows)
        return [every[start : start + step] for start in range(0, len(every), step)]

    def hand_down(
        self,
        values: Float[Tensor, "B T E"],
        states: Float[Tensor, "B T H"],
        mask: Bool[Tensor, "B T"],
        weights: Float[Tensor, "B T W"],
        slope: Float[Tensor, "B C H"],
    ) -> Float[Tensor, "B T C"]:
        """What each token adds to sum_t w_c . (a_t h_t) through the windows that see it.

        A ReLU unit that is on is linear, one that is off is silent, so each state is a sum over
        the tokens of its window: h_t = on_t * (b + sum_k W_k x_(t+k)). Every token gets what its
        own vector adds; the bias stays with the state's own token. (Gradient times input for
        piecewise linear networks, with the attention held fixed: Montavon et al. 2018, section
        4.1.)
        """
        real = mask.unsqueeze(-1)
        layers = self.layers()
        inputs, on = values * real, []
        for layer in layers:
            before = _side_by_side(layer, inputs)  # (B, T, H)
            on.append(before > 0)
            inputs = torch.relu(before) * real
        path = list(zip(layers, on, strict=True))[::-1]
        columns = [
            self._through(path, values, mask, weights * of_class.unsqueeze(1))
            for of_class in slope.unbind(dim=1)  # (B, H) each
        ]
        return torch.stack(columns, dim=-1)

    @staticmethod
    def _through(
        path: list[tuple[list[nn.Conv1d], Tensor]], values: Tensor, mask: Tensor, pull: Tensor
    ) -> Tensor:
        """sum_t pull_t . h_t shared out among the tokens, layer by layer from the last.

        Args:
            path: the convolutions of each layer and which of its units are on (B, T, H).
            values: (B, T, E) the token vectors.
            mask: True = real.
            pull: (B, T, H).
        """
        real = mask.unsqueeze(-1)
        shares = values.new_zeros(mask.shape)
        for layer, active in path:
            pulls = (pull * active * real).chunk(len(layer), dim=2)
            spread = []
            for convolution, part in zip(layer, pulls, strict=True):
                if convolution.bias is not None:
                    shares = shares + part @ convolution.bias
                weight = convolution.weight  # (hidden, E, window)
                wide = nn.functional.conv_transpose1d(
                    part.transpose(1, 2), weight, padding=weight.shape[-1] // 2
                )
                spread.append(wide.transpose(1, 2))
            pull = torch.stack(spread).sum(dim=0)
        return shares + (pull * values * real).sum(dim=-1)


def _side_by_side(layer: list[nn.Conv1d], values: Float[Tensor, "B T E"]) -> Tensor:
    """(B, T, H) what the windows of a layer give, before ReLU."""
    found = [convolve(convolution, values) for convolution in layer]
    return found[0] if len(found) == 1 else torch.cat(found, dim=-1)


class RecurrentEncoder(Encoder):
    """A stack of LSTM or GRU layers."""

    def __init__(self, width: int, config: ModelConfig, dropout: tuple[float, ...]) -> None:
        super().__init__()
        cell: Cell = "lstm" if config.encoder == "bilstm" else "gru"
        layers = []
        for _ in range(config.layers):
            layer = Recurrent(
                cell,
                width,
                config.hidden,
                bidirectional=config.bidirectional,
                gate=config.gate,
            )
            layers.append(layer)
            width = layer.width
        self.layers = nn.ModuleList(layers)
        self.dropouts = nn.ModuleList(Dropout(rate) for rate in dropout)
        self.width, self.reach = width, None

    def forward(self, values: Float[Tensor, "B T E"], mask: Bool[Tensor, "B T"]) -> States:
        """States and final states of the last layer."""
        final: Tensor | None = None
        for layer, dropout in zip(self.layers, self.dropouts, strict=True):
            values, final = layer(values, mask)
            values = dropout(values)
        return States(values, final)


class TransformerEncoder(Encoder):
    """Pre-norm blocks of self-attention with rotary positions. A state sees the whole text."""

    def __init__(self, width: int, config: ModelConfig, dropout: tuple[float, ...]) -> None:
        super().__init__()
        self.transformer = Transformer(width, config.hidden, config.heads, dropout)
        self.width, self.reach = config.hidden, None

    def forward(self, values: Float[Tensor, "B T E"], mask: Bool[Tensor, "B T"]) -> States:
        """States after the last norm; there is no final one."""
        return States(self.transformer(values, mask), None)


def build_encoder(width: int, config: ModelConfig) -> Encoder:
    """The encoder that `config` names, for token vectors of this width."""
    rates = config.encoder_dropout
    dropout = rates if len(rates) == config.layers else rates * config.layers
    if config.encoder == "token":
        return TokenEncoder(width)
    if config.encoder == "hf":
        raise ValueError("a pre-trained transformer is read, not built: learn/pretrained.py")
    if config.encoder == "conv":
        return ConvEncoder(width, config.hidden, config.layers, config.window, dropout)
    if config.encoder == "transformer":
        return TransformerEncoder(width, config, dropout)
    return RecurrentEncoder(width, config, dropout)

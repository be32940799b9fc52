"""The encoders (nn/encode.py) as ONNX operations: states, and whose each state's share is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from heedful.config import ModelConfig
from heedful.face.export.graph import FLOAT, Graph, Value
from heedful.face.export.scores import Tensors
from heedful.face.export.texts import Texts, cleared


class Encoded(Protocol):
    """What an encoder has made of a batch.

    Attributes:
        states: (B, T, H), undefined at padding.
        final: (B, 1, H) the final state of each direction; None where there is none.
    """

    @property
    def states(self) -> Value:
        """See above."""

    @property
    def final(self) -> Value | None:
        """See above."""

    def hand_down(self, graph: Graph, pools: Value, slope: Value) -> Value:
        """(B, T, C) what each token adds to sum_t w_c . (a_t h_t).

        Args:
            graph: to write to.
            pools: (B, T, 1) or (B, T, H), 0 on padding: a.
            slope: (B or 1, C, H): w.
        """


@dataclass(frozen=True)
class Plain:
    """States of which each belongs to its own token: all but those of convolutions."""

    batch: Texts
    states: Value
    final: Value | None = None

    def hand_down(self, graph: Graph, pools: Value, slope: Value) -> Value:
        """As in `Encoded`."""
        pooled = graph.op("Mul", pools, cleared(graph, self.states, self.batch))
        return graph.op("MatMul", pooled, graph.transpose(slope, 0, 2, 1))


@dataclass(frozen=True)
class Layer:
    """One layer of convolutions side by side.

    Attributes:
        names: of the convolutions.
        before: (B, T, H) what they give, before ReLU.
    """

    names: tuple[str, ...]
    before: Value


@dataclass(frozen=True)
class Convolved:
    """States that are sums over windows of tokens.

    Attributes:
        values: (B, T, E) token vectors, zeros at padding.
        layers: from the first to the last.
    """

    batch: Texts
    weights: Tensors
    values: Value
    layers: tuple[Layer, ...]
    states: Value
    final: Value | None = None

    def hand_down(self, graph: Graph, pools: Value, slope: Value) -> Value:
        """As in `Encoded`; the classes go through the layers together, as an axis of their own."""
        pull = graph.op("Mul", graph.unsqueeze(pools, 1), graph.unsqueeze(slope, 2))  # (B, C, T, H)
        shares: list[Value] = []  # (B, C, T, 1) each
        for layer in reversed(self.layers):
            on = graph.op("Greater", layer.before, graph.constant(0.0))
            active = graph.op("Mul", graph.cast(on, FLOAT), self.batch.column)
            pull = graph.op("Mul", pull, graph.unsqueeze(active, 1))
            pull = self._through(graph, layer, pull, shares)
        vectors = graph.unsqueeze(self.values, 1)  # (B, 1, T, E)
        shares.append(graph.sum(graph.op("Mul", pull, vectors), 3, keep=True))
        total = shares[0] if len(shares) == 1 else graph.op("Sum", *shares)
        return graph.transpose(graph.squeeze(total, 3), 0, 2, 1)

    def _through(self, graph: Graph, layer: Layer, pull: Value, shares: list[Value]) -> Value:
        """What the layer's inputs are pulled by (B, C, T, E); the biases' shares go to `shares`."""
        spread, start = [], 0
        for name in layer.names:
            weight, bias = self.weights[f"{name}.weight"], self.weights[f"{name}.bias"]
            part = graph.slice(pull, 3, start, start + len(weight))
            start += len(weight)
            shares.append(graph.op("MatMul", part, graph.constant(bias[:, None], f"{name}.bias^T")))
            spread.append(self._back(graph, name, part))
        return spread[0] if len(spread) == 1 else graph.op("Sum", *spread)

    def _back(self, graph: Graph, name: str, part: Value) -> Value:
        """The transposed convolution, texts and classes on one axis."""
        weight = self.weights[f"{name}.weight"]  # (hidden, E, window)
        hidden, width, window = weight.shape
        outer = graph.op("Shape", part, attributes={"start": 0, "end": 3})  # B, C, T
        tokens = graph.slice(outer, 0, 2)
        flat = graph.concat([graph.constant([-1]), tokens, graph.constant([hidden])], 0)
        rows = graph.transpose(graph.op("Reshape", part, flat), 0, 2, 1)
        kernel = graph.constant(weight, f"{name}.weight")
        pads = {"pads": [window // 2, window // 2]}
        wide = graph.op("ConvTranspose", rows, kernel, attributes=pads)
        shape = graph.concat([outer, graph.constant([width])], 0)
        return graph.op("Reshape", graph.transpose(wide, 0, 2, 1), shape)


def convolved(
    graph: Graph, config: ModelConfig, weights: Tensors, vectors: Value, batch: Texts
) -> Convolved:
    """Convolutions over windows of tokens with ReLU."""
    values = inputs = graph.op("Mul", vectors, batch.column)
    layers, step, states = [], len(config.window), inputs
    for number in range(config.layers):
        names = tuple(f"encode.convolutions.{number * step + i}" for i in range(step))
        image = graph.transpose(inputs, 0, 2, 1)
        found = [_convolution(graph, weights, name, image) for name in names]
        before = graph.transpose(graph.concat(found, 1), 0, 2, 1)
        layers.append(Layer(names, before))
        states = graph.op("Relu", before)
        inputs = graph.op("Mul", states, batch.column)
    return Convolved(batch, weights, values, tuple(layers), states)


def _convolution(graph: Graph, weights: Tensors, name: str, image: Value) -> Value:
    weight, bias = weights[f"{name}.weight"], weights[f"{name}.bias"]
    padding = weight.shape[-1] // 2
    constants = graph.constant(weight, f"{name}.weight"), graph.constant(bias, f"{name}.bias")
    return graph.op("Conv", image, *constants, attributes={"pads": [padding, padding]})

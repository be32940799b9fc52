"""Recurrent layers (nn/recurrent.py) as ONNX operations, which take the length of each text."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from heedful.config import ModelConfig
from heedful.face.export.encoders import Plain
from heedful.face.export.graph import FLOAT, INT32, Graph, Value
from heedful.face.export.scores import Tensors
from heedful.face.export.texts import Texts

_BLOCKS = {"LSTM": (0, 3, 1, 2), "GRU": (1, 0, 2)}
"""Where ONNX's gates (input, output, forget, cell; update, reset, hidden) stand in PyTorch's."""


def recurrent(
    graph: Graph, config: ModelConfig, weights: Tensors, vectors: Value, batch: Texts
) -> Plain:
    """A stack of LSTM or GRU layers; the states of a text do not depend on its padding.

    A text without tokens is read as if it had one: nothing of it is used.
    """
    least = graph.op("Max", batch.lengths, graph.constant(1))
    lengths = graph.cast(least, INT32)
    values, final = vectors, ""
    for number in range(config.layers):
        values, final = _layer(graph, config, weights, f"encode.layers.{number}", values, lengths)
    some = graph.cast(graph.op("Greater", batch.lengths, graph.constant(0)), FLOAT)
    last = graph.op("Mul", final, graph.unsqueeze(some, 1))
    return Plain(batch, values, graph.unsqueeze(last, 1))


def _layer(
    graph: Graph, config: ModelConfig, weights: Tensors, name: str, values: Value, lengths: Value
) -> tuple[Value, Value]:
    """(B, T, H) states and (B, H) final states of both directions side by side."""
    kind = "LSTM" if config.encoder == "bilstm" else "GRU"
    sides = ("forwards", "backwards") if config.bidirectional else ("forwards",)
    found = [_direction(weights, f"{name}.{side}.rnn", kind) for side in sides]
    parts = [np.stack(part) for part in zip(*found, strict=True)]
    constants = [graph.constant(p, f"{name}.{k}") for p, k in zip(parts, "WRB", strict=True)]
    attributes: dict[str, Any] = {
        "hidden_size": config.hidden,
        "direction": "bidirectional" if config.bidirectional else "forward",
    }
    if kind == "GRU":
        attributes["linear_before_reset"] = 1
    if config.gate == "relu":
        once = ["Relu", "Tanh", "Tanh"] if kind == "LSTM" else ["Relu", "Tanh"]
        attributes["activations"] = once * len(sides)
    steps = graph.transpose(values, 1, 0, 2)  # (T, B, E)
    inputs = [steps, *constants, lengths]
    states, last = graph.several(kind, inputs, 2, attributes)  # (T, D, B, H), (D, B, H)
    side_by_side = graph.reshape(graph.transpose(states, 2, 0, 1, 3), 0, 0, -1)
    return side_by_side, graph.reshape(graph.transpose(last, 1, 0, 2), 0, -1)


def _direction(weights: Tensors, name: str, kind: str) -> tuple[NDArray[Any], ...]:
    """Weights of inputs and states, and both biases in a row, as ONNX orders the gates."""
    if f"{name}.inputs.weight" in weights:  # gates that are not sigmoid
        keys = ("inputs.weight", "recurrent.weight", "inputs.bias", "recurrent.bias")
    else:
        keys = ("weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "bias_hh_l0")
    inner, outer, one, other = (_ordered(weights[f"{name}.{key}"], kind) for key in keys)
    return inner, outer, np.concatenate([one, other])


def _ordered(blocks: NDArray[Any], kind: str) -> NDArray[Any]:
    order = _BLOCKS[kind]
    parts = np.split(blocks, len(order))
    return np.concatenate([parts[i] for i in order])

"""The transformer encoder (nn/transformer.py) as ONNX operations."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from heedful.config import ModelConfig
from heedful.face.export.encoders import Plain
from heedful.face.export.graph import FLOAT, LOWEST, Graph, Value
from heedful.face.export.scores import Tensors
from heedful.face.export.texts import Texts, cleared, positions
from heedful.nn.rotary import BASE

_NAME = "encode.transformer"


@dataclass(frozen=True)
class _Turn:
    """How a head's vectors are turned by their places; the same in all blocks.

    Attributes:
        cosine: (T, D).
        sine: (T, D).
        quarter: (D, D) turns each pair of components by a right angle: x -> x @ quarter.
    """

    cosine: Value
    sine: Value
    quarter: Value


def transformer(
    graph: Graph, config: ModelConfig, weights: Tensors, vectors: Value, batch: Texts
) -> Plain:
    """Pre-norm blocks; all T x T scores of a head stand in memory at once."""
    turn = _turn(graph, config.hidden // config.heads, batch)
    stream = _linear(graph, weights, f"{_NAME}.enter", cleared(graph, vectors, batch))
    for number in range(config.layers):
        name = f"{_NAME}.blocks.{number}"
        normed = _norm(graph, weights, f"{name}.before_attention", stream)
        seen = _attention(graph, config, weights, f"{name}.attention", normed, batch, turn)
        stream = graph.op("Add", stream, seen)
        normed = _norm(graph, weights, f"{name}.before_feed", stream)
        hidden = _gelu(graph, _linear(graph, weights, f"{name}.widen", normed))
        stream = graph.op("Add", stream, _linear(graph, weights, f"{name}.narrow", hidden))
    return Plain(batch, _norm(graph, weights, f"{_NAME}.norm", stream))


def _attention(
    graph: Graph,
    config: ModelConfig,
    weights: Tensors,
    name: str,
    values: Value,
    batch: Texts,
    turn: _Turn,
) -> Value:
    """(B, T, H) what each token makes of what it saw."""
    width, together = config.hidden, _linear(graph, weights, f"{name}.into", values)
    parts = [graph.slice(together, 2, i * width, (i + 1) * width) for i in range(3)]
    heads = [graph.reshape(part, 0, 0, config.heads, width // config.heads) for part in parts]
    query, keys, held = (graph.transpose(part, 0, 2, 1, 3) for part in heads)  # (B, h, T, D)
    query, keys = (_rotated(graph, part, turn) for part in (query, keys))
    root = graph.constant(math.sqrt(width // config.heads))
    found = graph.op("Div", graph.op("MatMul", query, graph.transpose(keys, 0, 1, 3, 2)), root)
    looks = _softmax(graph, found, batch)  # (B, h, T, T)
    clean = graph.op("Mul", held, graph.unsqueeze(batch.column, 1))
    seen = graph.transpose(graph.op("MatMul", looks, clean), 0, 2, 1, 3)
    return _linear(graph, weights, f"{name}.out", graph.reshape(seen, 0, 0, width))


def _softmax(graph: Graph, scores: Value, batch: Texts) -> Value:
    """Over the real tokens only, as nn/mask.py has it."""
    real = graph.unsqueeze(graph.unsqueeze(batch.mask, 1), 1)  # (B, 1, 1, T)
    filled = graph.op("Where", real, scores, graph.constant(LOWEST))
    soft = graph.op("Softmax", filled, attributes={"axis": -1})
    return graph.op("Mul", soft, graph.cast(real, FLOAT))


def _turn(graph: Graph, width: int, batch: Texts) -> _Turn:
    """As nn/rotary.py; the last component of an odd width is not turned."""
    theta, quarter = np.zeros((1, width)), np.zeros((width, width), np.float32)
    for i in range(width // 2):
        theta[0, 2 * i : 2 * i + 2] = BASE ** (-2 * i / (width - width % 2))
        quarter[2 * i + 1, 2 * i], quarter[2 * i, 2 * i + 1] = -1, 1
    places = graph.unsqueeze(graph.cast(positions(graph, batch), FLOAT), 1)  # (T, 1)
    angle = graph.op("Mul", places, graph.constant(theta.astype(np.float32)))
    named = graph.constant(quarter, "rotary.quarter")
    return _Turn(graph.op("Cos", angle), graph.op("Sin", angle), named)


def _rotated(graph: Graph, values: Value, turn: _Turn) -> Value:
    quarter = graph.op("MatMul", values, turn.quarter)
    kept, turned = graph.op("Mul", values, turn.cosine), graph.op("Mul", quarter, turn.sine)
    return graph.op("Add", kept, turned)


def _linear(graph: Graph, weights: Tensors, name: str, values: Value) -> Value:
    return graph.linear(values, weights[f"{name}.weight"], weights[f"{name}.bias"], name)


def _norm(graph: Graph, weights: Tensors, name: str, values: Value) -> Value:
    parts = [graph.constant(weights[f"{name}.{k}"], f"{name}.{k}") for k in ("weight", "bias")]
    attributes = {"axis": -1, "epsilon": 1e-5}
    return graph.op("LayerNormalization", values, *parts, attributes=attributes)


def _gelu(graph: Graph, values: Value) -> Value:
    """x (1 + erf(x / sqrt 2)) / 2."""
    inner = graph.op("Erf", graph.op("Mul", values, graph.constant(math.sqrt(0.5))))
    half = graph.op("Mul", values, graph.constant(0.5))
    return graph.op("Mul", half, graph.op("Add", inner, graph.constant(1.0)))

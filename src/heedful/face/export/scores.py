"""The score functions of attention (nn/attend.py) as ONNX operations, for one query a text."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from heedful.config import ModelConfig
from heedful.face.export.graph import FLOAT, Graph, Value
from heedful.face.export.texts import Texts, positions

Tensors = Mapping[str, NDArray[Any]]
"""The network's weights by name, as its state has them."""


def scores(
    graph: Graph, config: ModelConfig, weights: Tensors, query: Value, keys: Value, batch: Texts
) -> Value:
    """(B, T) scores, before masking and softmax.

    Args:
        graph: to write to.
        config: whose `attention` names the function.
        weights: of the network.
        query: (1, 1, D) or (B, 1, D).
        keys: (B, T, H).
        batch: the texts.
    """
    if config.attention == "uniform":
        return graph.op("Mul", batch.real, graph.constant(0.0))
    if config.attention == "location":
        return _location(graph, weights, query, batch)
    if config.attention in ("additive", "concat"):
        hidden = _additive if config.attention == "additive" else _concat
        return graph.squeeze(hidden(graph, config, weights, query, keys), 2)
    asked = _PRODUCTS[config.attention](graph, weights, query, keys)
    found = graph.op("MatMul", asked[0], graph.transpose(asked[1], 0, 2, 1))  # (B, 1, T)
    return graph.squeeze(found, 1)


def _additive(
    graph: Graph, config: ModelConfig, weights: Tensors, query: Value, keys: Value
) -> Value:
    asked = graph.linear(query, weights["score.query.weight"], None, "score.query")
    bias = weights["score.key.bias"]
    held = graph.linear(keys, weights["score.key.weight"], bias, "score.key")
    activation = "Tanh" if config.attention_activation == "tanh" else "Relu"
    hidden = graph.op(activation, graph.op("Add", asked, held))  # (B, T, W)
    for layer in range(1, config.attention_depth):
        name = f"score.hidden.{2 * layer - 1}"
        layer_weights = weights[f"{name}.weight"], weights[f"{name}.bias"]
        hidden = graph.op(activation, graph.linear(hidden, *layer_weights, name))
    return graph.linear(hidden, weights["score.vector.weight"], None, "score.vector")


def _concat(
    graph: Graph, config: ModelConfig, weights: Tensors, query: Value, keys: Value
) -> Value:
    """W [q; k] is W's left half times q and its right half times k."""
    joint = weights["score.joint.weight"]
    width = joint.shape[1] // 2  # query and keys are equally wide in a classifier
    asked = graph.linear(query, joint[:, :width], None, "score.joint.query")
    held = graph.linear(keys, joint[:, width:], None, "score.joint.key")
    hidden = graph.op("Tanh", graph.op("Add", asked, held))
    return graph.linear(hidden, weights["score.vector.weight"], None, "score.vector")


def _location(graph: Graph, weights: Tensors, query: Value, batch: Texts) -> Value:
    table = weights["score.table.weight"]  # (positions, D)
    last = graph.constant(len(table) - 1)
    place = graph.op("Min", positions(graph, batch), last)
    row = graph.squeeze(graph.linear(query, table, None, "score.table"), 1)  # (B or 1, positions)
    nothing = graph.op("Mul", batch.real, graph.constant(0.0))
    return graph.op("Add", graph.gather(row, place, axis=1), nothing)


def _general(graph: Graph, weights: Tensors, query: Value, keys: Value) -> tuple[Value, Value]:
    weight = graph.constant(weights["score.weight"], "score.weight")
    return graph.op("MatMul", query, weight), keys


def _dot(graph: Graph, weights: Tensors, query: Value, keys: Value) -> tuple[Value, Value]:
    return query, keys


def _scaled(graph: Graph, weights: Tensors, query: Value, keys: Value) -> tuple[Value, Value]:
    width = graph.op("Shape", keys, attributes={"start": 2, "end": 3})
    root = graph.op("Sqrt", graph.cast(width, FLOAT))
    return graph.op("Div", query, root), keys


def _content(graph: Graph, weights: Tensors, query: Value, keys: Value) -> tuple[Value, Value]:
    strength = graph.constant(np.exp(weights["score.log_strength"]), "score.strength")
    return graph.op("Mul", _unit(graph, query), strength), _unit(graph, keys)


def _unit(graph: Graph, vectors: Value) -> Value:
    """Vectors of length one; a zero vector stays one."""
    axis = graph.constant([-1])
    length = graph.op("ReduceL2", vectors, axis, attributes={"keepdims": 1})
    return graph.op("Div", vectors, graph.op("Max", length, graph.constant(1e-8)))


_PRODUCTS: dict[str, Callable[[Graph, Tensors, Value, Value], tuple[Value, Value]]] = {
    "general": _general,
    "dot": _dot,
    "scaled-dot": _scaled,
    "content": _content,
}
"""What is asked and what is held, whose inner products are the scores."""

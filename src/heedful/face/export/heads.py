"""The heads and max pooling (nn/classify.py, nn/pool.py) as ONNX operations."""

from __future__ import annotations

from typing import NamedTuple

from heedful.config import ModelConfig
from heedful.face.export.graph import BOOL, FLOAT, INT, LOWEST, Graph, Value
from heedful.face.export.scores import Tensors
from heedful.face.export.texts import Texts, positions

ROUNDING = 1e-5
"""Of a state, relative to it."""


class Said(NamedTuple):
    """What a head makes of what attention has pooled.

    Attributes:
        logits: (B, C).
        slope: (B or 1, C, H) their gradient, or for a dense head its mean from a zero context.
        base: (C,) logits of a zero context.
    """

    logits: Value
    slope: Value
    base: Value


def head(graph: Graph, config: ModelConfig, weights: Tensors, context: Value) -> Said:
    """The head that the settings name, on a context (B, H)."""
    if config.head == "dense":
        return _dense(graph, config, weights, context)
    weight, bias = weights["head.linear.weight"], weights["head.linear.bias"]
    logits = graph.linear(context, weight, bias, "head.linear")
    slope = graph.constant(weight[None], "head.linear.slope")
    return Said(logits, slope, graph.constant(bias, "head.linear.bias"))


def _dense(graph: Graph, config: ModelConfig, weights: Tensors, context: Value) -> Said:
    """Integrated gradients from c = 0 in closed form, see `DenseHead`."""
    activation = "Relu" if config.head_activation == "relu" else "Tanh"
    inner, shift = weights["head.hidden.weight"], weights["head.hidden.bias"]
    outer, bias = weights["head.output.weight"], weights["head.output.bias"]
    step = graph.linear(context, inner, None, "head.hidden")  # (B, K)
    at_zero = graph.op(activation, graph.constant(shift, "head.hidden.bias"))
    hidden = graph.op(activation, graph.op("Add", step, "head.hidden.bias"))
    logits = graph.linear(hidden, outer, bias, "head.output")
    base = graph.linear(at_zero, outer, bias, "head.output")
    flat = graph.op("Less", graph.op("Abs", step), graph.constant(1e-7))
    rise = graph.op("Sub", hidden, at_zero)
    safe = graph.op("Where", flat, graph.constant(1.0), step)
    secant = graph.op("Where", flat, graph.constant(0.0), graph.op("Div", rise, safe))
    through = graph.op("Mul", graph.unsqueeze(secant, 1), graph.constant(outer[None]))  # (B, C, K)
    slope = graph.op("MatMul", through, graph.constant(inner, "head.hidden.weight"))
    return Said(logits, slope, base)


class Peaks(NamedTuple):
    """Max pooling.

    Attributes:
        logits: (B, C) that it adds.
        chosen: (B, T, H) 1 where a token has the largest value of a unit.
        slope: (1, C, H).
    """

    logits: Value
    chosen: Value
    slope: Value


def peaks(graph: Graph, weights: Tensors, states: Value, batch: Texts) -> Peaks:
    """The largest value of each unit, the first token with it, and what the logits gain.

    Tokens with the same words around them have the same states but for rounding, which hangs on
    where they stand: so a value within `ROUNDING` of the largest counts as the largest.
    """
    weight = weights["peak.linear.weight"]
    real = graph.cast(batch.column, BOOL)
    filled = graph.op("Where", real, states, graph.constant(LOWEST))
    largest = graph.op("ReduceMax", filled, graph.constant([1]), attributes={"keepdims": 0})
    any_ = graph.cast(graph.op("Greater", batch.lengths, graph.constant(0)), FLOAT)
    pooled = graph.op("Mul", largest, graph.unsqueeze(any_, 1))
    logits = graph.linear(pooled, weight, None, "peak.linear")
    place = _first(graph, filled, graph.unsqueeze(largest, 1))  # (B, 1, H)
    own = graph.unsqueeze(positions(graph, batch), 1)  # (T, 1)
    there = graph.cast(graph.op("Equal", own, place), FLOAT)
    chosen = graph.op("Mul", there, batch.column)
    return Peaks(logits, chosen, graph.constant(weight[None], "peak.linear.slope"))


def _first(graph: Graph, values: Value, largest: Value) -> Value:
    """The first place along the tokens whose value is the largest, by rounding."""
    slack = graph.op("Mul", graph.op("Abs", largest), graph.constant(ROUNDING))
    near = graph.op("GreaterOrEqual", values, graph.op("Sub", largest, slack))
    return graph.op("ArgMax", graph.cast(near, INT), attributes={"axis": 1, "keepdims": 1})

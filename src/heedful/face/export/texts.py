"""A batch of texts as an ONNX graph has it: ids, mask, and what follows from the mask."""

from __future__ import annotations

from dataclasses import dataclass

from heedful.face.export.graph import BOOL, FLOAT, INT, LOWEST, Graph, Value


@dataclass(frozen=True)
class Texts:
    """B texts of T places.

    Attributes:
        ids: (B, T) int64.
        mask: (B, T) bool, True = real; padding stands on the right.
        real: (B, T) the mask as 1 and 0.
        column: (B, T, 1) the same.
        lengths: (B,) int64, real tokens.
    """

    ids: Value
    mask: Value
    real: Value
    column: Value
    lengths: Value


def texts(graph: Graph, ids: Value, mask: Value) -> Texts:
    """All of it from the two inputs of the graph."""
    real = graph.cast(mask, FLOAT)
    lengths = graph.sum(graph.cast(mask, INT), 1)
    return Texts(ids, mask, real, graph.unsqueeze(real, 2), lengths)


def cleared(graph: Graph, values: Value, batch: Texts) -> Value:
    """(B, T, H) with zeros at padding, which may hold anything: 0 x inf would be NaN."""
    return graph.op("Where", graph.cast(batch.column, BOOL), values, graph.constant(0.0))


def masked_softmax(graph: Graph, scores: Value, batch: Texts) -> Value:
    """(B, T) softmax over the real tokens; zeros for a text without any (nn/mask.py)."""
    filled = graph.op("Where", batch.mask, scores, graph.constant(LOWEST))
    soft = graph.op("Softmax", filled, attributes={"axis": -1})
    return graph.op("Mul", soft, batch.real)


def positions(graph: Graph, batch: Texts) -> Value:
    """(T,) int64: 0, 1, 2, ..."""
    size = graph.op("Shape", batch.ids, attributes={"start": 1, "end": 2})
    end = graph.squeeze(size, 0)
    return graph.op("Range", graph.constant(0), end, graph.constant(1))

"""An exported model with small whole numbers for weights, and arithmetic in float32 as before.

Only weights are rounded, never what they are multiplied by: rounding that too, batch by batch
(which is what "dynamic" quantisation does), would make a text's score hang on its company. Matrices
and token vectors become int8. The weights of n-grams become int16: some hundred of them are added
up for a text, and they have no neighbours to share a fitting scale with.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from onnx import ModelProto, NodeProto, TensorProto, helper, numpy_helper

LEAST = 256  # numbers: a smaller tensor is not worth it
WIDE = 16  # columns from which each row of a table has a scale of its own

# Which inputs are weights, and the axis along which each of their slices has a scale.
_WEIGHTS = {"MatMul": {1: 1}, "Conv": {1: 0}, "ConvTranspose": {1: 0}}
_WEIGHTS |= {"LSTM": {1: 1, 2: 1}, "GRU": {1: 1, 2: 1}}


class Rounded(NamedTuple):
    """A tensor as whole numbers.

    Attributes:
        values: int8 or int16, of the tensor's shape.
        scale: float32, one for each slice along the axis, times which they are the tensor.
    """

    values: NDArray[Any]
    scale: NDArray[np.float32]


def rounded(tensor: NDArray[Any], axis: int, type_: type[np.signedinteger[Any]]) -> Rounded:
    """Symmetric: the largest number of each slice along the axis becomes 127 (or 32767), or minus
    that."""
    others = tuple(i for i in range(tensor.ndim) if i != axis)
    scale = np.abs(tensor).max(axis=others) / np.iinfo(type_).max
    scale = np.where(scale > 0, scale, 1.0).astype(np.float32)
    shape = [-1 if i == axis else 1 for i in range(tensor.ndim)]
    return Rounded(np.rint(tensor / scale.reshape(shape)).astype(type_), scale)


def quantised(model: ModelProto) -> ModelProto:
    """A copy in which the weights of products and the tables of floats are whole numbers."""
    copy = ModelProto()
    copy.CopyFrom(model)
    writer = _Writer(copy)
    nodes = list(copy.graph.node)
    del copy.graph.node[:]
    for node in nodes:
        copy.graph.node.extend(writer.replaced(node))
    used = {name for node in copy.graph.node for name in node.input}
    kept = [one for one in (*copy.graph.initializer, *writer.added) if one.name in used]
    del copy.graph.initializer[:]
    copy.graph.initializer.extend(kept)
    return copy


class _Writer:
    """Writes operations anew, with rounded weights.

    Attributes:
        added: tensors that have come to the graph.
    """

    def __init__(self, model: ModelProto) -> None:
        self.added: list[TensorProto] = []
        self._floats = {
            one.name: one
            for one in model.graph.initializer
            if one.data_type == TensorProto.FLOAT and len(one.dims) > 1
            if np.prod(one.dims) >= LEAST
        }
        self._known: dict[tuple[str, int], tuple[str, str]] = {}

    def replaced(self, node: NodeProto) -> list[NodeProto]:
        """The operation, and what has to stand before or behind it."""
        if node.op_type == "Gather" and node.input[0] in self._floats:
            return self._table(node)
        before = []
        for place, axis in _WEIGHTS.get(node.op_type, {}).items():
            name = node.input[place]
            if name not in self._floats:
                continue
            whole, scale = self._rounded(name, axis)
            node.input[place] = f"{node.name}.weights.{place}"
            inputs, outputs = [whole, scale], [node.input[place]]
            before.append(helper.make_node("DequantizeLinear", inputs, outputs, axis=axis))
        return [*before, node]

    def _table(self, node: NodeProto) -> list[NodeProto]:
        """Rows are looked up first and made float32 then."""
        table, places = node.input
        wide = self._floats[table].dims[1] >= WIDE
        whole, scale = self._rounded(table, 0) if wide else self._rounded(table, 1, np.int16)
        row, number = f"{node.name}.whole", f"{node.name}.float32"
        nodes = [helper.make_node("Gather", [whole, places], [row])]
        nodes.append(helper.make_node("Cast", [row], [number], to=TensorProto.FLOAT))
        if wide:
            nodes += self._own_scale(node.name, scale, places)
            scale = f"{node.name}.scale"
        return [*nodes, helper.make_node("Mul", [number, scale], list(node.output))]

    def _own_scale(self, name: str, scale: str, places: str) -> list[NodeProto]:
        """The scale of each row that is looked up, with an axis for its columns."""
        if not any(one.name == "last" for one in self.added):
            self.added.append(numpy_helper.from_array(np.array([-1]), "last"))
        looked_up = helper.make_node("Gather", [scale, places], [f"{name}.scales"])
        return [
            looked_up,
            helper.make_node("Unsqueeze", [f"{name}.scales", "last"], [f"{name}.scale"]),
        ]

    def _rounded(
        self, name: str, axis: int, type_: type[np.signedinteger[Any]] = np.int8
    ) -> tuple[str, str]:
        """The names of a tensor's whole numbers and of their scale."""
        if (name, axis) not in self._known:
            tensor = numpy_helper.to_array(self._floats[name])
            found = rounded(tensor, axis, type_)
            names = f"{name}.whole.{axis}", f"{name}.scale.{axis}"
            for part, called in zip(found, names, strict=True):
                self.added.append(numpy_helper.from_array(np.ascontiguousarray(part), called))
            self._known[name, axis] = names
        return self._known[name, axis]

"""Writes the operations of an ONNX graph, one at a time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from onnx import ModelProto, NodeProto, TensorProto, helper, numpy_helper

OPSET = 18
"""The first with exclusive-or of integers, which the keys of n-grams are made with."""
IR_VERSION = 9
FLOAT, BOOL = TensorProto.FLOAT, TensorProto.BOOL
INT, INT32, UNSIGNED = TensorProto.INT64, TensorProto.INT32, TensorProto.UINT64
LOWEST = float(np.finfo(np.float32).min)

Value = str
"""The name of what an operation gives, by which others take it."""


class Graph:
    """Operations in the order in which they are written, and the constants that they use.

    Constants are named as the network's own tensors where they are such tensors, so that a reader
    of the file, and quantisation, can find them.
    """

    def __init__(self) -> None:
        self.nodes: list[NodeProto] = []
        self.constants: dict[str, TensorProto] = {}

    def op(self, kind: str, *inputs: Value, attributes: Mapping[str, Any] | None = None) -> Value:
        """Add an operation with one output; the name of this output."""
        return self.several(kind, inputs, 1, attributes or {})[0]

    def several(
        self, kind: str, inputs: Sequence[Value], outputs: int, attributes: Mapping[str, Any]
    ) -> list[Value]:
        """Add an operation with so many outputs; their names."""
        name = f"{kind.lower()}_{len(self.nodes)}"
        names = [name] if outputs == 1 else [f"{name}.{i}" for i in range(outputs)]
        self.nodes.append(helper.make_node(kind, list(inputs), names, name=name, **attributes))
        return names

    def constant(self, values: Any, name: str | None = None) -> Value:
        """A constant tensor: numbers of Python become float32 or int64.

        One of a name that is there already is taken for the same.
        """
        array = np.asarray(values)
        if not isinstance(values, np.ndarray):
            array = array.astype(np.float32 if array.dtype.kind == "f" else np.int64)
        name = name or f"constant_{len(self.constants)}"
        if name not in self.constants:
            tensor = numpy_helper.from_array(np.ascontiguousarray(array), name)
            self.constants[name] = tensor
        return name

    def reshape(self, value: Value, *shape: int) -> Value:
        """0 keeps the axis at this place, one -1 takes what is left."""
        return self.op("Reshape", value, self.constant(list(shape)))

    def unsqueeze(self, value: Value, axis: int) -> Value:
        """An axis of one."""
        return self.op("Unsqueeze", value, self.constant([axis]))

    def squeeze(self, value: Value, axis: int) -> Value:
        """The inverse of `unsqueeze`."""
        return self.op("Squeeze", value, self.constant([axis]))

    def transpose(self, value: Value, *order: int) -> Value:
        """The axes in another order."""
        return self.op("Transpose", value, attributes={"perm": list(order)})

    def cast(self, value: Value, to: int) -> Value:
        """As another type."""
        return self.op("Cast", value, attributes={"to": to})

    def sum(self, value: Value, axis: int, *, keep: bool = False) -> Value:
        """The sum over an axis."""
        kept = {"keepdims": int(keep)}
        return self.op("ReduceSum", value, self.constant([axis]), attributes=kept)

    def slice(self, value: Value, axis: int, start: int, stop: int | None = None) -> Value:
        """What stands from `start` to before `stop` on an axis."""
        end = np.iinfo(np.int64).max if stop is None else stop
        places = (self.constant([start]), self.constant([int(end)]), self.constant([axis]))
        return self.op("Slice", value, *places)

    def gather(self, table: Value, places: Value, axis: int = 0) -> Value:
        """The rows of a table."""
        return self.op("Gather", table, places, attributes={"axis": axis})

    def concat(self, values: Sequence[Value], axis: int) -> Value:
        """Side by side; one alone as it is."""
        if len(values) == 1:
            return values[0]
        return self.op("Concat", *values, attributes={"axis": axis})

    def linear(
        self, value: Value, weight: NDArray[Any], bias: NDArray[Any] | None, name: str
    ) -> Value:
        """x W^T + b, as `torch.nn.Linear` has it; `name` is that of the layer."""
        found = self.op("MatMul", value, self.constant(weight.T, f"{name}.weight^T"))
        return found if bias is None else self.op("Add", found, self.constant(bias, f"{name}.bias"))

    def output(self, value: Value, name: str) -> None:
        """Give a value out under this name."""
        self.nodes.append(helper.make_node("Identity", [value], [name], name=name))

    def model(
        self, inputs: Mapping[str, tuple[int, Sequence[str]]], outputs: Mapping[str, Sequence[Any]]
    ) -> ModelProto:
        """All of it as a model.

        Args:
            inputs: type and names of the axes, by name.
            outputs: names or sizes of the axes, by name; all are float32.
        """
        taken = [helper.make_tensor_value_info(n, t, list(axes)) for n, (t, axes) in inputs.items()]
        given = [helper.make_tensor_value_info(n, FLOAT, list(a)) for n, a in outputs.items()]
        used = {name for node in self.nodes for name in node.input}
        constants = [tensor for name, tensor in self.constants.items() if name in used]
        graph = helper.make_graph(self.nodes, "heedful", taken, given, constants)
        opset = [helper.make_opsetid("", OPSET)]
        return helper.make_model(
            graph, opset_imports=opset, ir_version=IR_VERSION, producer_name="heedful"
        )

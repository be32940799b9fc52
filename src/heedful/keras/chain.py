"""A Keras model as the row of layers that its first output goes through."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import keras

from heedful.keras.pooling import AttentionPooling
from heedful.records import HeedfulError

IDS = (keras.layers.InputLayer, keras.layers.TextVectorization)
"""What ids come from."""


@dataclass(frozen=True)
class Step:
    """A layer and how it is called.

    Attributes:
        layer: the layer.
        masked: whether a mask of the ids that are not 0 is passed to it by name.
    """

    layer: Any
    masked: bool = False


def named(layer: Any) -> str:
    """A layer in a message: its kind and name."""
    return f"{type(layer).__name__} {layer.name!r}"


def chain(model: Any) -> list[Step]:
    """The layers from the input to the first output, in the order they are run.

    Raises:
        HeedfulError: a model whose layers cannot be seen, several inputs, branches.
    """
    if not isinstance(model, keras.Sequential | keras.models.Model):
        raise HeedfulError(f"a Keras model is wanted, not {type(model).__name__}")
    outputs = getattr(model, "outputs", None)
    if not outputs or not hasattr(model, "inputs") or not model.inputs:
        raise HeedfulError(
            f"{named(model)} does not show its layers (a subclass of Model, or not built yet); "
            "build the same layers as keras.Sequential or keras.Model(inputs, outputs)"
        )
    if len(model.inputs) != 1:
        raise HeedfulError(f"{named(model)} has {len(model.inputs)} inputs; token ids alone do")
    for other in outputs[1:]:
        if not isinstance(other._keras_history.operation, AttentionPooling):
            raise HeedfulError(
                f"{named(model)}: its output of {named(other._keras_history.operation)} cannot be "
                "converted; outputs are the classes, and attention weights"
            )
    return _back(outputs[0])


def without_texts(model: Any, vectorization: Any) -> Any:
    """The part of a model that begins with ids; the model itself where it is all of it."""
    return model if vectorization is None else keras.Model(vectorization.output, model.outputs[0])


def _back(tensor: Any) -> list[Step]:
    """The row of layers that a symbolic tensor comes from."""
    found: list[Step] = []
    while True:
        history = tensor._keras_history
        layer = history.operation
        if isinstance(layer, keras.layers.InputLayer):
            return found[::-1]
        if history.tensor_index:
            raise HeedfulError(f"{named(layer)}: only its first output can be converted")
        given = layer._inbound_nodes[history.node_index].arguments
        first, mask = _arguments(layer, given)
        if isinstance(layer, keras.Sequential | keras.models.Model):
            found += chain(layer)[::-1]
        else:
            found.append(Step(layer, mask is not None and _is_of_ids(mask, layer)))
        tensor = first


def _arguments(layer: Any, given: Any) -> tuple[Any, Any]:
    """The one tensor that a layer is called on, and the mask it is passed by name."""
    values = [*given.args, *(v for k, v in given.kwargs.items() if k != "mask")]
    tensors = [v for v in keras.tree.flatten(values) if isinstance(v, keras.KerasTensor)]
    if len(tensors) != 1:
        hint = "; take query='final'" if isinstance(layer, AttentionPooling) else ""
        raise HeedfulError(
            f"{named(layer)} joins {len(tensors)} tensors; layers that stand in one row can be "
            f"converted{hint}"
        )
    return tensors[0], given.kwargs.get("mask")


def _is_of_ids(mask: Any, layer: Any) -> bool:
    """True where a mask says which ids are not 0; anything else is refused."""
    history = mask._keras_history
    operation = history.operation
    if type(operation).__name__ == "NotEqual":
        tensors = keras.tree.flatten(
            list(operation._inbound_nodes[history.node_index].arguments.args)
        )
        ids, zero = tensors if len(tensors) == 2 else (None, None)
        source = getattr(ids, "_keras_history", None)
        if source and isinstance(source.operation, IDS) and not _value(zero):
            return True
    raise HeedfulError(
        f"{named(layer)}: its mask is another one than keras.ops.not_equal(ids, 0), which alone "
        "can be converted"
    )


def _value(number: Any) -> float:
    """A constant; NaN for what is none."""
    return float(number) if isinstance(number, int | float) else float("nan")

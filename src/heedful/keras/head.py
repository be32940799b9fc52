"""Keras' Dense layers at the end as heedful's heads, and the task they stand for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from keras import ops
from numpy.typing import NDArray

from heedful.keras.chain import named
from heedful.records import HeedfulError, Task
from heedful.text.labels import Labels

Tensors = dict[str, NDArray[np.float32]]


@dataclass(frozen=True)
class Loss:
    """What a model was trained with.

    Attributes:
        name: in lower case; empty where the model was not compiled.
        of_logits: whether it takes outputs for logits; else for probabilities.
    """

    name: str
    of_logits: bool


@dataclass(frozen=True)
class Head:
    """A head: its settings, its weights by heedful's names, and what its outputs are.

    Attributes:
        task: what the outputs decide.
        activation: of the outputs in Keras: sigmoid, softmax or linear.
    """

    task: Task
    activation: str
    classes: int
    settings: dict[str, Any] = field(default_factory=dict)
    tensors: Tensors = field(default_factory=dict)


def head(layers: Sequence[tuple[Any, str]], loss: Loss) -> Head:
    """From one Dense layer or two, each with its activation.

    Args:
        layers: the layers in order.
        loss: what the model was compiled with.

    Raises:
        HeedfulError: more layers, or an activation that heedful has no head for.
    """
    if not 1 <= len(layers) <= 2:
        raise HeedfulError(
            f"{named(layers[2][0])}: AttentionPooling may be followed by one hidden Dense layer "
            "and the Dense layer of the classes, no more"
        )
    last, activation = layers[-1]
    units = last.units
    task = _task(last, activation, loss)
    kernel, bias = _weights(last)
    if units == 2 and task == "binary":  # two logits under a softmax are one: their difference
        kernel, bias = kernel[:, 1:] - kernel[:, :1], bias[1:] - bias[:1]
    classes = 2 if task == "binary" else units
    if len(layers) == 1:
        tensors = {"head.linear.weight": kernel.T, "head.linear.bias": bias}
        return Head(task, activation, classes, {"model.head": "linear"}, tensors)
    first, between = layers[0]
    if between not in ("relu", "tanh"):
        raise HeedfulError(
            f"{named(first)}: activation={between!r} of a hidden layer cannot be converted; relu "
            "and tanh can"
        )
    settings = {
        "model.head": "dense",
        "model.head_width": first.units,
        "model.head_activation": between,
    }
    hidden, shift = _weights(first)
    tensors = {"head.hidden.weight": hidden.T, "head.hidden.bias": shift}
    tensors |= {"head.output.weight": kernel.T, "head.output.bias": bias}
    return Head(task, activation, classes, settings, tensors)


def labels_of(head: Head, names: Sequence[str]) -> Labels:
    """The classes, in the order of Keras' outputs.

    Raises:
        HeedfulError: another number of names than classes, one that is no text, one twice, one
            text in the place of several.
    """
    if isinstance(names, str):
        raise HeedfulError(f"labels are to be a list of names, not the text {names!r}")
    names = list(names)
    if len(names) != head.classes:
        raise HeedfulError(
            f"the model has {head.classes} classes ({head.task}), and {len(names)} labels are given"
            + ("; name that of 0 first, then that of 1" if head.classes == 2 else "")
        )
    if not all(isinstance(name, str) and name for name in names) or len(set(names)) < len(names):
        raise HeedfulError(f"labels are to be distinct texts, not {', '.join(map(repr, names))}")
    return Labels(tuple(names), head.task)


def _task(layer: Any, activation: str, loss: Loss) -> Task:
    if activation == "softmax" and layer.units > 1:
        return "binary" if layer.units == 2 else "multi-class"
    if activation == "sigmoid":
        return "binary" if layer.units == 1 else "multi-label"
    crossentropy = activation == "linear" and "crossentropy" in loss.name
    if crossentropy and not loss.of_logits:
        raise HeedfulError(
            f"{named(layer)} has no activation, and {loss.name} took its outputs for "
            "probabilities; train with from_logits=True or a sigmoid or softmax"
        )
    if crossentropy and "binary" in loss.name:
        return "binary" if layer.units == 1 else "multi-label"
    if crossentropy and "categorical" in loss.name and layer.units > 1:
        return "binary" if layer.units == 2 else "multi-class"
    raise HeedfulError(
        f"{named(layer)}: {layer.units} outputs with activation={activation!r} and loss "
        f"{loss.name or 'unknown'} are no classes; use sigmoid or softmax"
    )


def _weights(layer: Any) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    kernel = np.asarray(ops.convert_to_numpy(layer.kernel), np.float32)
    if layer.bias is None:
        return kernel, np.zeros(layer.units, np.float32)
    return kernel, np.asarray(ops.convert_to_numpy(layer.bias), np.float32)

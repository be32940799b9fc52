"""Weights of an AttentionPooling as heedful's own modules call them, and back. No torch here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from keras import ops
from numpy.typing import NDArray

from heedful.keras.pooling import AttentionPooling
from heedful.records import HeedfulError

QUERY = "query"
# The layer's names and those of the modules in nn/attend.py, as `Classifier` holds them.
_NAMES = {
    "key_kernel": "score.key.weight",
    "key_bias": "score.key.bias",
    "query_kernel": "score.query.weight",
    "joint_kernel": "score.joint.weight",
    "vector": "score.vector.weight",
    "kernel": "score.weight",
    "log_strength": "score.log_strength",
    "table": "score.table.weight",
}
# PyTorch's linear layers hold W where Keras holds its transpose; this one is no linear layer.
_AS_IT_IS = "score.weight"


def to_heedful(layer: AttentionPooling) -> dict[str, NDArray[np.float32]]:
    """The weights of a built layer, named as in the state of `nn.classify.Classifier`.

    Raises:
        HeedfulError: the layer has not been built.
    """
    return {
        ours: _turned(ours, np.asarray(ops.convert_to_numpy(weight.value), np.float32))
        for ours, weight in _weights(layer).items()
    }


def from_heedful(layer: AttentionPooling, tensors: Mapping[str, NDArray[Any]]) -> None:
    """Give a built layer weights named so; further ones, as those of a whole model, are passed by.

    `safetensors.numpy.load_file(RUN / "model.safetensors")` reads them from a run folder.

    Raises:
        HeedfulError: the layer has not been built, a weight is missing or has another shape.
    """
    found: list[tuple[Any, NDArray[Any]]] = []
    for ours, weight in _weights(layer).items():
        if ours not in tensors:
            raise HeedfulError(
                f"{layer.name} needs the weight {ours!r}, which is not among those given; is "
                f"score={layer.score!r}, query={layer.query!r} what they were learnt with?"
            )
        values = _turned(ours, np.asarray(tensors[ours]))
        if values.shape != tuple(weight.shape):
            raise HeedfulError(
                f"{layer.name}: the weight {ours!r} has the shape {values.shape}, and "
                f"{tuple(weight.shape)} is wanted; make the layer as wide as the one it is from"
            )
        found.append((weight, values))
    for weight, values in found:  # all or none
        weight.assign(values)


def _weights(layer: AttentionPooling) -> dict[str, Any]:
    """The layer's variables by heedful's names."""
    if not layer.built:
        raise HeedfulError(f"{layer.name} has no weights yet; call it on some states first")
    found = {_ours(name): weight for name, weight in layer.parts.items()}
    return found | ({QUERY: layer.learned} if layer.query == "learned" else {})


def _ours(name: str) -> str:
    """As `nn.attend.Additive.hidden` counts: activation, layer, activation, layer, ..."""
    if name.startswith("hidden_"):
        _, kind, layer = name.split("_")
        return f"score.hidden.{2 * int(layer) - 1}.{'weight' if kind == 'kernel' else 'bias'}"
    return _NAMES[name]


def _turned(ours: str, values: NDArray[Any]) -> NDArray[Any]:
    return values.T.copy() if values.ndim == 2 and ours != _AS_IT_IS else values

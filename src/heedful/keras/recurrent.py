"""Keras' LSTM and GRU as those of PyTorch: gates in another order, and other biases."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from keras import ops
from numpy.typing import NDArray

from heedful.keras.chain import named
from heedful.records import HeedfulError

Tensors = dict[str, NDArray[np.float32]]
KINDS = {keras.layers.LSTM: "bilstm", keras.layers.GRU: "bigru"}


def directions(layer: Any) -> list[Any]:
    """The recurrent layers inside, forward first; one for a layer that reads one way.

    Raises:
        HeedfulError: halves that are not put side by side, or not alike; a setting that heedful
            has none for.
    """
    found = [layer]
    if type(layer) is keras.layers.Bidirectional:
        if layer.merge_mode != "concat":
            raise HeedfulError(
                f"{named(layer)}: merge_mode={layer.merge_mode!r}; halves side by side "
                "('concat') can be converted"
            )
        found = [layer.forward_layer, layer.backward_layer]
        if type(found[0]) is not type(found[1]) or found[0].units != found[1].units:
            raise HeedfulError(f"{named(layer)}: its two halves are not alike")
    for one, backwards in zip(found, (False, True), strict=False):
        _check(layer, one, backwards)
    return found


def _check(layer: Any, one: Any, backwards: bool) -> None:
    if type(one) not in KINDS:
        raise HeedfulError(f"{named(layer)} holds {named(one)}; LSTM and GRU can be converted")
    config = one.get_config()
    wanted: dict[str, Any] = {
        "activation": "tanh",
        "go_backwards": backwards,
        "stateful": False,
        "return_sequences": True,
    }
    if type(one) is keras.layers.GRU:
        wanted["reset_after"] = True
    for setting, value in wanted.items():
        if config[setting] != value:
            raise HeedfulError(
                f"{named(layer)}: {setting}={config[setting]!r} cannot be converted, {value!r} can"
            )
    if gate(one) not in ("sigmoid", "relu"):
        raise HeedfulError(
            f"{named(layer)}: recurrent_activation={gate(one)!r} cannot be converted; sigmoid and "
            "relu can"
        )


def gate(one: Any) -> str:
    """The activation of a recurrent layer's gates."""
    return str(one.get_config()["recurrent_activation"])


def weights(one: Any) -> Tensors:
    """Weights of one direction, named as in `nn.recurrent.Direction`."""
    blocks = 4 if type(one) is keras.layers.LSTM else 3
    inputs, recurrent = (_array(w) for w in (one.cell.kernel, one.cell.recurrent_kernel))
    bias_in = bias_back = np.zeros(blocks * one.units, np.float32)
    if one.cell.bias is not None:
        bias = _array(one.cell.bias)
        bias_in, bias_back = (bias, bias_back) if bias.ndim == 1 else (bias[0], bias[1])
    parts = {"ih": inputs.T, "hh": recurrent.T, "bih": bias_in, "bhh": bias_back}
    if blocks == 3:
        parts = {name: _reset_first(values) for name, values in parts.items()}
    names = {"ih": "weight_ih_l0", "hh": "weight_hh_l0", "bih": "bias_ih_l0", "bhh": "bias_hh_l0"}
    if gate(one) == "relu":
        names = {"ih": "inputs.weight", "hh": "recurrent.weight"}
        names |= {"bih": "inputs.bias", "bhh": "recurrent.bias"}
    return {names[part]: np.ascontiguousarray(values) for part, values in parts.items()}


def _reset_first(values: NDArray[np.float32]) -> NDArray[np.float32]:
    """Blocks update, reset, new (Keras) as reset, update, new (PyTorch)."""
    update, reset, new = np.split(values, 3)
    return np.concatenate([reset, update, new])


def _array(weight: Any) -> NDArray[np.float32]:
    return np.asarray(ops.convert_to_numpy(weight), np.float32)

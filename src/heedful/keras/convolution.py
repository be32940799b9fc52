"""Keras' Conv1D as heedful's convolutions, whose windows are odd and lie around their token."""

from __future__ import annotations

from typing import Any

import numpy as np
from keras import ops
from numpy.typing import NDArray

from heedful.keras.chain import named
from heedful.records import HeedfulError


def check(layer: Any) -> None:
    """Raise HeedfulError for a setting that heedful has none for."""
    config = layer.get_config()
    wanted = {
        "activation": "relu",
        "strides": (1,),
        "dilation_rate": (1,),
        "groups": 1,
        "data_format": "channels_last",
    }
    for setting, value in wanted.items():
        found = tuple(config[setting]) if isinstance(value, tuple) else config[setting]
        if found != value:
            raise HeedfulError(
                f"{named(layer)}: {setting}={found!r} cannot be converted, {value!r} can"
            )
    if config["padding"] not in ("same", "causal"):
        raise HeedfulError(
            f"{named(layer)}: padding={config['padding']!r} leaves a text fewer states than "
            "tokens; 'same' can be converted"
        )


def taps(layer: Any) -> NDArray[np.float32]:
    """The kernel (filters, E, window), its window odd and around the token, zeros added for that.

    Keras' `same` puts the larger half of an even window behind the token; `causal` puts all before.
    """
    kernel = np.asarray(ops.convert_to_numpy(layer.kernel), np.float32).transpose(2, 1, 0)
    size = kernel.shape[-1]
    before = size - 1 if layer.padding == "causal" else (size - 1) // 2
    behind = size - 1 - before
    reach = max(before, behind)
    return np.pad(kernel, ((0, 0), (0, 0), (reach - before, reach - behind)))


def bias(layer: Any) -> NDArray[np.float32]:
    """(filters,), zeros for a layer without."""
    if layer.bias is None:
        return np.zeros(layer.filters, np.float32)
    return np.asarray(ops.convert_to_numpy(layer.bias), np.float32)

"""What a pooling layer is called on, made fit: integers as floats, a mask as True and False."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

from heedful.records import HeedfulError


def as_float(values: Any, dtype: str) -> Any:
    """Values as they are, or integers, as of one-hot states, as this dtype. None stays None.

    Keras itself brings only floats to a layer's dtype; weights as integers would all be 0.
    """
    if values is None or keras.backend.is_float_dtype(standard_dtype(values)):
        return values
    return ops.cast(values, dtype)


def standard_dtype(values: Any) -> str:
    """The dtype by Keras' own name: backends spell them differently."""
    return str(keras.backend.standardize_dtype(values.dtype))


def real_tokens(mask: Any, states: Any, name: str) -> Any:
    """(B, T), True = real; of a mask that is None, all are.

    Args:
        mask: (B, T), booleans or numbers.
        states: (B, T, H).
        name: of the layer, for the message.

    Raises:
        HeedfulError: a mask of another shape, which would be spread over the states, so that the
            weights would be of something else.
    """
    if mask is None:
        return ops.ones_like(states[:, :, 0], dtype="bool")
    real = ops.cast(ops.convert_to_tensor(mask), "bool")
    found, wanted = tuple(real.shape), tuple(states.shape[:2])
    known = zip(found, wanted, strict=False)  # None = not known before it runs
    if len(found) != 2 or any(a != b for a, b in known if a is not None and b is not None):
        raise HeedfulError(
            f"{name}: its mask is to be (batch, tokens), {wanted} here, and this is {found}"
        )
    return real

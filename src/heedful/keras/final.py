"""Final states of recurrent layers, read off the states of all tokens, wherever padding is."""

from __future__ import annotations

from typing import Any

from keras import ops


def last_state(states: Any, real: Any) -> Any:
    """(B, H), the state of the last real token; zeros where there is none.

    Args:
        states: (B, T, H), 0 on padding.
        real: (B, T), True = real.
    """
    places = _places(states)
    return _at(states, real, places == ops.max(ops.where(real, places, -1), axis=1, keepdims=True))


def final_state(states: Any, real: Any) -> Any:
    """(B, H) of a Bidirectional layer: each half where its direction ended; else as `last_state`.

    The backward half has read everything at the first real token.
    """
    places, half = _places(states), states.shape[-1] // 2
    beyond = ops.shape(states)[1]
    first = ops.min(ops.where(real, places, beyond), axis=1, keepdims=True)
    backward = _at(states[:, :, half:], real, places == first)
    return ops.concatenate([last_state(states[:, :, :half], real), backward], axis=-1)


def _places(states: Any) -> Any:
    return ops.expand_dims(ops.arange(ops.shape(states)[1], dtype="int32"), 0)  # (1, T)


def _at(states: Any, real: Any, here: Any) -> Any:
    """The states where `here` holds, one place a text."""
    chosen = ops.cast(ops.logical_and(real, here), states.dtype)
    return ops.squeeze(ops.matmul(ops.expand_dims(chosen, 1), states), 1)

"""ZeroPadding: keeps the vector of padding at zero, where layers read it that know no mask."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops


@keras.saving.register_keras_serializable(package="heedful")
class ZeroPadding(keras.constraints.Constraint):
    """Row 0 of an Embedding is zero after every step: `embeddings_constraint=ZeroPadding()`.

    Keras' Conv1D knows no mask and reads the vectors of padding. With this constraint a text's
    last words see beyond its end what the last words of the longest text see: nothing.
    """

    def __call__(self, w: Any) -> Any:
        """The table with its first row zeroed."""
        w = ops.convert_to_tensor(w)  # JAX takes no variable for an array
        rows = ops.expand_dims(ops.arange(ops.shape(w)[0], dtype="int32"), -1)
        return ops.where(rows > 0, w, ops.zeros_like(w))

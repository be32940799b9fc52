"""Whether a converted network says what the Keras model says, on made-up ids of many lengths."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from keras import ops
from numpy.typing import NDArray

from heedful.learn.answers import probabilities_of
from heedful.records import HeedfulError, Task

TEXTS, LENGTH = 16, 24
CLOSE, COARSE = 1e-4, 5e-2


def made_up(size: int, length: int | None) -> NDArray[np.int64]:
    """Keras' ids (TEXTS, T), padded on the right: a full text, an empty one, others between.

    Args:
        size: number of ids.
        length: T, if the model takes no other.
    """
    draw, width = np.random.default_rng(0), length or LENGTH
    ids = draw.integers(1, max(size, 2), size=(TEXTS, width))
    lengths = np.concatenate([[width, 0, 1], draw.integers(1, width + 1, size=TEXTS - 3)])
    return np.where(np.arange(width) < lengths[:, None], ids, 0)


def keras_probabilities(
    model: Any, ids: NDArray[np.int64], task: Task, activation: str
) -> NDArray[np.float32]:
    """(N, C) what the model says of ids, one column a class."""
    said = keras.tree.flatten(model(ids, training=False))[0]
    values = np.asarray(ops.convert_to_numpy(ops.cast(said, "float32")), np.float32)
    if activation == "linear":
        if values.shape[1] == 2 and task == "binary":
            values = values[:, 1:] - values[:, :1]
        return probabilities_of(values, task)
    if task == "binary" and values.shape[1] == 1:
        return np.concatenate([1 - values, values], axis=1)
    return values


def check(theirs: NDArray[np.float32], ours: NDArray[np.float32], *, coarse: bool) -> float:
    """The largest difference of two sets of probabilities.

    Args:
        theirs: of the Keras model.
        ours: of the converted one.
        coarse: whether Keras worked in half precision.

    Raises:
        HeedfulError: it is too large, or a number is missing.
    """
    gap = float(np.abs(theirs - ours).max())
    if not gap <= (COARSE if coarse else CLOSE):  # NaN is not
        raise HeedfulError(
            f"the converted model says something else than the Keras model (probabilities differ "
            f"by {gap:.2g}); nothing was written. Has it layers of your own, or weights that are "
            "not numbers?"
        )
    return gap

"""A row of Keras layers as heedful's stages: settings, and weights by the names of `Classifier`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import keras
import numpy as np
from keras import ops
from numpy.typing import NDArray

from heedful.keras import convolution, recurrent
from heedful.keras.chain import Step, named
from heedful.keras.head import Head, Loss, head
from heedful.keras.pooling import AttentionPooling
from heedful.keras.scores import NARROW
from heedful.keras.weights import to_heedful
from heedful.records import HeedfulError

Tensors = dict[str, NDArray[np.float32]]
# They do nothing but while training.
IDLE = tuple(
    getattr(keras.layers, name)
    for name in ("Dropout", "SpatialDropout1D", "GaussianDropout", "GaussianNoise")
)


@dataclass
class Stages:
    """What a model is made of.

    Attributes:
        table: (V, E) the vectors of Keras' ids.
        settings: of heedful's network.
        tensors: its weights but for the table of token vectors.
        head: the outputs.
        vectorization: the layer that makes ids of texts; None where the model begins with ids.
        coarse: whether Keras works in half precision.
    """

    table: NDArray[np.float32]
    head: Head
    settings: dict[str, Any] = field(default_factory=dict)
    tensors: Tensors = field(default_factory=dict)
    vectorization: Any = None
    coarse: bool = False


def stages(steps: Sequence[Step], loss: Loss) -> Stages:
    """Embedding, encoder layers, AttentionPooling, Dense layers: each translated.

    Raises:
        HeedfulError: a layer, an order of layers or a setting that heedful has nothing for; layers
            that read padding.
    """
    rest = [step for step in steps if type(step.layer) not in IDLE]
    texts = None
    if rest and type(rest[0].layer) is keras.layers.TextVectorization:
        texts = rest.pop(0).layer
    if not rest or type(rest[0].layer) is not keras.layers.Embedding:
        first = named(rest[0].layer) if rest else "no layer"
        raise HeedfulError(f"{first}: the first layer is to be an Embedding of token ids")
    embedding = rest[0].layer
    places = [i for i, step in enumerate(rest) if type(step.layer) is AttentionPooling]
    if len(places) != 1:
        raise HeedfulError(
            f"the model has {len(places)} AttentionPooling layers, and one is needed between its "
            "encoder and its Dense layers"
        )
    table = np.asarray(ops.convert_to_numpy(embedding.embeddings), np.float32)
    _check_masks(rest[: places[0] + 1], table)
    found = Stages(table, head(_dense(rest[places[0] + 1 :]), loss), vectorization=texts)
    found.coarse = any(step.layer.compute_dtype in NARROW for step in rest)
    found.settings["model.embedding"] = table.shape[1]
    _encoder([step.layer for step in rest[1 : places[0]]], found)
    _pooling(rest[places[0]].layer, found)
    found.settings |= found.head.settings
    found.tensors |= found.head.tensors
    return found


def _check_masks(steps: Sequence[Step], table: NDArray[np.float32]) -> None:
    """Raise HeedfulError where padding is read: heedful never reads it."""
    embedding = steps[0].layer
    masked = bool(embedding.mask_zero)
    for i, step in enumerate(steps[1:]):
        layer = step.layer
        masked = masked or step.masked
        if type(layer) is keras.layers.Conv1D:
            convolution.check(layer)
            if i:
                raise HeedfulError(
                    f"{named(layer)} reads what the layer before gives for padding, which heedful "
                    "never reads; one Conv1D right after the Embedding can be converted"
                )
            if table[0].any():
                raise HeedfulError(
                    f"{named(layer)} reads the vector of padding, row 0 of {named(embedding)}, "
                    "which is not zero; train it with embeddings_constraint="
                    "heedful.keras.ZeroPadding()"
                )
            masked = False  # Keras' convolutions hand on no mask
        elif not masked:
            raise HeedfulError(
                f"{named(layer)} reads padding, so that what it says hangs on how much of it there "
                "is; give the Embedding mask_zero=True, and after a Conv1D call it with "
                "mask=keras.ops.not_equal(ids, 0)"
            )


def _encoder(layers: Sequence[Any], found: Stages) -> None:
    if not layers:
        found.settings["model.encoder"] = "token"
    elif type(layers[0]) is keras.layers.Conv1D:
        _convolution(layers, found)
    else:
        _recurrent(layers, found)


def _convolution(layers: Sequence[Any], found: Stages) -> None:
    for other in layers[1:]:
        raise HeedfulError(f"{named(other)} after a convolution cannot be converted")
    taps = convolution.taps(layers[0])
    found.tensors["encode.convolutions.0.weight"] = taps
    found.tensors["encode.convolutions.0.bias"] = convolution.bias(layers[0])
    found.settings |= {
        "model.encoder": "conv",
        "model.hidden": taps.shape[0],
        "model.window": taps.shape[2],
    }


def _recurrent(layers: Sequence[Any], found: Stages) -> None:
    settings: dict[str, Any] = {"model.layers": len(layers)}
    for i, layer in enumerate(layers):
        if type(layer) not in (keras.layers.Bidirectional, *recurrent.KINDS):
            raise HeedfulError(
                f"{named(layer)} cannot be converted; Embedding, LSTM, GRU, Bidirectional, Conv1D, "
                "AttentionPooling, Dense and drop-out can"
            )
        ways = recurrent.directions(layer)
        own = {
            "model.encoder": recurrent.KINDS[type(ways[0])],
            "model.hidden": ways[0].units,
            "model.bidirectional": len(ways) == 2,
            "model.gate": recurrent.gate(ways[0]),
        }
        if i and not own.items() <= settings.items():
            raise HeedfulError(
                f"{named(layer)} is of another kind, width or gate than the layer before; heedful "
                "stacks layers that are alike"
            )
        if len({recurrent.gate(way) for way in ways}) > 1:
            raise HeedfulError(f"{named(layer)}: its two halves have different gates")
        settings |= own
        for way, side in zip(ways, ("forwards", "backwards"), strict=False):
            for name, values in recurrent.weights(way).items():
                found.tensors[f"encode.layers.{i}.{side}.rnn.{name}"] = values
    found.settings |= settings


def _pooling(layer: AttentionPooling, found: Stages) -> None:
    both = found.settings.get("model.bidirectional")
    query = "learned"
    if layer.query != "learned":
        fits = {"final": both is True, "last": both is False}
        if not fits.get(layer.query, False):
            raise HeedfulError(
                f"{named(layer)}: query={layer.query!r} cannot be converted here; learned can, "
                "after a Bidirectional layer final, and after one that reads one way last"
            )
        query = "final"
    if layer.score == "location" and layer.positions != 512:
        raise HeedfulError(f"{named(layer)}: positions={layer.positions}; 512 can be converted")
    found.tensors |= to_heedful(layer)
    found.settings |= {
        "model.attention": layer.score,
        "model.attention_width": layer.width,
        "model.attention_depth": layer.depth,
        "model.attention_activation": layer.activation,
        "model.query": query,
    }


def _dense(steps: Sequence[Step]) -> list[tuple[Any, str]]:
    """Dense layers with their activations, one that stands after a layer taken for its own."""
    found: list[tuple[Any, str]] = []
    for step in steps:
        layer = step.layer
        if type(layer) is keras.layers.Dense:
            found.append((layer, _activation(layer)))
        elif type(layer) is keras.layers.Activation and found and found[-1][1] == "linear":
            found[-1] = (found[-1][0], _activation(layer))
        else:
            raise HeedfulError(
                f"{named(layer)} cannot be converted; after AttentionPooling stand Dense layers"
            )
    if not found:
        raise HeedfulError("the model ends without a Dense layer, which says what the classes are")
    return found


def _activation(layer: Any) -> str:
    return str(layer.get_config()["activation"])

"""Keras' side of bench/peer_network.py: network_keras.py keras-BACKEND[+FLAG...] IDS OUT.

BACKEND is jax or tensorflow. Flags:

    xla        compile with XLA on TensorFlow too (JAX always does)
    reversed   no mask in the recurrent layers: the backward one reads each text reversed within
               its own length, as heedful does it; right, and spares the masking
    unmasked   no mask and no reversal: the backward layers read padding first. Wrong; it shows
               what masks cost
    buckets    texts of like length travel together, padded to one of eight widths, as heedful
               does it but for the rounding; else all are padded to the length of the cut
"""

from __future__ import annotations

import json
import os
import sys
import time
from importlib.metadata import version
from pathlib import Path
from typing import Any

BACKEND, *FLAGS = sys.argv[1].removeprefix("keras-").split("+")
os.environ["KERAS_BACKEND"] = BACKEND
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
os.environ.setdefault("JAX_PLATFORMS", "cpu")

import keras  # noqa: E402 - it reads its back end when it is loaded
import network_data  # noqa: E402
import numpy as np  # noqa: E402
from keras import layers, ops  # noqa: E402


class Masks(layers.Layer):
    """Ids (B, T) to the mask (B, T), true where a token is real."""

    def call(self, ids: Any) -> Any:
        return ops.not_equal(ids, 0)


class Reversal(layers.Layer):
    """Values (B, T, H), each text reversed within its own length; padding stays where it is."""

    def call(self, values: Any, real: Any) -> Any:
        width = ops.shape(values)[1]
        positions = ops.arange(width, dtype="int32")[None, :]
        lengths = ops.sum(ops.cast(real, "int32"), axis=1, keepdims=True)
        turned = ops.where(real, lengths - 1 - positions, positions)
        return ops.take_along_axis(values, turned[:, :, None], axis=1)


class Last(layers.Layer):
    """States (B, T, H) to the one at each text's last real token (B, H)."""

    def call(self, states: Any, real: Any) -> Any:
        lengths = ops.sum(ops.cast(real, "int32"), axis=1)
        at = ops.maximum(lengths - 1, 0)[:, None, None]
        return ops.take_along_axis(states, at, axis=1)[:, 0]


class Attend(layers.Layer):
    """Additive attention: v . tanh(W_q q + W_k k + b), masked softmax, weighted sum."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.key = layers.Dense(width)
        self.query = layers.Dense(width, use_bias=False)
        self.vector = layers.Dense(1, use_bias=False)

    def call(self, query: Any, keys: Any, real: Any) -> Any:
        hidden = ops.tanh(self.query(query)[:, None] + self.key(keys))
        scores = self.vector(hidden)[:, :, 0]
        weights = ops.softmax(ops.where(real, scores, -1e9), axis=1)
        return ops.einsum("bt,bth->bh", weights, keys)


def both_ways(values: Any, real: Any, hidden: int) -> tuple[Any, Any]:
    """States (B, T, 2H) and final states (B, 2H) of one two-directional LSTM layer."""
    if "reversed" in FLAGS:
        ahead = layers.LSTM(hidden, return_sequences=True)(values)
        turned = layers.LSTM(hidden, return_sequences=True)(Reversal()(values, real))
        states = ops.concatenate([ahead, Reversal()(turned, real)], axis=-1)
        return states, ops.concatenate([Last()(ahead, real), Last()(turned, real)], axis=-1)
    layer = layers.Bidirectional(layers.LSTM(hidden, return_sequences=True, return_state=True))
    states, ahead, _, back, _ = layer(values, mask=None if "unmasked" in FLAGS else real)
    return states, ops.concatenate([ahead, back], axis=-1)


def network(settings: dict[str, Any]) -> keras.Model:
    """The network of heedful's `stacked-bilstm`, compiled."""
    model = settings["heedful"]
    ids = keras.Input((None,), dtype="int32")
    real = Masks()(ids)
    start = keras.initializers.RandomNormal(stddev=0.1)
    values = layers.Embedding(settings["vocabulary"], model["model.embedding"], start)(ids)
    values = layers.Dropout(model["model.embedding_dropout"])(values)
    for rate in model["model.encoder_dropout"]:
        values, final = both_ways(values, real, model["model.hidden"])
        values = layers.Dropout(rate)(values)
    context = Attend(model["model.attention_width"])(final, values, real)
    result = keras.Model(ids, layers.Dense(1)(context))
    clip = model["train.clip_norm"]
    result.compile(
        optimizer=keras.optimizers.Adam(
            model["train.learning_rate"], epsilon=1e-8, global_clipnorm=clip
        ),
        loss=keras.losses.BinaryCrossentropy(from_logits=True),
        jit_compile=BACKEND == "jax" or "xla" in FLAGS,
    )
    return result


class Batches(keras.utils.PyDataset):
    """Bucketed batches, made ahead by a thread; another order every epoch."""

    def __init__(self, part: network_data.Ids, plan: Any, seed: int | None = None) -> None:
        super().__init__(workers=1, use_multiprocessing=False, max_queue_size=8)
        self.part, self.seed, self.plan = part, seed, plan
        self.now = plan(seed)

    def __len__(self) -> int:
        return len(self.now)

    def __getitem__(self, index: int) -> tuple[Any, Any]:
        rows, width = self.now[index]
        return self.part.padded(rows, width), self.part.labels[rows].astype("float32")

    def on_epoch_end(self) -> None:
        if self.seed is not None:
            self.seed += 1
            self.now = self.plan(self.seed)


class Clock(keras.callbacks.Callback):
    """Wall seconds of each epoch."""

    def __init__(self) -> None:
        super().__init__()
        self.seconds: list[float] = []
        self.since = 0.0

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        self.since = time.monotonic()

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        self.seconds.append(time.monotonic() - self.since)


class Side:
    """Training and scoring, with or without buckets."""

    def __init__(self, train: network_data.Ids, test: network_data.Ids, settings: Any) -> None:
        self.train, self.test, self.size = train, test, settings["heedful"]["train.batch_size"]
        self.epochs, self.seed = settings["heedful"]["train.epochs"], settings["seed"]
        self.widths = network_data.rungs(settings["length"])
        if "buckets" not in FLAGS:
            self.widths = self.widths[-1:]
        keras.utils.set_random_seed(self.seed)
        self.model = network(settings)

    def plan(self, part: network_data.Ids) -> Any:
        return lambda seed: network_data.bucketed(part.lengths, self.size, self.widths, seed)

    def warm_up(self) -> float:
        """Compile for every width by a step and a prediction; weights are put back after."""
        started = time.monotonic()
        self.model.optimizer.build(self.model.trainable_variables)
        every = (*self.model.variables, *self.model.optimizer.variables)
        kept = [np.array(ops.convert_to_numpy(v)) for v in every]
        # Inputs of the kind that follows: another kind would be compiled once more.
        rows = np.arange(self.size)
        short = cut(self.train, int(self.widths[0]))
        if "buckets" in FLAGS:
            plan = [(rows, int(width)) for width in self.widths]
            data = Batches(short, lambda seed: plan)
            self.model.fit(data, epochs=1, shuffle=False, verbose=0)
            self.model.predict(data, verbose=0)
        else:
            ids = short.padded(rows, int(self.widths[-1]))
            labels = short.labels[rows].astype("float32")
            self.model.fit(ids, labels, batch_size=self.size, verbose=0)
            self.model.predict(ids, batch_size=self.size, verbose=0)
        for variable, value in zip(every, kept, strict=True):
            variable.assign(value)
        return time.monotonic() - started

    def fit(self) -> list[float]:
        clock = Clock()
        data = Batches(self.train, self.plan(self.train), self.seed)
        options = {"epochs": self.epochs, "callbacks": [clock], "verbose": 0, "shuffle": False}
        if "buckets" in FLAGS:
            self.model.fit(data, **options)
        else:
            rows = np.arange(len(self.train))
            ids = self.train.padded(rows, int(self.widths[-1]))
            labels = self.train.labels.astype("float32")
            options |= {"shuffle": True, "batch_size": self.size}
            self.model.fit(ids, labels, **options)
        return clock.seconds

    def score(self) -> np.ndarray:
        """(N,) logits."""
        if "buckets" not in FLAGS:
            ids = self.test.padded(np.arange(len(self.test)), int(self.widths[-1]))
            return self.model.predict(ids, batch_size=self.size, verbose=0)[:, 0]
        data = Batches(self.test, self.plan(self.test))
        result = np.zeros(len(self.test), np.float32)
        order = np.concatenate([rows for rows, _ in data.now])
        result[order] = self.model.predict(data, verbose=0)[:, 0]
        return result


def cut(part: network_data.Ids, length: int) -> network_data.Ids:
    """The texts, cut to so many tokens."""
    kept = np.minimum(part.lengths, length)
    starts = np.concatenate([[0], np.cumsum(kept)])
    texts = [part.ids[s : s + n] for s, n in zip(part.starts, kept, strict=False)]
    return network_data.Ids(np.concatenate(texts), starts, part.labels)


def main() -> None:
    """Compile, train, score, write the figures."""
    side = Side(*network_data.load(sys.argv[2]))
    warm_up = side.warm_up()
    epochs = side.fit()
    started = time.monotonic()
    scores = side.score()
    seconds = time.monotonic() - started
    figures = {
        "warm_up_seconds": warm_up,
        "epoch_seconds": epochs,
        "score_seconds": seconds,
        "accuracy": float(((scores > 0) == (side.test.labels == 1)).mean()),
        "parameters": side.model.count_params(),
        "libraries": {
            name: version(name)
            for name in ("keras", "jax" if BACKEND == "jax" else "tensorflow-cpu", "numpy")
        },
    }
    Path(sys.argv[-1]).write_text(json.dumps(figures))


if __name__ == "__main__":
    main()

"""Under any backend: small Keras models trained for a moment, saved, and what they say of ids.

`KERAS_BACKEND=jax python keras_trained.py FOLDER`. Where TensorFlow is installed it also writes
what TextVectorization makes of texts.
"""

from __future__ import annotations

import json
import sys
from importlib.util import find_spec
from pathlib import Path

import keras
import numpy as np
from keras import layers as kl

from heedful.keras import AttentionPooling, Vectorization

TEXTS = [
    "A dull, DULL film!",
    "don't miss this well-made film; it is moving.",
    "It is not moving: DULL",
    "the film's Ébène is NAÏVE\u00a0but moving\u2028unheard",
    "?! --",
    "moving " * 12,
    "a\tb\nc\x0bd\x1ce\x85f",
]
LABELS = np.array([0, 1, 0, 1, 0, 1, 0])
LENGTH = 10


def networks(size: int) -> dict[str, keras.Model]:
    """One of each kind of encoder and of each kind of head."""
    lstm = kl.Bidirectional(kl.LSTM(5, return_sequences=True))
    again = kl.Bidirectional(kl.LSTM(5, return_sequences=True))
    gru = kl.Bidirectional(kl.GRU(4, return_sequences=True))
    dense = [kl.Dense(4, activation="relu"), kl.Dense(2, activation="softmax")]
    one, last = [kl.Dense(1, activation="sigmoid")], kl.GRU(4, return_sequences=True)
    rows = {
        "stacked": [lstm, again, AttentionPooling("additive", 4, query="final"), *one],
        "gru": [gru, kl.Dropout(0.1), AttentionPooling("additive", 4, 2, "relu"), *dense],
        "last": [
            last,
            AttentionPooling("scaled-dot", query="last"),
            kl.Dense(1),
            kl.Activation("sigmoid"),
        ],
        "token": [AttentionPooling("content"), kl.Dense(2, activation="softmax")],
    }
    ids = [keras.Input((None,), dtype="int32") for _ in rows]
    tables = [kl.Embedding(size, 6, mask_zero=True) for _ in rows]
    start = zip(ids, tables, strict=True)
    return {
        name: keras.Sequential([*first, *row])
        for first, (name, row) in zip(start, rows.items(), strict=True)
    }


def main(folder: Path) -> None:
    """Train, save, say."""
    keras.utils.set_random_seed(0)
    vectorize = Vectorization.adapt(TEXTS, max_tokens=20, output_sequence_length=LENGTH)
    ids = vectorize(TEXTS)
    for name, model in networks(20).items():
        model.set_weights([3 * w for w in model.get_weights()])
        loss = (
            "binary_crossentropy"
            if model.output_shape[-1] == 1
            else "sparse_categorical_crossentropy"
        )
        model.compile("adam", loss)
        model.fit(ids, LABELS, epochs=2, verbose=0)
        model.save(folder / f"{name}.keras")
        np.save(folder / f"{name}.npy", model.predict(ids, verbose=0))
    (folder / "words.json").write_text(json.dumps(list(vectorize.vocabulary)))
    if find_spec("tensorflow"):
        (folder / "vectorized.json").write_text(json.dumps(list(vectorized())))


def vectorized() -> object:
    """What TextVectorization does, by its arguments."""
    for arguments in (
        {"max_tokens": 20, "output_sequence_length": LENGTH},
        {},
        {"standardize": "lower"},
        {"standardize": "strip_punctuation"},
        {"standardize": None},
        {"standardize": None, "split": "character"},
    ):
        layer = kl.TextVectorization(**arguments)
        layer.adapt(TEXTS)
        ids = np.asarray(keras.ops.convert_to_numpy(layer(TEXTS)))
        from heedful.keras.vectorization import vectorization_of

        read = vectorization_of(layer)
        np.testing.assert_array_equal(read(TEXTS), ids)
        if "standardize" not in arguments:
            found = Vectorization.adapt(TEXTS, arguments.get("max_tokens"))
            assert found.words() == read.words()
        settings, words = read.settings(), read.words()
        yield {"arguments": arguments, "settings": settings, "words": words, "ids": ids.tolist()}


if __name__ == "__main__":
    main(Path(sys.argv[1]))

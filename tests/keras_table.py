"""One table of tests of AttentionPooling for any Keras backend; needs neither torch nor pytest.

Imported, it is a list of functions for pytest to go through. Run as a program under another
backend (`KERAS_BACKEND=jax python keras_table.py FOLDER`) it goes through them itself, and leaves
in FOLDER what the layer said, for heedful's own modules to be held against.
"""

from __future__ import annotations

import itertools
import json
import sys
import tempfile
import traceback
from collections.abc import Callable
from functools import partial
from pathlib import Path

import keras
import numpy as np
from keras import layers, ops

import heedful.keras as bridge
from heedful.config import SCORES
from heedful.keras import AttentionPooling
from heedful.records import HeedfulError

BACKEND = keras.backend.backend()
QUERIES = ("learned", "final", "last", "input")
DTYPES = {"float32": 2e-6, "float64": 2e-6, "mixed_float16": 4e-3, "mixed_bfloat16": 3e-2}
WIDTH, TIME = 6, 7
# A whole text, a short one, one token, padding on the left, none at all.
MASK = np.array(
    [[1] * 7, [1, 1, 1, 0, 0, 0, 0], [1] + [0] * 6, [0, 0, 1, 1, 1, 1, 1], [0] * 7], bool
)
REAL = MASK.any(axis=1)


def array(tensor: object) -> np.ndarray:
    return np.asarray(ops.convert_to_numpy(ops.cast(tensor, "float32")))


def states() -> np.ndarray:
    return np.random.default_rng(3).normal(size=(*MASK.shape, WIDTH)).astype(np.float32)


def asked(width: int = WIDTH) -> np.ndarray:
    return np.random.default_rng(4).normal(size=(len(MASK), width)).astype(np.float32)


def shaken(layer: AttentionPooling) -> AttentionPooling:
    """The layer with weights of some size: those that it starts with say little."""
    draw = np.random.default_rng(5)
    for weight in layer.weights:
        weight.assign(draw.normal(size=weight.shape))
    return layer


def pooled(
    score: str, query: str, dtype: str = "float32", depth: int = 1
) -> tuple[AttentionPooling, object]:
    """A layer with weights, and what it is called on."""
    layer = AttentionPooling(
        score, 5, depth, "relu" if depth > 1 else "tanh", query, positions=4, dtype=dtype
    )
    inputs = [asked(), states()] if query == "input" else states()
    layer(inputs, mask=MASK)
    return shaken(layer), inputs


def law_of_weights(score: str, query: str, dtype: str) -> None:
    layer, inputs = pooled(score, query, dtype)
    context, weights = layer(inputs, mask=MASK, return_attention_scores=True)
    if (BACKEND, dtype) != ("jax", "float64"):  # which JAX has to be told to have
        for found in (context, weights):
            assert keras.backend.standardize_dtype(found.dtype) == layer.compute_dtype
    context, weights = array(context), array(weights)
    close = DTYPES[dtype]
    assert (weights >= 0).all()
    assert (weights[~MASK] == 0).all()
    np.testing.assert_allclose(weights.sum(axis=1), REAL, atol=close)
    assert (context[~REAL] == 0).all()
    expected = (weights[..., None] * states()).sum(axis=1)
    np.testing.assert_allclose(context, expected, atol=10 * close)
    assert np.isfinite(context).all()
    if score != "uniform":  # it does prefer something
        assert weights[0].max() > 1.05 / TIME


def narrow_agrees_with_wide(score: str, query: str, dtype: str) -> None:
    """The same weights in half precision give nearly the same attention."""
    wide, inputs = pooled(score, query)
    narrow, _ = pooled(score, query, dtype)
    narrow.set_weights([0.3 * w for w in wide.get_weights()])
    wide.set_weights(narrow.get_weights())
    apart = array(narrow(inputs, mask=MASK)) - array(wide(inputs, mask=MASK))
    assert np.abs(apart).max() < 20 * DTYPES[dtype], np.abs(apart).max()


def large_states_have_no_largest_number(score: str) -> None:
    """Products of states, far above what float16 can say, still make weights."""
    wide, _ = pooled(score, "last")
    narrow, _ = pooled(score, "last", "mixed_float16")
    said = [
        [array(x) for x in layer(300 * states(), mask=MASK, return_attention_scores=True)]
        for layer in (wide, narrow)
    ]
    for context, weights in said:
        assert np.isfinite(context).all()
        np.testing.assert_allclose(weights.sum(axis=1), REAL, atol=2e-3)
    np.testing.assert_array_equal(*(weights.argmax(axis=1) for _, weights in said))


def whole_numbers_are_states_too(score: str, query: str) -> None:
    """One-hot states, say: Keras leaves their dtype alone."""
    layer, _ = pooled(score, query)
    hot = np.eye(WIDTH)[np.random.default_rng(7).integers(WIDTH, size=MASK.shape)]
    said = []
    for kind in ("float32", "int32"):
        given = hot.astype(kind)
        said.append(layer([asked(), given] if query == "input" else given, mask=MASK))
        assert keras.backend.standardize_dtype(said[-1].dtype) == "float32"
    np.testing.assert_array_equal(*map(array, said))
    assert np.abs(array(said[0])[REAL]).sum(axis=1).min() > 0.5


def a_mask_is_of_texts_and_tokens(query: str) -> None:
    """Lists will do; another shape would be spread over the states without a word."""
    layer, inputs = pooled("additive", query)
    said, listed = (array(layer(inputs, mask=mask)) for mask in (MASK, MASK.tolist()))
    np.testing.assert_array_equal(said, listed)
    for wrong in (MASK[..., None], MASK[:, None], MASK[0], MASK[:, :1], MASK[:1], MASK[:, 1:]):
        try:
            layer(inputs, mask=wrong)
        except HeedfulError as error:
            assert "mask is to be (batch, tokens), (5, 7) here" in str(error)
        else:
            raise AssertionError(wrong.shape)


def what_stands_in_padding_never_matters(score: str, query: str) -> None:
    layer, _ = pooled(score, query)
    broken = states()
    broken[1, 4], broken[3, 0], broken[4] = np.inf, np.nan, np.nan
    both = [
        array(layer([asked(), x] if query == "input" else x, mask=MASK)) for x in (states(), broken)
    ]
    np.testing.assert_array_equal(*both)


def a_text_alone_scores_the_same(score: str, query: str) -> None:
    layer, inputs = pooled(score, query)
    together = array(layer(inputs, mask=MASK))
    for row in (1, 2):  # without its padding, and without a mask
        values = states()[row : row + 1, : MASK[row].sum()]
        alone = layer([asked()[row : row + 1], values] if query == "input" else values)
        np.testing.assert_allclose(array(alone)[0], together[row], atol=2e-6)


def network(score: str, query: str = "final") -> keras.Model:
    """Embedding, BiLSTM, attention, Dense: a Sequential."""
    return keras.Sequential(
        [
            keras.Input((None,), dtype="int32"),
            layers.Embedding(12, 4, mask_zero=True),
            layers.Bidirectional(layers.LSTM(3, return_sequences=True)),
            AttentionPooling(score, width=5, query=query),
            layers.Dense(1, activation="sigmoid"),
        ]
    )


IDS = np.array([[3, 4, 5, 0, 0], [6, 7, 8, 9, 10], [0, 0, 0, 0, 0], [0, 0, 2, 3, 0]])


def the_mask_travels_with_the_states(score: str) -> None:
    """What Embedding hands on is what would have been said with mask=."""
    embedding, layer = layers.Embedding(12, 4, mask_zero=True), AttentionPooling(score, width=5)
    embedding(IDS)
    layer(embedding(IDS))
    shaken(layer)
    by_itself = array(layer(embedding(IDS)))
    said = array(layer(array(embedding(IDS)), mask=IDS != 0))
    np.testing.assert_allclose(by_itself, said, atol=1e-6)
    as_numbers = array(layer(array(embedding(IDS)), mask=(IDS != 0).astype("float32")))
    np.testing.assert_allclose(as_numbers, said, atol=1e-6)
    without = array(layer(array(embedding(IDS))))
    assert np.abs(without - said).max() > 1e-3, "a mask must change something"
    assert not hasattr(layer(embedding(IDS)), "_keras_mask"), "there are no tokens any more"


def saving_keeps_it(score: str, query: str) -> None:
    if query == "input":
        first, second = keras.Input((WIDTH,)), keras.Input((None, WIDTH))
        layer = AttentionPooling(score, width=5, depth=2, query=query)
        model = keras.Model([first, second], layer([first, second], return_attention_scores=True))
        inputs: object = [asked(), states()]
    else:
        model, inputs = network(score, query), IDS
    model.set_weights([2 * w + 0.1 for w in model.get_weights()])
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.keras"
        model.save(path)
        again = keras.saving.load_model(path)
    assert [(w.name, w.shape) for w in again.weights] == [(w.name, w.shape) for w in model.weights]
    for one, other in zip(*map(keras.tree.flatten, (model(inputs), again(inputs))), strict=True):
        np.testing.assert_allclose(array(one), array(other), atol=1e-6)
    old = [layer.get_config() for layer in model.layers if isinstance(layer, AttentionPooling)]
    new = [layer.get_config() for layer in again.layers if isinstance(layer, AttentionPooling)]
    assert old == new


def learning_lowers_the_loss(score: str, query: str) -> None:
    model = network(score, query)
    # Compiled where that takes no compiler to be installed; a text without tokens is among them.
    model.compile(keras.optimizers.SGD(0.05), "binary_crossentropy", jit_compile=BACKEND != "torch")
    targets = np.array([[1.0], [0.0], [1.0], [0.0]])
    before = model.get_weights()
    first = float(model.train_on_batch(IDS, targets))
    second = float(model.train_on_batch(IDS, targets))
    assert second < first
    assert all(np.isfinite(w).all() for w in model.get_weights())
    pool = next(layer for layer in model.layers if isinstance(layer, AttentionPooling))
    places = [i for i, w in enumerate(model.weights) if any(w is own for own in pool.weights)]
    after = model.get_weights()
    for i in places if score != "uniform" else ():
        # A bias or a score's first layer may stand still for a batch; the rest moves.
        if model.weights[i].name in ("query", "vector", "kernel", "log_strength", "table"):
            assert np.abs(after[i] - before[i]).max() > 0, model.weights[i].path


class Subclassed(keras.Model):
    """A model that calls the layer itself."""

    def __init__(self, score: str) -> None:
        super().__init__()
        self.embedding = layers.Embedding(12, 4, mask_zero=True)
        self.pool = AttentionPooling(score, width=5)
        self.out = layers.Dense(1)

    def call(self, ids: object) -> object:
        return self.out(self.pool(self.embedding(ids)))


def functional_and_subclassed_agree(score: str) -> None:
    ids = keras.Input((None,), dtype="int32")
    embedding, pool = layers.Embedding(12, 4, mask_zero=True), AttentionPooling(score, width=5)
    functional = keras.Model(ids, layers.Dense(1)(pool(embedding(ids))))
    own = Subclassed(score)
    own(IDS)
    draw = np.random.default_rng(6)
    functional.set_weights([draw.normal(size=w.shape) for w in functional.weights])
    own.set_weights(functional.get_weights())
    for model in (functional, own):
        model.compile(jit_compile=BACKEND != "torch")
    eager = array(functional(IDS))
    for model in (functional, own):
        np.testing.assert_allclose(array(model(IDS)), eager, atol=1e-6)
        np.testing.assert_allclose(model.predict(IDS, verbose=0), eager, atol=1e-5)
        longer = np.pad(IDS, ((0, 0), (0, 3)))  # the same model at another length
        np.testing.assert_allclose(model.predict(longer, verbose=0), eager, atol=1e-5)


def symbols_have_the_shapes_of_numbers(query: str) -> None:
    layer, inputs = pooled("additive", query)
    symbols = keras.Input((None, WIDTH))
    given = [keras.Input((WIDTH,)), symbols] if query == "input" else symbols
    context, weights = layer(given, return_attention_scores=True)
    assert context.shape == (None, WIDTH)
    assert weights.shape == (None, None)
    assert (
        layer(given).shape
        == layer.compute_output_shape(keras.tree.map_structure(lambda x: x.shape, given))
        == (None, WIDTH)
    )
    real, attention = layer(inputs, mask=MASK, return_attention_scores=True)
    assert tuple(real.shape) == (5, WIDTH)
    assert tuple(attention.shape) == (5, TIME)


# -- numbers of others ---------------------------------------------------------------------


def at(layer: AttentionPooling, query: object, keys: object, **weights: object) -> np.ndarray:
    """Scores before the softmax, with these weights."""
    query, keys = (np.asarray(x, np.float32) for x in (query, keys))
    layer([query, keys])
    for name, values in weights.items():
        layer.parts[name].assign(np.asarray(values, np.float32).reshape(layer.parts[name].shape))
    from heedful.keras.scores import scores_of

    return array(scores_of(layer.score, layer.parts, ops.array(query), ops.array(keys), "tanh"))


W, U, V = [[-0.2, 0.3], [-0.5, 0.5]], [[0.0, 1.0], [1.0, 1.0], [1.0, -1.0]], [1.0, -1.0]
ASKED = [[0.7, -0.8], [0.4, 0.9]]
KEYS = [
    [[1, -1, 3], [0.5, -0.3, 0], [0.2, -1, 1], [0.7, 0.8, -1]],
    [[-2, 3, -3], [0.6, 0.2, 2], [0.5, -0.4, -1], [0.2, 0.2, 0]],
]
EXPECTED = [
    [1.975072, -0.04997836, 1.2176098, -0.9205586],
    [-1.4851665, 1.489604, -1.890285, -1.0672251],
]


def literal_cases() -> None:
    """AllenNLP's numbers for additive (as concat too), bilinear and cosine attention."""
    new = partial(AttentionPooling, query="input")
    found = at(new("additive", 2), ASKED, KEYS, query_kernel=W, key_kernel=U, vector=V)
    np.testing.assert_allclose(found, EXPECTED, rtol=1e-5, atol=1e-6)
    found = at(new("concat", 2), ASKED, KEYS, joint_kernel=[*W, *U], vector=V)
    np.testing.assert_allclose(found, EXPECTED, rtol=1e-5, atol=1e-6)
    # Theirs has a bias of .1, which shifts both alike.
    found = at(new("general"), [[1, 1]], [np.eye(2)], kernel=[[-0.3, 0.5], [2.0, -1.0]])
    np.testing.assert_allclose(found + 0.1, [[1.8, -0.4]], rtol=1e-5)
    found = at(new("content"), [[1, 1, 1]], [[[7, 8, 9], [10, 11, 12], [0, 0, 0]]])
    np.testing.assert_allclose(found, [[0.9948, 0.9973, 0]], atol=1e-4)
    found = at(new("scaled-dot"), [[1, 2, 0, 2]], [[[1, 1, 1, 1], [0, -1, 5, 3]]])
    np.testing.assert_allclose(found, [[2.5, 2.0]], rtol=1e-5)
    table = [[1, 0, 1], [0, 1, 1]]
    layer = new("location", positions=3)
    found = at(layer, [[2, 5]], np.zeros((1, 5, 4)), table=table)
    np.testing.assert_allclose(found, [[2, 5, 7, 7, 7]])


def keras_own_case() -> None:
    """keras.layers.AdditiveAttention's test: query 1.1, values 1.6, .7, -.8, mask T T F."""
    layer = AttentionPooling("additive", 1, query="input")
    query, values = np.array([[1.1]], "float32"), np.array([[[1.6], [0.7], [-0.8]]], "float32")
    at(layer, query, values, query_kernel=1, key_kernel=1, vector=0.5)
    mask = np.array([[True, True, False]])
    context, weights = layer([query, values], mask=mask, return_attention_scores=True)
    np.testing.assert_allclose(array(weights), [[0.50552496, 0.49447504, 0.0]], atol=1e-6)
    np.testing.assert_allclose(array(context), [[1.15497246]], atol=1e-6)


def keras_layers_agree(score: str) -> None:
    """keras.layers.Attention and AdditiveAttention with one query, Dot(normalize=True)."""
    layer, _ = pooled(score, "input")
    query, keys, real = asked()[:4], states()[:4], MASK[:4]  # theirs has no rule for empty texts
    if score == "content":
        layer.parts["log_strength"].assign(0.0)
        cosine = layers.Dot(axes=(1, 2), normalize=True)([ops.array(query), ops.array(keys)])
        scores = np.where(real, array(cosine), -np.inf)
        expected = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
    else:
        kind = layers.AdditiveAttention if score == "additive" else layers.Attention
        theirs = kind(use_scale=score == "additive")
        turned = query
        if score == "additive":
            layer = AttentionPooling("additive", WIDTH, query="input")
            layer([query, keys])
            theirs([query[:, None], keys])
            scale = np.linspace(-1, 1, WIDTH)
            theirs.scale.assign(scale)
            for name in ("query_kernel", "key_kernel"):
                layer.parts[name].assign(np.eye(WIDTH))
            layer.parts["vector"].assign(scale[:, None])
        elif score == "scaled-dot":
            turned = query / WIDTH**0.5
        masks = [None, ops.array(real)]
        _, weights = theirs([turned[:, None], keys], mask=masks, return_attention_scores=True)
        expected = array(weights)[:, 0]
    _, weights = layer([query, keys], mask=real, return_attention_scores=True)
    np.testing.assert_allclose(array(weights), expected, atol=1e-5)


def final_states_are_those_that_keras_returns() -> None:
    """query=final asks with what Bidirectional(return_state=True) gives as final states."""
    embedding = layers.Embedding(12, 4, mask_zero=True)
    both = layers.Bidirectional(layers.LSTM(3, return_sequences=True, return_state=True))
    found, ahead, _, back, _ = both(embedding(IDS))
    theirs = ops.concatenate([ahead, back], axis=-1)
    mine, given = AttentionPooling("dot", query="final"), AttentionPooling("dot", query="input")
    mask = IDS != 0
    np.testing.assert_allclose(
        array(mine(found, mask=mask)), array(given([theirs, found], mask=mask)), atol=1e-6
    )


def bad_input_is_one_line() -> None:
    three = np.zeros((2, 3, 5), "float32")
    for say, begin in {
        "known: additive, concat": lambda: AttentionPooling("nope"),
        "known: learned, final": lambda: AttentionPooling(query="nope"),
        "known: tanh, relu": lambda: AttentionPooling(activation="gelu"),
        "whole number >= 1": lambda: AttentionPooling(width=0),
        "return_sequences=True": lambda: AttentionPooling()(np.zeros((2, 3), "float32")),
        "5 is odd": lambda: AttentionPooling(query="final")(three),
        "[query, states]": lambda: AttentionPooling(query="input")(three),
        "one for each text": lambda: AttentionPooling(query="input")([three, three]),
        "the states alone": lambda: AttentionPooling()([three, three]),
        "take score='general'": lambda: AttentionPooling("dot", query="input")(
            [np.zeros((2, 4), "float32"), three]
        ),
        "call it on some states": lambda: bridge.to_heedful(AttentionPooling()),
    }.items():
        try:
            begin()
        except HeedfulError as error:
            assert say in str(error), f"{say!r} is not in {error}"
        else:
            raise AssertionError(f"nothing was said of {say!r}")


def weights_go_there_and_back(score: str) -> None:
    layer, inputs = pooled(score, "learned", depth=2)
    other, _ = pooled(score, "learned", depth=2)
    other.set_weights([0 * w for w in other.get_weights()])
    bridge.from_heedful(other, bridge.to_heedful(layer) | {"head.linear.weight": np.zeros(3)})
    np.testing.assert_array_equal(array(layer(inputs)), array(other(inputs)))
    if layer.parts:
        narrow = AttentionPooling(score, width=4, depth=2, positions=3)
        narrow(states())
        try:
            bridge.from_heedful(narrow, bridge.to_heedful(layer))
        except HeedfulError as error:
            assert "has the shape" in str(error)
        else:
            assert score in ("general", "content"), "these have no width of their own"


def padding_stays_zero() -> None:
    table = layers.Embedding(4, 3, embeddings_constraint=bridge.ZeroPadding())
    model = keras.Sequential([keras.Input((2,), dtype="int32"), table, layers.Flatten()])
    model.compile("sgd", "mse")
    model.train_on_batch(np.array([[0, 2], [1, 0]]), np.ones((2, 6)))
    found = array(table.embeddings)
    assert (found[0] == 0).all()
    assert (found[1:] != 0).all()
    again = layers.Embedding.from_config(table.get_config())
    assert isinstance(again.embeddings_constraint, bridge.ZeroPadding)


def rows() -> dict[str, Callable[[], None]]:
    """All tests by name."""
    found: dict[str, Callable[[], None]] = {}

    def add(test: Callable[..., None], *arguments: str) -> None:
        found["-".join((test.__name__, *arguments))] = partial(test, *arguments)

    for score, query in itertools.product(SCORES, QUERIES):
        for dtype in DTYPES:
            add(law_of_weights, score, query, dtype)
        what = (what_stands_in_padding_never_matters, a_text_alone_scores_the_same)
        for test in what:
            add(test, score, query)
    for score in SCORES:
        add(narrow_agrees_with_wide, score, "learned", "mixed_float16")
        add(narrow_agrees_with_wide, score, "input", "mixed_bfloat16")
        for test in (
            the_mask_travels_with_the_states,
            functional_and_subclassed_agree,
            weights_go_there_and_back,
        ):
            add(test, score)
        for query in ("learned", "input"):
            add(saving_keeps_it, score, query)
        add(learning_lowers_the_loss, score, "learned")
    add(saving_keeps_it, "additive", "final")
    add(learning_lowers_the_loss, "additive", "final")
    for score in ("dot", "scaled-dot", "general", "content"):
        add(large_states_have_no_largest_number, score)
    for query in QUERIES:
        add(symbols_have_the_shapes_of_numbers, query)
        add(a_mask_is_of_texts_and_tokens, query)
        add(whole_numbers_are_states_too, "additive", query)
    add(whole_numbers_are_states_too, "uniform", "learned")
    for score in ("dot", "scaled-dot", "additive", "content"):
        add(keras_layers_agree, score)
    for test in (
        literal_cases,
        keras_own_case,
        final_states_are_those_that_keras_returns,
        bad_input_is_one_line,
        padding_stays_zero,
    ):
        add(test)
    return found


def said(score: str, query: str, depth: int) -> dict[str, np.ndarray]:
    """What a layer with random weights says, with all that heedful needs to say it too."""
    layer, inputs = pooled(score, query, depth=depth)
    context, weights = layer(inputs, mask=MASK, return_attention_scores=True)
    parts = {f"state.{name}": values for name, values in bridge.to_heedful(layer).items()}
    return parts | {"context": array(context), "weights": array(weights)}


def all_said() -> dict[str, dict[str, np.ndarray]]:
    """For every score, with every query that heedful's own modules have, and a query given."""
    cases = [(s, q, 1) for s in SCORES for q in ("learned", "input")]
    cases += [("additive", "learned", 3), ("additive", "final", 1), ("concat", "last", 1)]
    return {"-".join(map(str, case)): said(*case) for case in cases}


def main(folder: Path) -> None:
    """Go through the table; what failed, as JSON, and what the layer said."""
    failed: dict[str, str] = {}
    for name, test in rows().items():
        try:
            test()
        except Exception:
            failed[name] = traceback.format_exc()
    report = {"rows": len(rows()), "failed": failed, "torch": "torch" in sys.modules}
    (folder / "report.json").write_text(json.dumps(report | {"backend": BACKEND}))
    for name, arrays in all_said().items():
        np.savez(folder / f"{name}.npz", **arrays)


if __name__ == "__main__":
    main(Path(sys.argv[1]))

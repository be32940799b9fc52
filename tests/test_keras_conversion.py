"""A Keras model as a run: the same probabilities on texts, and one line for what cannot be."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from pathlib import Path

import keras
import numpy as np
import pytest
from keras import layers as kl

from command_line import heedful
from heedful import HeedfulError, explain, load
from heedful.keras import AttentionPooling, Vectorization, ZeroPadding, convert
from heedful.text.tokenize import Tokenizer
from heedful.text.vocab import Vocabulary

WORDS = ["a", "dull", "moving", "dont", "wellmade", "film", "Ébène", "br", "naïve", "x\xa0y"]
TEXTS = [
    "A dull, DULL film!",
    "Don't miss: well-made... moving; <br />film",
    "",
    "?!",
    "Ébène ébène NAÏVE naïve x\xa0y\tunknown\u2028film",
    "moving moving moving moving moving moving a film",
]
VOCABULARY = ["", "[UNK]", *WORDS]
SIZE = len(VOCABULARY)
Network = Callable[[], keras.Model]


def by_keras_rules(texts: Sequence[str], length: int | None = None) -> np.ndarray:
    """Ids as the documentation of TextVectorization says they come about."""
    ascii_lower = [re.sub("[A-Z]", lambda m: m[0].lower(), text) for text in texts]
    plain = [re.sub(r"""[!"#$%&()*+,\-./:;<=>?@\[\\\]^_`{|}~']""", "", t) for t in ascii_lower]
    cut = [[w for w in re.split(r"[ \t\n\r\f\v]+", text) if w] for text in plain]
    rows = [[2 + WORDS.index(w) if w in WORDS else 1 for w in row][:length] for row in cut]
    width = length or max(map(len, rows))
    return np.array([row + [0] * (width - len(row)) for row in rows])


def row_of(
    *middle: object, pool: object = None, end: object = None, **embedding: object
) -> Network:
    """A Sequential; what is None stands for additive attention and one sigmoid output."""

    def made() -> keras.Model:
        start = {"mask_zero": True} | embedding
        parts = [keras.Input((None,), dtype="int32"), kl.Embedding(SIZE + 3, 6, **start)]
        parts += [copy(part) for part in middle]
        parts += [copy(pool) if pool else AttentionPooling(width=4)]
        parts += [copy(part) for part in end or (kl.Dense(1, activation="sigmoid"),)]
        return keras.Sequential(parts)

    return made


def copy(layer: keras.layers.Layer) -> keras.layers.Layer:
    return type(layer).from_config(layer.get_config())


def convolved(window: int, padding: str) -> Network:
    def made() -> keras.Model:
        ids = keras.Input((None,), dtype="int32")
        table = kl.Embedding(SIZE, 6, mask_zero=True, embeddings_constraint=ZeroPadding())
        states = kl.Conv1D(5, window, padding=padding, activation="relu")(table(ids))
        pool = AttentionPooling("general")
        with_mask = pool(states, mask=keras.ops.not_equal(ids, 0), return_attention_scores=True)
        return keras.Model(ids, [kl.Dense(1, activation="sigmoid")(with_mask[0]), with_mask[1]])

    return made


def nested() -> keras.Model:
    ids = keras.Input((None,), dtype="int32")
    encoder = keras.Sequential([kl.Dropout(0.3), two(kl.LSTM, 5)])
    states = encoder(kl.Embedding(SIZE, 6, mask_zero=True)(ids))
    return keras.Model(ids, kl.Dense(3, activation="sigmoid")(AttentionPooling("concat")(states)))


def two(kind: type, units: int, **settings: object) -> keras.layers.Layer:
    return kl.Bidirectional(kind(units, return_sequences=True, **settings))


def shaken(model: keras.Model) -> keras.Model:
    """Weights of some size, so that probabilities differ from text to text."""
    draw = np.random.default_rng(1)
    weights = [draw.normal(scale=0.8, size=w.shape) for w in model.weights]
    model.set_weights(weights)
    for layer in model.layers:
        if isinstance(layer, kl.Embedding) and layer.embeddings_constraint is not None:
            layer.embeddings.assign(layer.embeddings_constraint(layer.embeddings))
    return model


SOFTMAX = (kl.Dense(3, activation="softmax"),)
NETWORKS: dict[str, tuple[Network, Sequence[str]]] = {
    "token": (row_of(kl.SpatialDropout1D(0.2)), "no yes"),
    "stacked-bilstm": (
        row_of(
            two(kl.LSTM, 5), kl.Dropout(0.2), two(kl.LSTM, 5), pool=AttentionPooling(query="final")
        ),
        "no yes",
    ),
    "bigru-mlp": (
        row_of(two(kl.GRU, 4), pool=AttentionPooling(depth=2, activation="relu"), end=SOFTMAX),
        "a b c",
    ),
    "gru-last": (
        row_of(
            kl.GRU(5, return_sequences=True, use_bias=False),
            pool=AttentionPooling("dot", query="last"),
            end=(
                kl.Dense(4, activation="relu"),
                kl.Dropout(0.1),
                kl.Dense(2),
                kl.Activation("softmax"),
            ),
        ),
        "no yes",
    ),
    "relu-gates": (
        row_of(
            two(kl.LSTM, 3, recurrent_activation="relu"), end=(kl.Dense(3, activation="sigmoid"),)
        ),
        "a b c",
    ),
    "content": (row_of(two(kl.LSTM, 3), pool=AttentionPooling("content")), "no yes"),
    "location": (row_of(two(kl.GRU, 3), pool=AttentionPooling("location")), "no yes"),
    "conv-odd": (convolved(3, "same"), "no yes"),
    "conv-even": (convolved(4, "same"), "no yes"),
    "conv-causal": (convolved(3, "causal"), "no yes"),
    "nested": (nested, "a b c"),
}


def said_by_keras(model: keras.Model) -> np.ndarray:
    found = keras.tree.flatten(model(by_keras_rules(TEXTS), training=False))[0]
    values = np.asarray(keras.ops.convert_to_numpy(found))
    return np.hstack([1 - values, values]) if values.shape[1] == 1 else values


# Parts of these are in the others too, or in the table of the layer.
HEAVY = ("nested", "content", "relu-gates", "location", "conv-odd")
MARKED = [
    pytest.param(name, marks=[pytest.mark.slow] if name in HEAVY else []) for name in NETWORKS
]


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", MARKED)
def test_the_run_says_what_keras_says(name: str, tmp_path: Path) -> None:
    build, labels = NETWORKS[name]
    model = shaken(build())
    made = convert(model, tmp_path / "run", labels=labels.split(), vocabulary=VOCABULARY)
    assert made.difference < 1e-5
    expected = said_by_keras(model)
    assert np.ptp(expected, axis=0).max() > 0.05, "else any network would do"
    run = load(tmp_path / "run")
    np.testing.assert_allclose(run.predict_proba(TEXTS), expected, atol=1e-5)
    found = explain(run, TEXTS[1])
    shares = next(iter(found.contributions.values()))
    label = next(iter(found.contributions))
    assert found.base[label] + sum(shares) == pytest.approx(found.logits[label], abs=1e-4)
    assert "converted from the Keras model" in (tmp_path / "run/README.md").read_text("utf-8")


def test_tokens_lie_on_the_users_own_characters() -> None:
    settings = Vectorization(WORDS).settings()
    assert settings["text.unit"] == "whitespace"
    from heedful.config import Config
    from heedful.settings import apply

    tokenizer = Tokenizer(apply(Config(), settings).text)
    text = "  (Don't)\tmiss -- Well-made, 'x"
    found = [(t.text, text[t.start : t.end]) for t in tokenizer.tokens(text)]
    assert found == [("dont", "Don't"), ("miss", "miss"), ("wellmade", "Well-made"), ("x", "x")]
    vocabulary = Vocabulary(WORDS)
    for text, ids in zip(TEXTS, by_keras_rules(TEXTS), strict=True):
        words = [token.text for token in tokenizer.tokens(text)]
        assert words == tokenizer.words(text)
        assert [int(i) - 2 if i > 1 else 1 for i in vocabulary.ids(words)] == [
            int(i) for i in ids if i
        ]


def test_vectorization_makes_the_ids_itself() -> None:
    np.testing.assert_array_equal(Vectorization(VOCABULARY)(TEXTS), by_keras_rules(TEXTS))
    cut = Vectorization(WORDS, output_sequence_length=3)(TEXTS)
    np.testing.assert_array_equal(cut, by_keras_rules(TEXTS, 3))
    learnt = Vectorization.adapt(["b a, a", "B c", "d"], max_tokens=5)
    assert learnt.words() == ["b", "a", "d"], "by count, then from the end of the alphabet"
    for wrong in (
        lambda: learnt("b a"),
        lambda: Vectorization.adapt("b"),
        lambda: Vectorization("b"),
    ):
        with pytest.raises(HeedfulError, match="a list of"):
            wrong()
    assert Vectorization(list("ab"), None, "character")(["ba c"]).tolist() == [[3, 2, 1, 1]]


def logits(units: int, loss: str | None) -> Network:
    def made() -> keras.Model:
        model = row_of(end=(kl.Dense(units, name="said"),))()
        model.compile("sgd", loss)
        return model

    return made


@pytest.mark.parametrize(
    ("units", "loss", "task"),
    [
        (1, {"said": keras.losses.BinaryCrossentropy(from_logits=True)}, "binary"),
        (2, keras.losses.SparseCategoricalCrossentropy(from_logits=True), "binary"),
        (3, keras.losses.CategoricalCrossentropy(from_logits=True), "multi-class"),
        (3, keras.losses.BinaryCrossentropy(from_logits=True), "multi-label"),
    ],
)
def test_the_loss_says_what_logits_are(units: int, loss: str, task: str, tmp_path: Path) -> None:
    model = shaken(logits(units, loss)())
    names = ["n", "y"] if units < 3 else list("abc")
    assert convert(model, tmp_path / "r", labels=names, vocabulary=WORDS).difference < 1e-5
    assert json.loads((tmp_path / "r/config.json").read_text())["task"] == task


@keras.saving.register_keras_serializable("test")
class Own(kl.LSTM):
    """A user's own layer, which is no LSTM for all that anybody knows."""


REFUSED: dict[str, tuple[Network, str]] = {
    "no mask": (row_of(two(kl.LSTM, 3), mask_zero=False), "give the Embedding mask_zero=True"),
    "padding read": (row_of(kl.Conv1D(3, 3, padding="same", activation="relu")), "ZeroPadding()"),
    "shrinks": (row_of(kl.Conv1D(3, 3, activation="relu")), "padding='valid'"),
    "dilated": (row_of(kl.Conv1D(3, 3, dilation_rate=2, activation="relu")), "dilation_rate"),
    "not relu": (row_of(kl.Conv1D(3, 3, padding="same", activation="tanh")), "'relu' can"),
    "old gru": (row_of(two(kl.GRU, 3, reset_after=False)), "reset_after=False"),
    "hard gates": (row_of(two(kl.LSTM, 3, recurrent_activation="hard_sigmoid")), "hard_sigmoid"),
    "summed": (row_of(kl.Bidirectional(kl.LSTM(3, return_sequences=True), "sum")), "merge_mode"),
    "backwards": (row_of(kl.LSTM(3, return_sequences=True, go_backwards=True)), "go_backwards"),
    "two widths": (row_of(two(kl.LSTM, 3), two(kl.LSTM, 4)), "layers that are alike"),
    "other layer": (row_of(kl.BatchNormalization()), "BatchNormalization 'batch_norm"),
    "own layer": (row_of(Own(3, return_sequences=True)), "Own 'own"),
    "after it": (row_of(end=(kl.LayerNormalization(), kl.Dense(1))), "LayerNormalization"),
    "no classes": (row_of(end=(kl.Dense(1),)), "use sigmoid or softmax"),
    "no logits": (logits(1, "binary_crossentropy"), "took its outputs for probabilities"),
    "hinge": (logits(3, "categorical_hinge"), "use sigmoid or softmax"),
    "two hidden": (
        row_of(end=[kl.Dense(n, activation="relu") for n in (3, 2)] + [kl.Dense(1)]),
        "one hidden Dense",
    ),
    "gelu": (row_of(end=(kl.Dense(2, activation="gelu"), *SOFTMAX)), "activation='gelu'"),
    "query": (row_of(two(kl.LSTM, 3), pool=AttentionPooling(query="last")), "query='last'"),
    "no encoder's end": (row_of(pool=AttentionPooling(query="final")), "query='final'"),
    "positions": (row_of(pool=AttentionPooling("location", positions=9)), "positions=9"),
    "not numbers": (lambda: broken(row_of()()), "nothing was written"),
    "subclassed": (lambda: keras.Model(), "does not show its layers"),
    "no Keras model": (lambda: "model.keras", "not str"),
}


def broken(model: keras.Model) -> keras.Model:
    model.layers[-1].bias.assign([np.nan])
    return model


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_expressed_is_named(name: str, tmp_path: Path) -> None:
    build, said = REFUSED[name]
    labels = "a b c" if name == "gelu" else "no yes"
    with pytest.raises(HeedfulError) as refusal:
        convert(build(), tmp_path / "run", labels=labels.split(), vocabulary=WORDS)
    assert said in str(refusal.value)
    assert "\n" not in str(refusal.value)
    assert not list(tmp_path.iterdir()), "nothing is left behind"


@pytest.mark.parametrize(
    ("vocabulary", "labels", "said"),
    [
        (None, "no yes", "give the vocabulary"),
        ([*WORDS, *"bcdef"], "no yes", "is it this model's vocabulary?"),
        ([*WORDS[:-1], "a"], "no yes", "'a' twice"),
        (["a", "[UNK]"], "no yes", "among its words"),
        ([], "no yes", "the vocabulary is empty"),
        ([1, 2], "no yes", "1, which is no text"),
        (7, "no yes", "not int"),
        (WORDS, "no", "2 classes"),
        (WORDS, "no no", "distinct"),
        (WORDS, None, "not the text 'no'"),
    ],
)
def test_wrong_tokens_and_labels(
    vocabulary: object, labels: str | None, said: str, tmp_path: Path
) -> None:
    names = labels.split() if labels else "no"
    with pytest.raises(HeedfulError, match=re.escape(said)):
        convert(row_of()(), tmp_path / "run", labels=names, vocabulary=vocabulary)


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"standardize": "upper"}, "standardize='upper'"),
        ({"split": "words"}, "split='words'"),
        ({"split": "character"}, "folds the case"),
        ({"output_sequence_length": 0}, "give 1 or more"),
        ({"output_sequence_length": 2.5}, "give 1 or more"),
        ({"vocabulary": ["b", "c", "b"]}, "'b' twice"),
    ],
)
def test_a_vectorization_that_heedful_has_none_for(settings: dict[str, object], said: str) -> None:
    with pytest.raises(HeedfulError, match=re.escape(said)):
        Vectorization(**({"vocabulary": WORDS} | settings))


# -- the command ---------------------------------------------------------------------------


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a model, its words and its labels."""
    folder = tmp_path_factory.mktemp("keras")
    shaken(row_of(kl.GRU(3, return_sequences=True))()).save(folder / "m.keras")
    (folder / "words.txt").write_text("\n".join(VOCABULARY) + "\n", "utf-8")
    (folder / "labels.json").write_text('["no", "yes"]')
    return folder


def test_the_command(saved: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(saved)
    run = tmp_path / "run"
    asked = ("convert", "m.keras", "--labels", "labels.json", "--out", str(run))
    done = heedful(*asked, "--vocabulary", "words.txt", "--max-tokens", "4")
    assert done.code == 0, done.err
    assert "probabilities differ by" in done.err
    assert "3 vectors of the model have no token" in done.err
    found = json.loads(heedful("predict", str(run), TEXTS[5]).out)
    assert (found["tokens"], found["cut"]) == (8, 4)
    expected = said_by_keras(keras.saving.load_model("m.keras"))[0, 1]
    said = json.loads(heedful("predict", str(run), TEXTS[0]).out)["probabilities"]["yes"]
    assert said == pytest.approx(expected, abs=1e-5)
    assert heedful("explain", str(run), TEXTS[0], "--no-trust").code == 0
    assert "already holds a finished run" in heedful(*asked, "--vocabulary", "words.txt").refusal()
    again = heedful(*asked, "--vocabulary", "words.txt", "--overwrite", "--standardize", "none")
    assert again.code == 0
    assert not json.loads((run / "config.json").read_text())["text"]["lowercase"]


def test_the_command_on_wrong_files(
    saved: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(saved)
    (tmp_path / "bad.keras").write_bytes(b"nothing")
    (tmp_path / "bad.json").write_text("{}")
    (tmp_path / "file").write_text("")
    (tmp_path / "m.h5").write_text("")
    base = {"model": "m.keras", "--labels": "labels.json", "--vocabulary": "words.txt"}
    base["--out"] = str(tmp_path / "run")
    for change, said in (
        ({"model": "absent.keras"}, "absent.keras does not exist"),
        ({"model": str(tmp_path / "bad.keras")}, "cannot be loaded by Keras"),
        ({"model": str(tmp_path / "m.h5")}, "is no .keras file"),
        ({"--labels": "absent"}, "absent cannot be read"),
        ({"--labels": str(tmp_path / "bad.json")}, "no JSON list of texts"),
        ({"--labels": "words.txt"}, "12 labels are given"),
        ({"--split": "tokens"}, "split='tokens'"),
        ({"--out": ""}, "--out is empty"),
        ({"--out": str(tmp_path / "file")}, "is a file"),
    ):
        flags = base | change
        model = flags.pop("model")
        refusal = heedful("convert", model, *(part for pair in flags.items() for part in pair))
        assert said in refusal.refusal()
    assert not (tmp_path / "run").exists()

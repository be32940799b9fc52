"""Models trained and saved under each Keras backend, converted here: they say the same of texts."""

from __future__ import annotations

import json
from importlib.util import find_spec
from pathlib import Path

import keras
import numpy as np
import pytest
from keras import layers as kl

import keras_trained
from heedful import HeedfulError, load, measure_trust
from heedful.config import Config
from heedful.keras import AttentionPooling, Vectorization, ZeroPadding, convert
from heedful.settings import apply
from heedful.text.tokenize import Tokenizer, cut
from heedful.text.vocab import Vocabulary
from test_keras_layer import peers_python, under

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module", params=["torch", "jax", "tensorflow"])
def trained(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with what `keras_trained` left there under one backend."""
    folder: Path = tmp_path_factory.mktemp(request.param)
    if request.param == "torch":
        keras_trained.main(folder)
        return folder
    under(request.param, keras_trained.__file__, str(folder), python=peers_python())
    return folder


def converted(trained: Path, name: str, place: Path) -> Path:
    words = json.loads((trained / "words.json").read_text())
    texts = Vectorization(words, output_sequence_length=keras_trained.LENGTH)
    model = keras.saving.load_model(trained / f"{name}.keras")
    return convert(model, place / name, labels=["no", "yes"], vocabulary=texts).folder


@pytest.mark.parametrize("name", ["stacked", "gru", "last", "token"])
def test_the_run_says_of_texts_what_the_backend_said(
    trained: Path, name: str, tmp_path: Path
) -> None:
    expected = np.load(trained / f"{name}.npy")
    if expected.shape[1] == 1:
        expected = np.hstack([1 - expected, expected])
    run = load(converted(trained, name, tmp_path))
    np.testing.assert_allclose(run.predict_proba(keras_trained.TEXTS), expected, atol=1e-5)


def test_text_vectorization_and_heedful_cut_texts_alike(trained: Path) -> None:
    """The oracle is the layer itself, where TensorFlow is installed."""
    if not (trained / "vectorized.json").exists():
        pytest.skip("TextVectorization needs TensorFlow, on any backend")
    cases = json.loads((trained / "vectorized.json").read_text())
    assert len(cases) == 6
    for case in cases:
        config = apply(Config(), case["settings"]).text
        tokenizer, vocabulary = Tokenizer(config), Vocabulary(case["words"])
        for text, ids in zip(keras_trained.TEXTS, case["ids"], strict=True):
            found = cut(tokenizer.words(text), config.max_tokens, config.keep)
            ours = [int(i) - 2 if i > 1 else 1 for i in vocabulary.ids(found)]
            assert ours == [i for i in ids if i], (case["arguments"], text)


def test_the_run_is_a_run_like_any_other(trained: Path, tmp_path: Path) -> None:
    """It is measured, exported to a file that says the same, and served."""
    from command_line import heedful
    from serving import running

    run, text = converted(trained, "stacked", tmp_path), keras_trained.TEXTS[1]
    assert measure_trust(load(run), text)["contribution"].sentence
    (tmp_path / "data.csv").write_text(f"text,label\n{text},yes\nA dull film,no\n")
    card = heedful("trust", str(run), str(tmp_path / "data.csv"))
    assert card.code == 0, card.err
    assert "contribution" in card.out
    file = tmp_path / "m.onnx"
    assert heedful("export", str(run), "--onnx", str(file)).code == 0
    one, other = (
        json.loads(heedful("predict", str(place), text).out)["probabilities"]
        for place in (run, file)
    )
    assert one == pytest.approx(other, abs=1e-5)
    with running([str(run)]) as server:
        said = server.post("/predict", {"inputs": text})
    assert said.status == 200
    assert {row["label"]: row["score"] for row in said.json()} == pytest.approx(one, abs=1e-5)


def with_its_texts(*, conv: bool) -> keras.Model:
    """A model of texts as they are; a convolution is passed the mask of its ids by hand."""
    vectorize = kl.TextVectorization(output_sequence_length=keras_trained.LENGTH)
    vectorize.adapt(keras_trained.TEXTS[:2])  # Keras cannot load a token with U+2028 in it
    texts = keras.Input((), dtype="string")
    ids = vectorize(texts)
    constraint = ZeroPadding() if conv else None
    table = kl.Embedding(
        vectorize.vocabulary_size(), 6, mask_zero=True, embeddings_constraint=constraint
    )
    states, mask = table(ids), None
    if constraint:
        table.embeddings.assign(constraint(table.embeddings))
        states = kl.Conv1D(5, 3, padding="same", activation="relu")(states)
        mask = keras.ops.not_equal(ids, 0)
    context = AttentionPooling("additive", 4)(states, mask=mask)
    return keras.Model(texts, kl.Dense(1, activation="sigmoid", use_bias=False)(context))


@pytest.mark.parametrize("conv", [False, True])
def test_a_model_of_texts_brings_its_vocabulary(conv: bool, tmp_path: Path) -> None:
    if not find_spec("tensorflow"):
        pytest.skip("TextVectorization needs TensorFlow, here beside PyTorch")
    from command_line import heedful

    model = with_its_texts(conv=conv)
    model.save(tmp_path / "m.keras")
    (tmp_path / "labels.txt").write_text("no\nyes\n")
    flags = ("--labels", str(tmp_path / "labels.txt"), "--out", str(tmp_path / "run"))
    done = heedful("convert", str(tmp_path / "m.keras"), *flags)
    assert done.code == 0, done.err
    ids = model.layers[1](keras_trained.TEXTS)
    behind = keras.Model(model.layers[1].output, model.outputs[0])
    said = np.asarray(keras.ops.convert_to_numpy(behind(ids)))[:, 0]
    assert np.ptp(said) > 1e-3, "else any network would do"
    found = load(tmp_path / "run").predict_proba(keras_trained.TEXTS)[:, 1]
    np.testing.assert_allclose(found, said, atol=1e-5)
    with pytest.raises(HeedfulError, match="a vocabulary of its own"):
        convert(model, tmp_path / "other", labels=["no", "yes"], vocabulary=["a"])

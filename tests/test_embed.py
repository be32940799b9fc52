"""Vectors of texts, tokens and words: by hand, against the decision, and read by other tools."""

from __future__ import annotations

import csv
import io
import json
import pickle
from pathlib import Path

import numpy as np
import polars as pl
import pytest
import torch
from scipy.special import expit
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import Normalizer

from command_line import heedful
from heedful import HeedfulError, TextClassifier, load
from heedful.learn.embedding import text_vectors, token_states, vocabulary_vectors
from heedful.learn.folder import save_model
from heedful.text.keyed import as_vectors_file, write_word2vec
from heedful.text.vectors import load as load_vectors
from heedful.text.vocab import Vocabulary
from made_models import bag_of_words, evident_model, fitted, random_model

TEXTS = ["w1 w2 w30 w1", "w5", "nothing that is known", "w3 " * 50, ""]


@pytest.fixture
def run(tmp_path: Path) -> Path:
    save_model(random_model(), tmp_path / "run")
    return tmp_path / "run"


def test_a_bag_of_words_is_the_mean_of_its_words() -> None:
    model = bag_of_words({"good": 2.0, "bad": -4.0, "film": 1.0})
    found = text_vectors(model, ["good film", "bad", "", "good good bad film"])
    np.testing.assert_allclose(found, [[1.5], [-4.0], [0.0], [0.25]], atol=1e-6)


@pytest.mark.parametrize("encoder", ["token", "conv", "bilstm", "bigru"])
@pytest.mark.parametrize("task", ["binary", "multi-class", "multi-label"])
def test_a_linear_head_reads_the_vector_and_nothing_else(encoder: str, task: str) -> None:
    model = random_model(task=task, model__encoder=encoder)
    vectors = text_vectors(model, TEXTS).astype(np.float64)
    head = model.network.head.linear
    logits = vectors @ head.weight.detach().double().numpy().T + head.bias.detach().numpy()
    found = model.probabilities(TEXTS)
    if task == "multi-class":
        expected = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
        np.testing.assert_allclose(found, expected, atol=1e-6)
    else:
        np.testing.assert_allclose(found[:, -logits.shape[1] :], expit(logits), atol=1e-6)


def test_states_times_weights_are_the_vector() -> None:
    model = random_model(model__encoder="bigru")
    vectors = text_vectors(model, TEXTS)
    for text, vector, one in zip(TEXTS, vectors, token_states(model, TEXTS), strict=True):
        assert [t.text for t in one.tokens] == [t.text for t in model.tokens(text)]
        assert len(one.weights) == len(one.tokens) == len(one.states)
        if one.tokens:
            assert one.weights.sum() == pytest.approx(1, abs=1e-6)
            np.testing.assert_allclose(one.weights @ one.states, vector, atol=1e-5)


def test_a_vector_does_not_hang_on_its_company() -> None:
    model = random_model(model__encoder="bilstm")
    together = text_vectors(model, TEXTS)
    alone = np.concatenate([text_vectors(model, [text]) for text in TEXTS])
    np.testing.assert_allclose(together, alone, atol=1e-6)


def test_transform_is_scikit_learns(run: Path) -> None:
    model = load(run)
    assert isinstance(model, TextClassifier)
    found = make_pipeline(model, Normalizer()).transform(TEXTS[:2])
    np.testing.assert_allclose(np.linalg.norm(found, axis=1), 1, atol=1e-6)
    table = model.set_output(transform="polars").transform(TEXTS)
    assert table.columns == [f"vector{i}" for i in range(found.shape[1])]
    assert table.dtypes == [pl.Float32] * found.shape[1]
    with pytest.raises(HeedfulError, match="has no vectors"):
        fitted(evident_model()).transform(TEXTS)


def test_every_format_holds_the_same_numbers(run: Path, tmp_path: Path) -> None:
    rows = [{"text": text, "id": i} for i, text in enumerate(TEXTS)]
    data = tmp_path / "in.jsonl"
    data.write_text("".join(json.dumps(row) + "\n" for row in rows))
    expected = load(run).transform(TEXTS[:-1])  # the empty text is a bad row
    for form in ("npy", "parquet", "jsonl", "csv"):
        ran = heedful("embed", run, "--input", data, "--output", tmp_path / f"out.{form}")
        assert ran.code == 0, ran.err
        assert "5 rows" in ran.err and "1 with an error" in ran.err
    array = np.load(tmp_path / "out.npy", allow_pickle=False)
    assert array.dtype == np.float32 and array.shape == (5, expected.shape[1])
    np.testing.assert_array_equal(array[:4], expected)
    assert np.isnan(array[4]).all()
    table = pl.read_parquet(tmp_path / "out.parquet")
    assert table.schema["vector"] == pl.Array(pl.Float32, expected.shape[1])
    np.testing.assert_array_equal(np.stack(table["vector"].to_list()[:4]), expected)
    assert table["tokens"].to_list() == [4, 1, 4, 50, None] and table["vector"][4] is None
    lines = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text().splitlines()]
    told = np.array([line["vector"] for line in lines[:4]], np.float32)
    np.testing.assert_array_equal(told, expected)
    assert "missing" in lines[4]["error"] and "vector" not in lines[4]
    cells = list(csv.DictReader((tmp_path / "out.csv").open()))
    numbers = [[row[f"vector{i}"] for i in range(expected.shape[1])] for row in cells[:4]]
    np.testing.assert_array_equal(np.array(numbers, np.float32), expected)


def test_tokens_have_a_row_each(run: Path, tmp_path: Path) -> None:
    table = tmp_path / "tokens.parquet"
    ran = heedful("embed", run, "w1  W2!", "", "w4", "--tokens", "--output", table)
    assert ran.code == 0, ran.err
    found = pl.read_parquet(table)
    assert found["row"].to_list() == [1, 1, 1, 2, 3]
    assert found["form"].to_list() == ["w1", "w2", "!", None, "w4"]
    spans = list(zip(found["start"].to_list(), found["end"].to_list(), strict=True))
    assert spans == [(0, 2), (4, 6), (6, 7), (None, None), (0, 2)]
    states = np.array(found["vector"].to_list()[:3], np.float64)
    vector = load(run).transform(["w1  W2!"])[0]
    np.testing.assert_allclose(found["weight"].to_numpy()[:3] @ states, vector, atol=1e-6)


def test_an_interrupted_output_is_gone_on_with(
    run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = tmp_path / "in.csv"
    data.write_text("text\n" + "".join(f"w{i} w{i + 1}\n" for i in range(10)))
    monkeypatch.setattr("heedful.face.scoring.CHUNK_TEXTS", 3)
    monkeypatch.setattr("heedful.face.output.parts.EVERY", 0.0)
    asked = ("embed", run, "--input", data, "--output")
    assert heedful(*asked, tmp_path / "whole.npy").code == 0
    import heedful.face.embedding as embedding

    calls, real = [], embedding.text_vectors

    def breaks(model, texts):
        calls.append(len(texts))
        if len(calls) == 3:
            raise KeyboardInterrupt
        return real(model, texts)

    monkeypatch.setattr(embedding, "text_vectors", breaks)
    assert heedful(*asked, tmp_path / "part.npy").code == 130
    assert not (tmp_path / "part.npy").exists()
    assert heedful(*asked, tmp_path / "part.npy", "--resume").code == 0
    assert calls == [3, 3, 3, 3, 1]
    assert (tmp_path / "part.npy").read_bytes() == (tmp_path / "whole.npy").read_bytes()
    assert np.load(tmp_path / "part.npy").shape[0] == 10


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "nothing to embed"),
        (["w1", "--output", "x.npy.gz"], "not compressed"),
        (["w1", "--output", "x.npy", "--tokens"], "words beside its numbers"),
        (["w1", "--format", "npy"], "npy cannot be written to standard output"),
        (["w1", "--format", "xml"], "none of jsonl, csv, parquet, npy"),
        (["--vocabulary", "x.kv"], "end it in .bin"),
        (["w1", "--tokens", "--keep-columns"], "means nothing for --tokens"),
        (["w1", "--vocabulary", "x.txt", "--output", "./x.txt"], "is --output as well"),
        (["w1", "--output", "hf://us/x"], "nothing is written to the hub"),
        (["--vocabulary", "in.txt", "--input", "in.txt"], "give --vocabulary another name"),
    ],
)
def test_refusals(
    run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], said: str
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "in.txt").write_text("w1\n")
    assert said in heedful("embed", run, *arguments).refusal()
    assert (tmp_path / "in.txt").read_text() == "w1\n"


def test_what_is_cut_is_told_as_predict_tells_it(tmp_path: Path) -> None:
    save_model(random_model(text__max_tokens=3), tmp_path / "run")
    for command in ("embed", "predict"):
        ran = heedful(command, tmp_path / "run", "w1 w2 w3 w4 w5")
        found = json.loads(ran.out)
        assert (found["tokens"], found["cut"]) == (5, 2)


def test_predictions_are_no_vectors(run: Path) -> None:
    assert "npy is not written" in heedful("predict", run, "w1", "--output", "x.npy").refusal()
    assert (
        "none of jsonl, csv, parquet" in heedful("predict", run, "w1", "--format", "npy").refusal()
    )


@pytest.mark.parametrize("name", ["words.bin", "words.vec"])
def test_gensim_reads_the_vocabulary_and_we_read_it_again(
    run: Path, tmp_path: Path, name: str
) -> None:
    from gensim.models import KeyedVectors  # here: it takes a second

    ran = heedful("embed", run, "--vocabulary", tmp_path / name)
    assert ran.code == 0 and "40 words with vectors of 6 numbers" in ran.err
    words, table = vocabulary_vectors(load(run).model_)
    found = KeyedVectors.load_word2vec_format(tmp_path / name, binary=name.endswith("bin"))
    assert found.index_to_key == words
    np.testing.assert_array_equal(found.vectors, table)
    ours = load_vectors(tmp_path / name, Vocabulary(words), 0)
    np.testing.assert_array_equal(ours.table[4:], table)


def test_keyed_vectors_out_and_in_again(run: Path) -> None:
    model = load(run)
    keyed = model.to_keyed_vectors()
    assert keyed.similarity("w1", "w1") == pytest.approx(1)
    with as_vectors_file(keyed) as path:
        again = load_vectors(Path(path), model.model_.vocabulary, 0)
    assert not Path(path).exists()
    table = model.model_.network.embed.table.weight.detach().numpy()
    np.testing.assert_array_equal(again.table[4:], table[4:])


def test_a_classifier_starts_from_keyed_vectors(tmp_path: Path) -> None:
    from gensim.models import KeyedVectors

    keyed = KeyedVectors(3)
    keyed.add_vectors(["good", "bad", "two words"], np.eye(3, dtype=np.float32) * 5)
    settings = {"train.epochs": 1, "train.learning_rate": 1e-9, "train.threads": 1}
    settings |= {"evidence.orders": 0, "text.min_frequency": 1, "model.hidden": 4}
    settings |= {"pretrain.on_training": False, "pretrain.regions": 0, "model.attention_width": 4}
    texts, labels = ["good film", "bad film"] * 10, ["yes", "no"] * 10
    model = TextClassifier(settings=settings, vectors=keyed).fit(texts, labels)
    table = model.model_.network.embed.table.weight.detach().numpy()
    np.testing.assert_allclose(table[model.model_.vocabulary.id("good")], [5, 0, 0], atol=1e-5)
    assert model.model_.config.train.vectors is None
    named = TextClassifier(settings=settings, vectors=tmp_path / "none.vec")
    with pytest.raises(HeedfulError, match=r"none\.vec: cannot be read"):
        named.fit(texts, labels)
    model.save(tmp_path / "run")
    np.testing.assert_array_equal(load(tmp_path / "run").transform(texts), model.transform(texts))
    with pytest.raises(HeedfulError, match="vectors is a list"):
        TextClassifier(settings=settings, vectors=[1]).fit(texts, labels)


def test_words_with_white_space_are_left_out() -> None:
    buffer = io.BytesIO()
    left = write_word2vec(buffer, ["a", "b c", ""], np.ones((3, 2), np.float32), binary=False)
    assert left == ["b c", ""] and buffer.getvalue() == b"1 2\na 1 1\n"


def test_a_pickled_file_of_gensim_is_refused_and_not_opened(tmp_path: Path) -> None:
    class Trap:
        def __reduce__(self):
            return (Path.touch, (tmp_path / "sprung",))

    path = tmp_path / "words.kv"
    path.write_bytes(pickle.dumps(Trap()))
    with pytest.raises(HeedfulError, match="save_word2vec_format"):
        load_vectors(path, Vocabulary(["a"]), 0)
    assert not (tmp_path / "sprung").exists()


def test_inference_leaves_no_gradients() -> None:
    model = random_model()
    text_vectors(model, TEXTS)
    assert all(p.grad is None and p.requires_grad for p in model.network.parameters())
    assert isinstance(model.network.embed.table.weight, torch.nn.Parameter)

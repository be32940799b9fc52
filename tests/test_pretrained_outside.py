"""A pre-trained transformer from the hub and to it, hostile folders, what is remembered."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from heedful import HeedfulError, TextClassifier
from heedful.config import Config
from heedful.face.serve.classifier import ServedClassifier
from heedful.learn import frozen, state_store
from heedful.learn.checkpoint import Store
from heedful.learn.embedding import vocabulary_vectors
from heedful.learn.fit import Saving, fit
from heedful.learn.listener import Silent
from heedful.learn.pretrained import find
from heedful.learn.pretrained_folder import fingerprint
from heedful.learn.state_store import KEY, StateStore
from heedful.presets import preset
from heedful.records import Epoch, Example
from heedful.settings import apply
from heedful.text.labels import Labels
from made_hub import Place, place
from made_transformers import bert_folder

pytest.importorskip("transformers", reason="needs the extra hf")

__all__ = ["place"]  # a fixture
TEXTS = ["the film was great", "a dull plot", "unbelievables", "", "very bad actor ly"]
LABELS = ["yes", "no", "yes", "no", "no"]
QUICK = {"train.epochs": 1, "train.threads": 1, "evidence.orders": 0, "train.validation": 0}


@pytest.fixture(scope="module")
def bert(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return bert_folder(tmp_path_factory.mktemp("outside"))


@pytest.fixture(scope="module")
def fitted(bert: Path) -> TextClassifier:
    return trained(str(bert))


def trained(name: str) -> TextClassifier:
    return TextClassifier(encoder=f"hf:{name}", settings=QUICK).fit(TEXTS, LABELS)


def asked(folder: Path) -> Config:
    return apply(preset("pretrained"), {"encoder": f"hf:{folder}"})


def put(place: Place, name: str, folder: Path) -> None:
    files = {path.name: path.read_bytes() for path in folder.iterdir()}
    place.hub.add(f"models/{name}", files)


def test_a_name_is_downloaded_once_and_then_there_without_a_network(
    place: Place, bert: Path, fitted: TextClassifier
) -> None:
    put(place, "us/tiny", bert)
    first = trained("us/tiny")
    assert any("model.safetensors" in asked for asked in place.hub.asked)
    np.testing.assert_array_equal(first.predict_proba(TEXTS), fitted.predict_proba(TEXTS))
    place.offline()
    before = len(place.hub.asked)
    again = trained("us/tiny")
    np.testing.assert_array_equal(first.predict_proba(TEXTS), again.predict_proba(TEXTS))
    assert len(place.hub.asked) == before
    with pytest.raises(HeedfulError, match="must be in the hub's cache"):
        trained("us/other")


def test_a_run_goes_to_the_hub_and_comes_back_with_its_transformer(
    place: Place, fitted: TextClassifier, monkeypatch: pytest.MonkeyPatch
) -> None:
    place.log_in("hf_secret")
    fitted.push_to_hub("us/run")
    sent = place.hub.repos["models/us/run"]
    files = sent.commits[sent.refs["main"]]
    assert {name for name in files if name.startswith("encoder/")} == {
        f"encoder/{name}"
        for name in ("config.json", "heedful.json", "model.safetensors", "tokenizer.json")
    }
    again = TextClassifier.from_pretrained("us/run")
    np.testing.assert_array_equal(again.predict_proba(TEXTS), fitted.predict_proba(TEXTS))


def test_vectors_of_the_vocabulary_are_those_of_their_pieces(fitted: TextClassifier) -> None:
    words, table = vocabulary_vectors(fitted.model_)
    body = fitted.model_.network.encode.body  # type: ignore[union-attr]
    own = body.get_input_embeddings().weight.detach().numpy()
    assert words[0] == "[PAD]" and words[90] == "##ly" and len(words) == len(table) == 91
    np.testing.assert_array_equal(table, own)


def test_served_it_predicts_in_pieces_and_explains_in_words(
    fitted: TextClassifier, tmp_path: Path
) -> None:
    fitted.save(tmp_path / "run")
    served = ServedClassifier("run", tmp_path / "run")
    text = "the film was UNBELIEVABLES"
    (said,) = served.predict([text])
    assert said.prediction.probabilities["yes"] == pytest.approx(
        fitted.predict_proba([text])[0, 1], abs=1e-6
    )
    found = served.explain(text, None, ["leave-one-out"], True)
    assert [token["text"] for token in found["tokens"]] == text.split()
    label = found["target"]
    assert len(found["maps"]["leave-one-out"][label]) == 4
    assert found["trust"]["contribution"]["tokens"] == 7
    whole = found["base"][label] + sum(t["contributions"][label] for t in found["tokens"])
    assert whole == pytest.approx(found["logits"][label], abs=1e-5)


# -- folders that others wrote ----------------------------------------------------------------


def changed(folder: Path, to: Path, **settings: Any) -> Path:
    """A model folder with other settings and the same weights."""
    for path in folder.iterdir():
        (to / path.name).write_bytes(path.read_bytes())
    about = json.loads((to / "config.json").read_text()) | settings
    (to / "config.json").write_text(json.dumps(about))
    return to


@pytest.mark.parametrize("kind", ["bert", "no-such-kind"])
def test_code_beside_a_model_is_not_run_nor_asked_about(
    bert: Path, tmp_path: Path, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    named = {"AutoConfig": "own.Config", "AutoModel": "own.Model"}
    folder = changed(bert, tmp_path, model_type=kind, auto_map=named)
    (folder / "own.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'w')\nclass Config: pass\n")
    monkeypatch.setattr("builtins.input", lambda *_: "y")
    if kind == "bert":
        assert find(asked(folder)).body.config.model_type == "bert"
    else:
        with pytest.raises(HeedfulError, match="custom code"):
            find(asked(folder))
    assert not (tmp_path / "ran").exists()


def test_settings_of_the_models_folder_change_nothing_of_how_it_is_used(
    bert: Path, tmp_path: Path, fitted: TextClassifier
) -> None:
    odd = {"return_dict": False, "output_hidden_states": True}
    folder = changed(bert, tmp_path, _attn_implementation="somebody/kernel", **odd)
    said = trained(str(folder)).predict_proba(TEXTS)
    np.testing.assert_allclose(said, fitted.predict_proba(TEXTS), atol=1e-6)


@pytest.mark.parametrize(
    "settings",
    [
        {"num_hidden_layers": 3},
        {"num_attention_heads": "two"},
        {"num_attention_heads": 3},
        {"hidden_act": "nothing"},
        {"vocab_size": -1},
        {"hidden_size": 8},
        {"model_type": None},
        {"max_position_embeddings": 0},
    ],
    ids=lambda settings: next(iter(settings)),
)
def test_a_folder_that_does_not_fit_itself_is_one_line(
    bert: Path, tmp_path: Path, settings: dict[str, Any]
) -> None:
    with pytest.raises(HeedfulError) as told:
        find(asked(changed(bert, tmp_path, **settings)))
    assert "\n" not in str(told.value) and len(str(told.value)) > 20
    if settings == {"num_hidden_layers": 3}:
        assert "lacks 16 of the weights" in str(told.value)


def test_pieces_for_which_the_model_has_no_vector_are_unknown_to_it(
    bert: Path, tmp_path: Path, fitted: TextClassifier
) -> None:
    from safetensors.torch import load_file, save_file

    folder = changed(bert, tmp_path, vocab_size=90)
    weights = load_file(folder / "model.safetensors")
    table = "embeddings.word_embeddings.weight"
    save_file({k: v[:90] if k == table else v for k, v in weights.items()},
              folder / "model.safetensors", {"format": "pt"})  # fmt: skip
    made = trained(str(folder))
    both = made.predict_proba(["greatly", "great"])
    assert made.model_.tokens("greatly")[1].text == "##ly" and np.isfinite(both).all()


# -- what is remembered ------------------------------------------------------------------------


class Stops(Silent):
    def epoch(self, epoch: Epoch, best: bool) -> None:
        raise KeyboardInterrupt


def test_training_does_not_go_on_with_another_model(bert: Path, tmp_path: Path) -> None:
    place, checkpoint = tmp_path / "bert", tmp_path / "checkpoint"
    place.mkdir()
    config = apply(asked(changed(bert, place)), QUICK | {"train.epochs": 2})
    examples = [Example(x, (y,), "made", i) for i, (x, y) in enumerate(zip(TEXTS, LABELS), 1)]  # noqa: B905
    data = (examples, [], Labels(("no", "yes"), "binary"), config)
    assert fit(*data, Saving(Store(checkpoint)), Stops()).outcome.interrupted
    for settings in ({"num_attention_heads": 1}, {"hidden_act": "relu"}):
        changed(bert, place, **settings)
        with pytest.raises(HeedfulError, match="another model"):
            fit(*data, Saving(Store(checkpoint), resume=True))
    changed(bert, place)
    assert len(fit(*data, Saving(Store(checkpoint), resume=True)).outcome.history) == 2
    Store(checkpoint).clear()
    assert not checkpoint.exists()


def test_the_same_weights_in_another_network_have_another_fingerprint(
    bert: Path, tmp_path: Path
) -> None:
    one = fingerprint(find(asked(bert)).body)
    assert one == fingerprint(find(asked(changed(bert, tmp_path))).body)
    assert one != fingerprint(find(asked(changed(bert, tmp_path, num_attention_heads=1))).body)


def kept(folder: Path, number: int, most: int = 1000) -> StateStore:
    store = StateStore(folder, 2, most)
    store.add(bytes([number]) * KEY, np.full((3, 2), number, np.float16))
    store.flush()
    return store


def test_what_one_training_needs_another_cannot_take_away(tmp_path: Path) -> None:
    kept(tmp_path, 1).close()
    ours = StateStore(tmp_path, 2, 1000)
    ours.need([bytes([1]) * KEY])
    other = kept(tmp_path, 2, most=150)  # makes room
    assert bytes([2]) * KEY in other and len(list(tmp_path.glob("*.states"))) == 1
    assert ours.get(bytes([1]) * KEY).tolist() == [[1, 1]] * 3
    ours.close(), other.close()


def test_chunks_that_cannot_be_opened_now_stay_and_only_needed_ones_stay_open(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(9):
        kept(tmp_path, number, most=5000).close()

    def none_left(*_: Any) -> int:
        raise OSError(24, "Too many open files")

    with monkeypatch.context() as patch:
        patch.setattr(state_store.os, "open", none_left)
        assert bytes([1]) * KEY not in StateStore(tmp_path, 2, 1000)
    assert len(list(tmp_path.glob("*.states"))) == 9
    before = len(list(Path("/proc/self/fd").iterdir()))
    store = StateStore(tmp_path, 2, 1000)
    store.need([bytes([1]) * KEY])
    assert len(list(Path("/proc/self/fd").iterdir())) == before + 1
    store.close()


def test_without_a_place_for_states_training_goes_on(
    bert: Path, monkeypatch: pytest.MonkeyPatch, fitted: TextClassifier
) -> None:
    def nowhere(**_: Any) -> None:
        raise FileNotFoundError(2, "No usable temporary directory found")

    monkeypatch.setattr(frozen.tempfile, "TemporaryDirectory", nowhere)
    said = trained(str(bert)).predict_proba(TEXTS)
    np.testing.assert_allclose(said, fitted.predict_proba(TEXTS), atol=1e-3)


@pytest.mark.parametrize(("name", "value"), [("hf.tune", True), ("hf.overlap", 1)])
def test_settings_of_a_transformer_that_is_not_there_are_refused(name: str, value: object) -> None:
    with pytest.raises(HeedfulError, match=f"{name} has no part"):
        apply(preset("fast"), {name: value})

"""A pre-trained transformer from the hub and to it, hostile model folders, and what is remembered."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from heedful import HeedfulError, TextClassifier, load
from heedful.config import Config
from heedful.learn.embedding import vocabulary_vectors
from heedful.learn.pretrained import find
from heedful.presets import preset
from heedful.settings import apply
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

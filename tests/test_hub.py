"""Runs on the Hugging Face hub: sent, fetched, refused; against a server that speaks as it does."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from command_line import heedful
from heedful import HeedfulError, SequenceTransducer, TextClassifier, load
from heedful.learn.evaluations import renew_card
from heedful.learn.folder import save_model
from heedful.learn.hub_run import MODEL, own_files
from heedful.learn.hub_run import TEXTS as TEXT_FILES
from heedful.learn.layout import EVALUATIONS, OURS
from heedful.learn.sequence_card import sequence_card
from heedful.presets import preset
from heedful.text.hub import repository
from hub_server import SECRET
from made_hub import Place, place
from made_models import fitted, random_model
from serving import writer

__all__ = ["place"]  # a fixture
TEXTS = ["w1 w2 w30", "w5", "nothing that is known", ""]


def classifier(seed: int = 0) -> TextClassifier:
    """A fitted one, without training."""
    return fitted(random_model(seed=seed))


def files(folder: Path) -> dict[str, bytes]:
    found = {p for p in folder.rglob("*") if p.is_file()}
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in found}


def header(card: bytes) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(card.decode().split("---")[1])
    return found


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A run with a file of its owner's beside it."""
    found = tmp_path / "my-run"
    classifier().save_pretrained(found)
    (found / "secret.txt").write_text("not for others")
    (found / "evaluations").mkdir()
    (found / "evaluations" / "one.parquet").write_bytes(b"texts")
    return found


def test_a_folder_needs_no_hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "huggingface_hub", None)
    made = classifier()
    made.save_pretrained(tmp_path / "run", license="apache-2.0")
    again = TextClassifier.from_pretrained(tmp_path / "run")
    np.testing.assert_array_equal(again.predict_proba(TEXTS), made.predict_proba(TEXTS))
    head = header((tmp_path / "run" / "README.md").read_bytes())
    assert head["license"] == "apache-2.0" and head["library_name"] == "heedful"
    renew_card(tmp_path / "run")
    assert header((tmp_path / "run" / "README.md").read_bytes()) == head
    with pytest.raises(HeedfulError, match="already holds a run"):
        made.save_pretrained(tmp_path / "run")
    with pytest.raises(HeedfulError, match="give an identifier"):
        made.save_pretrained(tmp_path / "other", license="MIT: the one")
    assert not (tmp_path / "other").exists()


def test_what_is_sent_is_what_lies_there_and_comes_back(place: Place, folder: Path) -> None:
    place.log_in(SECRET)
    ran = heedful("push", folder, "us/reviews", "--license", "mit", "--private")
    assert ran.code == 0, ran.err
    assert ran.out.startswith(f"{place.address}/us/reviews/commit/")
    repo = place.hub.repos["models/us/reviews"]
    sent = dict(repo.commits[repo.refs["main"]])
    sent.pop(".gitattributes")
    ours = {"config.json", "tokenizer.json", "model.safetensors", "README.md"}
    assert sent == {name: body for name, body in files(folder).items() if name in ours}
    assert repo.private and header(sent["README.md"])["license"] == "mit"
    assert any("POST /us/reviews.git/info/lfs" in one for one in place.hub.asked)

    again = TextClassifier.from_pretrained("us/reviews")
    np.testing.assert_array_equal(again.predict_proba(TEXTS), load(folder).predict_proba(TEXTS))
    place.patch.delenv("HF_TOKEN")
    with pytest.raises(HeedfulError, match="private and your token"):
        TextClassifier.from_pretrained("us/reviews", cache_dir=folder.parent / "other")


def test_what_should_be_private_is_not_sent_to_a_public_repository(
    place: Place, folder: Path
) -> None:
    place.log_in(SECRET)
    place.hub.add("models/us/open", {".gitattributes": b""})
    said = heedful("push", folder, "us/open", "--private").refusal()
    assert "hf://us/open is there and is public" in said
    repo = place.hub.repos["models/us/open"]
    assert set(repo.commits[repo.refs["main"]]) == {".gitattributes"}
    assert heedful("push", folder, "us/open").code == 0  # who does not ask for it gets no refusal


def test_a_push_that_cannot_be_leaves_the_run_as_it_was(place: Place, folder: Path) -> None:
    before = files(folder)
    assert "no name of the hub" in heedful("push", folder, "a b", "--license", "mit").refusal()
    assert files(folder) == before


def test_a_run_is_not_trained_into_the_hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert "heedful push" in heedful("train", "reviews:40:1", "--out", "hf://us/x").refusal()
    assert not list(tmp_path.iterdir())


def test_a_refusal_is_not_told_as_no_network(place: Place, folder: Path) -> None:
    place.log_in(SECRET)
    place.hub.refuses = 422
    assert "the hub refused: Client error '422" in heedful("push", folder, "us/x").refusal()


def test_a_folder_that_is_not_there_is_told_as_one(place: Place) -> None:
    with pytest.raises(HeedfulError, match="there is no folder runs/mine; hf://runs/mine does not"):
        TextClassifier.from_pretrained("runs/mine")


def test_a_network_that_rewrites_goes_and_comes_back(place: Place, tmp_path: Path) -> None:
    made = SequenceTransducer()
    made.model_, made.history_ = writer(), ()
    made.save_pretrained(tmp_path / "run", license="mit")
    made.push_to_hub("us/run", token=SECRET, license="mit")
    repo = place.hub.repos["models/us/run"]
    sent = repo.commits[repo.refs["main"]]
    assert {name: sent[name] for name in files(tmp_path / "run")} == files(tmp_path / "run")
    assert header(sent["README.md"])["pipeline_tag"] == "translation"
    words = ["abc", "gg", "fa"]
    for again in (SequenceTransducer.from_pretrained("us/run"), load("hf://us/run")):
        assert list(again.predict(words)) == list(made.predict(words))
    with pytest.raises(HeedfulError, match="rewrites sequences"):
        TextClassifier.from_pretrained("us/run")


def test_every_file_of_a_run_is_sent_or_named_as_one_with_texts() -> None:
    assert {name.split("/")[0] for name in (*MODEL, *TEXT_FILES)} | {EVALUATIONS} == OURS


def test_files_with_texts_are_sent_only_when_asked_for(place: Place, folder: Path) -> None:
    place.log_in(SECRET)
    assert heedful("push", folder, "us/all", "--with-texts", "--branch", "whole").code == 0
    repo = place.hub.repos["models/us/all"]
    assert repo.commits[repo.refs["whole"]]["evaluations/one.parquet"] == b"texts"
    assert "secret.txt" not in repo.commits[repo.refs["whole"]]
    assert set(repo.commits[repo.refs["main"]]) == {".gitattributes"}


def test_push_to_hub_sends_what_save_pretrained_writes(place: Place, tmp_path: Path) -> None:
    made = classifier()
    made.save_pretrained(tmp_path / "named")
    address = made.push_to_hub("us/named", token=SECRET, commit_message="ours")
    assert address.startswith(place.address)
    repo = place.hub.repos["models/us/named"]
    sent = repo.commits[repo.refs["main"]]
    assert {name: sent[name] for name in files(tmp_path / "named")} == files(tmp_path / "named")
    with pytest.raises(HeedfulError, match="log in"):
        made.push_to_hub("us/named")
    with pytest.raises(HeedfulError, match="no name of the hub"):
        made.push_to_hub("named", token=SECRET)


def test_a_revision_stays_what_it_was_and_the_cache_answers_offline(
    place: Place, folder: Path, tmp_path: Path
) -> None:
    first = place.hub.add("models/us/run", files(folder))
    other = tmp_path / "second"
    classifier(seed=7).save(other)
    place.hub.add("models/us/run", files(other))
    old = TextClassifier.from_pretrained("us/run", revision=first)
    new = load("hf://us/run")
    np.testing.assert_array_equal(old.predict_proba(TEXTS), load(folder).predict_proba(TEXTS))
    np.testing.assert_array_equal(new.predict_proba(TEXTS), load(other).predict_proba(TEXTS))
    place.hub.repos.clear()
    asked = len(place.hub.asked)
    again = TextClassifier.from_pretrained("us/run", local_files_only=True)
    np.testing.assert_array_equal(again.predict_proba(TEXTS), new.predict_proba(TEXTS))
    assert len(place.hub.asked) == asked
    place.offline()
    np.testing.assert_array_equal(
        load("hf://us/run").predict_proba(TEXTS), new.predict_proba(TEXTS)
    )
    with pytest.raises(HeedfulError, match="not in the cache as a whole"):
        load("hf://us/never-seen")


def test_only_a_runs_files_are_fetched(place: Place, folder: Path) -> None:
    evil = {"evil.pkl": b"pickle", "model.bin": b"pickle", "evaluations/x.py": b"import os"}
    place.hub.add("models/us/run", files(folder) | evil)
    load("hf://us/run")
    fetched = {path.name for path in place.cache.rglob("snapshots/*/**/*") if path.is_file()}
    assert "one.parquet" in fetched and "model.safetensors" in fetched
    assert not fetched & {"evil.pkl", "model.bin", "x.py", "secret.txt"}


def test_a_file_that_comes_cut_short_is_refused(place: Place, folder: Path) -> None:
    place.hub.add("models/us/run", files(folder))
    place.hub.broken["model.safetensors"] = (folder / "model.safetensors").read_bytes()[:-1]
    with pytest.raises(HeedfulError, match="hf://us/run"):
        load("hf://us/run")
    place.hub.broken.clear()
    np.testing.assert_array_equal(
        load("hf://us/run").predict_proba(TEXTS), load(folder).predict_proba(TEXTS)
    )


def test_no_file_leaves_its_folder(place: Place, folder: Path, tmp_path: Path) -> None:
    place.hub.add("models/us/run", files(folder) | {"evaluations/../../../../out.json": b"{}"})
    with pytest.raises(HeedfulError, match="hf://us/run"):
        load("hf://us/run")
    assert not list(tmp_path.rglob("out.json"))


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("hf://us/none", "does not exist, or is private"),
        ("hf://us/run@gone", "no such revision"),
        ("hf://us/other", "holds no config.json"),
        ("hf://us/bert", "no run of heedful"),
        ("hf://one", "write it as hf://owner/name[@revision]"),
        ("hf://us/run/config.json", "names something within"),
        ("hf://datasets/us/run", "is a data set's name"),
    ],
)
def test_refusals_are_one_line(place: Place, folder: Path, name: str, said: str) -> None:
    place.hub.add("models/us/run", files(folder))
    place.hub.add("models/us/other", {"a.txt": b"a"})
    place.hub.add("models/us/bert", {"config.json": b'{"model_type": "bert"}'})
    assert said in heedful("info", name).refusal()


def test_a_hub_that_is_not_there_is_one_line(place: Place) -> None:
    place.patch.setattr("huggingface_hub.constants.ENDPOINT", "http://127.0.0.1:9")
    assert "does not answer" in heedful("predict", "hf://us/run", "text").refusal()


def test_two_revisions_are_refused() -> None:
    with pytest.raises(HeedfulError, match="two revisions"):
        TextClassifier.from_pretrained("hf://us/run@a", revision="b")
    assert repository("hf://us/run@refs%2Fx").revision == "refs/x"
    assert repository("hf://datasets/a/b@refs/convert/parquet/test", "dataset").path == "test"


def test_the_wrong_kind_of_run_is_told(folder: Path) -> None:
    with pytest.raises(HeedfulError, match="classifier's run"):
        SequenceTransducer.from_pretrained(folder)


def test_commands_write_to_a_copy_and_never_to_the_cache(
    place: Place, folder: Path, tmp_path: Path
) -> None:
    commit = place.hub.add("models/us/run", files(folder))
    data = tmp_path / "data.csv"
    data.write_text("text,label\nw1 w2,positive\nw3,negative\nw4 w9,positive\n")
    ran = heedful("evaluate", "hf://us/run", data, "--json", "-")
    assert ran.code == 0, ran.err
    copy = tmp_path / "home" / "hub" / commit / "us" / "run"
    assert len(json.loads((copy / "metrics.json").read_text())["evaluations"]) == 1
    assert (copy / "model.safetensors").is_symlink()
    snapshot = next(place.cache.rglob(commit))
    assert not (snapshot / "metrics.json").exists()
    assert files(snapshot) == {n: b for n, b in files(folder).items() if n != "secret.txt"}
    # a second command finds the evaluation; a cache that was emptied is filled again
    for path in place.cache.rglob("blobs/*"):
        path.unlink()
    ran = heedful("info", "hf://us/run", "--json", "-")
    assert ran.code == 0 and commit[:12] in ran.err
    assert len(json.loads((copy / "metrics.json").read_text())["evaluations"]) == 1
    assert heedful("compare", "hf://us/run", copy).code == 2  # the same run twice


@pytest.mark.slow
def test_the_environment_alone_points_to_another_hub(place: Place, folder: Path) -> None:
    place.hub.add("models/us/run", files(folder))
    names = {"HF_ENDPOINT": place.address, "HF_HOME": str(place.cache), "HF_HUB_DISABLE_XET": "1"}
    command = [sys.executable, "-m", "heedful", "predict", "hf://us/run", "w1 w2"]
    ran = subprocess.run(command, env=os.environ | names, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr
    assert json.loads(ran.stdout)["label"] == load(folder).predict(["w1 w2"])[0]


def test_without_the_library_its_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("heedful.text.hub.find_spec", lambda name: None)
    assert "pip install 'heedful[hub]'" in heedful("info", "hf://us/run").refusal()
    with pytest.raises(HeedfulError, match=r"heedful\[hub\]"):
        classifier().push_to_hub("us/run")


def test_own_files_are_those_that_are_there(folder: Path) -> None:
    plain = ["config.json", "tokenizer.json", "model.safetensors", "README.md"]
    assert own_files(folder) == plain
    assert own_files(folder, texts=True) == [*plain, "evaluations/one.parquet"]
    save_model(random_model(), folder)  # a run that somebody trains again is read anew
    assert own_files(folder) == plain


def test_the_card_of_a_run_that_rewrites_has_its_figures_as_the_hub_reads_them() -> None:
    from huggingface_hub import ModelCard

    config = preset("clock").to_json()
    config["sequence"]["max_length"] = 9
    config |= {"heedful": "0.1.0", "parameters": 5, "license": "mit"}
    record = {"data": ['a "b".csv'], "fingerprint": "0123456789abcdef", "rows": 3, "chrf": 90.0}
    record |= {"exact_match": 0.5, "character_error_rate": 0.25}
    data = ModelCard(sequence_card("name: odd", config, {"evaluations": [record]})).data
    found = {one.metric_type: one.metric_value for one in data.eval_results}
    assert found == {"exact_match": 0.5, "cer": 0.25, "chrf": 90.0}
    assert (data.license, data.pipeline_tag, data.model_name) == ("mit", "translation", "name: odd")
    assert {one.dataset_name for one in data.eval_results} == {'a "b".csv'}
    plain = ModelCard(sequence_card("name", config, {})).data
    assert plain.eval_results is None

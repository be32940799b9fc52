"""The run folder: what is saved is what is loaded, whole or not at all."""

from __future__ import annotations

import json
import os
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from heedful.learn import folder as folder_module
from heedful.learn.estimator import load
from heedful.learn.evaluations import add_evaluation, evaluations
from heedful.learn.fit import Fitted, fit
from heedful.learn.folder import load_model, save_run
from heedful.learn.run import is_run, recover
from heedful.records import HeedfulError
from heedful.text.labels import Labels
from small_training import reviews, settings, tagged, topics

FACTS = {"files": ["x.csv"], "train_rows": 15, "valid_rows": 5, "fingerprint": "f" * 64}


def trained(task: str = "binary", seed: int = 0, **more) -> tuple[Fitted, list[str]]:
    cases = {
        "binary": lambda: (reviews(20), Labels(("negative", "positive"), "binary")),
        "multi-class": topics,
        "multi-label": tagged,
    }
    examples, labels = cases[task]()
    config = settings(epochs=2, batch_size=8, seed=seed, **more)
    fitted = fit(examples[:15], examples[15:], labels, config)
    return fitted, [e.text for e in examples]


def about(name: str, loss: float) -> dict[str, object]:
    return {"id": name, "fingerprint": name * 64, "data": ["x.csv"], "rows": 3, "loss": loss,
            "baseline": None, "uniform": None, "intervals": {}, "checks": {}}  # fmt: skip


def save(fitted: Fitted, where: Path, **more) -> None:
    save_run(fitted, where, FACTS, {}, **more)


@pytest.fixture(scope="module")
def kept(tmp_path_factory) -> Path:
    where = tmp_path_factory.mktemp("kept") / "run"
    save(trained()[0], where)
    return where


@pytest.fixture
def run(kept, tmp_path) -> Path:
    return Path(shutil.copytree(kept, tmp_path / "run"))


def as_bytes(model, texts: list[str]) -> bytes:
    return json.dumps([p.to_json() for p in model.predict(texts)]).encode()


@pytest.mark.parametrize("encoder", ["token", "conv", "bilstm", "bigru", "transformer"])
@pytest.mark.parametrize("task", ["binary", "multi-class", "multi-label"])
def test_predictions_are_the_same_bytes(tmp_path, task, encoder):
    more = {"model__head": "dense", "text__max_tokens": 9, "text__keep": "both"}
    fitted, texts = trained(task, model__encoder=encoder, **more)
    save(fitted, tmp_path / "run")
    back = load_model(tmp_path / "run")
    texts += ["", "words nobody knows", "\ud800 \x00 é 😀"]
    assert as_bytes(back, texts) == as_bytes(fitted.model, texts)
    assert back.config == fitted.model.config
    assert back.labels == fitted.model.labels
    assert back.vocabulary == fitted.model.vocabulary
    assert not back.network.training
    # what is saved again is the same file
    for name in ("config.json", "model.safetensors", "tokenizer.json"):
        assert (tmp_path / "run" / name).is_file()
    folder_module.save_model(back, tmp_path / "again")
    for name in ("model.safetensors", "tokenizer.json"):
        first, second = (tmp_path / part / name for part in ("run", "again"))
        assert first.read_bytes() == second.read_bytes()


def test_the_files_and_no_pickle(kept):
    names = ["README.md", "config.json", "history.jsonl", "metrics.json", "model.safetensors"]
    assert sorted(p.name for p in kept.iterdir()) == [*names, "tokenizer.json"]
    for path in kept.iterdir():
        content = path.read_bytes()
        assert not content.startswith((b"\x80", b"PK")), f"{path.name} is a pickle or an archive"
        if path.suffix == ".json":
            json.loads(content)
    header = int.from_bytes((kept / "model.safetensors").read_bytes()[:8], "little")
    json.loads((kept / "model.safetensors").read_bytes()[8 : 8 + header])
    lines = (kept / "history.jsonl").read_text().splitlines()
    assert [json.loads(line)["epoch"] for line in lines] == [1, 2]
    config = json.loads((kept / "config.json").read_text())
    assert config["id2label"] == {"0": "negative", "1": "positive"}
    assert config["data"] == FACTS
    assert config["train"]["seed"] == 0
    assert "15 texts to train on" in (kept / "README.md").read_text()


def edit(path: Path, **changes: object) -> None:
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


def damages():
    def change(name, **values):
        return lambda run: edit(run / name, **values)

    def cut(name, size):
        return lambda run: (run / name).write_bytes((run / name).read_bytes()[:size])

    def fill(name, content):
        return lambda run: (run / name).write_bytes(content)

    def without(name):
        return lambda run: (run / name).unlink()

    return {
        "config cut": (cut("config.json", 60), "config.json"),
        "config empty": (fill("config.json", b""), "config.json"),
        "config a list": (fill("config.json", b"[1, 2]"), "config.json"),
        "config no text": (fill("config.json", b"\xff\xfe\x00"), "config.json"),
        "config newer": (change("config.json", format=99), "format 99; this heedful reads 1"),
        "config without format": (fill("config.json", b"{}"), "config.json"),
        "config unknown setting": (change("config.json", model={"hiden": 3}), "config.json"),
        "config range": (change("config.json", train={"epochs": 0}), "config.json"),
        "config section": (change("config.json", text=None), "config.json"),
        "config labels": (change("config.json", id2label=["a", "b"]), "config.json"),
        "config label ids": (change("config.json", id2label={"1": "a", "2": "b"}), "config.json"),
        "config label kind": (change("config.json", id2label={"0": 1, "1": []}), "config.json"),
        "config one label": (change("config.json", id2label={"0": "a"}), "config.json"),
        "config binary of 3": (
            change("config.json", id2label={"0": "a", "1": "b", "2": "c"}),
            "config.json",
        ),
        "config task": (change("config.json", task="regression"), "config.json"),
        "config task kind": (change("config.json", task=["binary"]), "config.json"),
        "other network": (change("config.json", model={"hidden": 9}), "model.safetensors"),
        "tokenizer missing": (without("tokenizer.json"), "tokenizer.json is missing"),
        "tokenizer cut": (cut("tokenizer.json", 99), "tokenizer.json cannot be read"),
        "tokenizer a list": (fill("tokenizer.json", b"[]"), "tokenizer.json"),
        "tokenizer other": (change("tokenizer.json", vocabulary=["a"]), "tokenizer.json"),
        "tokenizer twice": (
            change("tokenizer.json", vocabulary=["<pad>", "<unk>", "<start>", "<end>", "a", "a"]),
            "tokenizer.json",
        ),
        "tokenizer short": (
            change("tokenizer.json", vocabulary=["<pad>", "<unk>", "<start>", "<end>", "a"]),
            "model.safetensors",
        ),
        "weights missing": (without("model.safetensors"), "model.safetensors"),
        "weights cut": (cut("model.safetensors", 999), "model.safetensors"),
        "weights empty": (fill("model.safetensors", b""), "model.safetensors"),
        "weights noise": (fill("model.safetensors", bytes(range(256)) * 9), "model.safetensors"),
    }


@pytest.mark.parametrize("name", damages())
def test_a_damaged_run_is_one_line_that_names_the_file(run, name):
    damage, says = damages()[name]
    damage(run)
    with pytest.raises(HeedfulError) as error:
        load_model(run)
    assert says in str(error.value)
    assert "\n" not in str(error.value)


def test_no_run_there(tmp_path):
    with pytest.raises(HeedfulError, match="does not exist"):
        load(tmp_path / "nothing")
    with pytest.raises(HeedfulError, match=r"no config\.json"):
        load(tmp_path)
    (tmp_path / "checkpoint").mkdir()
    with pytest.raises(HeedfulError, match="go on with --resume"):
        load(tmp_path)
    (tmp_path / "file").write_text("")
    with pytest.raises(HeedfulError, match="file"):
        load(tmp_path / "file")


def test_a_run_in_the_working_folder(run, monkeypatch):
    monkeypatch.chdir(run)
    assert load(".").classes_.tolist() == ["negative", "positive"]
    save(trained(seed=1)[0], Path(), overwrite=True)
    assert load_model(run).config.train.seed == 1


def test_a_finished_run_is_not_replaced_unasked(run):
    before = (run / "model.safetensors").read_bytes()
    with pytest.raises(HeedfulError, match="already holds a finished run"):
        save(trained(seed=1)[0], run)
    assert (run / "model.safetensors").read_bytes() == before


def test_replaced_as_a_whole_with_the_users_files_kept(run):
    (run / "notes.txt").write_text("mine")
    (run / "plots").mkdir()
    (run / "plots" / "a.png").write_bytes(b"png")
    (run / "link").symlink_to("nowhere")
    (run / "report.html").write_text("of the older run")
    add_evaluation(run, about("x", 1.0), b"scores", {"examples": []})
    save(trained(seed=1)[0], run, overwrite=True)
    assert load_model(run).config.train.seed == 1
    assert (run / "notes.txt").read_text() == "mine"
    assert (run / "plots" / "a.png").read_bytes() == b"png"
    assert (run / "link").readlink() == Path("nowhere")
    assert not (run / "report.html").exists()
    assert "evaluations" not in json.loads((run / "metrics.json").read_text())
    assert [p.name for p in run.parent.iterdir()] == ["run"]


@pytest.mark.parametrize("number", [1, 2])
def test_killed_at_one_of_the_two_renames(run, monkeypatch, number):
    """At the second, there is no folder of that name for a moment: the older run comes back."""
    before = (run / "model.safetensors").read_bytes()
    calls = []
    original = os.rename

    def rename(*arguments):
        calls.append(arguments)
        if len(calls) == number:
            raise KeyboardInterrupt
        original(*arguments)

    monkeypatch.setattr(os, "rename", rename)
    with pytest.raises(KeyboardInterrupt):
        save(trained(seed=1)[0], run, overwrite=True)
    monkeypatch.undo()
    assert is_run(run) == (number == 1)
    recover(run)
    assert (run / "model.safetensors").read_bytes() == before
    save(trained(seed=1)[0], run, overwrite=True)
    assert load_model(run).config.train.seed == 1
    assert [p.name for p in run.parent.iterdir()] == ["run"]


def test_half_written_files_go_and_others_stay(tmp_path):
    run = tmp_path / "run"
    run.mkdir()
    (run / ".model.safetensors.4711.part").write_bytes(b"half")
    (run / ".my.part").write_bytes(b"mine")
    save(trained()[0], run)
    assert not (run / ".model.safetensors.4711.part").exists()
    assert (run / ".my.part").exists()


def test_evaluations_add_up_and_replace_those_of_the_same_data(run):
    for name, loss in [("a", 1.0), ("b", 2.0), ("a", float("nan"))]:
        add_evaluation(run, about(name, loss), f"{name} {loss}".encode(), {"examples": [loss]})
    found = json.loads((run / "metrics.json").read_text())
    assert [(r["id"], r["loss"]) for r in found["evaluations"]] == [("b", 2.0), ("a", None)]
    assert found["best_epoch"] == 2
    kept = {p.name: p.read_bytes() for p in (run / "evaluations").iterdir()}
    assert kept["a.parquet"] == b"a nan" and kept["b.parquet"] == b"b 2.0"
    assert json.loads(kept["a.json"]) == {"examples": [None]}
    assert evaluations(run) == found["evaluations"]
    (run / "evaluations" / "b.parquet").unlink()
    assert [r["id"] for r in evaluations(run)] == ["a"], "without scores it cannot be shown"


def test_an_interrupted_run_says_so(tmp_path):
    fitted, _ = trained()
    stopped = replace(fitted, outcome=replace(fitted.outcome, reason="stopped by hand"))
    save(stopped, tmp_path / "run")
    assert json.loads((tmp_path / "run" / "config.json").read_text())["stopped"] == (
        "stopped by hand"
    )

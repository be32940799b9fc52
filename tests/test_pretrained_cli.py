"""Every command on a run whose encoder is a pre-trained transformer."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from command_line import heedful
from made_transformers import bert_folder

pytest.importorskip("transformers", reason="needs the extra hf")
pytestmark = pytest.mark.slow

TEXT = "The film was UNBELIEVABLES, don't!"
QUICK = ("--set", "train.epochs=1", "--set", "train.threads=1", "--set", "hf.overlap=4")


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("runs")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HEEDFUL_HOME", str(place / "home"))
        model = bert_folder(place / "bert")
        trained = heedful(
            "train", "reviews:80:1", "--encoder", f"hf:{model}", "--out", place / "run", *QUICK
        )
    assert trained.code == 0, trained.err
    assert "the transformer reads" in trained.err and list(place.glob("home/states/*/*.states"))
    for path in model.iterdir():
        path.unlink()  # the run needs nothing but itself
    return place / "run"


def test_predict_and_explain(run: Path) -> None:
    (said,) = heedful("predict", run, TEXT).lines()
    assert said["tokens"] == 12 and said["cut"] == 0
    (words,) = heedful("explain", run, TEXT, "--json", "-", "--no-trust").json()
    (pieces,) = heedful("explain", run, TEXT, "--json", "-", "--no-trust", "--pieces").json()
    assert [len(one["tokens"]) for one in (words, pieces)] == [7, 12]
    carded = heedful("explain", run, TEXT)
    assert carded.code == 0 and "erase word pieces" in carded.err


def test_what_judges_a_run_works_on_it(run: Path, tmp_path: Path) -> None:
    figures = tmp_path / "trust.json"
    asked = ("--limit", 3, "--controls", 1, "--json", figures)
    assert heedful("trust", run, "reviews:20:2", *asked).code == 0
    assert json.loads(figures.read_text())["erased"] == "word pieces"
    other = tmp_path / "fast"
    assert heedful("train", "reviews:80:1", "--preset", "fast", "--out", other).code == 0
    for command in (
        ("words", run, "reviews:20:2"),
        ("evaluate", run, "reviews:20:2"),
        ("report", run),
        ("info", run),
        ("compare", run, other, "--data", "reviews:20:2"),
        ("decide", run),
    ):
        done = heedful(*command)
        assert done.code == 0, (command, done.err)
    shown = heedful("info", run, "--json", "-").json()
    assert "pre-trained, frozen" in json.dumps(shown)


def test_what_it_cannot_do_is_one_line(run: Path, tmp_path: Path) -> None:
    said = heedful("export", run, "--onnx", tmp_path / "x.onnx").refusal()
    assert "pre-trained transformer" in said and not (tmp_path / "x.onnx").exists()
    new = ("--out", tmp_path / "new")
    for flags, why in (
        (("--encoder", "hf:./nowhere"), "no such folder"),
        (("--preset", "pretrained"), "--encoder hf:"),
        (("--encoder", f"hf:{run}/encoder", "--unlabelled", "reviews:9:3"), "pre-trained"),
        (("--encoder", f"hf:{run}/encoder", "--preset", "default"), "--preset pretrained"),
        (("--set", "encoder=hf:"), "names no model"),
    ):
        assert why in heedful("train", "reviews:60:1", *new, *flags).refusal()
        assert not (tmp_path / "new").exists()
    pairs = ("train", "clock:40:1", *new, "--encoder", f"hf:{run}/encoder")
    assert "pairs" in heedful(*pairs).refusal()


def test_a_runs_encoder_is_a_model_to_train_on(run: Path, tmp_path: Path) -> None:
    tuned = ("--set", "hf.tune=true", "--encoder", f"hf:{run}/encoder", "--out", tmp_path / "run")
    assert heedful("train", "reviews:60:1", *tuned, *QUICK).code == 0
    assert heedful("predict", tmp_path / "run", TEXT).code == 0
    plain = ("train", "reviews:60:1", "--preset", "fast", "--out", tmp_path / "fast")
    assert heedful(*plain).code == 0
    assert "--pieces" in heedful("explain", tmp_path / "fast", TEXT, "--pieces").refusal()

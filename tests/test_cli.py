"""The contract of the command line, one command after the other."""

from __future__ import annotations

import json
import os
import random
import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from command_line import TINY, heedful, strict
from trained_runs import FILLER, text_about, write

SRC = Path(__file__).parents[1] / "src"


@pytest.fixture
def fresh(place: Path, multi_class: Path, tmp_path: Path) -> Path:
    """An unlabelled table with a bad row in the middle."""
    rows = [("body text",), ("bread and soup",), ("",), ("the moon",)]
    return write(tmp_path / "fresh.csv", rows)


# --- help and usage ------------------------------------------------------------------------


def test_help_lists_every_command_and_each_has_a_help_page() -> None:
    page = heedful("--help")
    assert page.code == 0
    assert heedful().out == page.out
    for command in ("check", "train", "evaluate", "predict", "explain", "info", "demo"):
        assert f"  {command} " in page.out
        one = heedful(command, "-h")
        assert one.code == 0
        assert one.out.startswith(f"Usage: heedful {command}")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("nonsense",), "no such command 'nonsense'; see heedful --help"),
        (("train",), "see heedful train --help"),
        (("train", "reviews"), "missing option '--out'"),
        (("train", "reviews", "--out", "x", "--nonsense"), "no such option: --nonsense"),
        (("train", "reviews", "--out", "x", "--seed", "abc"), "'--seed'"),
        (("train", "reviews", "--out", "x", "--preset", "nope"), "known are default"),
        (("train", "reviews", "--out", "x", "--encoder", "nope"), "bilstm, bigru, transformer"),
        (("train", "reviews", "--out", "x", "--set", "epochs"), "has no '='"),
        (("train", "reviews", "--out", "x", "--set", "epoch=3"), "did you mean 'epochs'"),
        (("train", "reviews", "--out", "x", "--set", "epochs=abc"), "a whole number"),
        (("train", "reviews", "--out", "x", "--set", "epochs=0"), "at least 1"),
        (("train", "reviews", "--out", "x", "--label-map", "pos"), "pos=1,neg=0"),
        (("train", "reviews", "--out", ""), "--out is empty"),
        (("train", "absent.csv", "--out", "x"), "absent.csv does not exist"),
        (("check", "absent.csv"), "absent.csv does not exist"),
        (("info", "absent"), "it does not exist"),
        (("predict", "absent", "text"), "it does not exist"),
    ],
)
def test_a_wrong_command_line_is_one_line(
    arguments: tuple[str, ...], said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert said in heedful(*arguments).refusal()
    assert not list(tmp_path.iterdir()), "nothing is left behind"


def test_the_real_program(binary: Path, tmp_path: Path) -> None:
    environment = os.environ | {"PYTHONPATH": str(SRC), "PYTHONIOENCODING": "ascii"}

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "heedful", *arguments]
        return subprocess.run(command, capture_output=True, text=True, env=environment)

    ran = run("explain", str(binary), "a superb film, naïve — ☃", "--no-trust")
    assert (ran.returncode, ran.stderr) == (0, "")
    assert "superb" in ran.stdout
    ran = run("info", str(tmp_path))  # which loads no torch
    assert (ran.returncode, ran.stdout) == (2, "")
    assert ran.stderr.startswith("heedful: ")


def test_a_reader_that_goes_away_is_no_error(binary: Path, tmp_path: Path) -> None:
    """Nor are letters that standard output has none of."""
    command = f"'{sys.executable}' -m heedful predict '{binary}' 'a superb film, naïve — ☃'"
    piped = f"set -o pipefail; {command} --input reviews:1500:1 | head -n 1"
    environment = os.environ | {"PYTHONPATH": str(SRC), "PYTHONIOENCODING": "ascii"}
    ran = subprocess.run(
        ["bash", "-c", piped], capture_output=True, text=True, env=environment, cwd=tmp_path
    )
    assert ran.returncode == 0, ran.stderr
    assert ran.stderr == ""
    assert strict(ran.stdout)["text"] == "a superb film, naïve — ☃"


@pytest.mark.parametrize(
    ("code", "absent"),
    [
        ("import heedful", ("torch", "typer", "rich", "polars", "sklearn", "numpy")),
        ("import heedful.face.cli", ("torch", "polars", "sklearn", "matplotlib", "jinja2")),
        ("import heedful.face.scoring", ("typer", "sklearn", "polars", "matplotlib", "scipy")),
        ("import heedful.text.worker", ("torch", "polars", "sklearn", "numpy")),
    ],
)
def test_what_an_import_leaves_alone(code: str, absent: tuple[str, ...]) -> None:
    probe = f"{code}, sys; print([m for m in {absent!r} if m in sys.modules])"
    environment = os.environ | {"PYTHONPATH": str(SRC)}
    ran = subprocess.run(
        [sys.executable, "-c", probe], capture_output=True, text=True, env=environment
    )
    assert ran.stdout.strip() == "[]", ran.stderr


# --- check ---------------------------------------------------------------------------------


def test_check_shows_tables_and_writes_json(tmp_path: Path) -> None:
    one = write(tmp_path / "a.csv", [("text", "label"), ("x y", "a"), ("z", "b"), ("", "a")])
    two = write(tmp_path / "b.csv", [("text", "label"), ("X  y", "a"), ("w", "b")])
    ran = heedful("check", one, "--test", two)
    assert ran.code == 0
    assert "usable rows" in ran.out and "LEAK" not in ran.out
    assert "LEAK: 1 of 2 test texts (50.0 %) also stand in train" in ran.err
    assert "b.csv, row 1  =  a.csv, row 1" in ran.err
    assert "a.csv, row 3: the text is missing" in ran.err
    ran = heedful("check", one, "--test", two, "--json", "-")
    found = ran.json()
    assert found["splits"]["train"]["bad_rows"] == 1
    assert found["leaks"][0]["second_rows"] == 1
    to_file = heedful("check", one, "--test", two, "--json", tmp_path / "c.json")
    assert strict((tmp_path / "c.json").read_text()) == found
    assert "usable rows" in to_file.out


def test_check_names_near_duplicates_and_near_leaks(tmp_path: Path) -> None:
    text = " ".join(f"word{i}" for i in range(41))
    rows = [("text", "label"), (text, "a"), ("z", "b"), (text + " end", "b")]
    one = write(tmp_path / "a.csv", rows)
    two = write(tmp_path / "b.csv", [("text",), ("w",), ("new " + text,)])
    ran = heedful("check", one, "--test", two)
    assert ran.code == 0
    assert "NEAR LEAK: 1 of 2 test texts (50.0 %) are nearly the same as a text of train" in ran.err
    assert re.search(r"b\.csv, row 2  ≈ 0\.\d\d  a\.csv, row [13]", ran.err)
    assert re.search(r"a\.csv, row 3  ≈ 0\.\d\d  a\.csv, row 1", ran.err)
    assert "a.csv, row 1 and a.csv, row 3 have nearly the same text but the labels a and" in ran.err
    assert re.search(r"texts nearly the same as one before *│ *1 ", ran.out)
    clean = heedful("check", two, "--test", write(tmp_path / "c.csv", [("text",), ("v",)]))
    assert "no text of test stands in train, nor nearly" in clean.err and "≈" not in clean.err


@pytest.mark.slow
def test_check_names_the_leak_of_the_kaggle_files(real_data: Path) -> None:
    forms = real_data / "imdb_forms"
    training = (forms / "labeledTrainData.tsv", forms / "imdb_master.csv")
    ran = heedful("check", *training, "--test", forms / "testData.tsv")
    assert ran.code == 0
    assert "LEAK: 300 of 300 test texts (100.0 %) also stand in train" in ran.err
    assert "--label-map pos=1,neg=0" in ran.err
    clean = heedful("check", forms / "labeledTrainData.tsv", "--test", forms / "testData.tsv")
    assert "LEAK" not in clean.err
    assert "no text of test stands in train" in clean.err


# --- train ---------------------------------------------------------------------------------


def test_a_run_folder_and_what_is_said(multi_class: Path) -> None:
    names = {path.name for path in multi_class.iterdir()}
    assert names == {
        *("config.json", "model.safetensors", "tokenizer.json", "history.jsonl"),
        *("metrics.json", "README.md", "validation.parquet", "baseline.safetensors"),
        *("sketch.safetensors", "checks.json"),
    }
    config = strict((multi_class / "config.json").read_text())
    assert config["task"] == "multi-class"
    assert config["id2label"] == {"0": "food", "1": "space", "2": "sports"}
    assert config["data"]["files"] == ["topics.csv"]
    assert config["data"]["train_rows"] + config["data"]["valid_rows"] == 120


def test_results_on_stdout_and_progress_on_stderr(tmp_path: Path) -> None:
    ran = heedful("train", "reviews:60:1", "--out", tmp_path / "run", *TINY)
    assert ran.code == 0
    assert "kept model" in ran.out and "accuracy" in ran.out
    assert "epoch 1/1" in ran.err and "epoch" not in ran.out
    assert "binary: negative, positive; 54 texts to train on, 6 to validate" in ran.err


def test_a_finished_run_is_not_overwritten_by_accident(tmp_path: Path) -> None:
    command = ("train", "reviews:60:1", "--out", tmp_path / "run", *TINY)
    assert heedful(*command).code == 0
    weights = (tmp_path / "run" / "model.safetensors").read_bytes()
    assert "already holds a finished run" in heedful(*command).refusal()
    resumed = heedful(*command, "--resume")
    assert resumed.code == 0
    assert "already finished; nothing to resume" in resumed.err
    assert (tmp_path / "run" / "model.safetensors").read_bytes() == weights
    (tmp_path / "run" / "checkpoint").mkdir()
    (tmp_path / "run" / "checkpoint" / "plan.json").write_text("{}")
    assert "was stopped; go on with --resume" in heedful(*command).refusal()
    assert heedful(*command, "--seed", 5, "--overwrite").code == 0
    assert (tmp_path / "run" / "model.safetensors").read_bytes() != weights


@pytest.fixture(scope="session")
def split_file(place: Path) -> Path:
    draw = random.Random(2)
    names = ["food", "sport"]
    rows = [
        (text_about([names[i % 2]], draw) + f" {i}", names[i % 2], "train" if i < 60 else "test")
        for i in range(80)
    ]
    return write(place / "split.csv", [("text", "label", "split"), *rows])


def test_the_split_column_decides_who_takes_what(split_file: Path, tmp_path: Path) -> None:
    ran = heedful("train", split_file, "--out", tmp_path / "run", *TINY)
    assert "54 texts to train on, 6 to validate" in ran.err
    assert "only split train of train 60, test 20; --split all takes every row" in ran.err
    scored = heedful("evaluate", tmp_path / "run", split_file, "--json", "-")
    assert scored.json()["rows"] == 20
    assert "only split test" in scored.err
    assert (
        heedful(
            *("evaluate", tmp_path / "run", split_file, "--split", "all", "--json", "-")
        ).json()["rows"]
        == 80
    )
    every = heedful("train", split_file, "--out", tmp_path / "all", "--split", "all", *TINY)
    assert "72 texts to train on, 8 to validate" in every.err
    shown = heedful("info", tmp_path / "run").out
    assert "split.csv, 20 texts" in shown and "split.csv, 80 texts" in shown


def test_validation_data_are_not_the_training_rows(tmp_path: Path) -> None:
    rows = [
        (f"{'good' if i % 2 else 'bad'} film {i}", i % 2, "dev" if i < 10 else "train")
        for i in range(40)
    ]
    file = write(tmp_path / "both.csv", [("text", "label", "split"), *rows])
    for more in ((), ("--split", "train")):
        ran = heedful(
            *("train", file, "--valid", file, "--out", tmp_path / f"run{len(more)}", *more, *TINY)
        )
        assert "30 texts to train on, 10 to validate" in ran.err
        assert "also stand in" not in ran.err
    copies = write(tmp_path / "copies.csv", [("text", "label"), *(row[:2] for row in rows)])
    ran = heedful("train", file, "--valid", copies, "--out", tmp_path / "leak", *TINY)
    assert "30 of 40 validation texts also stand in the training data" in ran.err


def test_validation_labels_are_read_as_those_of_training(tmp_path: Path) -> None:
    cells = ["a|b", "a", "b", "a|c", "c"]
    rows = [(f"text {i}", cells[i % 5]) for i in range(20)]
    train = write(tmp_path / "train.csv", [("text", "label"), *rows])
    valid = write(tmp_path / "valid.csv", [("text", "label"), ("one", "a|b"), ("two", "a|b")])
    run = tmp_path / "run"
    ran = heedful("train", train, "--valid", valid, "--out", run, *TINY)
    assert ran.code == 0, ran.err
    assert "multi-label: a, b, c; 20 texts to train on, 2 to validate" in ran.err
    assert heedful("evaluate", run, valid, "--json", "-").json()["rows"] == 2


def test_training_data_from_stdin(split_file: Path, tmp_path: Path) -> None:
    command = ("train", "-", "--out", tmp_path / "run", *TINY)
    assert heedful(*command, stdin=split_file.read_bytes()).code == 0
    other = heedful("train", split_file, "--out", tmp_path / "other", *TINY)
    assert other.code == 0
    weights = [(tmp_path / name / "model.safetensors").read_bytes() for name in ("run", "other")]
    assert weights[0] == weights[1]
    assert (
        "standard input is empty"
        in heedful("train", "-", "--out", tmp_path / "x", stdin=b"").refusal()
    )
    assert not (tmp_path / "x").exists()


def test_labels_that_look_like_lists_are_pointed_out(tmp_path: Path) -> None:
    rows = [("one word", "a"), ("two words", "b"), ("more words", "a,b"), ("last words", "c,a")]
    data = write(tmp_path / "a.csv", [("text", "label"), *rows * 3])
    ran = heedful("train", data, "--out", tmp_path / "run", *TINY)
    assert ran.code == 0
    assert "warning: labels such as 'a,b' look like several labels in one cell" in ran.err
    several = heedful("train", data, "--out", tmp_path / "r2", "--multi-label", *TINY)
    assert "multi-label: a, b, c;" in several.err and "warning: labels" not in several.err
    one = heedful("train", data, "--out", tmp_path / "r3", "--single-label", *TINY)
    assert "multi-class: a, a,b, b, c,a;" in one.err and "warning: labels" not in one.err


def test_a_failed_training_leaves_no_folder(tmp_path: Path) -> None:
    command = ("train", "reviews:60:1", "--out", tmp_path / "run", *TINY)
    heedful(*command, "--vectors", tmp_path / "absent.txt").refusal()
    assert not (tmp_path / "run").exists()
    (tmp_path / "kept").mkdir()
    heedful("train", tmp_path / "absent.csv", "--out", tmp_path / "kept").refusal()
    assert (tmp_path / "kept").is_dir(), "a folder that was there before stays"


def test_the_run_folder_must_be_a_folder(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    command = ("train", "reviews:60:1", *TINY, "--out")
    assert "is a file" in heedful(*command, tmp_path / "file").refusal()
    assert "cannot be made" in heedful(*command, tmp_path / "file" / "run").refusal()
    assert "File name too long" in heedful(*command, tmp_path / ("x" * 300)).refusal()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_without_writing_rights(tmp_path: Path) -> None:
    (tmp_path / "run").mkdir(mode=0o555)
    ran = heedful("train", "reviews:60:1", "--out", tmp_path / "run", *TINY)
    assert "cannot be written" in ran.refusal()


# --- evaluate ------------------------------------------------------------------------------


def test_evaluate_uses_the_reading_flags_of_training(multi_class: Path, tmp_path: Path) -> None:
    data = write(
        tmp_path / "more.csv",
        [("body text", "kind", "label"), ("the moon", "space", "x"), ("goal", "sport", "y")],
    )
    ran = heedful("evaluate", multi_class, data, "--json", "-")
    record = ran.json()
    assert record["rows"] == 2
    assert record["auc"] is None, "not defined without all classes, and NaN is no JSON"
    assert 0 <= record["accuracy"] <= 1
    table = heedful("evaluate", multi_class, data)
    assert "accuracy" in table.out and "more.csv: 2 texts" in table.out and "n/a" in table.out
    kept = strict((multi_class / "metrics.json").read_text())["evaluations"]
    assert [e["fingerprint"] for e in kept].count(record["fingerprint"]) == 1
    other = write(tmp_path / "o.csv", [("words", "kind"), ("the moon", "space")])
    assert "has no column 'body text'" in heedful("evaluate", multi_class, other).refusal()


def test_labels_the_model_does_not_know(binary: Path, multi_class: Path, tmp_path: Path) -> None:
    data = write(tmp_path / "a.csv", [("text", "label"), ("good", "1"), ("bad", "0")])
    said = heedful("evaluate", binary, data).refusal()
    assert "a.csv, row 1: unknown labels 0, 1; known are" in said
    assert said.endswith("--label-map 1=positive,0=negative")
    ran = heedful("evaluate", binary, data, "--label-map", "1=positive,0=negative", "--json", "-")
    assert ran.json()["rows"] == 2
    columns = ("--text", "text", "--label", "label")
    said = heedful("evaluate", multi_class, data, *columns).refusal()
    assert "--label-map 0=food" in said


def test_evaluating_on_the_training_data_is_noticed(binary: Path) -> None:
    assert (
        "the very data the model was trained on" in heedful("evaluate", binary, "reviews:120:3").err
    )
    assert "very data" not in heedful("evaluate", binary, "reviews:120:4").err


# --- predict -------------------------------------------------------------------------------


def test_one_line_a_row_in_order(multi_class: Path, fresh: Path) -> None:
    ran = heedful("predict", multi_class, "a goal", "--input", fresh)
    assert ran.code == 0
    lines = ran.lines()
    assert [(line["source"], line["row"]) for line in lines] == [
        *[("argument", 1), ("fresh.csv", 1), ("fresh.csv", 2), ("fresh.csv", 3)]
    ]
    assert lines[2] == {"source": "fresh.csv", "row": 2, "error": "the text is missing"}
    assert list(lines[0]) == [
        *("source", "row", "text", "label", "probability", "probabilities"),
        *("tokens", "unknown", "cut"),
    ]
    for line in (lines[0], lines[1], lines[3]):
        chances = line["probabilities"]
        assert list(chances) == ["food", "space", "sports"]
        assert sum(chances.values()) == pytest.approx(1, abs=1e-6)
        assert line["label"] == max(chances, key=chances.__getitem__)
        assert line["probability"] == chances[line["label"]]
    assert "4 rows, 1 with an error" in ran.err


def test_multi_label_predictions_have_a_list(multi_label: Path) -> None:
    line = heedful("predict", multi_label, "bread and butter").lines()[0]
    assert "label" not in line
    assert line["labels"] == [n for n, p in line["probabilities"].items() if p > 0.5]


def test_text_can_be_left_out(binary: Path) -> None:
    assert "text" not in heedful("predict", binary, "fine", "--no-text").lines()[0]


def test_the_order_holds_over_many_chunks(binary: Path, tmp_path: Path) -> None:
    draw = random.Random(5)
    texts = [" ".join(draw.choices(FILLER, k=draw.randint(1, 30))) for _ in range(1300)]
    data = write(tmp_path / "a.csv", [("text",), *((text,) for text in texts)])
    lines = heedful("predict", binary, "--input", data).lines()
    assert [line["text"] for line in lines] == texts
    assert [line["row"] for line in lines] == list(range(1, 1301))
    alone = heedful("predict", binary, texts[700]).lines()[0]
    assert alone["probability"] == pytest.approx(lines[700]["probability"], abs=1e-5)


@pytest.mark.parametrize(
    ("given", "texts"),
    [
        (b"one text\nanother, text\n", ["one text", "another, text"]),
        (b"no line end", ["no line end"]),
        (b"crlf\r\nends\r\n", ["crlf", "ends"]),
        ("text\tlabel\nna\u00efve\tx\n".encode(), ["na\u00efve"]),
        (b'text,label\n"a, b",x\n', ["a, b"]),
        (b'{"text": "json"}\n{"text": "lines"}\n', ["json", "lines"]),
        (b'{ "text": "json"}\n', ["json"]),
        (b"one\n\n\xff\n", ["one", None, None]),
        (b"\xef\xbb\xbfmark\n", ["mark"]),
    ],
)
def test_texts_from_stdin(binary: Path, given: bytes, texts: list[str | None]) -> None:
    ran = heedful("predict", binary, "--input", "-", stdin=given)
    assert ran.code == 0, ran.err
    assert [line.get("text") for line in ran.lines()] == texts
    assert all(
        ("error" in line) == (text is None) for line, text in zip(ran.lines(), texts, strict=True)
    )


def test_stdin_is_read_once(binary: Path) -> None:
    said = heedful("predict", binary, "--input", "-", "--input", "-", stdin=b"x").refusal()
    assert "only once" in said
    assert "is empty" in heedful("predict", binary, "--input", "-", stdin=b" \n").refusal()
    assert "nothing to predict" in heedful("predict", binary).refusal()


def test_the_output_file_is_whole_or_absent(
    binary: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "out.jsonl"
    target.write_text("old")
    ran = heedful("predict", binary, "fine", "--output", target)
    assert (ran.code, ran.out) == (0, "")
    assert "1 rows" not in ran.err and "1 row in" in ran.err
    assert strict(target.read_text())["text"] == "fine"
    assert [path.name for path in tmp_path.iterdir()] == ["out.jsonl"]

    from heedful.face import scoring
    from heedful.learn.model import TextModel
    from heedful.records import HeedfulError

    done = target.read_text()
    calls = iter([TextModel.predict])

    def breaks(self: TextModel, texts: Sequence[str]) -> object:
        assert target.read_text() == done, "nothing shows before the end"
        try:
            return next(calls)(self, texts)
        except StopIteration:
            raise HeedfulError("broken on purpose") from None

    monkeypatch.setattr(TextModel, "predict", breaks)
    monkeypatch.setattr(scoring, "CHUNK_TEXTS", 500)
    assert (
        "broken on purpose"
        in heedful("predict", binary, "--input", "reviews:600:1", "--output", target).refusal()
    )
    assert target.read_text() == done
    assert [path.name for path in tmp_path.iterdir()] == ["out.jsonl"]


def test_an_output_that_cannot_be_written(binary: Path, tmp_path: Path) -> None:
    for target in ("", tmp_path, tmp_path / "absent" / "file"):
        assert "cannot be written" in heedful("predict", binary, "x", "--output", target).refusal()


def test_predict_does_not_ask_for_the_label_column_of_training(multi_class: Path) -> None:
    given = b"body text\nthe moon\n"
    assert (
        heedful("predict", multi_class, "--input", "-", "--text", "body text", stdin=given).code
        == 0
    )
    said = heedful(
        *("predict", multi_class, "--input", "-", "--text", "body text", "--label", "kind"),
        stdin=given,
    ).refusal()
    assert "no column 'kind'" in said


# --- explain -------------------------------------------------------------------------------


def test_explain_json(multi_class: Path) -> None:
    text = "We saw the Moon,  again"
    (record,) = heedful("explain", multi_class, text, "--json", "-").json()
    assert record["text"] == text
    assert [text[t["start"] : t["end"]] for t in record["tokens"]] == [
        *("We", "saw", "the", "Moon", ",", "again")
    ]
    assert sum(t["attention"] for t in record["tokens"]) == pytest.approx(1, abs=1e-5)
    for name in ("food", "space", "sports"):
        total = record["base"][name] + sum(t["contributions"][name] for t in record["tokens"])
        assert total == pytest.approx(record["logits"][name], abs=1e-4)
    assert record["target"] == record["prediction"]["labels"][0]


def test_explain_html_and_terminal(multi_class: Path, fresh: Path, tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    ran = heedful("explain", multi_class, "<b>the moon</b>", "--input", fresh, "--html", page)
    assert (ran.code, ran.out) == (0, "")
    html = page.read_text(encoding="utf-8")
    assert html.startswith("<!doctype html>") and "<b>the" not in html
    assert "3 texts explained" in ran.err
    assert "fresh.csv, row 2: the text is missing" in ran.err
    to_stdout = heedful("explain", multi_class, "<b>the moon</b>", "--html", "-")
    assert to_stdout.out.startswith("<!doctype html>")
    shown = heedful("explain", multi_class, "the moon", "--class", "food", "--method", "attention")
    assert "the" in shown.out and "\x1b" not in shown.out
    limited = heedful("explain", multi_class, "--input", fresh, "--limit", 1, "--json", "-")
    assert len(limited.json()) == 1
    assert "only the first 1 rows" in limited.err


def test_explain_takes_the_true_label_where_it_is_there(multi_class: Path, tmp_path: Path) -> None:
    labelled = write(tmp_path / "a.csv", [("body text", "kind"), ("a goal", "sport")])
    bare = write(tmp_path / "b.csv", [("body text",), ("a goal",)])
    first, second = (
        heedful("explain", multi_class, "--input", data, "--json", "-").json()[0]
        for data in (labelled, bare)
    )
    assert (first["label"], second["label"]) == (["sports"], [])


def test_explain_refuses(multi_class: Path) -> None:
    assert "unknown method 'x'" in heedful("explain", multi_class, "t", "--method", "x").refusal()
    said = heedful("explain", multi_class, "t", "--class", "x").refusal()
    assert "--class takes one of food, space, sports" in said
    assert "nothing to explain" in heedful("explain", multi_class).refusal()
    assert "nothing left to explain" in heedful("explain", multi_class, "").refusal()


# --- info, multi-label ---------------------------------------------------------------------


def test_info(multi_class: Path) -> None:
    record = heedful("info", multi_class, "--json", "-").json()
    assert record["parameters"] == sum(layer["parameters"] for layer in record["layers"])
    assert [layer["stage"] for layer in record["layers"]] == [
        *("embed", "encode", "attend", "pool", "evidence", "predict")
    ]
    assert record["config"]["task"] == "multi-class"
    shown = heedful("info", multi_class)
    assert "labels (multi-class): food, space, sports" in shown.out
    assert f"{record['parameters']:,}" in shown.out


def test_multi_label_through_all_commands(multi_label: Path, place: Path, tmp_path: Path) -> None:
    data = place / "tags.jsonl"
    counts = heedful("check", data, "--json", "-").json()["splits"]["train"]["labels"]
    assert counts == {"food": 60, "space": 60, "sport": 60, "(none)": 15}
    record = heedful("evaluate", multi_label, data, "--json", "-").json()
    assert record["rows"] == 120
    assert record["tp"] + record["fp"] + record["tn"] + record["fn"] == 120 * 3
    (found,) = heedful("explain", multi_label, "bread", "--class", "space", "--json", "-").json()
    assert found["target"] == "space"
    page = tmp_path / "p.html"
    assert heedful("explain", multi_label, "--input", data, "--html", page).code == 0
    assert page.stat().st_size > 10_000
    assert "labels (multi-label): food, space, sport" in heedful("info", multi_label).out


@pytest.mark.slow
def test_trec_through_all_commands(real_data: Path, tmp_path: Path) -> None:
    lines = (real_data / "trec" / "train.tsv").read_text(encoding="utf-8").split("\n")
    head, rows = lines[0], lines[1:-1]
    random.Random(0).shuffle(rows)
    data = tmp_path / "trec.tsv"
    data.write_text("\n".join([head, *rows[:600]]) + "\n", encoding="utf-8")
    assert heedful("check", data).code == 0
    run, settings = tmp_path / "run", ("--set", "epochs=6", "--set", "learning_rate=0.01")
    assert heedful("train", data, "--out", run, *TINY, *settings).code == 0
    record = heedful("evaluate", run, real_data / "trec" / "test.tsv", "--json", "-").json()
    assert record["rows"] == 500
    assert record["accuracy"] > 0.35, "better than always the most frequent class (.28)"
    (found,) = heedful("explain", run, "Who wrote Hamlet ?", "--json", "-").json()
    assert len(found["base"]) == 6


# --- memory --------------------------------------------------------------------------------


@pytest.mark.slow
def test_predicting_many_rows_needs_little_memory(binary: Path, tmp_path: Path) -> None:
    draw = random.Random(1)
    rows = ((" ".join(draw.choices(FILLER, k=8)),) for _ in range(200_000))
    data = write(tmp_path / "a.csv", [("text",), *rows])
    probe = (
        "import resource, sys; from heedful.face.cli import main\n"
        "try: main()\n"
        "finally: print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, file=sys.stderr)"
    )
    target = tmp_path / "out.jsonl"
    arguments = ["predict", str(binary), "--input", str(data), "--output", str(target)]
    ran = subprocess.run(
        [sys.executable, "-c", probe, *arguments],
        capture_output=True,
        text=True,
        env=os.environ | {"PYTHONPATH": str(SRC)},
    )
    assert ran.returncode == 0, ran.stderr
    with target.open() as file:
        assert sum(1 for _ in file) == 200_000
    peak = int(ran.stderr.split()[-1]) / 1024  # ru_maxrss is in KiB on Linux
    assert peak < 1024, f"{peak:.0f} MiB"


def test_the_demo_removes_nothing_but_a_demo(tmp_path: Path) -> None:
    work = tmp_path / "work"
    (work / "run").mkdir(parents=True)
    (work / "run" / "config.json").write_text('{"data": {"files": ["reviews"]}}')
    (work / "thesis.txt").write_text("years of work")
    assert "holds something else than a demo" in heedful("demo", "--out", work).refusal()
    assert (work / "thesis.txt").read_text() == "years of work"
    (work / "thesis.txt").unlink()
    (work / "run" / "config.json").write_text('{"data": {"files": ["my.csv"]}}')
    assert "holds something else than a demo" in heedful("demo", "--out", work).refusal()
    assert (work / "run" / "config.json").exists()


def test_a_demo_that_was_broken_off_starts_anew(tmp_path: Path, monkeypatch) -> None:
    (tmp_path / "run" / "checkpoint").mkdir(parents=True)
    (tmp_path / "run" / "checkpoint" / "plan.json").write_text("{}")
    monkeypatch.setattr("heedful.face.demo.run_training", lambda *_: 130)
    assert heedful("demo", "--out", tmp_path).code == 130
    assert not (tmp_path / "run").exists()


def test_num_words_of_training_are_remembered(tmp_path: Path) -> None:
    from heedful.face.remembering import remembered
    from heedful.records import HeedfulError
    from heedful.text.options import ReadOptions

    (tmp_path / "config.json").write_text('{"data": {"read": {"num_words": 100}}}')
    assert remembered(tmp_path, ReadOptions()).num_words == 100
    assert remembered(tmp_path, ReadOptions(num_words=50)).num_words == 50
    (tmp_path / "config.json").write_text('{"data": {"read": {"num_words": "many"}}}')
    with pytest.raises(HeedfulError, match="damaged: data.read.num_words"):
        remembered(tmp_path, ReadOptions())


@pytest.mark.parametrize(
    "value",
    [
        {"a": float("nan"), "b": [1.5, float("-inf")], "c": (1, "é")},
        {"text": "\ud800 é", "p": 1e-9, "n": None, "t": True},
        {"text": "plain\n\x00\u2028", "labels": []},
    ],
)
def test_a_line_is_what_the_careful_way_gives(value: dict[str, object]) -> None:
    from heedful.face.console import to_json
    from heedful.learn.files import finite

    text = json.dumps(finite(value), ensure_ascii=False, allow_nan=False)
    escaped = json.dumps(finite(value), allow_nan=False)
    assert to_json(value) in (text, escaped)
    assert json.loads(to_json(value)) == finite(json.loads(json.dumps(value)))
    to_json(value).encode()

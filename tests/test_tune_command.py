"""`heedful tune`: the folder, the report, the command that it tells, refusals."""

from __future__ import annotations

import csv
import json
import re
import shlex
from pathlib import Path
from typing import Any

import pytest

from command_line import heedful
from heedful.face import options as o
from heedful.face.tuning_command import command_of
from heedful.face.tuning_report import markdown, to_page, write_report
from heedful.presets import preset
from heedful.settings import apply
from heedful.text.options import ReadOptions
from made_searches import Scripted, tuned
from small_training import reviews

COMMAND = "heedful train reviews.csv --out RUN"


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("tune") / "reviews.csv"
    with file.open("w", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(("text", "label"))
        writer.writerows((e.text, e.labels[0]) for e in reviews(60))
    return file


@pytest.fixture
def scripted(monkeypatch: pytest.MonkeyPatch) -> Scripted:
    found = Scripted()
    for module in ("search", "confirm"):
        monkeypatch.setattr(f"heedful.learn.tune.{module}.judge", found)
    return found


def test_search_report_run_and_going_on(data: Path, tmp_path: Path, scripted: Scripted) -> None:
    folder = tmp_path / "found"
    flags = ("tune", data, "--out", folder, "--preset", "fast", "--set", "train.threads=1")
    ran = heedful(*flags, "--trials", 3, "--json", "-")
    assert ran.code == 0, ran.err
    record = ran.json()
    assert [trial["number"] for trial in record["trials"]] == [0, 1, 2]
    assert json.loads((folder / "report.json").read_text("utf-8")) == record
    config = json.loads((folder / "run" / "config.json").read_text("utf-8"))
    for address, value in record["settings"].items():
        section, _, name = address.partition(".")
        assert config[section][name] == value
    assert heedful("predict", folder / "run", "a fine film").lines()[0]["label"]
    judged = len(scripted.seen)
    again = heedful(*flags, "--trials", 3, "--resume")
    assert again.code == 0
    assert "holds this model already" in again.err
    assert len(scripted.seen) == judged
    assert "already holds a search" in heedful(*flags, "--trials", 3).refusal()
    other = heedful(*flags, "--trials", 3, "--seed", 5, "--resume").refusal()
    assert "was begun with another config" in other


def test_ctrl_c_leaves_a_report_and_says_how_to_go_on(
    data: Path, tmp_path: Path, scripted: Scripted
) -> None:
    scripted.failing = {9: KeyboardInterrupt()}
    ran = heedful("tune", data, "--out", tmp_path / "x", "--preset", "fast", "--trials", 5)
    assert ran.code == 130
    assert "--resume goes on" in ran.err
    assert (tmp_path / "x" / "report.html").exists()
    assert not (tmp_path / "x" / "run").exists()


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        (("--trials", 0), "--trials is 0"),
        (("--out", ""), "--out is empty"),
        (("--minutes", 0), "--minutes is 0"),
        (("--metric", "f1"), "--metric is f1; it is accuracy or loss"),
        (("--preset", "translate"), "of classifiers"),
        (("--set", "evidence.cots=1"), "did you mean 'evidence.cost'"),
    ],
)
def test_refusals(data: Path, tmp_path: Path, flags: tuple[Any, ...], said: str) -> None:
    refused = heedful("tune", data, "--out", tmp_path / "x", *flags).refusal()
    assert said in refused
    assert not (tmp_path / "x").exists()


def test_a_seed_may_come_by_set_and_a_folder_stays_clean(data: Path, tmp_path: Path) -> None:
    one = tmp_path / "one.csv"
    one.write_text("text,label\na b,x\nc d,x\n")
    refused = heedful("tune", one, "--out", tmp_path / "x", "--set", "train.seed=5").refusal()
    assert "every row has the label" in refused
    assert not (tmp_path / "x").exists()
    one.write_text("text,label\na b,x\nc d,y\n")
    assert "there are 2" in heedful("tune", one, "--out", tmp_path / "x").refusal()
    assert not (tmp_path / "x").exists(), "the same command with more data is no second search"


def test_pairs_are_refused(tmp_path: Path) -> None:
    assert "of classifiers" in heedful("tune", "clock", "--out", tmp_path / "x").refusal()


def test_the_command_makes_train_take_the_same_settings() -> None:
    found = tuned(settings={"evidence.cost": 0.1 + 0.2, "model.window": "1,3",
                            "pretrain.on_training": True})  # fmt: skip
    options = ReadOptions(text="a b", label_map=(("x", "1"),), multi_label=False)
    parts = shlex.split(command_of(found, ["my data.csv"], ["v.csv"], options))
    assert parts[:5] == ["heedful", "train", "my data.csv", "--out", "RUN"]
    sets = [parts[i + 1] for i, part in enumerate(parts) if part == "--set"]
    seed = parts[parts.index("--seed") + 1]
    made = o.configuration("default", sets, {"train.seed": seed})
    wanted = apply(apply(preset("default"), found.given), found.settings)
    assert made == wanted
    flags = " ".join(parts[parts.index("--text") :])
    assert flags == "--text a b --label-map x=1 --single-label"


def test_the_report_says_what_was_found_and_how_sure_it_is(tmp_path: Path) -> None:
    found = tuned(preset="fast")
    write_report(tmp_path, found, COMMAND)
    page = (tmp_path / "report.html").read_text("utf-8")
    text = (tmp_path / "report.md").read_text("utf-8")
    for said in ("+.0110 ± .0040", "winner’s curse", "On 300 texts that have chosen nothing",
                 "+.0060 ± .0050", "so small a gain may still be chance", COMMAND,
                 "evidence.cost (75 %)", "6 trials, 1 of them given up early", "against fast",
                 "changed from fast"):  # fmt: skip
        assert said in page
        assert said in text
    assert re.findall(r'id="(\w+)" role="img"', page) == ["history", "importance", "slices"]
    assert "http" not in page.replace("http://www.w3.org/2000/svg", "").replace("http-equiv", "")
    assert "too far <b>" not in page
    assert "the default" not in page.partition("<body>")[2]
    assert to_page(found, COMMAND, tmp_path.name) == page


def test_the_report_does_not_promise_what_was_not_found() -> None:
    default = tuned().rows[0]
    nothing = tuned(winner=default, searched=None, confirmed=None, settings={}, importance={},
                    rows=(default,))  # fmt: skip
    text = markdown(nothing, COMMAND)
    assert "No trial was better than default itself (accuracy .8000): it is kept." in text
    assert "What mattered" not in text
    assert to_page(nothing, COMMAND, "x").count("<svg") == 1
    assert "no time to confirm" in markdown(tuned(confirmed=None), COMMAND)
    lost = tuned(settings={})
    assert "Over all texts it is no better: default is kept." in markdown(lost, COMMAND)


@pytest.mark.slow
def test_the_page_in_a_browser(browser: Any, tmp_path: Path) -> None:
    from browsing import Opened

    write_report(tmp_path, tuned(), COMMAND)
    for scheme in ("light", "dark"):
        opened = Opened(browser, tmp_path / "report.html", color_scheme=scheme,
                        viewport={"width": 390, "height": 800})  # fmt: skip
        page = opened.page
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
        assert page.locator("#plots svg").count() == 3
        assert opened.complaints == []
        assert len(opened.requests) == 1
        opened.context.close()


@pytest.mark.slow
def test_a_real_search_killed_and_resumed(tmp_path: Path) -> None:
    """Networks and evidence on generated reviews, through the command line, two calls."""
    folder = tmp_path / "found"
    flags = ("tune", "reviews:300:1", "--out", folder, "--set", "train.threads=1")
    assert heedful(*flags, "--trials", 2).code == 0
    first = json.loads((folder / "report.json").read_text("utf-8"))
    ran = heedful(*flags, "--trials", 4, "--resume")
    assert ran.code == 0, ran.err
    record = json.loads((folder / "report.json").read_text("utf-8"))
    assert record["trials"][:2] == first["trials"]
    assert len(record["trials"]) == 4
    by_number = {trial["number"]: trial for trial in record["trials"]}
    assert by_number[record["winner"]]["value"] >= by_number[record["default"]]["value"]
    assert heedful("evaluate", folder / "run", "reviews:100:2").code == 0

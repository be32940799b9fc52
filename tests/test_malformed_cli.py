"""Whatever is fed to the commands: exit 0 with a result, or exit 2 with one line. No traceback."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from command_line import TINY, Ran, heedful, strict
from malformed_cases import CASES, CSV, Build

LARGE = ("two million", "ten million", "deeply")
# Files that can be read but from which nothing can be trained, and why.
UNTRAINABLE = ("every row has the label", "distinct texts cannot be split", "needs two classes")

every_case = pytest.mark.parametrize(
    ("build", "expectation"), [c[1:] for c in CASES], ids=[c[0] for c in CASES]
)
FEW = [c for i, c in enumerate(CASES) if i % 40 == 0 and not any(word in c[0] for word in LARGE)]
few_cases = pytest.mark.parametrize(
    ("build", "expectation"), [c[1:] for c in FEW], ids=[c[0] for c in FEW]
)

# test_malformed.py gives every case to the readers themselves.
SOME = [c for i, c in enumerate(CASES) if i % 5 == 0 or any(word in c[0] for word in LARGE)]
some_cases = pytest.mark.parametrize(
    ("build", "expectation"), [c[1:] for c in SOME], ids=[c[0] for c in SOME]
)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny run on the labels pos and neg."""
    folder = tmp_path_factory.mktemp("malformed")
    data = folder / "a.csv"
    data.write_text(CSV + "".join(f"{i} good,pos\n{i} bad,neg\n" for i in range(20)))
    ran = heedful("train", data, "--out", folder / "run", *TINY)
    assert ran.code == 0, ran.err
    return folder / "run"


def sound(ran: Ran) -> Ran:
    """An exit of 0, or of 2 with its one line."""
    assert ran.code in (0, 2), ran.err
    assert "Traceback" not in ran.out + ran.err
    if ran.code == 2:
        ran.refusal()
        assert ran.out == ""
    return ran


def check(build: Build, expectation: str, tmp_path: Path) -> None:
    ran = sound(heedful("check", build(tmp_path), "--json", "-"))
    if expectation == "ok":
        assert ran.code == 0, ran.err
    if ran.code == 0:
        split = ran.json()["splits"]["train"]
        assert split["rows"] > 0
        assert sum(split["labels"].values()) >= split["rows"]


@some_cases
def test_check_some(build: Build, expectation: str, tmp_path: Path) -> None:
    check(build, expectation, tmp_path)


@pytest.mark.slow
@every_case
def test_check(build: Build, expectation: str, tmp_path: Path) -> None:
    check(build, expectation, tmp_path)


def train(build: Build, expectation: str, folder: Path) -> None:
    out = folder / "the run"
    ran = sound(heedful("train", build(folder), "--out", out, "--split", "all", *TINY))
    if expectation == "error":
        assert ran.code == 2
    elif ran.code == 2:
        assert any(reason in ran.err for reason in (*UNTRAINABLE, "no rows of split", "no split"))
    assert (out / "config.json").exists() == (ran.code == 0)
    assert out.exists() == (ran.code == 0), "nothing is left behind"


@few_cases
def test_train_on_some(build: Build, expectation: str, tmp_path: Path) -> None:
    train(build, expectation, tmp_path)


@pytest.mark.slow
@every_case
def test_train(build: Build, expectation: str, tmp_path: Path) -> None:
    train(build, expectation, tmp_path)


def use(run: Path, path: Path) -> None:
    """predict, evaluate and explain."""
    predicted = sound(heedful("predict", run, "--input", path))
    if predicted.code == 0:
        for line in predicted.lines():
            assert ("error" in line) != ("label" in line)
    explained = sound(heedful("explain", run, "--input", path, "--json", "-", "--limit", 3))
    if explained.code == 0:
        for record in explained.json():
            assert all(0 <= t["start"] < t["end"] for t in record["tokens"])
    evaluated = sound(heedful("evaluate", run, path, "--json", "-"))
    if evaluated.code == 0:
        assert evaluated.json()["rows"] > 0


@few_cases
def test_use_some(build: Build, expectation: str, run: Path, tmp_path: Path) -> None:
    use(run, build(tmp_path))


@pytest.mark.slow
@every_case
def test_use(build: Build, expectation: str, run: Path, tmp_path: Path) -> None:
    use(run, build(tmp_path))


@few_cases
def test_the_same_bytes_through_stdin(
    build: Build, expectation: str, run: Path, tmp_path: Path
) -> None:
    try:
        data = build(tmp_path).read_bytes()
    except (OSError, ValueError):  # no file at all: nothing comes in
        data = b""
    sound(heedful("check", "-", stdin=data))
    for line in sound(heedful("predict", run, "--input", "-", stdin=data)).lines():
        assert ("error" in line) != ("label" in line)
    sound(heedful("explain", run, "--input", "-", "--json", "-", "--limit", 2, stdin=data))


TEXTS = {
    "empty": "",
    "blank": " \t\n ",
    "unknown words": "zxqv wvut",
    "emoji": "😀👩‍👩‍👧 🏳️‍🌈",
    "sixty kilobytes": "goodfilm" * 5_000 + " good" * 400 + " " * 18_000,
    "half a megabyte": "goodfilm" * 50_000 + " good" * 2_000 + " " * 85_000,
    "one long word": "x" * 499_999,
    "too long": "x" * 1_000_001,
    "lone surrogate": "a \ud800 b",
    "undecodable argument": b"caf\xe9".decode("utf-8", "surrogateescape"),
    "NUL": "a\0b",
    "control characters": "".join(map(chr, range(1, 32))) + "\x7f\x9b31m good",
    "escape sequence": "\x1b[31mgood\x1b[0m \x1b]0;title\x07",
    "right to left": "שלום good \u202etxet\u202c مرحبا",
    "markup": "[bold]good[/bold] [/] </script><b>&amp;",
    "line ends": "a\r\nb\u2028c\x85d",
    "combining": "g" + "\u0301" * 500 + "ood",
}
UNUSABLE = {"empty", "blank", "too long", "lone surrogate", "undecodable argument", "NUL"}


LONG = pytest.param("half a megabyte", marks=pytest.mark.slow)


@pytest.mark.parametrize("name", [name if name != LONG.values[0] else LONG for name in TEXTS])
def test_odd_texts_as_arguments(name: str, run: Path, tmp_path: Path) -> None:
    text = TEXTS[name]
    (line,) = sound(heedful("predict", run, text)).lines()
    assert ("error" in line) == (name in UNUSABLE), line
    page = tmp_path / "page.html"
    ran = sound(heedful("explain", run, text, "--json", "-", "--html", page))
    assert ran.code == (2 if name in UNUSABLE else 0)
    if ran.code == 2:
        assert not page.exists()
        return
    assert line["text"] == text
    (record,) = ran.json()
    assert record["prediction"]["labels"] == [line["label"]]
    html = page.read_text(encoding="utf-8")
    assert "</script><b>" not in html
    shown = sound(heedful("explain", run, text))
    assert "\x1b" not in shown.out and "\x9b" not in shown.out and "\x07" not in shown.out


def test_a_text_that_looks_like_a_flag(run: Path) -> None:
    assert "no such option" in heedful("predict", run, "--good").refusal()
    assert heedful("predict", run, "--", "--good").lines()[0]["text"] == "--good"


def damaged(run: Path, folder: Path, name: str, content: bytes | None) -> Path:
    copy = folder / "copy"
    shutil.copytree(run, copy)
    if content is None:
        (copy / name).unlink()
    else:
        (copy / name).write_bytes(content)
    return copy


@pytest.mark.parametrize("name", ["config.json", "tokenizer.json", "model.safetensors"])
@pytest.mark.parametrize(
    "content",
    [
        None,
        b"",
        b"{",
        b"[]",
        b"{}",
        b"null",
        b"\xff\xfe",
        b"\0" * 64,
        b'{"format": 99}',
        b"[" * 9999,
    ],
    ids=lambda content: repr(content)[:20],
)
def test_damaged_run_folders(name: str, content: bytes | None, run: Path, tmp_path: Path) -> None:
    copy = damaged(run, tmp_path, name, content)
    for command in (("predict", copy, "text"), ("info", copy)):
        said = heedful(*command).refusal()
        assert "copy" in said and len(said) < 600


@pytest.mark.parametrize(
    "change",
    [
        {"id2label": {}},
        {"id2label": {"0": "a"}},
        {"id2label": {"0": 1, "1": 2}},
        {"task": "nonsense"},
        {"task": None},
        {"model": {"hidden": 99}},
        {"model": {"hidden": -1}},
        {"model": {"nonsense": 1}},
        {"model": []},
        {"text": None},
        {"preset": None},
        {"format": None},
        {"data": []},
        {"data": {"read": []}},
        {"data": {"read": {"label_map": 5, "text": 7}}},
    ],
    ids=json.dumps,
)
def test_a_config_that_makes_no_sense(change: dict[str, object], run: Path, tmp_path: Path) -> None:
    values = strict((run / "config.json").read_text()) | change
    copy = damaged(run, tmp_path, "config.json", json.dumps(values).encode())
    data = tmp_path / "a.csv"
    data.write_text(CSV)
    sound(heedful("predict", copy, "good"))
    sound(heedful("info", copy))
    sound(heedful("evaluate", copy, data))


def test_folders_that_are_no_runs(run: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    (tmp_path / "begun" / "checkpoint").mkdir(parents=True)
    for path, said in (
        (tmp_path, "no config.json"),
        (tmp_path / "file", "no run folder"),
        (tmp_path / "absent", "does not exist"),
        (tmp_path / "begun", "--resume"),
    ):
        assert said in heedful("predict", path, "x").refusal()
        heedful("info", path).refusal()
        heedful("evaluate", path, "reviews").refusal()
        heedful("explain", path, "x").refusal()


@pytest.mark.parametrize(
    "entry", ["=", "=5", "epochs==5", "a=b=c", "train.=1", ".=1", "é=1", "", "train=5"]
)
def test_settings_of_nonsense(entry: str, tmp_path: Path) -> None:
    heedful("train", "reviews:60:1", "--out", tmp_path / "run", "--set", entry).refusal()


@pytest.mark.parametrize(
    "flags",
    [
        ("--delimiter", ""),
        ("--delimiter", "ab"),
        ("--encoding", "nonsense"),
        ("--encoding", "hex"),
        ("--text", "absent"),
        ("--label", "text"),
        ("--label-separator", ""),
        ("--split", "nonsense"),
        ("--max-characters", "0"),
        ("--max-characters", "1"),
        ("--label-map", "a=b=c,=,"),
    ],
    ids=" ".join,
)
def test_reading_flags_of_nonsense(flags: tuple[str, str], tmp_path: Path) -> None:
    data = tmp_path / "a.csv"
    data.write_text(CSV)
    sound(heedful("check", data, *flags))
    sound(heedful("train", data, "--out", tmp_path / "run", *TINY, *flags))

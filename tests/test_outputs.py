"""Scored files: the same numbers in every format, and the same bytes however often broken off."""

from __future__ import annotations

import csv
import gzip
import io
import json
import os
import random
import shutil
import signal
from collections.abc import Callable
from copy import deepcopy
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest
import zstandard

from command_line import heedful
from heedful.face import scorer, scoring
from heedful.face.output import pace, parquet, parts
from heedful.face.output.asked import Output
from heedful.face.output.column import Column, kept
from heedful.face.output.identity import difference, identity
from heedful.face.output.journal import read_journal
from heedful.face.output.pace import Pace
from heedful.face.output.parts import Parts
from heedful.face.scoring import run_predict
from heedful.learn.decision import Decision
from heedful.learn.folder import load_model, save_model
from heedful.learn.layout import TOKENIZER
from heedful.nn import tabled
from heedful.records import Example
from heedful.text import parquet as parquet_reader
from heedful.text.compressed import inner_name
from heedful.text.corpus import ReadOptions, open_stream
from made_models import random_model

AWKWARD = ['w1 "w2", w3', "=1+w4", "w5\nw6", "w7\r\nw8\rw9", "w10; naïve ☃ 🙂", " w11\t", "w12"]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("outputs") / "run"
    save_model(random_model(task="multi-class"), folder)
    return folder


@pytest.fixture
def small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pieces of four rows, each kept at once; the first layer from a table after some of them."""
    monkeypatch.setattr(scoring, "CHUNK_TEXTS", 4)
    monkeypatch.setattr(scorer, "MANY_CHARACTERS", 60)
    monkeypatch.setattr(tabled, "WORTH", 1)
    monkeypatch.setattr(tabled, "LEAST", 1)
    monkeypatch.setattr(parts, "EVERY", 0.0)
    monkeypatch.setattr(parquet, "ROWS", 8)


def rows_of(count: int = 30) -> list[dict[str, object]]:
    texts = [AWKWARD[i % 7] + f" w{i}" * (i % 5) for i in range(count)]
    rows: list[dict[str, object]] = [{"id": i, "text": text} for i, text in enumerate(texts)]
    rows[11]["text"] = None
    return rows


@pytest.fixture
def data(tmp_path: Path) -> Path:
    path = tmp_path / "rows.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows_of()), encoding="utf-8")
    return path


def score(run: Path, data: Path, target: Path, *more: object) -> str:
    ran = heedful("predict", run, "--input", data, "--output", target, *more)
    assert ran.code == 0, ran.err
    return ran.err


def lines(path: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


# --- formats -------------------------------------------------------------------------------


def test_tables_hold_the_numbers_of_json_lines(run: Path, data: Path, tmp_path: Path) -> None:
    for name in ("a.jsonl", "a.csv", "a.parquet"):
        said = " ".join(score(run, data, tmp_path / name).split())
        assert f"30 rows in {tmp_path / name}, 1 with an error" in said
    told = lines(tmp_path / "a.jsonl")
    table = pl.read_parquet(tmp_path / "a.parquet")
    with (tmp_path / "a.csv").open(encoding="utf-8", newline="") as file:
        texts = list(csv.DictReader(file))
    names = [
        *("source", "row", "text", "label", "probability", "probability_a", "probability_b"),
        *("probability_c", "tokens", "unknown", "cut", "error"),
    ]
    assert table.columns == names == list(texts[0])
    assert len(told) == len(texts) == table.height == 30
    for line, row, cells in zip(told, table.iter_rows(named=True), texts, strict=True):
        flat = {**line, **{f"probability_{k}": v for k, v in line.pop("probabilities", {}).items()}}
        assert {k: v for k, v in row.items() if v is not None} == {
            k: v for k, v in flat.items() if k != "probabilities"
        }
        assert cells == {name: "" if row[name] is None else str(row[name]) for name in names}
    assert texts[11]["error"] == "the text is missing" and texts[11]["label"] == ""
    assert table["error"].null_count() == 29
    assert texts[3]["text"].startswith("w7\r\nw8\rw9") and texts[1]["text"].startswith("=1+w4")


def test_a_csv_of_ours_is_read_back(run: Path, data: Path, tmp_path: Path) -> None:
    score(run, data, tmp_path / "a.csv")
    score(run, tmp_path / "a.csv", tmp_path / "again.jsonl")
    first = [line["text"] for line in lines_of(run, data, tmp_path) if "text" in line]
    assert [line["text"] for line in lines(tmp_path / "again.jsonl") if "text" in line] == first


def lines_of(run: Path, data: Path, folder: Path) -> list[dict[str, object]]:
    score(run, data, folder / "told.jsonl")
    return lines(folder / "told.jsonl")


@pytest.mark.parametrize("suffix", ["csv.gz", "jsonl.zst"])
def test_compressed_is_plain_within(
    run: Path, data: Path, tmp_path: Path, suffix: str, small_pieces: None
) -> None:
    plain, packed = tmp_path / inner_name(Path(f"a.{suffix}")), tmp_path / f"a.{suffix}"
    score(run, data, plain)
    score(run, data, packed)
    if suffix.endswith("gz"):
        found = gzip.decompress(packed.read_bytes())
    else:
        with packed.open("rb") as file:
            reader = zstandard.ZstdDecompressor().stream_reader(file, read_across_frames=True)
            found = reader.read()
    assert found == plain.read_bytes()


def test_several_labels(tmp_path: Path) -> None:
    model, texts = random_model(task="multi-label"), [f"w{i} w{3 * i}" for i in range(12)]
    usual = tuple(float(p) for p in np.median(model.probabilities(texts), axis=0))
    save_model(replace(model, decision=Decision(thresholds=usual)), tmp_path / "run")
    data = tmp_path / "rows.csv"
    data.write_text("text\n" + "".join(text + "\n" for text in texts))
    for name in ("a.jsonl", "a.csv", "a.parquet"):
        score(tmp_path / "run", data, tmp_path / name, "--no-text")
    told = [line["labels"] for line in lines(tmp_path / "a.jsonl")]
    assert len({len(labels) for labels in told}) > 1, "some have more than others"
    assert pl.read_parquet(tmp_path / "a.parquet")["labels"].to_list() == told
    with (tmp_path / "a.csv").open(newline="") as file:
        found = list(csv.DictReader(file))
    assert [json.loads(row["labels"]) for row in found] == told
    assert "text" not in found[0]


def test_a_named_format_beats_the_suffix_and_csv_goes_to_a_pipe(run: Path, tmp_path: Path) -> None:
    target = tmp_path / "odd.json"
    assert heedful("predict", run, "w1", "--output", target, "--format", "csv").code == 0
    printed = heedful("predict", run, "w1", "--format", "csv")
    assert printed.out == target.read_text() and printed.out.startswith('"source","row","text"')


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--output", "a.tsv"), ".tsv is not written; end it in .jsonl, .csv or .parquet"),
        (("--output", "a.parquet.gz"), "Parquet is compressed already; leave .gz"),
        (("--format", "parquet"), "Parquet cannot be written to standard output"),
        (("--format", "xml"), "'xml' is none of jsonl, csv, parquet"),
        (("--resume",), "standard output cannot be resumed"),
        (("--output", "a.csv", "--resume", "--input", "-"), "cannot be read again"),
    ],
)
def test_refusals(
    run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: object, said: str
) -> None:
    monkeypatch.chdir(tmp_path)
    assert said in heedful("predict", run, "w1", *arguments, stdin=b"w1\n").refusal()
    assert not list(tmp_path.iterdir())


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes with names here")
def test_a_pipe_or_device_is_not_replaced_by_a_file(run: Path, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.csv")
    said = heedful("predict", run, "w1", "--output", tmp_path / "pipe.csv").refusal()
    assert "--output takes a file" in said
    assert (tmp_path / "pipe.csv").is_fifo() and len(list(tmp_path.iterdir())) == 1


# --- the input's other columns -------------------------------------------------------------


def test_other_columns_are_kept(run: Path, tmp_path: Path) -> None:
    one = pl.DataFrame({"text": ["w1", None], "label": ["x", "y"], "n": [1, 2], "split": ["a"] * 2})
    one.write_parquet(tmp_path / "one.parquet")
    (tmp_path / "two.csv").write_text("n,text,more\n07,w2,z\n8,w3\n")
    for name in ("a.jsonl", "a.csv", "a.parquet"):
        both = ("--input", tmp_path / "two.csv", "--keep-columns")
        score(run, tmp_path / "one.parquet", tmp_path / name, *both)
    assert [line["input"] for line in lines(tmp_path / "a.jsonl")] == [
        {"label": "x", "n": 1, "split": "a", "more": None},
        {"label": "y", "n": 2, "split": "a", "more": None},
        {"label": None, "n": "07", "split": None, "more": "z"},
        {},  # a row with a cell too few has no cells
    ]
    table = pl.read_parquet(tmp_path / "a.parquet")
    assert table.columns[-4:] == ["input_label", "n", "split", "more"]
    assert table["n"].to_list() == ["1", "2", "07", None]
    with (tmp_path / "a.csv").open(newline="") as file:
        assert [row["input_label"] for row in csv.DictReader(file)] == ["x", "y", "", ""]


def test_names_never_meet() -> None:
    ours = (Column("row", "whole", "row"),)
    found = kept(["row", "input_row", "x"], ours)
    assert [column.name for column in found] == ["input_row", "input_input_row", "x"]
    assert [column.within for column in found] == ["row", "input_row", "x"]
    found = kept(["input_row", "row"], ours)
    assert [column.name for column in found] == ["input_row", "input_input_row"]


def test_what_is_no_number_is_nothing() -> None:
    column = Column("p", "number", "probabilities", "a")
    assert column.of({"probabilities": {"a": float("nan")}}) is None
    assert column.of({"probabilities": {"a": 0.5}}) == 0.5


# --- broken off and resumed ----------------------------------------------------------------


def states(folder: Path, kept_at: Path, monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """Copies of all that lies in `folder` between any two steps of writing; grows later."""
    found: list[Path] = []

    def snapshot() -> None:
        found.append(kept_at / str(len(found)))
        shutil.copytree(folder, found[-1])

    def watched(owner: object, name: str) -> None:
        real: Callable[..., object] = getattr(owner, name)

        def step(*given: object, **named: object) -> object:
            snapshot()
            return real(*given, **named)

        monkeypatch.setattr(owner, name, step)

    for name in ("begin", "append", "keep", "finish", "_remove"):
        watched(Parts, name)
    for owner, name in ((Path, "replace"), (parts.shutil, "rmtree"), (parts, "write_parquet")):
        watched(owner, name)
    return found


def test_long_texts_are_scored_few_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scoring, "CHUNK_CHARACTERS", 10)
    monkeypatch.setattr(scoring, "CHUNK_TEXTS", 4)
    rows = [Example("a" * size, (), "s", i) for i, size in enumerate((9, 1, 10, 1, 1, 1, 1, 1))]
    pieces = [[len(row.text) for row in chunk] for chunk in scoring.chunks(rows)]
    assert pieces == [[9, 1], [10], [1, 1, 1, 1], [1]]


@pytest.mark.parametrize("name", ["a.jsonl", "a.csv.gz", "a.parquet"])
def test_whatever_a_kill_leaves_is_gone_on_with(
    run: Path, data: Path, tmp_path: Path, small_pieces: None, monkeypatch, name: str
) -> None:
    """From each state of the disk: the same bytes. What no journal knows of may lie there, too."""
    model = load_model(run)
    fresh = lambda name: scorer.RunScorer(Path(name), deepcopy(model))  # noqa: E731
    monkeypatch.setattr(scoring, "open_scorer", fresh)
    monkeypatch.setattr(scoring, "CHUNK_TEXTS", 8)
    data.write_text("".join(data.read_text().splitlines(keepends=True)[:24]))
    work = tmp_path / "work"
    work.mkdir()
    with pytest.MonkeyPatch.context() as patch:
        left = states(work, tmp_path / "states", patch)
        directly(run, data, Output(str(work / name)))
    expected = (work / name).read_bytes()
    assert [path.name for path in work.iterdir()] == [name]
    assert len(left) > 12
    resumed = set()
    for state in left:
        pieces = state / f".{name}.parts" / "pieces"
        journal = read_journal(pieces.with_name("journal.json"))
        if pieces.exists() and journal and not journal.complete:
            pieces.write_bytes(pieces.read_bytes() + b"half a line")
        directly(run, data, Output(str(state / name), resume=True))
        resumed.add(journal and journal.rows)
        assert (state / name).read_bytes() == expected
        assert [path.name for path in state.iterdir()] == [name]
    assert resumed == {None, *range(0, 24, 8), 24}, "from every piece"


def directly(run: Path, data: Path, output: Output) -> None:
    run_predict(str(run), [], [str(data)], ReadOptions(), output)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
@pytest.mark.parametrize("pieces", [1, 5])
def test_killed_for_real(
    run: Path, data: Path, tmp_path: Path, small_pieces: None, pieces: int
) -> None:
    whole, target = tmp_path / "whole.csv", tmp_path / "a.csv"
    score(run, data, whole)
    if (child := os.fork()) == 0:
        kept_pieces, real = 0, Parts.append

        def append(self: Parts, *given: object) -> None:
            nonlocal kept_pieces
            kept_pieces += 1
            if kept_pieces > pieces:
                os.kill(os.getpid(), signal.SIGKILL)
            real(self, *given)

        Parts.append = append
        heedful("predict", run, "--input", data, "--output", target)
        os._exit(1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL
    assert not target.exists()
    said = score(run, data, target, "--resume")
    assert f"{4 * pieces} rows are done already" in said
    assert "1 with an error" in said, "row 12, whichever command came to it"
    assert target.read_bytes() == whole.read_bytes()


@pytest.fixture
def broken_off(run: Path, data: Path, tmp_path: Path, small_pieces: None) -> Path:
    """The name of an output that was stopped by hand after 8 of 30 rows."""
    target = tmp_path / "a.csv"
    with pytest.MonkeyPatch.context() as patch:
        real, calls = Parts.keep_now_and_then, iter(range(9))

        def stop(self: Parts) -> None:
            if next(calls) == 1:
                raise KeyboardInterrupt
            real(self)

        patch.setattr(Parts, "keep_now_and_then", stop)
        ran = heedful("predict", run, "--input", data, "--output", target)
    assert ran.code == 130
    assert f"8 rows of {target} are kept; the same command with --resume goes on" in ran.err
    assert not target.exists()
    return target


@pytest.mark.parametrize("written", [True, False])
def test_stopped_by_hand_at_any_step(
    run: Path, data: Path, tmp_path: Path, small_pieces: None, written: bool
) -> None:
    """Between a piece and its journal, and before the piece is there: it is done again."""
    real, calls = Parts._write, iter(range(9))

    def stop(self: Parts, data: bytes) -> None:
        fatal = next(calls) == 3
        if written or not fatal:
            real(self, data)
        if fatal:
            raise KeyboardInterrupt

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Parts, "_write", stop)
        ran = heedful("predict", run, "--input", data, "--output", tmp_path / "a.csv")
    assert ran.code == 130 and "8 rows" in ran.err
    score(run, data, tmp_path / "a.csv", "--resume")
    score(run, data, tmp_path / "b.csv")
    assert (tmp_path / "a.csv").read_bytes() == (tmp_path / "b.csv").read_bytes()


def test_what_was_scored_is_not_scored_again(
    run: Path, data: Path, broken_off: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from heedful.learn.model import TextModel

    scored, real = [], TextModel.predict
    monkeypatch.setattr(
        TextModel, "predict", lambda self, texts: scored.extend(texts) or real(self, texts)
    )
    assert "8 rows are done already" in score(run, data, broken_off, "--resume")
    assert len(scored) == 30 - 8 - 1
    score(run, data, tmp_path / "whole.csv")
    assert broken_off.read_bytes() == (tmp_path / "whole.csv").read_bytes()
    said = heedful("predict", run, "--input", data, "--output", broken_off, "--resume").refusal()
    assert "lies there whole and nothing is left to resume" in said


def test_without_resume_it_is_begun_anew(run: Path, data: Path, broken_off: Path) -> None:
    said = score(run, data, broken_off)
    assert "the 8 rows" in said and "are thrown away; --resume goes on with them" in said
    assert len(list(csv.DictReader(io.StringIO(broken_off.read_text())))) == 30


def test_what_has_changed_is_said(run: Path, data: Path, broken_off: Path, tmp_path: Path) -> None:
    def refused(*more: object, folder: Path = run) -> str:
        asked = ("--input", data, "--output", broken_off, "--resume")
        return heedful("predict", folder, *asked, *more).refusal()

    assert "--with-text was true and is false; leave out --resume to" in refused("--no-text")
    assert '--format was "csv" and is "jsonl"' in refused("--format", "jsonl")
    assert '--text was not given and is "text"' in refused("--text", "text")
    assert "the texts given as arguments are others" in refused("w1")
    other = shutil.copytree(run, tmp_path / "other")
    config = json.loads((other / "config.json").read_text())
    config["decision"]["thresholds"] = None
    config["decision"]["aim"] = "f1"
    (other / "config.json").write_text(json.dumps(config))
    assert "the run is another, or has changed" in refused(folder=other)
    shutil.copy(run / "config.json", other)
    with (other / TOKENIZER).open("a") as file:
        file.write("\n")
    assert "the run is another, or has changed" in refused(folder=other)
    assert "the input was rows.jsonl and is rows.jsonl, rows.jsonl" in refused("--input", data)
    before, content = data.stat(), data.read_text()
    os.utime(data, ns=(before.st_atime_ns, before.st_mtime_ns + 10**9))
    assert "rows.jsonl has changed: modified" in refused()
    data.write_text(content.replace("w12", "w13"))
    os.utime(data, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert "rows.jsonl has changed; leave out" in refused()
    data.write_text(content + "{}\n")
    assert f"{before.st_size:,} bytes then, {before.st_size + 3:,} now" in refused()
    data.write_text(content)
    os.utime(data, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert "8 rows are done" in score(run, data, broken_off, "--resume")


def test_a_copy_of_the_run_is_the_run(
    run: Path, data: Path, broken_off: Path, tmp_path: Path
) -> None:
    other = shutil.copytree(run, tmp_path / "other")
    assert "8 rows are done" in score(other, data, broken_off, "--resume")


def test_damage_is_told(run: Path, data: Path, broken_off: Path) -> None:
    asked = ("predict", run, "--input", data, "--output", broken_off, "--resume")
    left = broken_off.with_name(".a.csv.parts")
    (left / "pieces").write_bytes(b"short")
    assert "pieces is damaged; run the command without --resume" in heedful(*asked).refusal()
    for content in ("{", '{"pieces": 1}', "[]"):
        (left / "journal.json").write_text(content)
        assert "journal.json is damaged" in heedful(*asked).refusal()
    assert heedful(*asked[:-1]).code == 0


def test_two_at_a_time_are_not(run: Path, data: Path, broken_off: Path) -> None:
    held = parts.locked(broken_off.with_name(".a.csv.parts") / "lock", broken_off)
    asked = ("predict", run, "--input", data, "--output", broken_off)
    for more in ((), ("--resume",)):
        assert "is being written by another process" in heedful(*asked, *more).refusal()
    held.close()
    assert "8 rows are done" in score(run, data, broken_off, "--resume")


def test_a_full_disk_keeps_what_there_was(
    run: Path, data: Path, tmp_path: Path, small_pieces: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, calls = os.fsync, iter(range(100))

    def full(number: int) -> None:
        if next(calls) > 5:
            raise OSError(28, "No space left on device")
        real(number)

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        ran = heedful("predict", run, "--input", data, "--output", tmp_path / "a.csv")
    assert "a.csv cannot be written: No space left on device" in ran.refusal()
    assert "rows of" in ran.err and "are kept" in ran.err
    assert "rows are done already" in score(run, data, tmp_path / "a.csv", "--resume")
    score(run, data, tmp_path / "b.csv")
    assert (tmp_path / "a.csv").read_bytes() == (tmp_path / "b.csv").read_bytes()


def test_a_broken_pipe_of_texts_leaves_nothing(
    run: Path, tmp_path: Path, small_pieces: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Standard input cannot be gone on with, so nothing of it is kept."""
    monkeypatch.setattr(Parts, "finish", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
    target = tmp_path / "a.csv"
    ran = heedful("predict", run, "--input", "-", "--output", target, stdin=b"w1\n" * 20)
    assert ran.code == 130 and "--resume" not in ran.err
    assert not list(tmp_path.iterdir())


# --- how far it has come -------------------------------------------------------------------


@pytest.mark.parametrize("form", ["csv", "csv.gz", "jsonl", "jsonl.zst", "parquet"])
def test_the_share_that_is_read(tmp_path: Path, form: str) -> None:
    texts = [random.Random(i).randbytes(400).hex(" ", 4) for i in range(1_500)]
    path = tmp_path / f"a.{form}"
    table = pl.DataFrame({"text": texts})
    plain = tmp_path / inner_name(path)
    write = {"csv": table.write_csv, "jsonl": table.write_ndjson, "parquet": table.write_parquet}
    write[form.partition(".")[0]](plain)
    if form.endswith("gz"):
        path.write_bytes(gzip.compress(plain.read_bytes()))
    elif form.endswith("zst"):
        path.write_bytes(zstandard.ZstdCompressor().compress(plain.read_bytes()))
    stream = open_stream([path, path], ReadOptions(text="text", labelled=False))
    shares = [stream.share() for _ in stream]
    assert len(shares) == 3_000
    assert shares == sorted(shares) and shares[0] < 0.2
    assert 0.5 <= shares[1_500] < 0.7
    assert stream.share() == 1


def test_no_share_of_what_cannot_tell(tmp_path: Path) -> None:
    stream = open_stream(["reviews:5:1"], ReadOptions(labelled=False))
    assert [stream.share() for _ in stream] == [None] * 5


def test_plain_lines_now_and_then(monkeypatch, capsys) -> None:
    """10 rows a second; at 40 % after 20 s there are 30 s left."""
    now = [0.0]
    monkeypatch.setattr(pace.time, "monotonic", lambda: now[0])
    share = [0.0]
    watched = Pace(lambda: share[0])
    with watched:
        for now[0], share[0] in ((10.0, 0.2), (29.0, 0.58), (40.0, 0.8), (50.0, 0.9)):
            watched(int(10 * now[0]))
    assert capsys.readouterr().err.splitlines() == ["400 rows, 10 rows/s, 80 %, 10 s left"]
    now[0] = 0.0
    with Pace(lambda: None, 1000) as watched:
        for now[0] in (100.0, 140.0):
            watched(1000 + int(now[0]))
    assert capsys.readouterr().err.splitlines() == ["1,100 rows", "1,140 rows, 1 rows/s"]


@pytest.mark.parametrize(("seconds", "said"), [(7.4, "7 s"), (600, "10 min"), (9000, "2.5 h")])
def test_spans(seconds: float, said: str) -> None:
    assert pace._span(seconds) == said


# --- long texts in Parquet -----------------------------------------------------------------


def test_long_texts_are_read_few_at_a_time(tmp_path: Path, monkeypatch) -> None:
    pl.DataFrame({"text": [f"{i} " + "x" * 1000 for i in range(2500)]}).write_parquet(
        tmp_path / "a.parquet"
    )
    asked, real = [], parquet_reader._slice

    def slice_(*given: object) -> object:
        asked.append(given[-1])
        return real(*given)

    monkeypatch.setattr(parquet_reader, "_slice", slice_)
    monkeypatch.setattr(parquet_reader, "SLICE_BYTES", 500_000)
    table = parquet_reader.open_parquet(tmp_path / "a.parquet")
    read = [row[0].split()[0] for row in table.rows((0,))]
    assert read == [str(i) for i in range(2500)]
    assert asked[:2] == [1000, 1000] and all(450 <= size <= 500 for size in asked[2:])


@pytest.mark.parametrize(
    ("stop", "code", "says"),
    [
        (KeyboardInterrupt, 130, "rows of"),
        (pl.exceptions.ComputeError("no space"), 2, "a.parquet cannot be written: no space"),
    ],
)
def test_stopped_while_the_parquet_file_is_made(
    run: Path, data: Path, tmp_path: Path, stop: object, code: int, says: str
) -> None:
    target, real = tmp_path / "a.parquet", pl.LazyFrame.sink_parquet

    def stopped(*_: object, **__: object) -> None:
        raise stop

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pl.LazyFrame, "sink_parquet", stopped)
        ran = heedful("predict", run, "--input", data, "--output", target)
    assert pl.LazyFrame.sink_parquet is real
    assert ran.code == code and says in ran.err and "are kept" in ran.err
    assert "30 rows are done already" in score(run, data, target, "--resume")
    score(run, data, tmp_path / "b.parquet")
    assert target.read_bytes() == (tmp_path / "b.parquet").read_bytes()


def test_an_input_is_not_written_over(run: Path, data: Path, tmp_path: Path) -> None:
    before = data.read_bytes()
    link = tmp_path / "link.jsonl"
    link.symlink_to(data)
    for target in (data, link):
        ran = heedful("predict", run, "--input", data, "--output", target)
        assert "is an input; give --output another name" in ran.refusal()
    assert data.read_bytes() == before


def test_what_is_half_written_in_a_folder_is_none_of_its_input(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("good")
    known = identity(tmp_path, [], [str(tmp_path)], {})
    (tmp_path / ".out.csv.parts").mkdir()
    (tmp_path / ".out.csv.parts" / "pieces").write_text("1")
    assert difference(known, identity(tmp_path, [], [str(tmp_path)], {})) is None


def test_a_folder_that_is_now_a_file_has_changed(tmp_path: Path) -> None:
    place = tmp_path / "in"
    place.mkdir()
    known = identity(tmp_path, [], [str(place)], {})
    place.rmdir()
    place.write_text("a file")
    assert difference(known, identity(tmp_path, [], [str(place)], {})) == "in has changed"

"""Scoring, explaining and measuring on real Ray: the same as locally, also when processes die."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from random import Random

import polars as pl
import pytest

from command_line import heedful
from heedful.face.cluster.places import expanded, opened
from heedful.face.cluster.store import Remote
from heedful.text.options import ReadOptions

pytestmark = pytest.mark.slow
pytest.importorskip("ray", reason="Ray is not installed")
ODD = ["", "\u202e\U0001f469\u200d\U0001f469 e\u0301 漢字 ﬁ", " ", None, "'\",;\t\r\n"]
ENGINE = ("--engine", "ray", "--workers", "2")


def made(path: Path, count: int, seed: int = 0) -> Path:
    """Texts about films, odd ones among them."""
    draw, words = Random(seed), ["the", "film", "plot", "dull", "great", "second", "half", "not"]
    texts = [" ".join(draw.choices(words, k=20)) for _ in range(count)]
    texts[: len(ODD)] = ODD[: len(texts)]
    pl.DataFrame({"text": texts}).write_parquet(path)
    return path


@pytest.fixture
def folder(tmp_path) -> Path:
    (tmp_path / "in").mkdir()
    for name, count in (("a", 9_000), ("b", 1), ("c", 40_000)):
        made(tmp_path / "in" / f"{name}.parquet", count, count)
    return tmp_path / "in"


def locally(run: Path, folder: Path) -> pl.DataFrame:
    given = [part for file in sorted(folder.iterdir()) for part in ("--input", str(file))]
    assert heedful("predict", run, *given, "--output", folder.parent / "local.parquet").code == 0
    return pl.read_parquet(folder.parent / "local.parquet")


def started(*arguments: object) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "heedful", *map(str, arguments)]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    heard = {"preexec_fn": lambda: signal.signal(signal.SIGINT, signal.SIG_DFL)}  # as in a terminal
    return subprocess.Popen(command, text=True, start_new_session=True, **pipes, **heard)


def children(process: int) -> dict[int, str]:
    """All processes below one, and what they call themselves."""
    parents, names = {}, {}
    for place in Path("/proc").glob("[0-9]*"):
        with suppress(OSError, IndexError):
            parents[int(place.name)] = int(
                (place / "stat").read_text().rpartition(")")[2].split()[1]
            )
            names[int(place.name)] = (place / "cmdline").read_bytes().replace(b"\0", b" ").decode()
    below, found = {process}, {}
    while more := {p for p, parent in parents.items() if parent in below} - below:
        below |= more
        found |= {p: names[p] for p in more}
    return found


def test_a_worker_is_killed_and_the_output_is_complete_and_identical(binary, folder):
    out = folder.parent / "out"
    process = started("predict", binary, "--input", folder / "*.parquet", "--output", out, *ENGINE)
    rows, killed = out.with_name(".out.parts") / "rows", []
    while process.poll() is None and not killed:
        if rows.exists() and any(rows.iterdir()):
            killed = [p for p, name in children(process.pid).items() if "_Working" in name][:1]
            for one in killed:
                os.kill(one, signal.SIGKILL)
        time.sleep(0.05)
    printed, said = process.communicate()
    assert process.returncode == 0, said
    assert killed, "it was over before a worker could be killed"
    assert pl.read_parquet(out).equals(locally(binary, folder))
    assert printed == "" and "raylet" not in said and "Traceback" not in said
    assert len(said.splitlines()) < 12, said


def test_ctrl_c_keeps_what_is_done_and_resume_goes_on(binary, folder):
    out = folder.parent / "out"
    command = ("predict", binary, "--input", folder, "--output", out, *ENGINE)
    process = started(*command)
    journal = out.with_name(".out.parts") / "journal.json"
    while process.poll() is None and not (
        journal.exists() and json.loads(journal.read_bytes())["units"]
    ):
        time.sleep(0.05)
    below = children(process.pid)
    os.killpg(process.pid, signal.SIGINT)
    _, said = process.communicate(timeout=120)
    assert process.returncode == 130 and "--resume" in said, said
    assert "Traceback" not in said and not out.exists()
    time.sleep(2)
    left = [name for one, name in below.items() if Path(f"/proc/{one}").exists()]
    assert not left, "Ray's processes end with the command"
    process = started(*command, "--resume")
    _, said = process.communicate()
    assert process.returncode == 0 and "rows are done already" in said, said
    assert pl.read_parquet(out).equals(locally(binary, folder))


def test_explain_and_trust_say_what_they_say_locally(multi_class, tmp_path):
    texts = [
        " ".join(Random(i).choices(["moon", "star", "ball", "goal", "soup", "the", "a"], k=9))
        for i in range(150)
    ]
    (tmp_path / "t.jsonl").write_text("".join(json.dumps({"body text": t}) + "\n" for t in texts))

    def both(command: str, *arguments: object) -> tuple[object, object]:
        found = []
        for name, engine in (("local", ()), ("ray", ENGINE)):
            file = tmp_path / f"{name}.json"
            process = started(command, multi_class, *arguments, "--json", file, *engine)
            _, said = process.communicate()
            assert process.returncode == 0, said
            found.append(json.loads(file.read_bytes()))
        return found[0], found[1]

    ours, theirs = both("explain", "--input", tmp_path / "t.jsonl", "--trust")
    assert ours == theirs and len(ours) == 150
    ours, theirs = both("trust", tmp_path / "t.jsonl", "--controls", 20)
    assert ours == theirs and ours["texts"] == 150


def test_no_cluster_where_one_is_looked_for(binary, folder):
    command = ("predict", binary, "--input", folder, "--output", folder.parent / "o", *ENGINE)
    process = started(*command, "--address", "127.0.0.1:1")
    _, said = process.communicate()
    assert process.returncode == 2 and "no Ray cluster can be joined at 127.0.0.1:1" in said, said
    assert "Traceback" not in said


def test_what_lies_behind_an_address(folder, tmp_path):
    """file:// is a path; another file system is listed, fetched and written through pyarrow."""
    from pyarrow.fs import LocalFileSystem, SubTreeFileSystem

    found = expanded([f"file://{folder}/*.parquet"])
    assert [Path(place.name).name for place in found] == ["a.parquet", "b.parquet", "c.parquet"]
    with opened(found[1], ReadOptions(labelled=False)) as stream:
        assert len(list(stream)) == 1
    (tmp_path / "bucket").mkdir()
    system = SubTreeFileSystem(str(tmp_path / "bucket"), LocalFileSystem())
    store = Remote(system, "results/out", "s3://results/out")
    assert store.saved() is None and store.listed() is None
    (unit := tmp_path / "unit").write_bytes(b"rows")
    for name in ("part-00000-000000.parquet", "part-00000-000001.parquet"):
        store.put(name, unit)
    store.save({"a": 1})
    assert json.loads(store.saved() or b"") == {"a": 1} and store.listed() is None
    store.finish(["part-00000-000000.parquet", "part-00000-000001.parquet"])
    assert len(store.listed() or ()) == 2 and store.saved() is None
    store.put("part-00000-000000.parquet", unit)
    store.finish(["part-00000-000000.parquet"])
    assert store.listed() == ["part-00000-000000.parquet"], "older files are gone"

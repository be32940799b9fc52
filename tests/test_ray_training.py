"""`heedful train --engine ray`: Ray Train starts the workers, and replaces them."""

from __future__ import annotations

import io
import os
import signal
import subprocess
import sys
import threading
import time
from importlib.util import find_spec
from pathlib import Path
from types import SimpleNamespace

import pytest

from heedful.config import Config
from heedful.face.cluster.engine import Cluster
from heedful.face.cluster.post import Mouth, Post
from heedful.face.training import Job, run_training
from heedful.learn.run import read_json
from heedful.records import HeedfulError
from heedful.text.options import ReadOptions
from test_distributed import PROCESS, checkpointed, training, undisturbed

__all__ = ["undisturbed"]

SLOW_START = 400
"""Seconds that Ray may take: on a busy machine it has taken 160."""
needs_ray = pytest.mark.skipif(find_spec("ray") is None, reason="needs heedful[ray]")


@pytest.mark.parametrize(
    ("given", "cluster", "said"),
    [
        ({}, Cluster(), "--workers N"),
        ({"data": ("-",)}, Cluster(2), "standard input"),
        ({"valid": ("-",)}, Cluster(2), "standard input"),
        ({"out": ""}, Cluster(2), "--out is empty"),
    ],
)
def test_what_cannot_be_is_told_before_a_cluster_starts(tmp_path, given, cluster, said):
    job = Job(**({"data": ("reviews:20:1",), "valid": (), "out": str(tmp_path / "run")} | given))
    with pytest.raises(HeedfulError, match=said):
        run_training(job, Config(), ReadOptions(), cluster)
    assert not (tmp_path / "run").exists()


def test_lines_reach_the_command_in_order():
    post = Post()
    remote = SimpleNamespace(say=SimpleNamespace(remote=post.say))
    out, err = Mouth(remote, "out"), Mouth(remote, "err")
    print("epoch 1", file=err, flush=True)
    print("table", file=out, flush=True)
    err.flush()
    assert post.take() == [("err", "epoch 1\n"), ("out", "table\n")]
    assert post.take() == []


def test_the_first_end_counts():
    post = Post()
    assert post.ended() is None
    post.finish(2, "no such file")
    post.finish(0)
    assert post.ended() == (2, "no such file")
    assert (post.begin(), post.begin()) == (0, 1)


@pytest.fixture
def on_ray():
    """Starts trainings, and ends those that a failed test has left."""
    drivers: list[subprocess.Popen[str]] = []

    def start(out: Path, *more: str) -> subprocess.Popen[str]:
        driver = subprocess.Popen(
            [sys.executable, *training(out, "--engine", "ray", "--workers", "2", *more)],
            env=PROCESS, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            start_new_session=True,
        )  # fmt: skip
        drivers.append(driver)
        return driver

    yield start
    for driver in drivers:
        driver.kill()
        driver.wait()


def workers_of(driver: subprocess.Popen[str]) -> list[int]:
    """The processes that train, of this driver's session and cluster alone."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            name = (folder / "cmdline").read_bytes()
            session = (folder / "stat").read_text().rpartition(")")[2].split()[3]
        except OSError:
            continue
        if b"RayTrainWorker" in name and int(session) == driver.pid:
            found.append(int(folder.name))
    return found


class Reads(threading.Thread):
    """Reads a pipe to its end, so that the driver is not held up."""

    def __init__(self, pipe) -> None:
        super().__init__(daemon=True)
        self.pipe, self.text = pipe, io.StringIO()
        self.start()

    def run(self) -> None:
        for line in self.pipe:
            self.text.write(line)


def files(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@needs_ray
@pytest.mark.slow
def test_a_killed_worker_is_replaced_and_the_end_is_the_same(undisturbed, tmp_path, on_ray):
    out = tmp_path / "run"
    driver = on_ray(out)
    said, told = Reads(driver.stdout), Reads(driver.stderr)
    checkpointed(out, [driver], SLOW_START)
    victims = workers_of(driver)
    assert len(victims) == 2
    os.kill(victims[1], signal.SIGKILL)
    assert driver.wait(300) == 0, told.text.getvalue()
    told.join(10)
    said.join(10)
    assert "a worker was lost" in told.text.getvalue()
    assert "resuming at" in told.text.getvalue()
    assert "validation" in said.text.getvalue()
    for name in ("model.safetensors", "tokenizer.json"):
        assert (out / name).read_bytes() == (undisturbed / name).read_bytes()
    assert files(out) == files(undisturbed)
    ours, theirs = (read_json(place / "config.json") for place in (out, undisturbed))
    assert ours == theirs
    assert files(tmp_path) == ["run"]


@needs_ray
@pytest.mark.slow
def test_control_c_keeps_the_best_and_an_error_is_one_line(tmp_path, on_ray):
    out = tmp_path / "run"
    driver = on_ray(out, "--set", "epochs=200")
    Reads(driver.stdout)
    told = Reads(driver.stderr)
    checkpointed(out, [driver], SLOW_START)
    time.sleep(0.2)
    driver.send_signal(signal.SIGINT)
    assert driver.wait(300) == 130, told.text.getvalue()
    told.join(10)
    assert "--resume trains on" in told.text.getvalue()
    assert (out / "config.json").exists() and (out / "checkpoint" / "plan.json").exists()
    other = on_ray(out, "--resume", "--seed", "5", "--set", "epochs=200")
    _, message = other.communicate(timeout=300)
    assert other.returncode == 2
    assert "begun with other settings" in message.splitlines()[-1]

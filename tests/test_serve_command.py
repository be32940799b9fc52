"""`heedful serve` as a process: what it refuses, what it says, and how it ends."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from command_line import heedful
from heedful.face.serve import command
from serving import make_runs, running


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    return make_runs(tmp_path_factory.mktemp("command"))


def test_what_cannot_be_served(runs: list[str], tmp_path: Path) -> None:
    assert "does not exist" in heedful("serve", tmp_path / "nothing").refusal()
    other = tmp_path / "words"
    other.symlink_to(Path(runs[1]))
    assert heedful("serve", "--port", "99999", runs[0]).refusal()
    assert "--queue" in heedful("serve", "--queue", "1", runs[0]).refusal()
    with running(runs[:1]) as taken:
        said = heedful("serve", runs[0], "--port", taken.port).refusal()
        assert f"port {taken.port}" in said and "--port" in said
    assert "no address" in heedful("serve", runs[0], "--host", "no such host").refusal()
    clash = tmp_path / "again" / "words"
    clash.parent.mkdir()
    Path(runs[2]).rename(clash)
    try:
        assert "both called words" in heedful("serve", runs[0], clash).refusal()
    finally:
        clash.rename(runs[2])


def test_a_missing_extra_is_named(runs: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(command, "NEEDED", ("json", "not_installed_here"))
    said = heedful("serve", runs[0]).refusal()
    assert "not_installed_here" in said and "pip install 'heedful[serve]'" in said


def test_a_token_that_is_none_is_refused(runs: list[Path], monkeypatch: pytest.MonkeyPatch) -> None:
    assert "blank at an end" in heedful("serve", runs[0], "--token", " secret").refusal()
    monkeypatch.setenv("HEEDFUL_TOKEN", "")
    assert "--token is empty" in heedful("serve", runs[0]).refusal()


@contextmanager
def process(*arguments: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """A server in a process of its own, and its address; what it says is in `stderr`."""
    code = "from heedful.__main__ import main; main()"
    environment = dict(os.environ, HEEDFUL_TOKEN="", PYTHONPATH=os.pathsep.join(sys.path))
    del environment["HEEDFUL_TOKEN"]
    started = subprocess.Popen(
        [sys.executable, "-c", code, "serve", *arguments, "--port", "0"],
        stderr=subprocess.PIPE,
        text=True,
        env=environment,
    )
    try:
        assert started.stderr is not None
        for line in started.stderr:
            if line.startswith("serving "):
                break
        yield started, line.rpartition(" at ")[2].strip()
    finally:
        started.kill()
        started.wait()


def asks(url: str, body: object) -> object:
    """The answer; None where the connection was refused or broke off."""
    request = urllib.request.Request(f"{url}/predict", json.dumps(body).encode())
    request.add_header("Content-Type", "application/json")
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.load(answer)
    except (urllib.error.URLError, ConnectionError) as error:
        assert not isinstance(error, urllib.error.HTTPError), error.read()
        return None


@pytest.mark.slow
@pytest.mark.parametrize("told", [signal.SIGTERM, signal.SIGINT])
def test_a_stop_under_load_loses_nothing_accepted(runs: list[str], told: signal.Signals) -> None:
    answers: list[object] = []
    stopping = threading.Event()

    def keep_asking(url: str) -> None:
        while (found := asks(url, {"inputs": ["good bad " * 40] * 30})) is not None:
            answers.append(found)
        assert stopping.is_set(), "a connection broke off before anybody said stop"

    with process(*runs[:1]) as (server, url):
        threads = [threading.Thread(target=keep_asking, args=(url,)) for _ in range(12)]
        for thread in threads:
            thread.start()
        while len(answers) < 40:
            time.sleep(0.01)
        stopping.set()
        server.send_signal(told)
        for thread in threads:
            thread.join(60)
        assert server.wait(60) == 0
        said = server.stderr.read() if server.stderr else ""
    (line,) = [line for line in said.splitlines() if line.startswith("stopped; ")]
    assert int(line.split()[1].replace(",", "")) == len(answers), "each accepted one was answered"
    assert all(len(found) == 30 for found in answers)


@pytest.mark.slow
def test_an_open_address_is_warned_of(runs: list[str]) -> None:
    for flags, warned in (
        (["--host", "0.0.0.0"], True),
        (["--host", "0.0.0.0", "--token", "x"], False),
    ):
        code = "from heedful.__main__ import main; main()"
        started = subprocess.Popen(
            [sys.executable, "-c", code, "serve", runs[0], "--port", "0", *flags],
            stderr=subprocess.PIPE,
            text=True,
            env=dict(os.environ, PYTHONPATH=os.pathsep.join(sys.path)),
        )
        assert started.stderr is not None
        said = ""
        for line in started.stderr:
            said += line
            if line.startswith("serving "):
                break
        started.send_signal(signal.SIGTERM)
        assert started.wait(60) == 0
        assert ("warning: 0.0.0.0" in said) == warned, said


# Where a request that fits the description may be refused all the same: JSON Schema cannot say that
# `shape` counts `data`, nor what is in a file.
NOT_SAID = ("/v2/models/{name}/infer", "/files")


@pytest.mark.slow
@pytest.mark.parametrize("served", [("words",), ("tags",), ("writer",), ()], ids=str)
def test_a_schema_fuzzer_finds_no_failure(
    runs: list[str], served: tuple[str, ...], tmp_path: Path
) -> None:
    """schemathesis, from the service's own description: no 5xx, answers as described, and what fits
    the description is accepted.
    """
    pytest.importorskip("schemathesis")
    settings = "".join(
        f'[[operations]]\ninclude-path = "{path}"\n'
        "[operations.checks]\npositive_data_acceptance.enabled = false\n"
        for path in NOT_SAID
    )
    (tmp_path / "st.toml").write_text(settings)
    # What is right for one of several models is not for another (a label, a map, top_k), which a
    # description of all of them cannot say.
    several = () if served else ("--exclude-checks", "positive_data_acceptance")
    chosen = [run for run in runs if Path(run).name in served] or runs
    with process(*chosen, "--max-characters", "500") as (_, url):
        ran = subprocess.run(
            [
                *(Path(sys.executable).with_name("st"), "--config-file", tmp_path / "st.toml"),
                *("run", f"{url}/openapi.json", *several),
                *("--max-examples", "10" if served else "25", "--seed", "1"),
                *("--suppress-health-check", "all", "--workers", "1", "--no-color"),
            ],
            capture_output=True,
            text=True,
        )
    assert ran.returncode == 0, ran.stdout[-6_000:] + ran.stderr[-2_000:]

"""Files and their limits: too slow to come, too many answers, removed or stopped halfway."""

from __future__ import annotations

import http.client
import json
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from serving import Running, running, words_run

LIMITS: dict[str, Any] = {"timeout": 0.6, "file_timeout": 1.0, "max_result": 4_000}
# A result's head is 53 bytes and a line of these at least 60: no more than 66 fit.
ROW = b"good and good\n"


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> str:
    return words_run(tmp_path_factory.mktemp("limits"))


@pytest.fixture(scope="module")
def server(run: str) -> Iterator[Running]:
    with running([run], **LIMITS) as found:
        yield found


def folders(server: Running) -> list[Path]:
    return sorted(server.app.state.files.home.iterdir())


def sent(server: Running, body: bytes) -> str:
    answer = server.post("/files", body, Content_Type="text/csv")
    assert answer.status == 202, answer.body
    return str(answer.json()["id"])


def ended(server: Running, id: str) -> dict[str, Any]:
    for _ in range(2_000):
        found = server.get(f"/files/{id}").json()
        if found["state"] in ("done", "failed"):
            return found
        time.sleep(0.005)
    raise AssertionError("it does not end")


def test_answers_beyond_the_limit_end_the_work(server: Running) -> None:
    small = sent(server, b"text\n" + ROW * 20)
    assert ended(server, small)["state"] == "done"
    size = int(server.get(f"/files/{small}/result").headers["content-length"])
    assert 20 * 60 < size <= 4_000
    large = sent(server, b"text\n" + ROW * 3_000)
    found = ended(server, large)
    assert found["state"] == "failed" and found["done"] < 3_000, "it was not worked to its end"
    assert "4,000 bytes (--max-result)" in found["reason"] and "\n" not in found["reason"]
    said = server.get(f"/files/{large}/result").refusal(409, "id")
    assert "--max-result" in said
    assert list(server.app.state.files.get(large).folder.iterdir()) == [], "nothing is kept of it"


def trickled(server: Running, pause: float) -> tuple[int, Any, float]:
    """The answer to a file that comes byte by byte, and after how many seconds it came."""
    began = time.monotonic()
    with socket.create_connection((server.host, server.port), timeout=10) as client:
        head = "POST /files HTTP/1.1\r\nHost: localhost\r\nContent-Type: text/csv\r\n"
        client.sendall(f"{head}Content-Length: 100000\r\n\r\ntext\n".encode())
        client.settimeout(pause)
        first = b""
        while not first:
            try:
                first = client.recv(1, socket.MSG_PEEK)
            except TimeoutError:
                client.sendall(b"a")
        seconds = time.monotonic() - began
        client.settimeout(10)
        answer = http.client.HTTPResponse(client)
        answer.begin()
        return answer.status, json.loads(answer.read()), seconds


@pytest.mark.parametrize(
    ("pause", "least", "says"), [(0.05, 1.0, "--file-timeout"), (5.0, 0.6, "--timeout")]
)
def test_a_file_that_comes_too_slowly(
    server: Running, pause: float, least: float, says: str
) -> None:
    before = folders(server)
    status, content, seconds = trickled(server, pause)
    assert status == 408 and content["field"] == "body" and f"({says})" in content["error"]
    assert least <= seconds < least + 4, "as a whole, however often something comes"
    assert folders(server) == before, "nothing of it is kept"


def test_a_file_removed_while_it_is_fetched_comes_whole(
    server: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    id = sent(server, b"text\n" + ROW * 30)
    ended(server, id)
    whole = server.get(f"/files/{id}/result").body
    monkeypatch.setattr("heedful.face.serve.download.PIECE", 100)
    opened = server.app.state.files.get(id).result
    with closing(http.client.HTTPConnection(server.host, server.port, timeout=10)) as connection:
        connection.request("GET", f"/files/{id}/result")
        answer = connection.getresponse()
        first = answer.read(1)
        assert server.send("DELETE", f"/files/{id}").status == 204
        assert not opened.exists()
        assert first + answer.read() == whole
    server.get(f"/files/{id}/result").refusal(404, "id")


def test_a_file_removed_just_before_it_is_opened_is_not_there(server: Running) -> None:
    id = sent(server, b"text\n" + ROW)
    ended(server, id)
    server.app.state.files.get(id).result.unlink()
    server.get(f"/files/{id}/result").refusal(404, "id")


def test_fetching_and_removing_at_once_is_never_a_failure(server: Running) -> None:
    seen: list[int] = []
    for _ in range(6):
        id = sent(server, b"text\n" + ROW * 30)
        ended(server, id)
        fetch = threading.Thread(
            target=lambda id=id: seen.append(server.get(f"/files/{id}/result").status)
        )
        fetch.start()
        assert server.send("DELETE", f"/files/{id}").status == 204
        fetch.join()
    assert set(seen) <= {200, 404} and len(seen) == 6


def test_a_stop_takes_no_longer_than_it_may(run: str) -> None:
    """Whatever is in flight: a text that takes long, a file, a trickled upload, a slow reader."""
    go = threading.Event()
    slow: list[socket.socket] = []
    try:
        with running([run], timeout=1.0, max_result=50_000_000) as server:
            id = sent(server, b"text\n" + ROW * 3_000)
            ended(server, id)
            fetched = socket.create_connection((server.host, server.port))
            fetched.sendall(f"GET /files/{id}/result HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
            for worker in (server.desk.scoring, server.desk.explaining):
                worker.submit("held", lambda texts: [go.wait(30) for _ in texts], ["x"])
            sent(server, b"text\n" + ROW * 30)
            upload = socket.create_connection((server.host, server.port))
            upload.sendall(
                b"POST /files HTTP/1.1\r\nHost: localhost\r\nContent-Type: text/csv\r\n"
                b"Content-Length: 100\r\n\r\ntext\n"
            )
            asks = socket.create_connection((server.host, server.port))
            body = b'{"inputs": "good"}'
            asks.sendall(
                b"POST /predict HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
                b"Content-Length: %d\r\n\r\n%s" % (len(body), body)
            )
            slow += [fetched, upload, asks]
            home = server.app.state.files.home
            while not server.desk.scoring.length:
                time.sleep(0.005)
            began = time.monotonic()
        seconds = time.monotonic() - began
        assert server.desk.busy, "the threads were at work to the end"
        assert seconds < 1.0 + 3.0
        assert not home.exists()
    finally:
        go.set()
        for each in slow:
            each.close()

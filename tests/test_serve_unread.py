"""Requests that are answered before their body was read: what becomes of the connection."""

from __future__ import annotations

import asyncio
import http.client
import json
import select
import socket
import time
from collections.abc import Iterator

import pytest
from starlette.types import Message

from heedful.face.serve.bodies import Reading
from heedful.face.serve.serving import Serving
from serving import Running, running, words_run

SECRET = "s3cret"
MIB = 2**20


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    run = words_run(tmp_path_factory.mktemp("unread"))
    with running([run], token=SECRET, timeout=0.6, max_file=8 * MIB) as found:
        yield found


def begun(server: Running, first: str, length: int, *more: str) -> socket.socket:
    """A connection on which the head of a request was sent, and nothing of its body."""
    client = socket.create_connection((server.host, server.port), timeout=10)
    lines = [f"{first} HTTP/1.1", "Host: localhost", f"Content-Length: {length}", *more]
    client.sendall(("\r\n".join(lines) + "\r\n\r\n").encode())
    return client


def answered(client: socket.socket) -> http.client.HTTPResponse:
    answer = http.client.HTTPResponse(client)
    answer.begin()
    assert json.loads(answer.read())["error"]
    return answer


def ends_while_sending(client: socket.socket, pause: float = 0.02) -> float:
    """Seconds until the server ends a connection on which it gets a byte now and then."""
    began = time.monotonic()
    while time.monotonic() - began < 8:
        try:
            if select.select([client], [], [], pause)[0] and not client.recv(1):
                break
            client.sendall(b"a")
        except OSError:
            break
    return time.monotonic() - began


SHOWN = f"Authorization: Bearer {SECRET}"


@pytest.mark.parametrize(
    ("status", "first", "more"),
    [
        (401, "POST /predict", ()),
        (404, "POST /nowhere", (SHOWN,)),
        (405, "POST /models", (SHOWN,)),
        (415, "POST /files", (SHOWN, "Content-Type: text/plain")),
    ],
)
def test_a_body_that_trickles_after_the_answer_ends(
    server: Running, status: int, first: str, more: tuple[str, ...]
) -> None:
    """The answer comes at once; who then sends on, a byte now and then, is cut off."""
    began = time.monotonic()
    with begun(server, first, 100_000, *more) as client:
        answer = answered(client)
        assert (answer.status, answer.getheader("connection")) == (status, "close")
        assert ends_while_sending(client) < 5
    assert time.monotonic() - began < 6


def test_an_endless_body_after_the_answer_ends(server: Running) -> None:
    """However fast it comes: no more is read than a request may have."""
    with begun(server, "POST /predict", 10**12) as client:
        assert answered(client).status == 401
        sent = 0
        with pytest.raises(OSError):
            while sent < 400 * MIB:
                sent += client.send(b"a" * MIB)
        assert sent < 64 * MIB, "buffers, and little more"


def test_who_sends_all_before_reading_gets_the_answer(server: Running) -> None:
    """As most clients do: a large file without the token is told 401, and not reset."""
    server.post("/files", b"a" * (6 * MIB), Content_Type="text/csv").refusal(401, "Authorization")


def test_a_body_that_was_read_keeps_its_connection(server: Running) -> None:
    connection = http.client.HTTPConnection(server.host, server.port, timeout=10)
    show = {"Authorization": f"Bearer {SECRET}", "Content-Type": "application/json"}
    before = None
    for method, path, body, status in (
        ("POST", "/predict", '{"inputs": "good"}', 200),
        ("POST", "/predict", '{"inputs": 1}', 422),
        ("GET", "/models", None, 200),
        ("DELETE", "/files/x", None, 404),
    ):
        connection.request(method, path, body, show)
        answer = connection.getresponse()
        answer.read()
        assert answer.status == status and answer.getheader("connection") is None
        assert before in (None, connection.sock), "one connection"
        before = connection.sock
    connection.close()


def test_a_body_that_has_come_is_waited_for_no_more() -> None:
    """A long answer (a download) listens meanwhile whether the client goes, for any time."""

    async def come() -> Message:
        if not pieces:
            await asyncio.sleep(0.2)
        return pieces.pop() if pieces else {"type": "http.disconnect"}

    async def read() -> list[str]:
        scope = {"type": "http", "path": "/files/x/result", "headers": []}
        reading = Reading(scope, come, Serving(timeout=0.05))
        return [(await reading.receive())["type"] for _ in range(2)]

    pieces: list[Message] = [{"type": "http.request", "body": b"", "more_body": False}]
    assert asyncio.run(read()) == ["http.request", "http.disconnect"]

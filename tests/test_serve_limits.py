"""Every limit of a server, seen from a client: what is refused, when, and what is said."""

from __future__ import annotations

import http.client
import json
import random
import select
import socket
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest

from heedful.face.serve.serving import Serving
from heedful.records import HeedfulError
from serving import Answer, Running, running, words_run

LIMITS = {"max_body": 20_000, "max_characters": 40, "max_batch": 4, "queue": 8, "timeout": 2.0}


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> str:
    return words_run(tmp_path_factory.mktemp("limits"))


@pytest.fixture(scope="module")
def server(run: str) -> Iterator[Running]:
    with running([run], **LIMITS) as found:
        yield found


def predicts(server: Running) -> bool:
    return server.post("/predict", {"inputs": "good"}).status == 200


def test_texts_and_batches_are_bounded_by_field(server: Running) -> None:
    assert server.post("/predict", {"inputs": ["a" * 40] * 4}).status == 200
    said = server.post("/predict", {"inputs": ["a", "b", "c", "d" * 41]}).refusal(422, "inputs[3]")
    assert "41 characters" in said and "--max-characters" in said
    assert "41" in server.post("/explain", {"inputs": "d" * 41}).refusal(422, "inputs")
    said = server.post("/predict", {"inputs": ["a"] * 5}).refusal(422, "inputs")
    assert "5 texts" in said and "--max-batch" in said


def test_a_declared_body_is_refused_unread(server: Running) -> None:
    with socket.create_connection((server.host, server.port), timeout=10) as client:
        head = "POST /predict HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000000\r\n\r\n"
        client.sendall(head.encode())
        answer = http.client.HTTPResponse(client)
        answer.begin()
        assert answer.status == 413, "before a byte of the body was sent"
        assert answer.getheader("connection") == "close"
        found = json.loads(answer.read())
        assert found["field"] == "body" and "20,000 bytes" in found["error"]
    assert predicts(server)


def refused_while_sending(server: Running, head: str, piece: bytes) -> tuple[int, Any, int]:
    """Status and content of the answer to an endless body, and how much of it was sent."""
    sent = 0
    with socket.create_connection((server.host, server.port), timeout=10) as client:
        client.sendall(f"{head}\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n".encode())
        chunk = b"%x\r\n%s\r\n" % (len(piece), piece)
        while sent < 50_000_000 and not select.select([client], [], [], 0.002)[0]:
            client.sendall(chunk)
            sent += len(piece)
        answer = http.client.HTTPResponse(client)
        answer.begin()
        assert answer.getheader("connection") == "close"
        return answer.status, json.loads(answer.read()), sent


@pytest.mark.parametrize("path", ["/predict", "/models/words/predict", "/v2/models/words/infer"])
def test_a_chunked_body_is_refused_as_soon_as_it_is_too_large(server: Running, path: str) -> None:
    head = f"POST {path} HTTP/1.1\r\nContent-Type: application/json"
    status, content, sent = refused_while_sending(server, head, b" " * 4_096)
    assert status == (400 if path.startswith("/v2") else 413)
    assert content["field"] == "body" and "20,000 bytes" in content["error"]
    assert sent < 5_000_000, "what fits in buffers, and no more"
    assert predicts(server)


def test_just_what_is_allowed_is_read(server: Running) -> None:
    body = json.dumps({"inputs": "good"}).encode()
    padded = body + b" " * (20_000 - len(body))
    assert server.post("/predict", padded).status == 200
    server.post("/predict", padded + b" ").refusal(413, "body")
    pieces = iter([padded[:9_000], padded[9_000:], b" "])
    server.send("POST", "/predict", pieces).refusal(413, "body")


def test_a_body_that_does_not_come(server: Running) -> None:
    with socket.create_connection((server.host, server.port), timeout=10) as client:
        head = "POST /predict HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\n{"
        client.sendall(head.encode())
        answer = http.client.HTTPResponse(client)
        answer.begin()
        assert answer.status == 408
        assert "within 2 s" in json.loads(answer.read())["error"]


def asked_at_once(server: Running, bodies: list[object]) -> list[Answer]:
    found: list[Answer] = []
    threads = [
        threading.Thread(target=lambda b=body: found.append(server.post("/predict", b)))
        for body in bodies
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return found


def test_overload_is_refused_at_once_and_then_all_is_well(server: Running) -> None:
    held, go = threading.Event(), threading.Event()

    def slow(texts: list[str]) -> list[int]:
        held.set()
        go.wait(10)
        return [0] * len(texts)

    server.desk.scoring.submit("held", slow, ["the thread is busy with this"])
    held.wait(10)
    for _ in range(2):  # 8 texts wait: the queue is full
        threading.Thread(
            target=server.post, args=("/predict", {"inputs": ["good"] * 4}), daemon=True
        ).start()
    while server.desk.scoring.length < 8:
        time.sleep(0.005)
    assert server.metric("heedful_queue_texts") == 8
    began = time.monotonic()
    answer = server.post("/predict", {"inputs": "good"})
    assert "--queue" in answer.refusal(503)
    assert answer.headers["retry-after"] == "1"
    assert time.monotonic() - began < 1.5, "before anything was done"
    assert server.get("/v2/health/live").status == 200
    go.set()
    while server.desk.scoring.length:
        time.sleep(0.005)
    assert predicts(server)
    answers = asked_at_once(server, [{"inputs": "good"}] * 6)
    assert [one.status for one in answers] == [200] * 6


def test_what_takes_too_long_is_given_up(server: Running) -> None:
    go = threading.Event()
    server.desk.scoring.submit("slow", lambda texts: [go.wait(20) for _ in texts], ["x"])
    try:
        assert "--timeout" in server.post("/predict", {"inputs": "good"}).refusal(504)
        assert server.desk.scoring.length == 0, "nobody waits for it any more"
    finally:
        go.set()
    assert predicts(server)


def test_a_model_that_fails_is_no_silence(server: Running) -> None:
    model = server.desk.models["words"]
    model.predict = lambda texts: 1 / 0
    try:
        assert "the server failed" in server.post("/predict", {"inputs": "good"}).refusal(500)
    finally:
        del model.predict
    assert predicts(server)


def test_what_a_model_refuses_is_told(server: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(texts: list[str]) -> None:
        raise HeedfulError("no such text; give another")

    monkeypatch.setattr(server.desk.models["words"], "predict", refuse)
    assert server.post("/predict", {"inputs": "good"}).refusal(422) == "no such text; give another"


BROKEN: list[bytes] = [
    b"", b"{", b"nul", b"[]", b'"a"', b"0", b"\xff\xfe", b"\x00", b"\xef\xbb\xbf{}",
    b'{"inputs": NaN}', b'{"inputs": Infinity}', b'{"inputs": -Infinity}', b'{"inputs": 1e999}',
    b'{"inputs": ' + b"9" * 5_000 + b"}", b'{"inputs": "\\ud800"}', b'{"inputs": "a\\u0000"}',
    b"[" * 9_000, b'{"inputs":' * 3_000, b"[" * 9_000 + b"]" * 9_000,
    b'{"inputs": {"a": ' * 500 + b"1" + b"}" * 1_000,
    b'{"inputs": "a", "parameters": {"top_k": 1' + b"0" * 400 + b"}}",
    b'{"inputs": "a", "\\ud800": 1}', b'{"inputs": "a", "parameters": {"target": "\\ud800"}}',
]  # fmt: skip
PATHS = (
    "/predict", "/", "/explain", "/translate", "/models/words", "/models/words/predict",
    "/models/words/explain", "/v2/models/words/infer",
)  # fmt: skip


@pytest.mark.parametrize("body", BROKEN, ids=range(len(BROKEN)))
def test_broken_json_is_refused(server: Running, body: bytes) -> None:
    for path in ("/predict", "/v2/models/words/infer"):
        answer = server.post(path, body)
        assert 400 <= answer.status < 500, (answer.status, answer.body)
        assert set(answer.json()) <= {"error", "field"}


def test_only_json_is_read(server: Running) -> None:
    for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data"):
        said = server.post("/predict", b'{"inputs": "good"}', Content_Type=kind).refusal(415)
        assert kind in said and "application/json" in said
    kind = "application/json; charset=utf-8"
    assert server.post("/predict", b'{"inputs": "good"}', Content_Type=kind).status == 200


def malformed(draw: random.Random) -> bytes:
    """A request that is wrong somewhere: in its values, its names, its bytes."""
    scraps = [
        None, True, 0, -1, 2**70, 1.5, "", " ", "\0", "\ud800", [], {}, [[]], [{}], ["a", 1],
        {"a": 1}, [None], "x" * 50, ["a"] * 5, ["a", ""], {"inputs": "a"}, -1e300,
    ]  # fmt: skip
    wrong = draw.choice(scraps)
    kind = draw.randrange(5)
    if kind == 0:
        body: object = {"inputs": wrong}
    elif kind == 1:
        body = {
            "inputs": "a",
            "parameters": wrong if wrong is not None and wrong != {} else [wrong],
        }
    elif kind == 2:
        body = {"inputs": "a", draw.choice(["Inputs", "", "x\n", "é", "top_k"]): wrong}
    elif kind == 3:
        names = ["top_k", "methods", "target", "trust", "beam", "best", "nothing", "\ud800"]
        bad = draw.choice([{}, [[]], {"a": []}, -1e300, 2**70, ["\0"]])
        body = {"inputs": "a", "parameters": {draw.choice(names): bad}}
    else:
        text = bytearray(json.dumps({"inputs": "a good text"}).encode())
        text[draw.randrange(9)] ^= 1 << draw.randrange(8)
        return bytes(text)
    return json.dumps(body).encode()


def fuzz(server: Running, count: int, seed: int) -> None:
    draw = random.Random(seed)
    connection = http.client.HTTPConnection(server.host, server.port, timeout=30)
    seen = set()
    for _ in range(count):
        path, body = draw.choice(PATHS), malformed(draw)
        connection.request("POST", path, body, {"Content-Type": "application/json"})
        answer = connection.getresponse()
        content = json.loads(answer.read())
        assert 400 <= answer.status < 500, (path, body, answer.status, content)
        assert content["error"] and set(content) <= {"error", "field"}
        seen.add(answer.status)
    connection.close()
    assert {400, 422} <= seen


def test_malformed_requests_give_only_refusals(server: Running) -> None:
    fuzz(server, 1_000, 0)
    assert predicts(server)


@pytest.mark.slow
def test_ten_thousand_malformed_requests(server: Running) -> None:
    fuzz(server, 10_000, 1)
    assert predicts(server)


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ({"queue": 3, "max_batch": 4}, "holds no request"),
        ({"timeout": 0.0}, "--timeout"),
        ({"timeout": float("nan")}, "--timeout"),
        ({"max_body": 0}, "--max-body"),
        ({"max_result": 0}, "--max-result"),
        ({"file_timeout": -1.0}, "--file-timeout"),
        ({"port": 65_536}, "--port"),
        ({"token": " "}, "--token is empty"),
        ({"token": "sécret"}, "ASCII"),
        ({"cors": ("example.org",)}, "--cors"),
        ({"cors": ("https://example.org/",)}, "--cors"),
    ],
)
def test_limits_that_cannot_be(values: dict[str, object], says: str) -> None:
    with pytest.raises(HeedfulError, match=says):
        Serving(**values)

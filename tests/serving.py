"""A real server on loopback for tests, with models whose numbers are known or random."""

from __future__ import annotations

import http.client
import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from heedful.config import Config, ModelConfig, SequenceConfig
from heedful.face.serve.app import build
from heedful.face.serve.listening import Server, bound
from heedful.face.serve.loaded import load_all
from heedful.face.serve.serving import Serving
from heedful.learn.folder import save_model
from heedful.learn.layout import VALIDATION
from heedful.learn.scores import to_parquet
from heedful.learn.scoring import score_examples
from heedful.learn.sequence_folder import save_sequence
from heedful.learn.sequence_model import SequenceModel
from heedful.nn.transduce import Transducer
from heedful.records import Example
from heedful.text.sequence import SequenceTokenizer
from made_models import bag_of_words, evident_model, random_model

WEIGHTS = {"good": 2.0, "bad": -3.0, "odd": 0.5}
"""Log-odds of positive = the mean over a text's words; an unknown word counts as 0."""


def make_runs(place: Path) -> list[str]:
    """Run folders: `words` (hand-solved), `three`, `tags`, `evident`, and `writer`."""
    words = bag_of_words(WEIGHTS)
    made = {
        "words": words,
        "three": random_model(task="multi-class", seed=1, model__encoder="bilstm"),
        "tags": random_model(task="multi-label", seed=2),
        "evident": evident_model(encoder="conv"),
    }
    for name, model in made.items():
        (place / name).mkdir()
        save_model(model, place / name, {"data": {"train_rows": 7}})
    rows = [Example("good and good", ("positive",)), Example("bad", ("negative",))]
    (place / "words" / VALIDATION).write_bytes(to_parquet(score_examples(words, rows, None)))
    (place / "writer").mkdir()
    save_sequence(writer(), place / "writer")
    return [str(place / name) for name in (*made, "writer")]


def words_run(place: Path) -> str:
    """The run folder `words` alone."""
    (place / "words").mkdir()
    save_model(bag_of_words(WEIGHTS), place / "words")
    return str(place / "words")


def writer() -> SequenceModel:
    """A network with random weights that rewrites letters."""
    tokenizer = SequenceTokenizer.fit(["abcdefg"], "character", False, 100, 1)
    sequence = SequenceConfig(
        source_unit="character",
        target_unit="character",
        units=8,
        readout=6,
        target_embedding=6,
        max_length=6,
    )
    inner = ModelConfig(
        embedding=5, hidden=4, encoder="bigru", attention="additive", attention_width=3
    )
    torch.manual_seed(5)
    network = Transducer(inner, sequence, len(tokenizer), len(tokenizer)).eval()
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.mul_(3.0)
    return SequenceModel(Config(model=inner, sequence=sequence), tokenizer, tokenizer, network)


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)

    def refusal(self, status: int, field: str | None = None) -> str:
        """The one line of a refusal with this status, about this field."""
        assert self.status == status, (self.status, self.body[:300])
        assert self.headers["content-type"] == "application/json"
        found = self.json()
        assert set(found) <= {"error", "field"}
        assert found.get("field") == field, found
        assert found["error"] and "\n" not in found["error"]
        return found["error"]


@dataclass
class Running:
    """A server that runs in a thread."""

    host: str
    port: int
    app: Any

    @property
    def url(self) -> str:
        return f"http://{self.host}:{self.port}"

    @property
    def desk(self) -> Any:
        return self.app.state.desk

    def send(
        self,
        method: str,
        path: str,
        body: Any = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """One request on a connection of its own. A body is bytes, pieces of bytes, or JSON."""
        given = {"Content-Type": "application/json"} | dict(headers or {})
        if body is not None and not isinstance(body, bytes | Iterator):
            body = json.dumps(body).encode()
        connection = http.client.HTTPConnection(self.host, self.port, timeout=30)
        try:
            connection.request(method, path, body, given, encode_chunked=isinstance(body, Iterator))
            answer = connection.getresponse()
            found = {name.lower(): value for name, value in answer.getheaders()}
            return Answer(answer.status, found, answer.read())
        finally:
            connection.close()

    def get(self, path: str, **headers: str) -> Answer:
        return self.send("GET", path, None, {k.replace("_", "-"): v for k, v in headers.items()})

    def post(self, path: str, body: Any, **headers: str) -> Answer:
        return self.send("POST", path, body, {k.replace("_", "-"): v for k, v in headers.items()})

    def metric(self, line: str) -> float:
        """The value of a line of /metrics; 0 where it is not there."""
        for found in self.desk.metrics.text().decode().splitlines():
            if found.startswith(line + " "):
                return float(found.rpartition(" ")[2])
        return 0.0


@contextmanager
def running(runs: list[str], **limits: Any) -> Iterator[Running]:
    """A server of these runs until the block ends."""
    serving = Serving(port=0, **limits)
    app = build(load_all(runs), serving)
    with bound("127.0.0.1", 0) as sock:
        server = Server(app, serving.timeout)
        started = threading.Event()
        server.said = ""
        thread = threading.Thread(target=server.run, args=([sock],), daemon=True)
        thread.start()
        while not server.started and thread.is_alive():
            started.wait(0.01)
        assert server.started
        try:
            yield Running(*sock.getsockname()[:2], app)
        finally:
            server.should_exit = True
            thread.join(20)
            assert not thread.is_alive()

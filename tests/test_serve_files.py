"""Files sent to a server: scored row by row in the background, in order, and removed."""

from __future__ import annotations

import csv
import io
import json
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from heedful.face.serve.files import KEPT, MOST
from heedful.learn.folder import load_model
from serving import Running, make_runs, running


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with running(make_runs(tmp_path_factory.mktemp("files")), max_file=200_000) as found:
        yield found


def finished(server: Running, id: str) -> dict[str, Any]:
    for _ in range(3_000):
        found = server.get(f"/files/{id}").json()
        if found["state"] in ("done", "failed"):
            return found
        time.sleep(0.01)
    raise AssertionError("it does not end")


FORM = "multipart/form-data; boundary=B"
FIELD = b'Content-Disposition: form-data; name="model"\r\n\r\nthree\r\n'


def form(name: str, content: bytes, field: str = "file") -> tuple[bytes, str]:
    head = f'--B\r\nContent-Disposition: form-data; name="{field}"; filename="{name}"\r\n\r\n'
    return head.encode() + content + b"\r\n--B--\r\n", FORM


def table(server: Running, id: str) -> list[dict[str, str]]:
    answer = server.get(f"/files/{id}/result")
    assert answer.status == 200
    assert answer.headers["content-disposition"].startswith("attachment")
    return list(csv.DictReader(io.StringIO(answer.body.decode())))


def test_a_table_is_scored_row_by_row(server: Running) -> None:
    rows = ["n,text", "1,good", "2,", '3,"bad, ""bad""\nand bad"', "4,good bad", "5,thing", ""]
    content = "\n".join(rows).encode()
    answer = server.post("/files?text=text", content, Content_Type="text/csv")
    assert answer.status == 202
    id = answer.json()["id"]
    assert answer.headers["location"] == f"/files/{id}" and len(id) > 16
    found = finished(server, id)
    assert (found["state"], found["rows"], found["done"], found["errors"]) == ("done", 5, 5, 1)
    assert found["bytes"] == found["bytes_read"] == len(content)
    got = table(server, id)
    assert [row["row"] for row in got] == ["1", "2", "3", "4", "5"]
    assert got[1]["error"] == "the text is missing" and not got[1]["label"]
    assert got[2]["text"] == 'bad, "bad"\nand bad'
    texts = [row["text"] for row in got if not row["error"]]
    model = load_model(server.desk.models["words"].folder)
    wanted = model.predict(texts)
    scored = [row for row in got if not row["error"]]
    for row, prediction in zip(scored, wanted, strict=True):
        assert row["label"] == prediction.label
        assert float(row["probability"]) == pytest.approx(max(prediction.probabilities.values()))
        assert float(row["p(positive)"]) == pytest.approx(prediction.probabilities["positive"])
    by_label = {one["label"]: one for one in found["summary"]}
    for name in by_label:
        sure = [p.probabilities[name] for p in wanted if p.label == name]
        assert by_label[name]["count"] == len(sure)
        assert by_label[name]["mean_probability"] == pytest.approx(sum(sure) / len(sure))
    assert sum(one["count"] for one in found["summary"]) == 4


@pytest.mark.parametrize("name", ["rows.jsonl", "rows.CSV", "rows.tsv"])
def test_forms_and_other_formats(server: Running, name: str) -> None:
    content = {
        "rows.jsonl": b"".join(
            json.dumps({"text": f"w{i} w3"}).encode() + b"\n" for i in range(70)
        ),
        "rows.CSV": b"text\n" + b"".join(b"w%d w3\n" % i for i in range(70)),
        "rows.tsv": b"text\tn\n" + b"".join(b"w%d w3\t1\n" % i for i in range(70)),
    }[name]
    body, kind = form(name, content)
    answer = server.post("/files?model=tags", body, Content_Type=kind)
    assert answer.status == 202, answer.body
    found = finished(server, answer.json()["id"])
    assert (found["state"], found["rows"], found["errors"]) == ("done", 70, 0)
    got = table(server, found["id"])
    assert [row["text"] for row in got] == [f"w{i} w3" for i in range(70)]
    oracle = load_model(server.desk.models["tags"].folder).predict([f"w{i} w3" for i in range(70)])
    assert [row["label"] for row in got] == ["\n".join(p.labels) for p in oracle]


def test_a_file_of_sources_is_rewritten(server: Running) -> None:
    answer = server.post(
        "/files?model=writer&text=given", b"given\nabc\ngfe\n", Content_Type="text/csv"
    )
    found = finished(server, answer.json()["id"])
    single = [
        server.post("/models/writer/predict", {"inputs": text}).json()[0]["translation_text"]
        for text in ("abc", "gfe")
    ]
    assert [row["output"] for row in table(server, found["id"])] == single
    assert sum(one["count"] for one in found["summary"]) == 2


def homes(server: Running) -> list[Path]:
    """The folders of files."""
    return sorted(server.app.state.files.home.iterdir())


def test_what_cannot_be_scored_is_refused_and_leaves_nothing(server: Running) -> None:
    before = homes(server)
    for body, kind, status, field in (
        (b"a,b\n1,2\n", "text/csv", 422, "file"),
        (b"", "text/csv", 422, "file"),
        (b"x", "text/plain", 415, None),
        (b"\x1f\x8b\x08\0", "text/csv", 415, "file"),
        (*form("rows.xlsx", b"x"), 415, "file"),
        (*form("rows.csv", b"text\na b\n", "data"), 422, "file"),
        (b"--B\r\n" + FIELD + form("rows.csv", b"text\na b\n")[0], FORM, 422, "model"),
        (b"--B", "multipart/form-data; boundary=B", 422, "file"),
        (b"junk", "multipart/form-data", 400, "file"),
        (b" " * 200_001, "text/csv", 413, "body"),
    ):
        answer = server.post("/files", body, Content_Type=kind)
        assert answer.refusal(status, field), (body[:20], kind)
    server.post("/files?colour=red", b"text\na\n", Content_Type="text/csv").refusal(422, "colour")
    server.post("/files?model=x", b"text\na\n", Content_Type="text/csv").refusal(404, "model")
    assert homes(server) == before


def test_deleted_files_are_gone(server: Running) -> None:
    answer = server.post("/files", b"text\n" + b"good\n" * 300, Content_Type="text/csv")
    id = answer.json()["id"]
    before = homes(server)
    assert server.send("DELETE", f"/files/{id}").status == 204
    server.get(f"/files/{id}").refusal(404, "id")
    server.get(f"/files/{id}/result").refusal(404, "id")
    for _ in range(500):
        if len(homes(server)) < len(before):
            break
        time.sleep(0.01)
    assert len(homes(server)) == len(before) - 1


def test_what_is_removed_while_it_is_scored_is_never_done(server: Running) -> None:
    """Half of the answers are not all of them, also for whoever looked it up a moment before."""
    go = threading.Event()
    server.desk.scoring.submit("hold", lambda texts: [go.wait(20) for _ in texts], ["x"])
    answer = server.post("/files", b"text\n" + b"good\n" * 100, Content_Type="text/csv")
    filed = server.app.state.files.get(answer.json()["id"])
    while not filed.result.exists():
        time.sleep(0.005)
    assert server.send("DELETE", f"/files/{filed.id}").status == 204
    go.set()
    while filed.folder.exists():
        time.sleep(0.005)
    assert filed.done < 100 and (filed.state, filed.finished) == ("failed", True)


def test_what_is_done_is_kept_for_an_hour(server: Running) -> None:
    before = homes(server)
    answer = server.post("/files", b"text\ngood\n", Content_Type="text/csv")
    id = answer.json()["id"]
    finished(server, id)
    filed = server.app.state.files.get(id)
    filed.ended -= KEPT - 60
    assert server.get(f"/files/{id}").status == 200
    filed.ended -= 61
    server.get(f"/files/{id}").refusal(404, "id")
    assert homes(server) == before


def test_long_texts_are_scored_few_at_a_time_and_bytes_told_in_proportion(
    server: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    model, seen = server.desk.models["words"], []

    def predict(texts: list[str]) -> Any:
        seen.append((len(texts), [f.to_json() for f in server.app.state.files._files.values()][-1]))
        return type(model).predict(model, texts)

    monkeypatch.setattr(model, "predict", predict)
    content = b"text\n" + (b"good " * 3_000 + b"\n") * 6
    id = server.post("/files", content, Content_Type="text/csv").json()["id"]
    assert finished(server, id)["state"] == "done"
    assert [count for count, _ in seen] == [3, 3], "45,000 characters are more than 40,000"
    told = [(state["done"], state["bytes_read"], state["bytes"]) for _, state in seen]
    assert told == [(0, 0, len(content)), (3, len(content) // 2, len(content))]


def test_many_files_are_bounded_and_requests_go_first(server: Running) -> None:
    go = threading.Event()
    server.desk.scoring.submit("hold", lambda texts: [go.wait(20) for _ in texts], ["x"])
    sent = []
    try:
        for _ in range(MOST):
            answer = server.post("/files", b"text\ngood\n", Content_Type="text/csv")
            assert answer.status == 202
            sent.append(answer.json()["id"])
        server.get(f"/files/{sent[0]}/result").refusal(409, "id")
        refused = server.post("/files", b"text\ngood\n", Content_Type="text/csv")
        assert "8 files" in refused.refusal(503)
        assert refused.headers["retry-after"] == "1"
    finally:
        go.set()
    for id in sent:
        assert finished(server, id)["state"] == "done"
    answer = server.post("/files", b"text\ngood\n", Content_Type="text/csv")
    assert answer.status == 202, "the oldest that is done makes room"
    server.get(f"/files/{sent[0]}").refusal(404, "id")


def test_nothing_is_left_when_the_server_ends(tmp_path: Path) -> None:
    with running(make_runs(tmp_path)[:1]) as server:
        answer = server.post("/files", b"text\n" + b"good\n" * 50, Content_Type="text/csv")
        assert answer.status == 202
        (folder, *_) = homes(server)
        home = folder.parent
        assert home.is_dir()
    assert not home.exists()

"""What a server answers: hand-solved numbers, the shapes of clients, batches = singles."""

from __future__ import annotations

import math
import random
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from heedful.explain.attribute import explain_examples
from heedful.explain.trusted import trusted_examples
from heedful.face.serve.app import build
from heedful.face.serve.description import described_for
from heedful.face.serve.loaded import load_all
from heedful.face.serve.serving import Serving
from heedful.face.serve.to_try import examples
from heedful.learn.evaluations import add_evaluation
from heedful.learn.folder import load_model
from heedful.learn.layout import VALIDATION
from heedful.learn.scores import EXCERPT, to_parquet
from heedful.learn.scoring import score_examples
from heedful.learn.sequence_examples import examples_json
from heedful.learn.sequence_folder import load_sequence, save_sequence
from heedful.records import Example, Explanation, Rewriting
from heedful.text.pair import Pair
from serving import Running, make_runs, running, words_run, writer


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    return make_runs(tmp_path_factory.mktemp("served"))


@pytest.fixture(scope="module")
def server(runs: list[str]) -> Iterator[Running]:
    with running(runs) as found:
        yield found


def sigmoid(z: float) -> float:
    return 1 / (1 + math.exp(-z))


def test_probabilities_are_those_solved_by_hand(server: Running) -> None:
    # The mean weight of `good bad good` is (2 - 3 + 2) / 3, of `bad` -3, of an unknown word 0.
    texts = ["good bad good", "bad", "thing"]
    found = server.post("/predict", {"inputs": texts}).json()
    for answer, z in zip(found, (1 / 3, -3.0, 0.0), strict=True):
        scores = {one["label"]: one["score"] for one in answer}
        assert scores == pytest.approx({"positive": sigmoid(z), "negative": sigmoid(-z)}, abs=1e-6)
    assert [one["label"] for one in found[0]] == ["positive", "negative"], "the highest first"
    assert [one["label"] for one in found[1]] == ["negative", "positive"]


def test_one_text_gets_a_list_several_a_list_of_lists(server: Running) -> None:
    one = server.post("/predict", {"inputs": "good"}).json()
    assert server.post("/predict", {"inputs": ["good"]}).json() == [one]
    assert server.post("/models/words/predict", {"inputs": "good"}).json() == one
    assert server.post("/", {"inputs": "good"}).json() == [one], "as the inference API does"
    assert server.post("/", {"inputs": ["good"]}).json() == [one]
    first = server.post("/predict", {"inputs": "good", "parameters": {"top_k": 1}}).json()
    assert first == one[:1]
    first = server.post("/predict", {"inputs": "good", "parameters": {"top_k": 1.0}}).json()
    assert first == one[:1], "in JSON 1.0 is a whole number"
    assert server.post("/predict", {"inputs": "good", "parameters": None}).json() == one


def test_log_odds_on_request(server: Running) -> None:
    asked = {"inputs": "bad", "parameters": {"function_to_apply": "none"}}
    found = {one["label"]: one["score"] for one in server.post("/predict", asked).json()}
    assert found == pytest.approx({"negative": 3.0, "positive": -3.0}, abs=1e-5)
    for name, other, own in (("three", "sigmoid", "softmax"), ("tags", "softmax", "sigmoid")):
        asked["parameters"] = {"function_to_apply": other}
        said = server.post(f"/models/{name}/predict", asked)
        assert own in said.refusal(422, "parameters.function_to_apply")
        asked["parameters"] = {"function_to_apply": own}
        plain = server.post(f"/models/{name}/predict", {"inputs": "bad"}).json()
        assert server.post(f"/models/{name}/predict", asked).json() == plain


def random_texts(count: int, seed: int = 0) -> list[str]:
    draw = random.Random(seed)
    return [
        " ".join(f"w{draw.randrange(44)}" for _ in range(draw.choice((1, 2, 3, 17, 60))))
        for _ in range(count)
    ]


@pytest.mark.parametrize("name", ["three", "tags", "evident"])
def test_a_text_scores_the_same_whatever_it_is_batched_with(server: Running, name: str) -> None:
    texts = random_texts(19)
    path = f"/models/{name}/predict"
    alone = [server.post(path, {"inputs": text}).json() for text in texts]
    together = server.post(path, {"inputs": texts}).json()
    with ThreadPoolExecutor(12) as pool:
        at_once = list(pool.map(lambda text: server.post(path, {"inputs": text}).json(), texts))
    model = load_model(Path(server.desk.models[name].folder))
    oracle = [prediction.probabilities for prediction in model.predict(texts)]
    spread = [one["score"] for answer in alone for one in answer]
    assert max(spread) - min(spread) > 0.2, "the texts differ"
    for answers in (alone, together, at_once):
        for answer, wanted in zip(answers, oracle, strict=True):
            found = {one["label"]: one["score"] for one in answer}
            assert found == pytest.approx(wanted, abs=1e-6)


def test_explanations_are_the_records_of_the_library(server: Running, runs: list[str]) -> None:
    text = "w3 w7 <b>w9</b> 👍🏽 w3"
    model = load_model(Path(runs[3]))
    asked = {"inputs": text, "parameters": {"methods": ["lime"], "target": "negative"}}
    found = server.post("/models/evident/explain", asked).json()
    (wanted,) = explain_examples(model, [Example(text)], "negative", ["lime"])
    assert Explanation.from_json(found) == wanted
    assert found["trust"] == {}
    for token in found["tokens"]:
        assert text[token["start"] : token["end"]].lower() == token["text"]
    for name, logit in found["logits"].items():
        terms = [token["contributions"][name] for token in found["tokens"]]
        total = found["base"][name] + math.fsum(terms) + found["error"][name]
        assert total == pytest.approx(logit, abs=1e-5)
    asked["parameters"] = {"trust": True}
    found = server.post("/models/evident/explain", asked).json()
    (wanted,) = trusted_examples(model, [Example(text)])
    assert Explanation.from_json(found) == wanted
    assert set(found["trust"]) == {"attention", "contribution"}


def test_rewritings(server: Running, runs: list[str]) -> None:
    model = load_sequence(runs[4])
    texts = ["abc", "gfedc", "b"]
    best = model.rewrite(texts, model.searching(4), 3)
    asked = {"inputs": texts, "parameters": {"beam": 4, "best": 3}}
    found = server.post("/models/writer/translate", asked).json()
    assert len({one["translation_text"] for one in found[0]}) == 3
    for answers, wanted in zip(found, best, strict=True):
        assert [one["translation_text"] for one in answers] == [one.text for one in wanted]
        scores = [one["score"] for one in answers]
        assert scores == pytest.approx([one.score for one in wanted], abs=1e-5)
    greedy = [one[0] for one in model.rewrite(texts)]
    wanted = [{"translation_text": one.text} for one in greedy]
    assert server.post("/models/writer/predict", {"inputs": texts}).json() == wanted
    assert server.post("/models/writer/predict", {"inputs": "abc"}).json() == wanted[:1]
    shown = Rewriting.from_json(server.post("/models/writer/explain", {"inputs": "gfedc"}).json())
    assert shown.text == greedy[1].text
    assert shown.weights[0] == pytest.approx(greedy[1].weights[0], abs=1e-6)


def test_what_models_are(server: Running) -> None:
    found = {one["name"]: one for one in server.get("/models").json()}
    assert list(found) == ["words", "three", "tags", "evident", "writer"]
    assert [one["default"] for one in found.values()] == [True, *[False] * 4]
    tasks = [one["task"] for one in found.values()]
    assert tasks == ["binary", "multi-class", "multi-label", "binary", "sequence"]
    assert found["three"]["labels"] == ["a", "b", "c"]
    assert found["three"]["encoder"] == "bilstm"
    assert found["evident"]["evidence"] and not found["three"]["evidence"]
    assert found["words"]["trained_on"] == 7
    assert "lime" in found["words"]["methods"] and found["words"]["method"] == "contribution"
    assert found["writer"]["labels"] == [] and found["writer"]["source_unit"] == "character"


def test_examples_come_from_validation_data(server: Running) -> None:
    assert server.get("/examples").json() == {
        "model": "words",
        "examples": [
            {"text": "bad", "labels": ["negative"]},
            {"text": "good and good", "labels": ["positive"]},
        ],
    }
    assert server.get("/examples?model=three").json() == {"model": "three", "examples": []}
    assert "there are words, three" in server.get("/examples?model=x").refusal(404, "model")
    server.get("/examples?modle=three").refusal(422, "modle")


@pytest.mark.parametrize(
    ("path", "body", "field", "says"),
    [
        ("/predict", {}, "inputs", "is missing"),
        ("/predict", [], "request", "must be an object"),
        ("/predict", {"inputs": 5}, "inputs", "a string or a list of strings, not a number"),
        ("/predict", {"inputs": []}, "inputs", "empty list"),
        ("/predict", {"inputs": ["a", "b", None]}, "inputs[2]", "must be a string, not null"),
        ("/predict", {"inputs": ["a", " \n"]}, "inputs[1]", "is empty"),
        ("/predict", {"inputs": "a\0b"}, "inputs", "NUL"),
        ("/predict", {"inputs": ["a", "\ud83d"]}, "inputs[1]", "surrogate"),
        ("/predict", {"inputs": "a", "input": "b"}, "input", "is not known"),
        ("/predict", {"inputs": "a", "parameters": []}, "parameters", "must be an object"),
        ("/predict", {"inputs": "a", "parameters": {"topk": 1}}, "parameters.topk", "not known"),
        ("/predict", {"inputs": "a", "parameters": {"top_k": 0}}, "parameters.top_k", "greater"),
        ("/predict", {"inputs": "a", "parameters": {"top_k": "1"}}, "parameters.top_k", "whole"),
        ("/predict", {"inputs": "a", "parameters": {"top_k": 1.5}}, "parameters.top_k", "whole"),
        ("/predict", {"inputs": "a", "parameters": {"top_k": True}}, "parameters.top_k", "whole"),
        ("/explain", {"inputs": ["a"]}, "inputs", "must be a string, not a list"),
        ("/explain", {"inputs": "a", "parameters": {"target": "x"}}, "parameters.target", "knows"),
        (
            "/explain",
            {"inputs": "a", "parameters": {"methods": ["lime", "x"]}},
            "parameters.methods[1]",
            "unknown method",
        ),
        ("/translate", {"inputs": "a"}, "model", "rewrites nothing"),
        (
            "/models/writer/translate",
            {"inputs": "a", "parameters": {"beam": 65}},
            "parameters.beam",
            "less",
        ),
        (
            "/models/writer/predict",
            {"inputs": "a", "parameters": {"top_k": 1}},
            "parameters.top_k",
            "rewrites",
        ),
        (
            "/models/writer/explain",
            {"inputs": "a", "parameters": {"trust": True}},
            "parameters.trust",
            "rewrites",
        ),
    ],
)
def test_what_is_wrong_is_named(
    server: Running, path: str, body: object, field: str, says: str
) -> None:
    assert says in server.post(path, body).refusal(422, field)


def test_paths_that_are_not_there(server: Running) -> None:
    assert "no model 'x'" in server.post("/models/x/predict", {"inputs": "a"}).refusal(404, "model")
    assert "nothing at /nowhere" in server.get("/nowhere").refusal(404)
    answer = server.get("/predict")
    assert "GET means nothing" in answer.refusal(405)
    assert answer.headers["allow"] == "POST"
    assert server.send("PUT", "/").headers["allow"] == "GET, HEAD, POST"
    assert server.send("OPTIONS", "/files/x").headers["allow"] == "DELETE, GET"


def test_metrics_count_what_happened(server: Running) -> None:
    parser = pytest.importorskip("prometheus_client.parser")
    line = 'heedful_requests_total{method="POST",route="/models/{name}/predict",status="200"}'
    before, texts = server.metric(line), server.metric("heedful_texts_total")
    server.post("/models/three/predict", {"inputs": ["w1", "w2", "w3"]})
    assert server.metric(line) == before + 1
    assert server.metric("heedful_texts_total") == texts + 3
    answer = server.get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain; version=")
    families = {f.name: f for f in parser.text_string_to_metric_families(answer.body.decode())}
    assert {
        "heedful_requests",
        "heedful_request_seconds",
        "heedful_batch_texts",
        "heedful_queue_texts",
        "heedful_explain_queue_texts",
    } <= set(families)
    assert families["heedful_request_seconds"].type == "histogram"
    buckets = [s.value for s in families["heedful_batch_texts"].samples if "bucket" in s.name]
    assert buckets == sorted(buckets) and buckets[-1] > 0


def test_the_page_comes_from_here_alone(server: Running) -> None:
    page = server.get("/")
    assert page.status == 200 and page.headers["content-type"].startswith("text/html")
    assert page.headers["cache-control"] == "no-cache"
    again = server.get("/", If_None_Match=page.headers["etag"])
    assert (again.status, again.body) == (304, b"")
    docs = server.get("/docs")
    assert docs.status == 200 and b"/models/{name}/predict" in docs.body
    assert b"Tell so many labels" in docs.body, "fields are described"
    names = "http://www.w3.org/2000/svg"  # a name of the picture's language, never fetched
    for text in (page.body.decode().replace(names, ""), docs.body.decode()):
        for place in ("http://", "https://", "//cdn", "<script>", " style=", "onclick"):
            assert place not in text, place
    assert server.get("/assets/docs.css").headers["content-type"].startswith("text/css")
    for name in ("docs.html", "index.html", "..%2f__init__.py", "%2e%2e", "nothing.js"):
        assert server.get(f"/assets/{name}").status == 404, name


def test_every_field_is_described(server: Running) -> None:
    found = server.get("/openapi.json").json()
    shapes = found["components"]["schemas"]
    assert {"PredictRequest", "ExplanationAnswer", "InferRequest", "ErrorAnswer"} <= set(shapes)
    for name, shape in shapes.items():
        assert shape.get("description"), name
        for field, about in shape.get("properties", {}).items():
            assert about.get("description"), f"{name}.{field}"
    for path, methods in found["paths"].items():
        for method, route in methods.items():
            assert route["summary"] and route["description"], (method, path)


def test_examples_of_a_run_that_rewrites(tmp_path: Path) -> None:
    pairs = [Pair(f"abc {i}", f"cba {i}") for i in range(20)] + [
        Pair("x" * 201, "y"),
        Pair("", "y"),
    ]
    for name in ("new", "old", "damaged", "odd"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "README.md").write_text("a card of one's own, which is left alone")
        save_sequence(writer(), tmp_path / name, {"stopped": "done"})
    (tmp_path / "new" / "examples.json").write_bytes(examples_json([Pair("not", "these")], pairs))
    (tmp_path / "damaged" / "examples.json").write_text('{"pairs": [{"source": 1}]}')
    kept = {"right": False, "rewriting": {"source": "wrong"}, "targets": ["a"]}
    good = {"right": True, "rewriting": {"source": "right"}, "targets": ["b", "c"]}
    record = {"id": "1", "data": ["d"], "rows": 2, "fingerprint": "f"}
    add_evaluation(tmp_path / "old", record, b"", {"examples": [kept, good]})
    odd = {"right": True, "rewriting": {"source": "right"}, "targets": []}
    add_evaluation(tmp_path / "odd", record, b"", {"examples": [odd]})
    with running([str(tmp_path / name) for name in ("new", "old", "damaged", "odd")]) as server:
        found = server.get("/examples?model=new").json()["examples"]
        assert len(found) == len({one["text"] for one in found}) == 8
        for one in found:
            assert one == {"text": one["text"], "labels": [], "target": "cba" + one["text"][3:]}
        found = server.get("/examples?model=old").json()["examples"]
        assert [(one["text"], one["target"]) for one in found] == [("right", "b"), ("wrong", "a")]
        for name in ("damaged", "odd"):
            assert server.get(f"/examples?model={name}").json()["examples"] == []


def test_texts_that_were_cut_off_are_no_examples(tmp_path: Path) -> None:
    run = words_run(tmp_path)
    rows = [Example(text, ("positive",)) for text in ("a" * EXCERPT, "a" * (EXCERPT - 1))]
    scores = score_examples(load_model(tmp_path / "words"), rows, None)
    (tmp_path / "words" / VALIDATION).write_bytes(to_parquet(scores))
    (model,) = load_all([run]).values()
    assert [one["text"] for one in examples(model)] == ["a" * (EXCERPT - 1)]


def test_the_description_knows_the_models(server: Running, tmp_path: Path) -> None:
    told = server.get("/openapi.json").json()
    names = ["words", "three", "tags", "evident", "writer"]
    path = told["paths"]["/models/{name}/predict"]["post"]["parameters"][0]
    assert path["schema"]["enum"] == names
    (query,) = told["paths"]["/examples"]["get"]["parameters"]
    assert query["schema"]["enum"] == names
    path = told["paths"]["/models/{name}/translate"]["post"]["parameters"][0]
    assert path["schema"]["enum"] == ["writer"] and "/translate" not in told["paths"]
    shapes = told["components"]["schemas"]
    target = shapes["ExplainParameters"]["properties"]["target"]["anyOf"][0]["enum"]
    assert {"negative", "positive", "a", "b", "c"} <= set(target)
    assert shapes["PredictRequest"]["properties"]["inputs"]["anyOf"][1]["maxItems"] == 256
    run = words_run(tmp_path)
    alone = build(load_all([run]), Serving())
    paths = described_for(alone.state.desk, alone.openapi())["paths"]
    assert "/models/{name}/explain" in paths and not [p for p in paths if "translate" in p]
    with running([run], token="x", max_characters=77) as closed:
        text = closed.get("/openapi.json").body.decode()
        assert "negative" not in text.replace("a negative", "") and '"enum":["words"]' not in text
        assert '"maxLength":77' in text

"""Clients of others talk to a server unchanged: Hugging Face's, and the Open Inference Protocol."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from serving import Running, make_runs, running

V2 = "/v2/models/{}/infer"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with running(make_runs(tmp_path_factory.mktemp("clients"))) as found:
        yield found


def client(url: str) -> Any:
    hub = pytest.importorskip("huggingface_hub")
    return hub.InferenceClient(model=url, token="unused")


def test_the_inference_client_classifies(server: Running) -> None:
    wanted = [("negative", 1 / (1 + math.exp(-3))), ("positive", 1 / (1 + math.exp(3)))]
    for url in (server.url, f"{server.url}/models/words"):
        found = client(url).text_classification("bad")
        assert [one.label for one in found] == [label for label, _ in wanted]
        assert [one.score for one in found] == pytest.approx([p for _, p in wanted], abs=1e-6)
    three = client(f"{server.url}/models/three")
    assert len(three.text_classification("w1 w2")) == 3
    (best,) = three.text_classification("w1 w2", top_k=1, function_to_apply="softmax")
    assert best == three.text_classification("w1 w2")[0]


def test_the_inference_client_rewrites(server: Running) -> None:
    (wanted,) = server.post("/models/writer/predict", {"inputs": "gfe"}).json()
    found = client(f"{server.url}/models/writer").translation("gfe")
    assert found.translation_text == wanted["translation_text"]


def test_the_inference_client_is_told_what_is_wrong(server: Running) -> None:
    with pytest.raises(Exception, match="422"):
        client(server.url).text_classification("")


def tensor(data: list[Any], **changed: Any) -> dict[str, Any]:
    return {"name": "text", "shape": [len(data)], "datatype": "BYTES", "data": data} | changed


def test_infer_answers_tensors(server: Running) -> None:
    texts = ["good", "bad", "thing"]
    asked = {"id": "42", "inputs": [tensor(texts)]}
    found = server.post(V2.format("words"), asked).json()
    assert (found["model_name"], found["id"]) == ("words", "42")
    label, probabilities = found["outputs"]
    assert label == {
        "name": "label",
        "shape": [3],
        "datatype": "BYTES",
        "data": ["positive", "negative", label["data"][2]],
    }
    assert probabilities["shape"] == [3, 2] and probabilities["datatype"] == "FP32"
    assert probabilities["parameters"] == {"labels": ["negative", "positive"]}
    p = [1 / (1 + math.exp(z)) for z in (2, -2, -3, 3, 0, 0)]
    assert probabilities["data"] == pytest.approx(p, abs=1e-6), "row by row"
    asked["inputs"] = [tensor([[text] for text in texts], shape=[3, 1])]
    assert server.post(V2.format("words"), asked).json() == found
    asked["outputs"] = [{"name": "probabilities", "parameters": {"binary_data": False}}]
    asked["parameters"] = {"binary_data_output": True}
    assert server.post(V2.format("words"), asked).json()["outputs"] == [probabilities]


def test_infer_of_several_labels_and_of_rewritings(server: Running) -> None:
    found = server.post(V2.format("tags"), {"inputs": [tensor(["w1 w2", "w9"])]}).json()
    outputs = {one["name"]: one for one in found["outputs"]}
    decided = [p > 0.5 for p in outputs["probabilities"]["data"]]
    assert outputs["decided"] == {
        "name": "decided",
        "shape": [2, 3],
        "datatype": "BOOL",
        "data": decided,
        "parameters": {"labels": ["a", "b", "c"]},
    }
    (output,) = server.post(V2.format("writer"), {"inputs": [tensor(["abc"])]}).json()["outputs"]
    (wanted,) = server.post("/models/writer/predict", {"inputs": "abc"}).json()
    assert output["data"] == [wanted["translation_text"]] and output["datatype"] == "BYTES"


def test_health_and_metadata(server: Running) -> None:
    assert server.get("/v2/health/live").json() == {"live": True}
    assert server.get("/v2/health/ready").json() == {"ready": True}
    about = server.get("/v2").json()
    assert set(about) == {"name", "version", "extensions"} and about["name"] == "heedful"
    assert server.get("/v2/models/words/ready").json() == {"name": "words", "ready": True}
    about = server.get("/v2/models/words").json()
    assert about["inputs"] == [{"name": "text", "datatype": "BYTES", "shape": [-1]}]
    assert [one["name"] for one in about["outputs"]] == ["label", "probabilities"]
    assert about["outputs"][1]["shape"] == [-1, 2]
    for path in ("/v2/models/x", "/v2/models/x/ready"):
        server.get(path).refusal(404, "model")
    server.post(V2.format("x"), {"inputs": [tensor(["a"])]}).refusal(404, "model")


@pytest.mark.parametrize(
    ("asked", "field"),
    [
        ({}, "inputs"),
        ({"inputs": []}, "inputs"),
        ({"inputs": [tensor(["a"]), tensor(["b"])]}, "inputs"),
        ({"inputs": [tensor(["a"], shape=[2])]}, "inputs[0].shape"),
        ({"inputs": [tensor(["a"], shape=[1, 2])]}, "inputs[0].shape"),
        ({"inputs": [tensor(["a"], shape=[1, 1, 1])]}, "inputs[0].shape"),
        ({"inputs": [tensor(["a"], shape=["1"])]}, "inputs[0].shape[0]"),
        ({"inputs": [tensor(["a"], datatype="FP32")]}, "inputs[0].datatype"),
        ({"inputs": [tensor(["a"], name="x")]}, "inputs[0].name"),
        ({"inputs": [tensor(["a", 1])]}, "inputs[0].data[1]"),
        ({"inputs": [tensor("a")]}, "inputs[0].data"),
        ({"inputs": [tensor([])]}, "inputs[0].data"),
        ({"inputs": [tensor(["a", ""])]}, "inputs[0].data[1]"),
        ({"inputs": [tensor(["a"] * 257)]}, "inputs[0].data"),
        ({"inputs": [tensor(["a"])], "outputs": [{"name": "x"}]}, "outputs[0].name"),
        ({"inputs": [tensor(["a"])], "priority": 1}, "priority"),
    ],
)
def test_wrong_tensors_are_refused_as_the_protocol_says(
    server: Running, asked: dict[str, Any], field: str
) -> None:
    server.post(V2.format("words"), asked).refusal(400, field)


def test_binary_tensors_are_refused_with_a_reason(server: Running) -> None:
    head = {"Inference-Header-Content-Length": "2"}
    answer = server.send("POST", V2.format("words"), b"{}\x01\0\0\0a", head)
    assert "binary_data=False" in answer.refusal(400)


@pytest.mark.slow
def test_a_client_of_the_open_inference_protocol(server: Running) -> None:
    """NVIDIA's, unchanged: live, ready, metadata, infer, a refusal."""
    kserve = pytest.importorskip(
        "tritonclient.http", reason="tritonclient[http] is not installed: pip install it"
    )
    talking = kserve.InferenceServerClient(f"{server.host}:{server.port}")
    assert talking.is_server_live() and talking.is_server_ready()
    assert talking.is_model_ready("words") and not talking.is_model_ready("nothing")
    assert talking.get_server_metadata()["name"] == "heedful"
    about = talking.get_model_metadata("words")
    assert about == server.get("/v2/models/words").json()
    texts = kserve.InferInput("text", [3], "BYTES")
    given = np.array(["good", "bad", "thing"], dtype=object)
    texts.set_data_from_numpy(given, binary_data=False)
    wanted = [kserve.InferRequestedOutput("probabilities", binary_data=False)]
    found = talking.infer("words", [texts], request_id="7", outputs=wanted)
    p = [[1 / (1 + math.exp(z)), 1 / (1 + math.exp(-z))] for z in (2, -3, 0)]
    np.testing.assert_allclose(found.as_numpy("probabilities"), p, atol=1e-6)
    assert found.get_response()["id"] == "7" and found.as_numpy("label") is None
    assert talking.infer("words", [texts]).as_numpy("label").tolist()[:2] == [
        "positive",
        "negative",
    ]
    texts.set_data_from_numpy(given)  # as bytes beside the JSON, which is not spoken here
    with pytest.raises(kserve.InferenceServerException, match="binary_data=False"):
        talking.infer("words", [texts])
    talking.close()

"""The Open Inference Protocol (KServe v2, REST): texts as a BYTES tensor, labels as tensors.

The protocol: https://github.com/kserve/open-inference-protocol, `inference_rest.md`.
"""

from __future__ import annotations

from importlib import metadata
from typing import Any

from fastapi import APIRouter
from starlette.responses import Response

from heedful.face.serve.answers import REFUSALS, ErrorAnswer
from heedful.face.serve.classifier import Decided, ServedClassifier
from heedful.face.serve.desk import Desk
from heedful.face.serve.loaded import Served, chosen
from heedful.face.serve.predicting import rewriting
from heedful.face.serve.problems import ProblemError
from heedful.face.serve.replies import json_response
from heedful.face.serve.rewriter import ServedRewriter
from heedful.face.serve.strict import StrictRoute
from heedful.face.serve.tensors import (
    TEXT,
    InferAnswer,
    InferRequest,
    Live,
    ModelMetadata,
    ModelReady,
    Ready,
    ServerMetadata,
)
from heedful.face.serve.texts import check_size

# The protocol has 400 where the other routes have 422, and no content type of its own.
_REFUSED: dict[int | str, dict[str, Any]] = {
    **{status: told for status, told in REFUSALS.items() if status != 415},
    400: {"model": ErrorAnswer, "description": "A shape, a datatype or a value is wrong."},
    422: {"model": ErrorAnswer, "description": "Not used here: it is told with 400."},
}


def routes(desk: Desk) -> APIRouter:
    """`/v2`."""
    router = APIRouter(
        prefix="/v2", route_class=StrictRoute, tags=["open inference"], responses=_REFUSED
    )

    @router.get("", summary="Server metadata", response_model=ServerMetadata)
    async def server() -> Response:
        """Name and version."""
        about = {"name": "heedful", "version": metadata.version("heedful"), "extensions": []}
        return json_response(about)

    @router.get("/health/live", summary="Server live", response_model=Live)
    async def live() -> Response:
        """It answers at all."""
        return json_response({"live": True})

    @router.get("/health/ready", summary="Server ready", response_model=Ready)
    async def ready() -> Response:
        """Models are loaded before the server listens."""
        return json_response({"ready": True})

    @router.get("/models/{name}", summary="Model metadata", response_model=ModelMetadata)
    async def model(name: str) -> Response:
        """Inputs, outputs, classes."""
        return json_response(model_metadata(chosen(desk.models, name)))

    @router.get("/models/{name}/ready", summary="Model ready", response_model=ModelReady)
    async def model_ready(name: str) -> Response:
        """Models are loaded before the server listens."""
        return json_response({"name": chosen(desk.models, name).name, "ready": True})

    @router.post("/models/{name}/infer", summary="Inference", response_model=InferAnswer)
    async def infer(name: str, asked: InferRequest) -> Response:
        """Labels and probabilities of texts; of a model that rewrites, what it writes."""
        return json_response(await inferred(desk, chosen(desk.models, name), asked))

    return router


def model_metadata(model: Served) -> dict[str, Any]:
    """The answer about a model."""
    kind = "sequence" if isinstance(model, ServedRewriter) else "classifier"
    labels = list(model.labels) if isinstance(model, ServedClassifier) else []
    return {
        "name": model.name,
        "versions": [],
        "platform": f"heedful_{kind}",
        "inputs": [{"name": TEXT, "datatype": "BYTES", "shape": [-1]}],
        "outputs": outputs_of(model),
        "parameters": {"labels": labels},
    }


def outputs_of(model: Served) -> list[dict[str, Any]]:
    """Names, datatypes and shapes of a model's outputs."""
    if isinstance(model, ServedRewriter):
        return [{"name": TEXT, "datatype": "BYTES", "shape": [-1]}]
    columns = [-1, len(model.labels)]
    found: list[dict[str, Any]] = [
        {"name": "label", "datatype": "BYTES", "shape": [-1]},
        {"name": "probabilities", "datatype": "FP32", "shape": columns},
    ]
    if model.model.task == "multi-label":
        found.append({"name": "decided", "datatype": "BOOL", "shape": columns})
    return found


async def inferred(desk: Desk, model: Served, asked: InferRequest) -> dict[str, Any]:
    """The answer of infer."""
    (tensor,) = asked.inputs
    texts = tensor.data
    check_size(texts, desk.serving, "inputs[0].data")
    if tensor.shape not in ([len(texts)], [len(texts), 1]):
        field = "inputs[0].shape"
        message = f"{field} {tensor.shape} does not fit {len(texts)} texts; say [{len(texts)}]"
        raise ProblemError(400, message, field)
    wanted = _wanted(model, asked)
    if isinstance(model, ServedRewriter):
        found = await desk.score((model.name, None, 1), rewriting(model, None, 1), texts)
        columns = {TEXT: [best[0].text for best in found]}
    else:
        decided = await desk.score((model.name, "predict"), model.predict, texts)
        columns = _columns(model, decided)
    answer: dict[str, Any] = {"model_name": model.name}
    answer |= {"id": asked.id} if asked.id is not None else {}
    outputs = [_tensor(model, one, len(texts), columns) for one in wanted]
    return answer | {"outputs": outputs}


def _wanted(model: Served, asked: InferRequest) -> list[dict[str, Any]]:
    """The outputs asked for, as the metadata have them."""
    known = {one["name"]: one for one in outputs_of(model)}
    if not asked.outputs:
        return list(known.values())
    for i, one in enumerate(asked.outputs):
        if one.name not in known:
            field = f"outputs[{i}].name"
            message = f"{field}: there is no output {one.name[:80]!r}; there are "
            raise ProblemError(400, message + ", ".join(known), field)
    return [known[one.name] for one in asked.outputs]


def _columns(model: ServedClassifier, decided: list[Decided]) -> dict[str, list[Any]]:
    said = [one.prediction for one in decided]
    return {
        "label": [one.main_label for one in said],
        "probabilities": [p for one in said for p in one.probabilities.values()],
        "decided": [name in one.labels for one in said for name in model.labels],
    }


def _tensor(
    model: Served, about: dict[str, Any], texts: int, columns: dict[str, list[Any]]
) -> dict[str, Any]:
    found = about | {
        "shape": [texts, *about["shape"][1:]],
        "data": columns[about["name"]],
    }
    if len(about["shape"]) > 1 and isinstance(model, ServedClassifier):
        found["parameters"] = {"labels": list(model.labels)}
    return found

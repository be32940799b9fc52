"""The Open Inference Protocol (KServe v2, REST): texts as a BYTES tensor, labels as tensors.

The protocol: https://github.com/kserve/open-inference-protocol, `inference_rest.md`.
"""

from __future__ import annotations

from importlib import metadata
from typing import Annotated, Any, Literal

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field, PlainValidator, WithJsonSchema
from starlette.responses import Response

from heedful.face.serve.answers import ErrorAnswer
from heedful.face.serve.classifier import Decided, ServedClassifier
from heedful.face.serve.desk import Desk
from heedful.face.serve.loaded import Served, chosen
from heedful.face.serve.predicting import rewriting
from heedful.face.serve.problems import ProblemError
from heedful.face.serve.replies import json_response
from heedful.face.serve.rewriter import ServedRewriter
from heedful.face.serve.strict import StrictRoute
from heedful.face.serve.texts import USABLE, check_size, check_text

STRICT = ConfigDict(extra="forbid", strict=True)
TEXT = "text"
"""What the input is called."""


def _data(value: Any) -> list[str]:
    """The texts, in row-major order: a list, or a list of lists of one text."""
    if not isinstance(value, list):
        raise ProblemError(400, "inputs[0].data must be a list of strings", "inputs[0].data")
    found = []
    for i, one in enumerate(value):
        field = f"inputs[0].data[{i}]"
        inner = one[0] if isinstance(one, list) and len(one) == 1 else one
        found.append(check_text(inner, field))
    return found


_STRING = {"type": "string", "minLength": 1, "pattern": USABLE}


class BinaryData(BaseModel):
    """Parameters of an extension that clients always send: answers are JSON whatever they say."""

    model_config = STRICT
    binary_data: bool | None = Field(default=None, description="Ignored: data are JSON.")


class InputTensor(BaseModel):
    """The texts."""

    model_config = STRICT
    name: Literal["text"] = Field(description="`text`.")
    shape: list[int] = Field(
        min_length=1, max_length=2, description="[N] or [N, 1], N being the number of texts."
    )
    datatype: Literal["BYTES"] = Field(description="`BYTES`: strings.")
    parameters: BinaryData | None = Field(default=None, description="Nothing that matters here.")
    data: Annotated[
        list[str],
        PlainValidator(_data),
        WithJsonSchema({"type": "array", "items": _STRING, "minItems": 1}),
        Field(description="The texts."),
    ]


class OutputTensor(BaseModel):
    """An output that is wanted."""

    model_config = STRICT
    name: str = Field(description="Its name, as the model's metadata tell it.")
    parameters: BinaryData | None = Field(default=None, description="Nothing that matters here.")


class InferParameters(BaseModel):
    """Parameters of an extension that clients always send: answers are JSON whatever they say."""

    model_config = STRICT
    binary_data_output: bool | None = Field(default=None, description="Ignored: data are JSON.")


class InferRequest(BaseModel):
    """Texts to be labelled or rewritten."""

    model_config = STRICT
    id: str | None = Field(default=None, max_length=256, description="Comes back with the answer.")
    parameters: InferParameters | None = Field(
        default=None, description="Nothing that matters here."
    )
    inputs: list[InputTensor] = Field(min_length=1, max_length=1, description="The texts.")
    outputs: list[OutputTensor] | None = Field(
        default=None, max_length=8, description="Which outputs are wanted; else all."
    )


class Tensor(BaseModel):
    """An output."""

    name: str = Field(description="Its name.")
    shape: list[int] = Field(description="[N] or [N, classes].")
    datatype: str = Field(description="BYTES, FP32 or BOOL.")
    data: list[Any] = Field(description="In row-major order.")
    parameters: dict[str, Any] | None = Field(
        default=None, description="The classes of the columns."
    )


class InferAnswer(BaseModel):
    """The outputs."""

    model_name: str = Field(description="The model.")
    id: str | None = Field(default=None, description="That of the request.")
    outputs: list[Tensor] = Field(description="In the order asked for.")


class ServerMetadata(BaseModel):
    """The server."""

    name: str = Field(description="heedful.")
    version: str = Field(description="Its version.")
    extensions: list[str] = Field(description="None.")


class TensorMetadata(BaseModel):
    """An input or output."""

    name: str = Field(description="Its name.")
    shape: list[int] = Field(description="-1 = any number.")
    datatype: str = Field(description="BYTES, FP32 or BOOL.")


class ModelMetadata(BaseModel):
    """A model's inputs and outputs."""

    name: str = Field(description="The model.")
    versions: list[str] = Field(description="None: a run has no versions.")
    platform: str = Field(description="heedful_classifier or heedful_sequence.")
    inputs: list[TensorMetadata] = Field(description="The texts.")
    outputs: list[TensorMetadata] = Field(description="What infer answers.")
    parameters: dict[str, Any] = Field(description="The classes, in the order of columns.")


class Live(BaseModel):
    """Whether the server runs."""

    live: bool = Field(description="True.")


class Ready(BaseModel):
    """Whether it answers."""

    ready: bool = Field(description="True.")


class ModelReady(Ready):
    """Whether a model answers."""

    name: str = Field(description="The model.")


_REFUSED: dict[int | str, dict[str, Any]] = {
    status: {"model": ErrorAnswer, "description": said}
    for status, said in {
        400: "A shape, a datatype or a value is wrong.",
        401: "A token is needed.",
        403: "A foreign Host or Origin.",
        404: "No such model.",
        408: "The body did not come in time.",
        413: "The body is too large.",
        422: "Not used here: what is wrong with a request is told with 400.",
        503: "No room; see Retry-After.",
        504: "No answer in time.",
    }.items()
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

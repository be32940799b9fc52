"""The tensors and metadata of the Open Inference Protocol, as shapes of JSON."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, PlainValidator, WithJsonSchema

from heedful.face.serve.problems import ProblemError
from heedful.face.serve.texts import USABLE, check_text

STRICT = ConfigDict(extra="forbid", strict=True)
TEXT = "text"
"""What the input is called."""


def _data(value: Any) -> list[str]:
    """The texts, in row-major order: a list, or a list of lists of one text."""
    if not isinstance(value, list) or not value:
        message = "inputs[0].data must be a list of strings, one at least"
        raise ProblemError(400, message, "inputs[0].data")
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
    shape: list[Annotated[int, Field(ge=1)]] = Field(
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

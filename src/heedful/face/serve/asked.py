"""What requests hold: the shapes of their JSON, which the OpenAPI description is made of."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, WithJsonSchema

from heedful.explain.legend import METHODS
from heedful.face.serve.texts import Text, Texts

STRICT = ConfigDict(extra="forbid", strict=True)
MOST = 10_000  # labels that can be asked for; more than any model has is no error

Method = Annotated[str, WithJsonSchema({"type": "string", "enum": list(METHODS)})]


class PredictParameters(BaseModel):
    """How labels are told; a model that rewrites takes none of these."""

    model_config = STRICT
    top_k: int | None = Field(
        default=None, ge=1, le=MOST, description="Tell so many labels, the most probable; else all."
    )
    function_to_apply: Literal["sigmoid", "softmax", "none"] | None = Field(
        default=None,
        description="What scores are: the model's own function (softmax over classes that exclude "
        "each other, sigmoid of labels that do not, either of two classes), which is the default, "
        "or `none` for log-odds. Another function is refused.",
    )


class PredictRequest(BaseModel):
    """Texts to be labelled; or rewritten, by a model that rewrites."""

    model_config = STRICT
    inputs: Texts
    parameters: PredictParameters | None = Field(default=None, description="How labels are told.")


class ExplainParameters(BaseModel):
    """Which maps are made; a model that rewrites takes none of these."""

    model_config = STRICT
    methods: list[Method] | None = Field(
        default=None,
        max_length=len(METHODS),
        description="Further maps beside attention and contribution, which are always there.",
    )
    target: str | None = Field(
        default=None, description="The class that the maps are about; else the predicted one."
    )
    trust: bool = Field(
        default=False,
        description="Also measure how far each map may be trusted, on this text. Takes longer.",
    )


class ExplainRequest(BaseModel):
    """A text whose decision is to be explained."""

    model_config = STRICT
    inputs: Text
    parameters: ExplainParameters | None = Field(default=None, description="Which maps are made.")


class TranslateParameters(BaseModel):
    """How the best rewriting is searched for."""

    model_config = STRICT
    beam: int | None = Field(
        default=None,
        ge=1,
        le=64,
        description="Hypotheses the search keeps; 1 = greedy; else as trained.",
    )
    best: int = Field(default=1, ge=1, le=64, description="Tell so many rewritings of each text.")


class TranslateRequest(BaseModel):
    """Texts to be rewritten."""

    model_config = STRICT
    inputs: Texts
    parameters: TranslateParameters | None = Field(default=None, description="How to search.")

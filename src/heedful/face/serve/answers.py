"""What answers hold: described for the OpenAPI page; the answers themselves are plain JSON."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, Field


class ErrorAnswer(BaseModel):
    """Why a request was refused."""

    error: str = Field(description="One line: what is wrong, where, and what to do.")
    field: str | None = Field(
        default=None, description="What in the request is at fault, such as `inputs[3]`."
    )


class LabelScore(BaseModel):
    """A class and what the model gives it."""

    label: str = Field(description="The class.")
    score: float = Field(description="Its probability; or log-odds, where asked for.")


class TranslationText(BaseModel):
    """A text rewritten."""

    translation_text: str = Field(description="What was written.")


class Rewritten(TranslationText):
    """A rewriting and its score."""

    score: float = Field(description="What the search maximises; length-normalised.")
    log_probability: float = Field(description="Natural logarithm, summed over the tokens.")
    finished: bool = Field(description="False where the greatest length cut it off.")


class ModelAnswer(BaseModel):
    """A model that is served. More fields tell its settings."""

    name: str = Field(description="What it is called in addresses.")
    default: bool = Field(description="Whether addresses without a name mean it.")
    task: Literal["binary", "multi-class", "multi-label", "sequence"] = Field(
        description="What it does; `sequence` = it rewrites."
    )
    labels: list[str] = Field(description="Its classes, in order; none if it rewrites.")
    methods: list[str] = Field(description="The maps it has, for `methods` of /explain.")
    method: str | None = Field(description="The map to show first.")
    parameters: int = Field(description="Numbers that were learnt.")
    preset: str = Field(description="The preset it was trained with.")
    trained_on: int | None = Field(description="Texts or pairs it was trained on, if known.")
    max_characters: int = Field(description="The longest text this server takes.")
    max_file: int = Field(description="Bytes of the largest file that it takes.")


class ExampleText(BaseModel):
    """A text to try."""

    text: str = Field(description="The text.")
    labels: list[str] = Field(description="Its true labels; none if the model rewrites.")
    target: str | None = Field(
        default=None, description="What it is rewritten as, if the model rewrites."
    )


class ExamplesAnswer(BaseModel):
    """Texts to try; none where the run keeps none."""

    model: str = Field(description="The model.")
    examples: list[ExampleText] = Field(
        description="From its validation data, or data it was measured on."
    )


class Span(BaseModel):
    """A token with its offsets."""

    text: str = Field(description="As the model sees it.")
    start: int = Field(description="First character, in code points of the text as it was sent.")
    end: int = Field(description="The character after the last.")


class TokenAnswer(Span):
    """A token of a classified text and its maps."""

    attention: float | None = Field(description="Its share of attention, if the model attends.")
    contributions: dict[str, float] = Field(
        description="Per class what it adds to the log-odds; with `base` they sum to `logits`."
    )


class PredictionAnswer(BaseModel):
    """What the model says of a text."""

    labels: list[str] = Field(description="The decided labels.")
    probabilities: dict[str, float] = Field(description="Per class.")
    tokens: int = Field(description="Tokens of the text.")
    unknown: int = Field(description="Those that the vocabulary lacks.")
    cut: int = Field(description="Those that were not read.")


class ExplanationAnswer(BaseModel):
    """Where a decision rests; the record that `heedful explain --json` writes."""

    text: str = Field(description="The text as it was sent.")
    prediction: PredictionAnswer = Field(description="What the model says.")
    target: str = Field(description="The class that the maps are about.")
    tokens: list[TokenAnswer] = Field(description="The tokens that were read, in order.")
    base: dict[str, float] = Field(description="Log-odds of each class without any token.")
    logits: dict[str, float] = Field(description="Log-odds of each class.")
    error: dict[str, float] = Field(description="What base and contributions miss of them.")
    gold: list[list[int]] = Field(description="Marked evidence; none for a text sent here.")
    label: list[str] = Field(description="True labels; none for a text sent here.")
    maps: dict[str, dict[str, list[float]]] = Field(
        description="Further maps: method to class to a number a token."
    )
    missing: dict[str, dict[str, float | None]] = Field(
        description="What a map that promises a sum misses of it."
    )
    trust: dict[str, dict[str, Any]] = Field(
        description="By method: how far its map may be trusted (docs/trust.md)."
    )
    parts: dict[str, dict[str, float]] = Field(
        description="What n-gram evidence and attention add, per class."
    )


class AlignmentAnswer(BaseModel):
    """A text rewritten, and where the network looked."""

    source: str = Field(description="The text as it was sent.")
    text: str = Field(description="What was written.")
    score: float = Field(description="What the search maximises; length-normalised.")
    log_probability: float = Field(description="Natural logarithm, summed over the tokens.")
    source_tokens: list[Span] = Field(description="What was read.")
    tokens: list[Span] = Field(description="What was written, with offsets into it.")
    weights: list[list[float]] = Field(description="A row of attention a written token.")
    probabilities: list[float] = Field(description="Of each written token.")
    finished: bool = Field(description="False where the greatest length cut it off.")


Explained = ExplanationAnswer | AlignmentAnswer
Predicted = list[list[LabelScore]] | list[LabelScore] | list[TranslationText]
Translated = list[list[Rewritten]] | list[Rewritten]

REFUSALS: dict[int | str, dict[str, Any]] = {
    status: {"model": ErrorAnswer, "description": said}
    for status, said in {
        400: "No JSON.",
        401: "A token is needed.",
        403: "A foreign Host or Origin.",
        404: "No such model.",
        408: "The body did not come in time.",
        413: "The body is too large.",
        415: "The body is no JSON.",
        422: "A field is at fault.",
        503: "No room; see Retry-After.",
        504: "No answer in time.",
    }.items()
}

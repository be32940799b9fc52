"""Routes that predict: labels in Hugging Face's text-classification shape, or rewritings."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter
from starlette.responses import Response

from heedful.face.serve.addressed import Addressed, post_of_models
from heedful.face.serve.answers import REFUSALS, Predicted
from heedful.face.serve.asked import PredictParameters, PredictRequest
from heedful.face.serve.classifier import Decided, ServedClassifier
from heedful.face.serve.desk import Desk
from heedful.face.serve.loaded import Served
from heedful.face.serve.problems import ProblemError
from heedful.face.serve.replies import json_response
from heedful.face.serve.rewriter import ServedRewriter
from heedful.face.serve.strict import StrictRoute
from heedful.face.serve.texts import as_list, check_size

FUNCTIONS = {
    "binary": ("sigmoid", "softmax"),
    "multi-class": ("softmax",),
    "multi-label": ("sigmoid",),
}
"""The functions that a task's probabilities are made by."""


def routes(desk: Desk) -> APIRouter:
    """`/predict` and, for clients of Hugging Face, the addresses of server and model."""
    router = APIRouter(route_class=StrictRoute, tags=["predict"])
    told: dict[str, Any] = {"response_model": Predicted, "responses": REFUSALS}

    @post_of_models(router, "/predict", "Labels of texts", told)
    async def predict(model: Addressed, asked: PredictRequest) -> Response:
        """A list of labels for a text; a list of such lists for a list of texts."""
        return json_response(await predicted(desk, model, asked))

    @post_of_models(router, "/", "As the Hugging Face inference API", told)
    async def infer(model: Addressed, asked: PredictRequest) -> Response:
        """As /predict, but a single text too is answered by a list of lists: so do its clients
        expect it (`InferenceClient(model=URL).text_classification`, `.translation`).
        """
        return json_response(await nested(desk, model, asked))

    return router


async def nested(desk: Desk, model: Served, asked: PredictRequest) -> list[Any]:
    """Labels of each text in a list of lists, whether it was one text or several."""
    found = await predicted(desk, model, asked)
    one = isinstance(asked.inputs, str) and isinstance(model, ServedClassifier)
    return [found] if one else found


async def predicted(desk: Desk, model: Served, asked: PredictRequest) -> list[Any]:
    """The answer of /predict."""
    check_size(asked.inputs, desk.serving)
    how = asked.parameters or PredictParameters()
    texts = as_list(asked.inputs)
    if isinstance(model, ServedRewriter):
        return await _rewritten(desk, model, texts, how)
    _check_function(model, how)
    decided = await desk.score((model.name, "predict"), model.predict, texts)
    answers = [labels(one, how) for one in decided]
    return answers[0] if isinstance(asked.inputs, str) else answers


async def _rewritten(
    desk: Desk, model: ServedRewriter, texts: list[str], how: PredictParameters
) -> list[Any]:
    for name in ("top_k", "function_to_apply"):
        if getattr(how, name) is not None:
            field = f"parameters.{name}"
            message = f"{field} means nothing to model {model.name}, which rewrites; leave it out"
            raise ProblemError(422, message, field)
    found = await desk.score((model.name, None, 1), rewriting(model, None, 1), texts)
    return [{"translation_text": best[0].text} for best in found]


def rewriting(model: ServedRewriter, beam: int | None, best: int) -> Any:
    """Work for the scoring thread."""
    wide = model.beam(beam, best)
    return lambda texts: model.rewrite(texts, wide, best)


def labels(decided: Decided, how: PredictParameters) -> list[dict[str, Any]]:
    """Classes with scores, the highest first; of equal ones the first class."""
    scores: Mapping[str, float] = decided.prediction.probabilities
    if how.function_to_apply == "none":
        scores = decided.logits
    ranked = sorted(scores.items(), key=lambda pair: -pair[1])
    return [{"label": label, "score": score} for label, score in ranked[: how.top_k]]


def _check_function(model: ServedClassifier, how: PredictParameters) -> None:
    own = FUNCTIONS[model.model.task]
    if how.function_to_apply not in (None, "none", *own):
        field = "parameters.function_to_apply"
        raise ProblemError(
            422,
            f"{field}: the scores of model {model.name} ({model.model.task}) are made by "
            f"{own[0]}; ask for that, for none (log-odds), or leave it out",
            field,
        )

"""Routes that explain: the records that `heedful explain --json` writes."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from starlette.responses import Response

from heedful.explain.methods import check_maps
from heedful.face.serve.addressed import Addressed, post_of_models
from heedful.face.serve.answers import REFUSALS, Explained
from heedful.face.serve.asked import ExplainParameters, ExplainRequest
from heedful.face.serve.classifier import ServedClassifier
from heedful.face.serve.desk import Desk
from heedful.face.serve.loaded import Served
from heedful.face.serve.problems import ProblemError
from heedful.face.serve.replies import json_response
from heedful.face.serve.rewriter import ServedRewriter
from heedful.face.serve.strict import StrictRoute
from heedful.face.serve.texts import check_size
from heedful.records import HeedfulError


def routes(desk: Desk) -> APIRouter:
    """`/explain`."""
    router = APIRouter(route_class=StrictRoute, tags=["explain"])
    told: dict[str, Any] = {"response_model": Explained, "responses": REFUSALS}

    @post_of_models(router, "/explain", "What a decision rests on", told)
    async def explain(model: Addressed, asked: ExplainRequest) -> Response:
        """Tokens with offsets, attention and contributions; further maps and a card of trust on
        request. Of a model that rewrites: what it wrote and where it looked.
        """
        return json_response(await explained(desk, model, asked))

    return router


async def explained(desk: Desk, model: Served, asked: ExplainRequest) -> Any:
    """The answer of /explain."""
    check_size(asked.inputs, desk.serving)
    how = asked.parameters or ExplainParameters()
    if isinstance(model, ServedRewriter):
        _check_plain(model, how)
        return await desk.explain(model.explain, asked.inputs)
    _check_maps(model, how)
    return await desk.explain(
        lambda text: model.explain(text, how.target, how.methods or (), how.trust), asked.inputs
    )


def _check_plain(model: ServedRewriter, how: ExplainParameters) -> None:
    for name in ("methods", "target", "trust"):
        if getattr(how, name):
            field = f"parameters.{name}"
            message = f"{field} means nothing to model {model.name}, which rewrites; leave it out"
            raise ProblemError(422, message, field)


def _check_maps(model: ServedClassifier, how: ExplainParameters) -> None:
    for i, method in enumerate(how.methods or ()):
        try:
            check_maps(model.model.network, [method])
        except HeedfulError as error:
            field = f"parameters.methods[{i}]"
            raise ProblemError(422, f"{field}: {error}", field) from None
    if how.target is not None and how.target not in model.labels:
        field = "parameters.target"
        message = f"{field}: model {model.name} knows no class {how.target[:80]!r}; it knows "
        raise ProblemError(422, message + ", ".join(model.labels), field)

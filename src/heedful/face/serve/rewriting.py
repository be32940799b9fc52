"""Routes that rewrite, for models that do."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from starlette.responses import Response

from heedful.face.serve.addressed import Addressed, post_of_models
from heedful.face.serve.answers import REFUSALS, Translated
from heedful.face.serve.asked import TranslateParameters, TranslateRequest
from heedful.face.serve.desk import Desk
from heedful.face.serve.loaded import Served, rewriter
from heedful.face.serve.predicting import rewriting
from heedful.face.serve.replies import json_response
from heedful.face.serve.rewriter import as_answer
from heedful.face.serve.strict import StrictRoute
from heedful.face.serve.texts import as_list, check_size


def routes(desk: Desk) -> APIRouter:
    """`/translate`."""
    router = APIRouter(route_class=StrictRoute, tags=["translate"])
    told: dict[str, Any] = {"response_model": Translated, "responses": REFUSALS}

    @post_of_models(router, "/translate", "Texts rewritten", told)
    async def translate(model: Addressed, asked: TranslateRequest) -> Response:
        """The best rewritings of a text; a list of such lists for a list of texts."""
        return json_response(await translated(desk, model, asked))

    return router


async def translated(desk: Desk, served: Served, asked: TranslateRequest) -> list[Any]:
    """The answer of /translate."""
    model = rewriter(served)
    check_size(asked.inputs, desk.serving)
    how = asked.parameters or TranslateParameters()
    key = (model.name, how.beam, how.best)
    found = await desk.score(key, rewriting(model, how.beam, how.best), as_list(asked.inputs))
    answers = [[as_answer(one) for one in best] for best in found]
    return answers[0] if isinstance(asked.inputs, str) else answers

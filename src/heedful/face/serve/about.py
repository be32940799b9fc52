"""Routes that tell of the models."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from heedful.face.serve.answers import REFUSALS, ExamplesAnswer, ModelAnswer
from heedful.face.serve.describing import described
from heedful.face.serve.desk import Desk
from heedful.face.serve.loaded import chosen
from heedful.face.serve.metrics import TYPE
from heedful.face.serve.replies import json_response
from heedful.face.serve.strict import StrictRoute
from heedful.face.serve.to_try import examples


class Which(BaseModel):
    """Which model."""

    model_config = ConfigDict(extra="forbid")
    model: str | None = Field(default=None, description="Its name; else the default.")


def routes(desk: Desk) -> APIRouter:
    """`/models`, `/examples`, `/metrics`."""
    router = APIRouter(route_class=StrictRoute, tags=["about"])
    told: dict[str, Any] = {"responses": {k: REFUSALS[k] for k in (401, 403, 404, 422)}}
    names = list(desk.models)
    # Runs do not change while they are served.
    models = [
        described(model, desk.serving, default=name == names[0])
        for name, model in desk.models.items()
    ]
    texts = {name: examples(model) for name, model in desk.models.items()}

    @router.get("/models", summary="The models", response_model=list[ModelAnswer], **told)
    async def all_models() -> Response:
        """Every model that is served, the default first: its task, classes and maps."""
        return json_response(models)

    @router.get("/examples", summary="Texts to try", response_model=ExamplesAnswer, **told)
    async def some_texts(which: Annotated[Which, Query()]) -> Response:
        """Texts of the run's data with what is right for them; none where it keeps none."""
        name = chosen(desk.models, which.model).name
        return json_response({"model": name, "examples": texts[name]})

    @router.get("/metrics", summary="Counters, for Prometheus", response_class=Response, **told)
    async def counted() -> Response:
        """Requests by route and status, their times, batches, texts, and what waits."""
        return Response(desk.metrics.text(), media_type=TYPE)

    return router

"""Routes that stand twice: for the default model, and below the address of each model."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request

from heedful.face.serve.loaded import Served, chosen

NAMED = "/models/{name}"
_NAME = {
    "name": "name",
    "in": "path",
    "required": True,
    "description": "The model.",
    "schema": {"type": "string"},
}


async def _addressed(request: Request) -> Served:
    """The model that a request's address names, or the default.

    Raises:
        ProblemError: 404; there is none of that name.
    """
    return chosen(request.app.state.desk.models, request.path_params.get("name"))


Addressed = Annotated[Served, Depends(_addressed)]
"""What a route of `post_of_models` takes as its model."""

Handler = Callable[..., Any]


def post_of_models(
    router: APIRouter, path: str, summary: str, told: dict[str, Any]
) -> Callable[[Handler], Handler]:
    """Declares a route at `path`, for the default model, and at /models/NAME and `path`.

    Args:
        router: where.
        path: of the default model's; `/` has the models' own addresses beside it.
        summary: what it does, as in "Labels of texts".
        told: what the description says of its answers.
    """
    named = NAMED + path.rstrip("/")

    def declare(handler: Handler) -> Handler:
        router.post(path, summary=f"{summary}, by the default model", **told)(handler)
        extra = {"parameters": [_NAME]}
        router.post(named, summary=f"{summary}, by this model", openapi_extra=extra, **told)(
            handler
        )
        return handler

    return declare

"""What goes wrong in a request, as JSON: one line that says what, where and what to do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.routing import BaseRoute

from heedful.face.serve.replies import json_response


class ProblemError(Exception):
    """A request that cannot be answered.

    Attributes:
        status: of HTTP.
        message: one line.
        field: what in the request is at fault, such as `inputs[3]`; None = no single field.
        headers: further headers of the answer.
    """

    def __init__(
        self,
        status: int,
        message: str,
        field: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status, self.message, self.field = status, message, field
        self.headers = dict(headers or {})

    def response(self) -> Response:
        """The answer."""
        return json_response(self.content(), self.status, self.headers)

    def content(self) -> dict[str, Any]:
        """As JSON."""
        line = " ".join(self.message.split())
        return {"error": line} | ({"field": self.field} if self.field is not None else {})


def busy(what: str) -> ProblemError:
    """There is no room at this moment."""
    return ProblemError(503, f"{what}; try again in a second", headers={"Retry-After": "1"})


def spelled(place: Sequence[str | int]) -> str:
    """The place of a value in a request: `inputs[3]`, `parameters.top_k`."""
    text = ""
    for part in place:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text


_OF_TYPE = {
    "missing": "is missing",
    "extra_forbidden": "is not known; leave it out",
    "string_type": "must be a string",
    "int_type": "must be a whole number",
    "int_parsing": "must be a whole number",
    "bool_type": "must be true or false",
    "bool_parsing": "must be true or false",
    "list_type": "must be a list",
    "model_type": "must be an object",
    "model_attributes_type": "must be an object",
    "dict_type": "must be an object",
}


def of_validation(error: RequestValidationError) -> ProblemError:
    """The first thing that a request's schema found wrong."""
    first = error.errors()[0]
    where, *place = first["loc"]
    field = spelled(place) or ("request" if where == "body" else str(where))
    said = _OF_TYPE.get(first["type"])
    if said is None:
        said = first["msg"].removeprefix("Value error, ").removeprefix("Input ")
    if field == "request" and first["type"] == "missing":
        said = "has no body; send a JSON object"
    also = "; see /docs" if first["type"] != "extra_forbidden" else "; /docs tells what is known"
    return ProblemError(422, f"{field} {said}{also}", field)


def install(app: FastAPI, routes: Sequence[BaseRoute]) -> None:
    """Every refusal of a request becomes JSON; `routes` are all there are."""

    async def problem(request: Request, error: Exception) -> Response:
        assert isinstance(error, ProblemError)
        return as_protocol_wants(request, error).response()

    async def validation(request: Request, error: Exception) -> Response:
        assert isinstance(error, RequestValidationError)
        return as_protocol_wants(request, of_validation(error)).response()

    async def http(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        return _of_http(request, error, routes).response()

    app.add_exception_handler(ProblemError, problem)
    app.add_exception_handler(RequestValidationError, validation)
    app.add_exception_handler(HTTPException, http)


def as_protocol_wants(request: Request, error: ProblemError) -> ProblemError:
    """The Open Inference Protocol knows one status for all that is wrong with a request."""
    if request.url.path.startswith("/v2") and error.status in (413, 415, 422):
        return ProblemError(400, error.message, error.field, error.headers)
    return error


def _of_http(request: Request, error: HTTPException, routes: Sequence[BaseRoute]) -> ProblemError:
    path, headers = request.url.path, dict(error.headers or {})
    said = {
        404: f"there is nothing at {path}; /docs tells what there is",
        405: f"{request.method} means nothing at {path}; /docs tells what does",
    }
    if error.status_code == 405:
        headers["Allow"] = ", ".join(methods_at(path, routes))
    message = said.get(error.status_code, str(error.detail))
    return ProblemError(error.status_code, message, headers=headers)


def methods_at(path: str, routes: Sequence[BaseRoute]) -> list[str]:
    """What can be done at a path; several routes may share it."""
    found: set[str] = set()
    for route in routes:
        if isinstance(route, APIRoute) and route.path_regex.match(path):
            found |= route.methods or set()
    return sorted(found)

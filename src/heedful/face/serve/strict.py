"""Requests as strict JSON: one that cannot be understood is refused with the reason."""

from __future__ import annotations

import json
import sys
import traceback
from collections.abc import Callable, Coroutine
from typing import Any, NoReturn

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.responses import Response

from heedful.face.serve.problems import ProblemError

JSON = "application/json"
DEEPEST = 32
"""Objects and lists within each other; nothing that is asked here needs more than four."""


def parsed(body: bytes) -> Any:
    """The value in a body.

    Raises:
        ProblemError: 400; no UTF-8, no JSON, NaN, numbers beyond all use, nested too deep.
    """
    try:
        text = body.decode("utf-8")
        value = json.loads(text, parse_constant=_no_number, parse_float=_number)
    except UnicodeDecodeError as error:
        raise ProblemError(400, f"the body is not UTF-8 (byte {error.start}); send JSON") from None
    except json.JSONDecodeError as error:
        place = f"line {error.lineno}, column {error.colno}"
        raise ProblemError(400, f"the body is no JSON: {error.msg} at {place}; mend it") from None
    except RecursionError:
        raise _too_deep() from None
    except ValueError as error:  # a whole number of thousands of digits
        raise ProblemError(400, f"the body is no JSON: {str(error).split(';')[0]}") from None
    _check_depth(value)
    return value


def _no_number(name: str) -> NoReturn:
    raise ProblemError(400, f"the body is no JSON: {name} is no number; leave it out")


def _number(text: str) -> float | int:
    """In JSON 3.0 is as whole as 3."""
    value = float(text)
    if value in (float("inf"), float("-inf")):
        raise ProblemError(400, f"the body holds a number too large: {text[:20]}; leave it out")
    return int(value) if value.is_integer() else value


def _check_depth(value: Any) -> None:
    level: list[Any] = [value]
    for _ in range(DEEPEST):
        level = [
            inner
            for one in level
            if isinstance(one, dict | list)
            for inner in (one.values() if isinstance(one, dict) else one)
            if isinstance(inner, dict | list)
        ]
        if not level:
            return
    raise _too_deep()


def _too_deep() -> ProblemError:
    return ProblemError(400, "the body is nested too deep; see /docs for what is expected")


class StrictRequest(Request):
    """A request whose JSON has been read by `parsed`."""

    value: Any = None

    async def json(self) -> Any:
        """The value in the body."""
        return self.value


class StrictRoute(APIRoute):
    """A route that takes JSON strictly, and says so where something else is sent."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The usual handler behind a reading of the body whose errors are ours."""
        handle = super().get_route_handler()

        async def strictly(request: Request) -> Response:
            try:
                if self.body_field is None:
                    return await handle(request)
                return await handle(await _framed(request))
            except (ProblemError, RequestValidationError, HTTPException):
                raise
            except ClientDisconnect:
                raise ProblemError(400, "the client has gone") from None  # nobody reads it
            except Exception as error:
                # Here, and not further out, so that the answer has all headers and is counted.
                traceback.print_exception(error, file=sys.stderr)
                message = "the server failed, which is its own fault; its terminal says more"
                raise ProblemError(500, message) from None

        return strictly


async def _framed(request: Request) -> StrictRequest:
    """The request with its body read."""
    _check_kind(request)
    framed = StrictRequest(request.scope, request.receive)
    if body := await framed.body():
        framed.value = parsed(body)
    return framed


def _check_kind(request: Request) -> None:
    if "inference-header-content-length" in request.headers:
        raise ProblemError(400, "binary tensors are not read here; send JSON (binary_data=False)")
    kind = request.headers.get("content-type", JSON).partition(";")[0].strip().lower()
    if kind != JSON and not (kind.startswith("application/") and kind.endswith("+json")):
        message = f"the body is {kind[:60] or 'of no type'}; send JSON, with Content-Type: {JSON}"
        raise ProblemError(415, message)

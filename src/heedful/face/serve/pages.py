"""The page at `/`, its assets, and the description of the service: all from this host."""

from __future__ import annotations

import hashlib
from functools import cache
from importlib import resources
from pathlib import PurePath
from typing import Any

from fastapi import APIRouter, FastAPI, Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from heedful.face.serve.description import described_for
from heedful.face.serve.desk import Desk
from heedful.face.serve.page_files import shared_files
from heedful.face.serve.problems import ProblemError
from heedful.face.serve.replies import json_response
from heedful.face.serve.strict import StrictRoute
from heedful.face.templates import filled

KINDS = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".woff2": "font/woff2",
}
PAGE = "index.html"
DESCRIPTION = "serve/docs.html"
READ = ["GET", "HEAD"]


def assets() -> dict[str, bytes]:
    """The files of the page by name, read once."""
    folder = resources.files("heedful.face.assets").joinpath("serve")
    own = {
        one.name: one.read_bytes()
        for one in folder.iterdir()
        if one.name == PAGE or PurePath(one.name).suffix in KINDS
    }
    return shared_files() | own


def routes(app: FastAPI, desk: Desk) -> APIRouter:
    """`/`, `/assets`, `/openapi.json`, `/docs`."""
    router = APIRouter(route_class=StrictRoute)
    files = assets()

    @cache
    def told() -> dict[str, Any]:
        return described_for(desk, app.openapi())

    # POST / is described, and one address tells all its methods.
    @router.get("/", summary="The page for people", tags=["page"], response_class=HTMLResponse)
    @router.head("/", include_in_schema=False)
    async def page(request: Request) -> Response:
        """Type a text and see what the models say of it, and why."""
        return tagged(request, files[PAGE], "text/html; charset=utf-8")

    @router.api_route("/assets/{name}", methods=READ, include_in_schema=False)
    async def asset(request: Request, name: str) -> Response:
        if name == PAGE or name not in files:
            raise ProblemError(404, f"there is no asset {name[:80]!r}")
        return tagged(request, files[name], KINDS[PurePath(name).suffix])

    @router.api_route("/favicon.ico", methods=READ, include_in_schema=False)
    async def icon() -> Response:
        if "favicon.svg" in files:
            return RedirectResponse("/assets/favicon.svg", 301)
        return Response(status_code=204)

    @router.api_route("/openapi.json", methods=READ, include_in_schema=False)
    async def description() -> Response:
        return json_response(told())

    @router.api_route("/docs", methods=READ, include_in_schema=False)
    async def docs(request: Request) -> Response:
        text = filled(DESCRIPTION, described(told()))
        return tagged(request, text.encode(), "text/html; charset=utf-8")

    return router


def tagged(request: Request, content: bytes, kind: str) -> Response:
    """Content that browsers keep, and ask each time whether it has changed."""
    tag = f'"{hashlib.sha256(content).hexdigest()[:20]}"'
    headers = {"ETag": tag, "Cache-Control": "no-cache"}
    if tag in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    return Response(content, headers=headers, media_type=kind)


def described(openapi: dict[str, Any]) -> dict[str, Any]:
    """What the page at /docs shows: routes with bodies and answers, and all shapes."""
    shapes = openapi.get("components", {}).get("schemas", {})
    return {
        "title": openapi["info"]["title"],
        "version": openapi["info"]["version"],
        "about": openapi["info"]["description"],
        "routes": [
            {"method": method.upper(), "path": path} | _route(route)
            for path, methods in openapi["paths"].items()
            for method, route in methods.items()
        ],
        "shapes": [
            {"name": name, "about": shape.get("description", ""), "fields": _fields(shape)}
            for name, shape in sorted(shapes.items())
        ],
    }


def _route(route: dict[str, Any]) -> dict[str, Any]:
    body = route.get("requestBody", {}).get("content", {})
    return {
        "summary": route.get("summary", ""),
        "about": route.get("description", ""),
        "parameters": [
            {"name": one["name"], "about": one.get("description", "")}
            for one in route.get("parameters", [])
        ],
        "bodies": [
            {"kind": kind, "shape": _kind(one.get("schema", {}))} for kind, one in body.items()
        ],
        "answers": [
            {
                "status": status,
                "about": answer.get("description", ""),
                "shape": _kind(_first(answer.get("content", {})).get("schema")),
            }
            for status, answer in route["responses"].items()
        ],
    }


def _first(content: dict[str, dict[str, Any]]) -> dict[str, Any]:
    return next(iter(content.values()), {})


def _fields(shape: dict[str, Any]) -> list[dict[str, Any]]:
    needed = shape.get("required", [])
    return [
        {
            "name": name,
            "kind": _kind(field),
            "needed": name in needed,
            "about": field.get("description", ""),
        }
        for name, field in shape.get("properties", {}).items()
    ]


def _kind(schema: dict[str, Any] | None) -> str:
    """A schema in a few words."""
    if not schema:
        return ""
    if "$ref" in schema:
        return str(schema["$ref"]).rpartition("/")[2]
    if "anyOf" in schema:
        return " or ".join(dict.fromkeys(map(_kind, schema["anyOf"])))
    if "enum" in schema:
        return " | ".join(map(str, schema["enum"]))
    if "const" in schema:
        return str(schema["const"])
    if schema.get("type") == "array":
        return f"list of {_kind(schema.get('items')) or 'anything'}"
    return str(schema.get("type", "anything"))

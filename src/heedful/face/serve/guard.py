"""Who may ask: the token; without one, only what a foreign web page cannot send."""

from __future__ import annotations

import hmac
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from heedful.face.serve.problems import ProblemError
from heedful.face.serve.serving import Serving

OPEN = ("/v2/health/live", "/v2/health/ready", "/", "/docs", "/openapi.json", "/favicon.ico")
"""Reachable without a token (`/` only to read): nothing there tells of the runs."""

OURS = ("localhost", "127.0.0.1", "::1")


class Guard:
    """Refuses, before a body is read, whoever may not ask."""

    def __init__(self, app: ASGIApp, serving: Serving) -> None:
        self.app, self.serving = app, serving
        self.hosts = {*OURS, serving.host.strip("[]").lower()}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        if scope["type"] == "http":
            try:
                self._check(scope)
            except ProblemError as problem:
                await problem.response()(scope, receive, send)
                return
        await self.app(scope, receive, send)

    def _check(self, scope: Scope) -> None:
        headers = Headers(scope=scope)
        if self.serving.token is not None:
            if not _is_open(scope):
                _check_token(headers.get("authorization", ""), self.serving.token)
            return
        if self.serving.loopback:
            self._check_host(headers.get("host", ""))
        self._check_origin(headers)

    def _check_host(self, host: str) -> None:
        """A foreign name that leads to this machine (DNS rebinding) is not ours."""
        if _name_of(f"//{host}") not in self.hosts:
            raise ProblemError(
                403,
                f"the Host header says {host[:80]!r}; ask for localhost, or start the server with "
                "--token",
                "Host",
            )

    def _check_origin(self, headers: Headers) -> None:
        """A page from elsewhere may send, though not read; it is not served at all."""
        origin = headers.get("origin")
        if origin is None or origin in self.serving.cors:
            return
        if _place_of(origin) != headers.get("host", "").lower():
            raise ProblemError(
                403,
                f"pages of {origin[:80]!r} may not ask; allow them with --cors",
                "Origin",
            )


def _is_open(scope: Scope) -> bool:
    path = scope["path"]
    reads = scope["method"] in ("GET", "HEAD")
    return reads and (path in OPEN or path.startswith("/assets/"))


def _check_token(given: str, token: str) -> None:
    scheme, _, shown = given.partition(" ")
    same = hmac.compare_digest(shown.strip().encode("utf-8", "replace"), token.encode())
    if scheme.lower() != "bearer" or not same:
        said = "the token is not right" if given else "a token is needed"
        raise ProblemError(
            401,
            f"{said}; send Authorization: Bearer TOKEN",
            "Authorization",
            {"WWW-Authenticate": 'Bearer realm="heedful"'},
        )


def _name_of(address: str) -> str | None:
    try:
        return urlsplit(address).hostname
    except ValueError:
        return None


def _place_of(origin: str) -> str:
    try:
        return urlsplit(origin).netloc.lower()
    except ValueError:
        return ""

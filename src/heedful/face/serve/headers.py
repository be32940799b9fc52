"""Headers of every answer: what a browser may do with it."""

from __future__ import annotations

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
    "img-src 'self' data:; form-action 'none'; frame-ancestors 'none'; base-uri 'none'"
)
ALWAYS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
}


class SafeHeaders:
    """Adds them; nothing is stored by caches unless its route says so."""

    def __init__(self, app: ASGIApp, *, shared: bool) -> None:
        """`shared`: pages of other origins may read answers (CORS)."""
        self.app = app
        self.always = {
            name: value
            for name, value in ALWAYS.items()
            if not (shared and name == "Cross-Origin-Resource-Policy")
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""

        async def adding(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers.update(self.always)
                headers.setdefault("Cache-Control", "no-store")
            await send(message)

        await self.app(scope, receive, adding if scope["type"] == "http" else send)

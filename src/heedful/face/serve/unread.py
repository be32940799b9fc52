"""A request that is answered before its body was read: the connection ends with it."""

from __future__ import annotations

import asyncio
import time

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from heedful.face.serve.bodies import limits_of
from heedful.face.serve.serving import Serving

LINGER = 2**18
"""Bytes taken at least from a client after it was refused, so that it gets to reading why."""
PATIENCE = 1.0
"""Seconds of that."""


class Unread:
    """Ends connections on which a body is still on its way once the request is answered.

    The server would read it to its end: however much there is, and however long that takes.
    """

    def __init__(self, app: ASGIApp, serving: Serving) -> None:
        self.app, self.serving = app, serving

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        exchange = Exchange(scope, receive, send, self.serving)
        await self.app(scope, exchange.receive, exchange.send)


class Exchange:
    """A request and its answer."""

    def __init__(self, scope: Scope, receive: Receive, send: Send, serving: Serving) -> None:
        headers = Headers(scope=scope)
        self._receive, self._send = receive, send
        limits = limits_of(scope, serving)
        self.most, self.until = limits.most, time.monotonic() + serving.timeout
        # The server has refused what is no number.
        self.declared = int(headers.get("content-length", "0") or 0)
        self.whole = self.declared == 0 and "transfer-encoding" not in headers
        self.waits = "expect" in headers  # for our word before it sends the body
        self.taken, self.ends = 0, False

    async def receive(self) -> Message:
        """The next piece."""
        message = await self._receive()
        self.taken += len(message.get("body", b""))
        self.whole = self.whole or not message.get("more_body", False)
        return message

    async def send(self, message: Message) -> None:
        """Pass the answer on; one to an unread body ends the connection, after some reading."""
        if message["type"] == "http.response.start" and not self.whole:
            self.ends = True
            MutableHeaders(scope=message)["connection"] = "close"
        last = message["type"] == "http.response.body" and not message.get("more_body", False)
        if not (self.ends and last):
            await self._send(message)
            return
        await self._send({**message, "more_body": True})
        await self._linger()
        await self._send({"type": "http.response.body", "body": b""})

    async def _linger(self) -> None:
        """Read what would have been read, had the request been accepted, or a little.

        A connection closed on unread bytes is reset, and the answer may be lost with it.
        """
        most, until = self.taken + LINGER, time.monotonic() + PATIENCE
        if max(self.declared, self.taken) <= self.most:
            most, until = max(most, self.most), max(until, self.until)
        while not self.whole and not self.waits and self.taken < most:
            try:
                await asyncio.wait_for(self.receive(), until - time.monotonic())
            except TimeoutError:
                return

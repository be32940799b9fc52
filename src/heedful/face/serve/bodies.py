"""How much of a request is read: never more than is allowed, and not forever."""

from __future__ import annotations

import asyncio
import time

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from heedful.face.serve.problems import ProblemError
from heedful.face.serve.serving import Serving

LINGER = 2**18
"""Bytes taken from a client after it was refused, so that it gets to reading why."""
PATIENCE = 1.0
"""Seconds of that."""


class BodyLimit:
    """Refuses a body that is too large by what it declares, or as soon as too much has come."""

    def __init__(self, app: ASGIApp, serving: Serving) -> None:
        self.app, self.serving = app, serving

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        reading = Reading(scope, receive, send, self.serving)
        if reading.declared > reading.most:
            await reading.too_large().response()(scope, receive, reading.send)
        else:
            await self.app(scope, reading.receive, reading.send)


class Reading:
    """One request's body, and the answer, after which no more of a refused body is read."""

    def __init__(self, scope: Scope, receive: Receive, send: Send, serving: Serving) -> None:
        headers = Headers(scope=scope)
        self._receive, self._send, self.timeout = receive, send, serving.timeout
        self.of_file = scope["path"] == "/files"
        self.most = serving.max_file if self.of_file else serving.max_body
        # The server has refused what is no number.
        self.declared = int(headers.get("content-length", "0") or 0)
        self.waits = "expect" in headers  # for our word before it sends the body
        allowed = serving.file_timeout if self.of_file else serving.timeout
        self.taken, self.until = 0, time.monotonic() + allowed
        self.flag = "--file-timeout" if self.of_file else "--timeout"
        self.allowed = allowed
        self.whole = self.refused = False

    def too_large(self) -> ProblemError:
        """Refuse the rest."""
        self.refused = True
        flag = "--max-file" if self.of_file else "--max-body"
        return ProblemError(
            413, f"the body is larger than {self.most:,} bytes ({flag}); send less at once", "body"
        )

    def _too_slow(self, *, stalled: bool) -> ProblemError:
        """Refuse the rest, which does not come; `stalled`: nothing of it."""
        self.refused = True
        message = f"the body did not come within {self.allowed:g} s ({self.flag}); send it again"
        if stalled:
            message = f"nothing of the body came for {self.timeout:g} s (--timeout); send it again"
        return ProblemError(408, message, "body")

    async def receive(self) -> Message:
        """The next piece.

        Raises:
            ProblemError: 413, too much has come; 408, it does not come.
        """
        if self.whole:
            return await self._receive()  # waits until the client has gone
        left = self.until - time.monotonic()
        try:
            # A file has longer as a whole, though not for a single piece of it.
            message = await asyncio.wait_for(self._receive(), min(left, self.timeout))
        except TimeoutError:
            raise self._too_slow(stalled=left > self.timeout) from None
        self.whole = not message.get("more_body", False)
        self.taken += len(message.get("body", b""))
        if self.taken > self.most:
            raise self.too_large()
        return message

    async def send(self, message: Message) -> None:
        """Pass the answer on; one to an unread body ends the connection, after a little reading."""
        if not self.refused:
            await self._send(message)
            return
        if message["type"] == "http.response.start":
            MutableHeaders(scope=message)["connection"] = "close"
        if message["type"] != "http.response.body" or message.get("more_body", False):
            await self._send(message)
            return
        await self._send({**message, "more_body": True})
        await self._linger()
        await self._send({"type": "http.response.body", "body": b""})

    async def _linger(self) -> None:
        """A connection closed on unread bytes is reset, and the answer may be lost with it."""
        taken, until = 0, time.monotonic() + PATIENCE
        while taken < LINGER and not self.waits and (left := until - time.monotonic()) > 0:
            try:
                message = await asyncio.wait_for(self._receive(), left)
            except TimeoutError:
                return
            taken += len(message.get("body", b""))
            if message["type"] == "http.disconnect" or not message.get("more_body", False):
                return

"""How much of a request is read: never more than is allowed, and not forever."""

from __future__ import annotations

import asyncio
import time
from typing import NamedTuple

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from heedful.face.serve.problems import ProblemError
from heedful.face.serve.serving import Serving


class Limits(NamedTuple):
    """Of a request's body.

    Attributes:
        most, seconds: how large it may be, in bytes, and how long it may take as a whole.
        size, time: the flags that say so.
    """

    most: int
    seconds: float
    size: str
    time: str


def limits_of(scope: Scope, serving: Serving) -> Limits:
    """Those of a request."""
    if scope["path"] == "/files":
        return Limits(serving.max_file, serving.file_timeout, "--max-file", "--file-timeout")
    return Limits(serving.max_body, serving.timeout, "--max-body", "--timeout")


class BodyLimit:
    """Refuses a body that is too large by what it declares, or as soon as too much has come."""

    def __init__(self, app: ASGIApp, serving: Serving) -> None:
        self.app, self.serving = app, serving

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        reading = Reading(scope, receive, self.serving)
        # The server has refused what is no number.
        declared = int(Headers(scope=scope).get("content-length", "0") or 0)
        if declared > reading.limits.most:
            await reading.too_large().response()(scope, receive, send)
        else:
            await self.app(scope, reading.receive, send)


class Reading:
    """One request's body."""

    def __init__(self, scope: Scope, receive: Receive, serving: Serving) -> None:
        self._receive, self.timeout = receive, serving.timeout
        self.limits = limits_of(scope, serving)
        self.taken, self.until = 0, time.monotonic() + self.limits.seconds
        self.whole = False

    def too_large(self) -> ProblemError:
        """Refuse the rest."""
        most, _, flag, _ = self.limits
        return ProblemError(
            413, f"the body is larger than {most:,} bytes ({flag}); send less at once", "body"
        )

    def _too_slow(self, *, stalled: bool) -> ProblemError:
        """Refuse the rest, which does not come; `stalled`: nothing of it."""
        _, seconds, _, flag = self.limits
        message = f"the body did not come within {seconds:g} s ({flag}); send it again"
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
        if self.taken > self.limits.most:
            raise self.too_large()
        return message

"""The answers to a file on their way to a client: whatever happens to the file meanwhile."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from typing import BinaryIO

from starlette.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from heedful.face.serve.filed import Filed
from heedful.face.serve.problems import ProblemError

PIECE = 2**16
"""Bytes sent at once."""


def opened(filed: Filed) -> Download:
    """The result of a file that is done.

    Raises:
        ProblemError: 404; it was removed this very moment.
    """
    try:
        return Download(filed.result.open("rb"))
    except FileNotFoundError:
        raise ProblemError(404, "there is no such file (any more); send it again", "id") from None


class Download(StreamingResponse):
    """An open file as an attachment. Removed meanwhile, it is sent to its end all the same."""

    def __init__(self, file: BinaryIO) -> None:
        self.file = file
        headers = {
            "Content-Length": str(os.fstat(file.fileno()).st_size),
            "Content-Disposition": 'attachment; filename="predictions.csv"',
        }
        super().__init__(self._pieces(), headers=headers, media_type="text/csv")

    async def _pieces(self) -> AsyncIterator[bytes]:
        while piece := await asyncio.to_thread(self.file.read, PIECE):
            yield piece

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        with self.file:  # also where the client has gone before the first piece
            await super().__call__(scope, receive, send)

"""The socket, and the server on it, which a signal ends gracefully."""

from __future__ import annotations

import math
import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn
from fastapi import FastAPI

from heedful.face.console import note
from heedful.records import HeedfulError


class Server(uvicorn.Server):
    """Says where it listens, once it does, and tells the desk when it is to stop."""

    said = ""

    def __init__(self, app: FastAPI, timeout: float) -> None:
        super().__init__(config(app, timeout))
        self.desk = app.state.desk

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Answer what was accepted; requests and threads share one timeout."""
        self.desk.ending()
        await super().shutdown(sockets)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Listen."""
        await super().startup(sockets)
        if self.started and self.said:
            note(self.said)


def config(app: FastAPI, timeout: float) -> uvicorn.Config:
    """How uvicorn is to behave.

    Args:
        app: the application.
        timeout: seconds that requests under way have when it is told to stop.
    """
    return uvicorn.Config(
        app,
        http="h11",  # strict about what is a request, and bounds its head
        ws="none",
        lifespan="on",
        log_level="warning",
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=math.ceil(timeout),
    )


def serve_until_told(app: FastAPI, sock: socket.socket, timeout: float, said: str) -> None:
    """Serve on a bound socket until SIGTERM or Ctrl-C, then answer what was accepted."""
    server = Server(app, timeout)
    server.said = f"{said} at {address(sock)}"
    with _outliving_signals():
        server.run([sock])


def address(sock: socket.socket) -> str:
    """The URL of a bound socket."""
    host, port = sock.getsockname()[:2]
    return f"http://{f'[{host}]' if ':' in host else host}:{port}"


@contextmanager
def bound(host: str, port: int) -> Iterator[socket.socket]:
    """A socket bound to an address; port 0 = any free one.

    Raises:
        HeedfulError: no such host, or the port is taken.
    """
    try:
        found = socket.getaddrinfo(host.strip("[]"), port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise HeedfulError(f"--host {host} is no address: {error}; try 127.0.0.1") from None
    family, kind, proto, _, where = found[0]
    with socket.socket(family, kind, proto) as sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            sock.bind(where)
        except OSError as error:
            raise HeedfulError(
                f"cannot listen at {host}, port {port}: {error.strerror}; choose another --port"
            ) from None
        yield sock


@contextmanager
def _outliving_signals() -> Iterator[None]:
    """uvicorn stops on a signal and then sends it to itself again: that is to end nothing."""
    before = {one: signal.signal(one, lambda *_: None) for one in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for one, handler in before.items():
            signal.signal(one, handler)

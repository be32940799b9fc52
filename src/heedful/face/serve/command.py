"""`heedful serve`: loads the runs, listens, and stops without losing what it accepted."""

from __future__ import annotations

import math
import signal
import socket
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from typing import TYPE_CHECKING

from heedful.face.console import note, warn
from heedful.face.serve.serving import Serving
from heedful.records import HeedfulError

if TYPE_CHECKING:
    import uvicorn
    from fastapi import FastAPI

NEEDED = ("fastapi", "uvicorn", "multipart", "prometheus_client")


def require() -> None:
    """Raise HeedfulError where what serving needs is not installed."""
    for name in NEEDED:
        if find_spec(name) is None:
            raise HeedfulError(
                f"serving needs {name}, which is not installed: pip install 'heedful[serve]'"
            )


def run_serve(runs: Sequence[str], serving: Serving) -> None:
    """Serve some runs until told to stop (SIGTERM, Ctrl-C).

    Args:
        runs: run folders; the first is the default model.
        serving: where, for whom, how much.

    Raises:
        HeedfulError: an extra is missing, no run, a limit out of range, an address in use.
    """
    require()
    import uvicorn

    from heedful.face.serve.app import build
    from heedful.face.serve.loaded import load_all

    models = load_all(runs)
    app = build(models, serving)
    with listening(serving.host, serving.port) as sock:
        host, port = sock.getsockname()[:2]
        place = f"http://{f'[{host}]' if ':' in host else host}:{port}"
        note(f"serving {', '.join(models)} at {place} (default {next(iter(models))})")
        if not serving.loopback and serving.token is None:
            warn(
                f"{serving.host} can be reached from other machines and nothing asks for a --token"
            )
        server = uvicorn.Server(config(app, serving.timeout))
        with outliving_signals():
            server.run([sock])
    note(f"stopped; {app.state.desk.metrics.answered:,} requests were answered")


def config(app: FastAPI, timeout: float) -> uvicorn.Config:
    """How uvicorn is to behave."""
    import uvicorn

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


@contextmanager
def listening(host: str, port: int) -> Iterator[socket.socket]:
    """A socket that listens there.

    Raises:
        HeedfulError: no such host, or the port is taken.
    """
    try:
        family, kind, proto, _, address = socket.getaddrinfo(
            host.strip("[]"), port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        sock = socket.socket(family, kind, proto)
    except OSError as error:
        raise HeedfulError(f"--host {host}: {error.strerror or error}") from None
    with sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            sock.bind(address)
        except OSError as error:
            reason = error.strerror or error
            raise HeedfulError(
                f"cannot listen at {host}, port {port}: {reason}; choose another --port"
            ) from None
        yield sock


@contextmanager
def outliving_signals() -> Iterator[None]:
    """uvicorn stops on a signal and then sends it to itself again: that is to end nothing."""
    before = {one: signal.signal(one, lambda *_: None) for one in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for one, handler in before.items():
            signal.signal(one, handler)

"""A real server of some runs on loopback, in a thread of the test's own process."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass
class Running:
    """A server that answers.

    Attributes:
        address: `http://127.0.0.1:PORT`.
        stop: stops it; its port is then closed.
    """

    address: str
    stop: Any


@contextmanager
def running(runs: Sequence[Path], **settings: Any) -> Iterator[Running]:
    """Serve some runs until the block ends; `settings` as in `Serving`."""
    import uvicorn

    from heedful.face.serve.app import build
    from heedful.face.serve.command import config, listening
    from heedful.face.serve.loaded import load_all
    from heedful.face.serve.serving import Serving

    serving = Serving(**{"port": 0, "timeout": 20.0} | settings)
    app = build(load_all([str(run) for run in runs]), serving)
    with listening(serving.host, serving.port) as sock:
        server = uvicorn.Server(config(app, serving.timeout))
        thread = threading.Thread(target=server.run, args=([sock],), daemon=True)
        thread.start()
        _until(lambda: server.started)

        def stop() -> None:
            server.should_exit = True
            thread.join(30)

        yield Running(f"http://127.0.0.1:{sock.getsockname()[1]}", stop)
        stop()


def _until(ready: Any) -> None:
    for _ in range(1000):
        if ready():
            return
        time.sleep(0.02)
    raise AssertionError("the server did not start")

"""`heedful serve`: loads the runs, listens, and stops without losing what it accepted."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.util import find_spec

from heedful.face.console import note, warn
from heedful.face.serve.serving import Serving
from heedful.records import HeedfulError

NEEDED = ("fastapi", "uvicorn", "python_multipart", "prometheus_client")


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
        HeedfulError: an extra is missing, no run, an address in use.
    """
    require()
    from heedful.face.serve.app import build
    from heedful.face.serve.listening import bound, serve_until_told
    from heedful.face.serve.loaded import load_all

    models = load_all(runs)
    app = build(models, serving)
    with bound(serving.host, serving.port) as sock:
        if not serving.loopback and serving.token is None:
            warn(f"{serving.host} is reached from other machines, and nothing asks for a --token")
        serve_until_told(app, sock, serving.timeout, f"serving {', '.join(models)}")
    given_up = "; what was still worked on was given up" if app.state.desk.busy else ""
    note(f"stopped; {app.state.desk.metrics.answered:,} requests were answered{given_up}")

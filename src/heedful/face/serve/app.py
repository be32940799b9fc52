"""The application: routes, and the layers that every request passes."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib import metadata

from fastapi import FastAPI
from starlette.middleware.cors import CORSMiddleware

from heedful.face.serve import (
    about,
    explaining,
    filing,
    open_inference,
    pages,
    predicting,
    problems,
    rewriting,
)
from heedful.face.serve.bodies import BodyLimit
from heedful.face.serve.desk import Desk
from heedful.face.serve.files import Files
from heedful.face.serve.guard import Guard
from heedful.face.serve.headers import SafeHeaders
from heedful.face.serve.loaded import Served
from heedful.face.serve.metrics import Counting
from heedful.face.serve.serving import Serving
from heedful.face.serve.unread import Unread

ABOUT = (
    "Trained heedful models: labels of texts, what each decision rests on, texts rewritten. "
    "Every refusal is JSON: one line that says what is wrong, where, and what to do."
)


def build(models: dict[str, Served], serving: Serving) -> FastAPI:
    """The application that serves some models, the first being the default."""
    desk = Desk(models, serving)
    files = Files(desk)

    @asynccontextmanager
    async def living(app: FastAPI) -> AsyncIterator[None]:
        desk.start()
        files.start()
        yield
        files.stop()
        desk.stop()

    app = FastAPI(
        title="heedful",
        version=metadata.version("heedful"),
        description=ABOUT,
        lifespan=living,
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        strict_content_type=False,
        redirect_slashes=False,
    )
    app.state.desk, app.state.files = desk, files
    routers = [
        *(made.routes(desk) for made in (predicting, rewriting, explaining, about, open_inference)),
        filing.routes(desk, files),
        pages.routes(app, desk),
    ]
    for router in routers:
        app.include_router(router)
    problems.install(app, [route for router in routers for route in router.routes])
    _layer(app, desk)
    return app


def _layer(app: FastAPI, desk: Desk) -> None:
    """The layers, the innermost first."""
    serving = desk.serving
    app.add_middleware(BodyLimit, serving=serving)
    app.add_middleware(Guard, serving=serving)
    if serving.cors:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=list(serving.cors),
            allow_methods=["GET", "POST", "DELETE"],
            allow_headers=["Authorization", "Content-Type"],
            max_age=600,
        )
    app.add_middleware(SafeHeaders, shared=bool(serving.cors))
    app.add_middleware(Counting, metrics=desk.metrics)
    app.add_middleware(Unread, serving=serving)

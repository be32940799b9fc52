"""Routes for files: sent whole, scored in the background, fetched when done."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.formparsers import MultiPartException
from starlette.responses import Response

from heedful.face.serve.answers import REFUSALS, ErrorAnswer
from heedful.face.serve.desk import Desk
from heedful.face.serve.download import opened
from heedful.face.serve.files import Files
from heedful.face.serve.loaded import chosen
from heedful.face.serve.problems import ProblemError
from heedful.face.serve.replies import json_response
from heedful.face.serve.strict import StrictRoute
from heedful.text.compressed import GZIP_MAGIC, ZSTD_MAGIC

KINDS = {
    "text/csv": "csv",
    "text/tab-separated-values": "tsv",
    "application/jsonl": "jsonl",
    "application/x-ndjson": "jsonl",
    "application/x-jsonlines": "jsonl",
}
"""Raw bodies by their Content-Type."""
NAMES = {".csv": "csv", ".tsv": "tsv", ".tab": "tsv", ".jsonl": "jsonl", ".ndjson": "jsonl"}
"""Uploaded files by the end of their names."""
FORM = "multipart/form-data"
_PACKED = (GZIP_MAGIC, ZSTD_MAGIC, b"PAR1", b"PK\x03\x04")
_PIECE = 2**16


class How(BaseModel):
    """How to score a file."""

    model_config = ConfigDict(extra="forbid")
    model: str | None = Field(default=None, description="The model; else the default.")
    text: str | None = Field(
        default=None, description="The column of the texts; else that of training, or found."
    )


class LabelSummary(BaseModel):
    """The rows of one label."""

    label: str = Field(description="The label; `(none)` where none was decided.")
    count: int = Field(description="Rows.")
    mean_probability: float = Field(description="The mean of the probability of their label.")


class FileAnswer(BaseModel):
    """How far a file is."""

    id: str = Field(description="What it is called in addresses.")
    model: str = Field(description="The model that scores it.")
    state: str = Field(description="waiting, scoring, done or failed.")
    rows: int | None = Field(description="Rows of the file; null until they are counted.")
    done: int = Field(description="Rows that have an answer or an error.")
    errors: int = Field(description="Rows that have an error.")
    bytes_read: int = Field(description="In proportion to the rows that are done.")
    bytes: int = Field(description="Of the file.")
    reason: str | None = Field(description="Why it failed.")
    summary: list[LabelSummary] = Field(description="Labels so far, the most frequent first.")


_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "description": "CSV, TSV or JSON Lines, as the body or as `file` of a form.",
        # Any bytes: no schema says more of them.
        "content": {kind: {} for kind in KINDS}
        | {
            FORM: {
                "schema": {
                    "type": "object",
                    "properties": {
                        "file": {
                            "type": "string",
                            "format": "binary",
                            "description": "The file; its name ends in .csv, .tsv or .jsonl.",
                        }
                    },
                    "required": ["file"],
                    "additionalProperties": False,
                }
            }
        },
    }
}


def routes(desk: Desk, files: Files) -> APIRouter:
    """`/files`."""
    router = APIRouter(route_class=StrictRoute, tags=["files"])
    told: dict[str, Any] = {"response_model": FileAnswer, "responses": REFUSALS}
    refusals = {k: REFUSALS[k] for k in (401, 403, 404, 422)}
    early = {409: {"model": ErrorAnswer, "description": "It is not done."}}
    gone: dict[str, Any] = {"responses": refusals | early}

    @router.post("/files", summary="Score a file", status_code=202, openapi_extra=_BODY, **told)
    async def send(request: Request, how: Annotated[How, Query()]) -> Response:
        """Takes the file, begins to score it, and tells its id."""
        model = chosen(desk.models, how.model)
        folder = files.place()
        try:
            path = await received(request, folder)
            filed = await asyncio.to_thread(files.take, model, path, how.text)
        except BaseException:
            await asyncio.to_thread(_remove, folder)
            raise
        return json_response(filed.to_json(), 202, {"Location": f"/files/{filed.id}"})

    @router.get("/files/{id}", summary="How far a file is", response_model=FileAnswer, **gone)
    async def look(id: str) -> Response:
        """Its state, and the labels so far."""
        return json_response(files.get(id).to_json())

    @router.get("/files/{id}/result", summary="What came out", response_class=Response, **gone)
    async def fetch(id: str) -> Response:
        """The answers as CSV: row, text, label, probability, one column a class, error."""
        filed = files.get(id)
        if filed.state != "done":
            reason = f": {filed.reason}" if filed.reason else "; look again later"
            raise ProblemError(409, f"the file is not done ({filed.state}){reason}", "id")
        return opened(filed)

    @router.delete("/files/{id}", summary="Forget a file", status_code=204, **gone)
    async def forget(id: str) -> Response:
        """Stops scoring it and removes all of it."""
        await asyncio.to_thread(files.remove, files.get(id))
        return Response(status_code=204)

    return router


async def received(request: Request, folder: Path) -> Path:
    """The file of a request on disk; it is never in memory as a whole.

    Raises:
        ProblemError: no form, no file, another format; and what reading a body may raise.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind in KINDS:
        path = folder / f"upload.{KINDS[kind]}"
        await _write(request.stream(), path)
    elif kind == FORM:
        path = await _of_form(request, folder)
    else:
        known = ", ".join((*KINDS, FORM))
        raise ProblemError(415, f"a file cannot be {kind[:60] or 'of no type'}; send {known}")
    with path.open("rb") as file:
        if file.read(4).startswith(_PACKED):
            raise ProblemError(415, "the file is packed; send plain CSV, TSV or JSONL", "file")
    return path


async def _of_form(request: Request, folder: Path) -> Path:
    try:
        form = await request.form(max_files=1, max_fields=4, max_part_size=_PIECE)
    except (MultiPartException, HTTPException) as error:  # the one turns into the other
        said = getattr(error, "detail", None) or getattr(error, "message", "")
        raise ProblemError(400, f"the form cannot be read: {said}", "file") from None
    try:
        sent = form.get("file")
        if not isinstance(sent, UploadFile):
            raise ProblemError(422, "the form has no file; send one called file", "file")
        if others := [name for name in form if name != "file"]:
            raise ProblemError(422, f"{others[0][:80]} is not known; leave it out", others[0][:80])
        end = Path(sent.filename or "").suffix.lower()
        if end not in NAMES:
            known = ", ".join(NAMES)
            raise ProblemError(415, f"the file's name must end in {known}", "file")
        path = folder / f"upload.{NAMES[end]}"
        await _write(_pieces(sent), path)
        return path
    finally:
        await form.close()


async def _pieces(sent: UploadFile) -> AsyncIterator[bytes]:
    while piece := await sent.read(_PIECE):
        yield piece


async def _write(pieces: AsyncIterator[bytes], path: Path) -> None:
    with path.open("wb") as file:
        async for piece in pieces:
            await asyncio.to_thread(file.write, piece)


def _remove(folder: Path) -> None:
    for path in folder.glob("*"):
        path.unlink(missing_ok=True)
    folder.rmdir()

"""The names of all files of a commit on the hub, also where the hub cannot be reached."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from heedful.text.hub import Repository, UnreachableError, telling


def files_of(wanted: Repository, folder: Path) -> list[str]:
    """The names of all files of a commit.

    They are noted beside the cache's folder of it, once and for all. Where the hub cannot be
    reached, and there is no such note, the files in the cache are taken for all.

    Args:
        wanted: the repository.
        folder: what `fetch` gave.
    """
    from huggingface_hub import HfApi

    noted = folder.parent.parent / "heedful" / f"{folder.name}.json"
    if (known := _noted(noted)) is not None:
        return known
    try:
        if wanted.offline:
            raise UnreachableError("by wish")
        with telling(wanted):
            api, commit = HfApi(token=wanted.token), folder.name
            found = sorted(api.list_repo_files(wanted.name, repo_type=wanted.kind, revision=commit))
    except UnreachableError:
        held = (path for path in folder.rglob("*") if path.is_file())
        return sorted(path.relative_to(folder).as_posix() for path in held)
    with suppress(OSError):  # a cache that others own
        _note(noted, found)
    return found


def _noted(path: Path) -> list[str] | None:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return found if isinstance(found, list) and all(isinstance(f, str) for f in found) else None


def _note(path: Path, files: Sequence[str]) -> None:
    path.parent.mkdir(exist_ok=True)
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        part.write_text(json.dumps(files), encoding="utf-8")
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)

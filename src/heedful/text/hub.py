"""The Hugging Face hub: names of repositories, files fetched from them, and errors in one line.

What is fetched stays in the hub library's cache, by commit, and is checked there against the
hashes that the server gives. Without a network that cache alone is read. The library
(`huggingface_hub`) is loaded where it is needed.
"""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Literal
from urllib.parse import unquote

from heedful.records import HeedfulError

SCHEME = "hf://"
_DATASETS = "hf://datasets/"
_PART = r"[A-Za-z0-9][A-Za-z0-9._-]*"
_REVISION = r"(?:@(?P<revision>refs/(?:convert|pr)/[^/@]+|[^/@]+))?"
_NAME = re.compile(rf"(?P<owner>{_PART})/(?P<name>{_PART}){_REVISION}(?:/(?P<path>.+))?")
Kind = Literal["model", "dataset"]


class UnreachableError(HeedfulError):
    """The hub cannot be reached, and the cache does not hold what is wanted."""


@dataclass(frozen=True)
class Repository:
    """A repository of the hub.

    Attributes:
        name: owner/name.
        kind: model or dataset.
        revision: branch, tag or commit; None = main.
        path: what is named within it; empty = nothing.
        token: to open a private one with; None = the one that is logged in, if any.
        cache: the folder of the hub's cache; None = the usual one.
        offline: read the cache alone.
    """

    name: str
    kind: Kind = "model"
    revision: str | None = None
    path: str = ""
    token: str | None = None
    cache: str | None = None
    offline: bool = False

    def __str__(self) -> str:
        at = f"@{self.revision}" if self.revision else ""
        return f"{_DATASETS if self.kind == 'dataset' else SCHEME}{self.name}{at}"


def is_hub_name(name: object) -> bool:
    """Whether a name is one of the hub's."""
    return isinstance(name, str) and name.startswith(SCHEME)


def repository(name: str, kind: Kind = "model") -> Repository:
    """The repository that `hf://owner/name[@revision]` or `owner/name[@revision]` names.

    A data set is called `hf://datasets/owner/name[@revision][/path]`. A revision with a slash is
    written with %2F, but for refs/convert/... and refs/pr/...

    Raises:
        HeedfulError: no such name, or one of the other kind.
    """
    is_data = name.startswith(_DATASETS)
    if is_data and kind == "model":
        raise HeedfulError(f"{name} is a data set's name; a run is hf://owner/name[@revision]")
    rest = name.removeprefix(_DATASETS).removeprefix(SCHEME)
    found = _NAME.fullmatch(rest)
    usual = SCHEME if kind == "model" else _DATASETS
    right = f"{usual}owner/name[@revision]{'' if kind == 'model' else '[/split or path]'}"
    if found is None or (kind == "dataset" and not is_data):
        raise HeedfulError(f"{name!r} is no name of the hub; write it as {right}")
    path = (found["path"] or "").strip("/")
    if (path and kind == "model") or ".." in path.split("/"):
        raise HeedfulError(f"{name!r} names something within a repository; write it as {right}")
    revision = unquote(found["revision"]) if found["revision"] else None
    return Repository(f"{found['owner']}/{found['name']}", kind, revision, path)


def require_library(what: str) -> None:
    """Raise HeedfulError where the hub's library is not installed."""
    if find_spec("huggingface_hub") is None:
        raise HeedfulError(
            f"{what} needs huggingface-hub, which is not installed: pip install 'heedful[hub]'"
        )


def fetch(wanted: Repository, patterns: Sequence[str]) -> Path:
    """The folder of the cache that holds the files, fetched where they are not there yet.

    The folder's name is the commit. It belongs to the cache: nothing may be written there.

    Args:
        wanted: the repository.
        patterns: names of files (`*` stands for anything); no others are fetched.

    Raises:
        HeedfulError: no such repository or revision, a private one, or the hub cannot be reached
            and the cache lacks a file.
    """
    require_library(str(wanted))
    from huggingface_hub import snapshot_download

    with telling(wanted), quiet():
        found = snapshot_download(
            wanted.name,
            repo_type=wanted.kind,
            revision=wanted.revision,
            token=wanted.token,
            cache_dir=wanted.cache,
            local_files_only=wanted.offline,
            allow_patterns=list(patterns),
        )
    return Path(found)


def pinned(wanted: Repository, folder: Path) -> Repository:
    """The very commit that lies in a folder."""
    return replace(wanted, revision=folder.name)


@contextmanager
def telling(wanted: Repository) -> Iterator[None]:
    """The hub library's errors as ours.

    Raises:
        HeedfulError: one of them.
    """
    try:
        yield
    except Exception as error:
        said = _said(wanted, error)
        if said is None:
            raise
        raise said from None


def _said(wanted: Repository, error: Exception) -> HeedfulError | None:
    """What an error of the hub's library means; None = it is none of these."""
    from huggingface_hub import errors

    if isinstance(error, errors.GatedRepoError):
        return HeedfulError(f"{wanted} asks for consent: give it on its page, and log in")
    if isinstance(error, errors.RevisionNotFoundError):
        return HeedfulError(f"{wanted} has no such revision; check the name behind @")
    if isinstance(error, errors.RepositoryNotFoundError) or _status(error) in (401, 403):
        return HeedfulError(
            f"{wanted} does not exist, or is private and your token does not open it; check the "
            "name, and log in (hf auth login) or set HF_TOKEN"
        )
    if isinstance(error, errors.LocalEntryNotFoundError):
        cause = error.__cause__
        why = f": {_first(cause)}" if isinstance(cause, Exception) else ""
        return UnreachableError(
            f"{wanted} is not in the cache as a whole, and the hub is not asked (offline) or does "
            f"not answer{why}"
        )
    if (status := _status(error)) is not None:  # an answer, and it is no
        kind = UnreachableError if status >= 500 else HeedfulError
        return kind(f"{wanted}: the hub refused: {_first(error)}")
    if isinstance(error, errors.OfflineModeIsEnabled) or _is_connection(error):
        return UnreachableError(f"{wanted}: the hub cannot be reached ({_first(error)})")
    if isinstance(error, errors.HFValidationError | OSError | ValueError):
        return HeedfulError(f"{wanted}: {_first(error)}")
    return None


def _status(error: Exception) -> int | None:
    found = getattr(getattr(error, "response", None), "status_code", None)
    return found if isinstance(found, int) else None


def _is_connection(error: Exception) -> bool:
    """Whether it is the HTTP library's own: it has changed its name over time."""
    return any(kind.__module__.startswith(("httpx", "httpcore")) for kind in type(error).__mro__)


def _first(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return lines[0] if lines else type(error).__name__


@contextmanager
def quiet() -> Iterator[None]:
    """No warnings of the library's, and no bars where nobody looks at them."""
    logger = logging.getLogger("huggingface_hub")
    before = logger.level
    logger.setLevel(logging.ERROR)
    try:
        with _without_bars():
            yield
    finally:
        logger.setLevel(before)


@contextmanager
def _without_bars() -> Iterator[None]:
    bars = import_module("huggingface_hub.utils")
    if sys.stderr.isatty() or bars.are_progress_bars_disabled():
        yield
        return
    bars.disable_progress_bars()
    try:
        yield
    finally:
        bars.enable_progress_bars()

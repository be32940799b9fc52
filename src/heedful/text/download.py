"""Fetches a data set once: resumed when broken off, checked, and unpacked safely."""

from __future__ import annotations

import hashlib
import http.client
import logging
import shutil
import tarfile
import tempfile
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path

from heedful.records import HeedfulError
from heedful.text.compressed import one_line

_LOG = logging.getLogger(__name__)
TIMEOUT_SECONDS = 30.0
ATTEMPTS = 3
CHUNK = 1 << 20


@dataclass(frozen=True)
class Archive:
    """A file on the net and what it must be.

    Attributes:
        url: where it is.
        md5: its checksum, in hexadecimal digits.
        name: what it is called in the cache folder.
        folder: what it unpacks to.
    """

    url: str
    md5: str
    name: str
    folder: str


# Maas et al. 2011, Learning Word Vectors for Sentiment Analysis.
IMDB = Archive(
    url="https://ai.stanford.edu/~amaas/data/sentiment/aclImdb_v1.tar.gz",
    md5="7c2ac02c03563afcf9b574c7e56c153a",
    name="aclImdb_v1.tar.gz",
    folder="aclImdb",
)


def imdb(home: Path, archive: Archive = IMDB) -> Path:
    """The folder of the IMDB reviews under `home`, fetched and unpacked if it is not there.

    Args:
        home: the cache folder; made when missing.
        archive: where from; another one for tests.

    Raises:
        HeedfulError: no network, wrong checksum, broken archive, no room.
    """
    folder = home / archive.folder
    if folder.is_dir():
        return folder
    try:
        home.mkdir(parents=True, exist_ok=True)
        local = home / archive.name
        if not local.exists():
            _LOG.info("downloading %s to %s", archive.url, local)
            fetch(archive, local)
        _verify(local, archive)
        _unpack(local, folder)
    except OSError as error:
        raise HeedfulError(f"{home} cannot be written: {one_line(error)}") from None
    return folder


def fetch(archive: Archive, target: Path) -> None:
    """Downloads to `target`, going on where an earlier try broke off (`target`.part).

    Raises:
        HeedfulError: the server cannot be reached, refuses, or breaks off again and again.
    """
    part = target.with_name(target.name + ".part")
    problem = ""
    for _ in range(ATTEMPTS):
        try:
            if _continue(archive.url, part):
                break
            problem = "the connection broke off"
        except urllib.error.HTTPError as error:
            problem = f"the server answers {error.code}"
            if error.code == 416:  # the part is as long as the file, or longer
                break
            if error.code < 500:
                raise HeedfulError(_cannot(archive, target, problem)) from None
        except (urllib.error.URLError, http.client.HTTPException, TimeoutError) as error:
            problem = one_line(getattr(error, "reason", error))
        except ConnectionError as error:
            problem = one_line(error)
        except ValueError as error:
            raise HeedfulError(_cannot(archive, target, one_line(error))) from None
    else:
        raise HeedfulError(_cannot(archive, target, problem))
    part.replace(target)


def _cannot(archive: Archive, target: Path, problem: str) -> str:
    return (
        f"{archive.url} cannot be downloaded ({problem}); get {archive.name} another way and put "
        f"it at {target}"
    )


def _continue(url: str, part: Path) -> bool:
    """Appends what is missing of `part`; True when the whole file is there."""
    have = part.stat().st_size if part.exists() else 0
    request = urllib.request.Request(url, headers={"Range": f"bytes={have}-"} if have else {})
    with urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS) as answer:
        goes_on = have > 0 and answer.status == 206
        length = answer.headers.get("Content-Length")
        with part.open("ab" if goes_on else "wb") as file:
            while chunk := answer.read(CHUNK):
                file.write(chunk)
    expected = int(length) + (have if goes_on else 0) if length else None
    return expected is None or part.stat().st_size >= expected


def _verify(local: Path, archive: Archive) -> None:
    digest = hashlib.md5(usedforsecurity=False)
    with local.open("rb") as file:
        while chunk := file.read(CHUNK):
            digest.update(chunk)
    if digest.hexdigest() != archive.md5:
        raise HeedfulError(
            f"{local} has the checksum {digest.hexdigest()}, expected {archive.md5}; delete it "
            "and try again"
        )


def _unpack(local: Path, folder: Path) -> None:
    """Unpacks beside the goal and renames, so that a killed process leaves no half folder."""
    scratch = Path(tempfile.mkdtemp(prefix=".unpack-", dir=folder.parent))
    try:
        with tarfile.open(local) as tar:
            tar.extractall(scratch, filter="data")
        inner = scratch / folder.name
        if not inner.is_dir():
            raise HeedfulError(f"{local} holds no folder {folder.name}")
        inner.replace(folder)
    except (tarfile.TarError, EOFError) as error:
        raise HeedfulError(f"{local} cannot be unpacked: {one_line(error)}") from None
    finally:
        shutil.rmtree(scratch, ignore_errors=True)

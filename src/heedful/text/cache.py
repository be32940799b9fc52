"""Tokenised training texts, kept in the user's cache folder, so that training again starts sooner.

Only `heedful train` keeps any, and only of much text. A file holds what tokenising gave, without
labels; any damage is found by its checksum and counts as absence. HEEDFUL_CACHE=0 switches it
off; deleting the folder empties it.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import os
from collections.abc import Sequence
from dataclasses import asdict
from importlib import metadata
from pathlib import Path

import numpy as np

from heedful.config import TextConfig
from heedful.text.helper import Piece, read_piece
from heedful.text.parallel import number
from heedful.text.tokenize import Tokenizer

LEAST = 4_000_000  # characters; fewer are tokenised in a second
MOST = 1 << 30  # bytes of all files; the oldest go
_CHOICES = ("vocabulary", "min_frequency", "max_tokens", "keep")  # come after tokenising


def folder() -> Path:
    """HEEDFUL_HOME, or heedful's folder in the user's cache, and in it `tokens`."""
    given, cache = os.environ.get("HEEDFUL_HOME"), os.environ.get("XDG_CACHE_HOME")
    home = Path(given) if given else Path(cache or "~/.cache") / "heedful"
    return home.expanduser() / "tokens"


def number_once(texts: Sequence[str], tokenizer: Tokenizer) -> list[Piece]:
    """As `parallel.number`, from the cache if these texts were there before."""
    if os.environ.get("HEEDFUL_CACHE") == "0" or sum(map(len, texts)) < LEAST:
        return number(texts, tokenizer)
    path = folder() / _key(texts, tokenizer.config)
    found = _load(path, len(texts))
    if found is None:
        found = number(texts, tokenizer)
        with contextlib.suppress(OSError):  # no room, or no right to write: no cache
            _keep(path, found)
    return found


def _key(texts: Sequence[str], config: TextConfig) -> str:
    """Of the texts, of all that tokenising depends on, and of who tokenised."""
    settings = {k: v for k, v in asdict(config).items() if k not in _CHOICES}
    versions = [metadata.version(name) for name in ("heedful", "regex", "simplemma")]
    code = Path(__file__).with_name("tokenize.py").read_bytes()
    digest = hashlib.sha256(json.dumps([settings, versions]).encode() + code)
    for text in texts:
        data = text.encode("utf-8", "surrogatepass")
        digest.update(len(data).to_bytes(8, "big") + data)
    return digest.hexdigest()


def _load(path: Path, texts: int) -> list[Piece] | None:
    try:
        content = path.read_bytes()
        if hashlib.sha256(content[32:]).digest() != content[:32]:
            return None
        source, pieces = io.BytesIO(content[32:]), []
        for count in json.loads(source.readline()):
            pieces.append(read_piece(source, count))
        os.utime(path)  # what is used stays
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return pieces if sum(len(piece.lengths) for piece in pieces) == texts else None


def _keep(path: Path, pieces: Sequence[Piece]) -> None:
    """Write it beside its name, for this user alone, and make room."""
    parts = [json.dumps([len(piece.lengths) for piece in pieces]).encode() + b"\n"]
    for piece in pieces:
        head = {"words": list(piece.words), "numbers": len(piece.flat)}
        parts += [json.dumps(head).encode() + b"\n", piece.lengths.tobytes()]
        parts.append(piece.flat.astype(np.int32, copy=False).tobytes())
    content = b"".join(parts)
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT, 0o600), "wb") as file:
            file.write(hashlib.sha256(content).digest() + content)
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)
    _make_room(path.parent)


def _make_room(place: Path) -> None:
    """Remove the files that were used least lately, until at most `MOST` bytes are left."""
    files = [(file.stat().st_mtime, file.stat().st_size, file) for file in place.iterdir()]
    size = 0
    for _, bytes_, file in sorted(files, reverse=True):
        size += bytes_
        if size > MOST:
            file.unlink(missing_ok=True)

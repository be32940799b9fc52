"""States of a frozen transformer on disk, so that it reads each text once. No torch here.

A store is a folder of chunks. A chunk is one file, written beside its name and renamed, so that a
killed process leaves whole chunks only: a line of JSON, the keys and lengths of its texts, and
their states as float16 one after the other. What fails its checksum, which is looked at where a
chunk is needed, is removed and counts as not there. Chunks are read where they are asked for, so
that memory does not grow with them; those that are needed stay open, so that another process
that makes room does not take them away.
"""

from __future__ import annotations

import contextlib
import json
import os
import time
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Half = NDArray[np.float16]
KEY = 16  # bytes of a text's key
CHUNK = 1 << 27  # bytes of states that are gathered before they are written
SUFFIX = ".states"
_BLOCK = 1 << 24
OLD = 3600  # seconds after which nobody is writing a part any more


class _Place(NamedTuple):
    """Where a text's states lie: chunk, byte, tokens."""

    path: Path
    start: int
    tokens: int


class StateStore:
    """States by key.

    Args:
        folder: of this transformer's; its siblings are those of others.
        width: H, of a state.
        most: bytes of all chunks of this one and its siblings.

    Raises:
        OSError: the folder cannot be made.
    """

    def __init__(self, folder: Path, width: int, most: int) -> None:
        self.folder, self.width, self.most = folder, width, most
        self.full = False
        self._places: dict[bytes, _Place] = {}
        self._files: dict[Path, int] = {}
        self._written = 0
        self._needed: set[Path] = set()
        self._waiting: dict[bytes, Half] = {}
        self._bytes = 0
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        _tidy(folder)
        for path in sorted(folder.glob(f"*{SUFFIX}")):
            self._take(path)

    def __contains__(self, key: bytes) -> bool:
        return key in self._places or key in self._waiting

    def need(self, keys: Iterable[bytes]) -> None:
        """Say which texts are read now: chunks without any of them may make room for others."""
        for path in {self._places[key].path for key in keys if key in self._places}:
            if self._keeps(path):
                self._needed.add(path)
            else:
                self._places = {k: p for k, p in self._places.items() if p.path != path}

    def get(self, key: bytes) -> Half:
        """(N, H) the states of a text that is in the store.

        Raises:
            KeyError: it is not.
            OSError: they cannot be read any more.
        """
        if key in self._waiting:
            return self._waiting[key]
        place = self._places[key]
        wanted = place.tokens * self.width * 2
        content = os.pread(self._file(place.path), wanted, place.start)
        if len(content) != wanted:
            raise OSError(f"{self.folder} has become shorter")
        return np.frombuffer(content, np.float16).reshape(place.tokens, self.width)

    def add(self, key: bytes, states: Half) -> None:
        """Keep (N, H) states; they are written when a chunk is full."""
        self._waiting[key] = states
        self._bytes += states.nbytes
        if self._bytes >= CHUNK:
            self.flush()

    def flush(self) -> None:
        """Write what waits. Where there is no room for it, the store is `full` and forgets it."""
        if not self._waiting:
            return
        waiting, self._waiting = self._waiting, {}
        needed, self._bytes = self._bytes, 0
        try:
            if not self._make_room(needed):
                self.full = True
                return
            path = self._write(waiting)
            self._take(path)
            self._file(path)
            self._needed.add(path)
        except OSError:  # no space left, no right to write
            self.full = True

    def close(self) -> None:
        """Write what waits and let the files go."""
        self.flush()
        for file in self._files.values():
            os.close(file)
        self._files, self._places = {}, {}

    def _write(self, waiting: dict[bytes, Half]) -> Path:
        lengths = np.array([len(states) for states in waiting.values()], np.int64)
        index = b"".join(waiting) + lengths.tobytes()
        check = zlib.crc32(index)
        for states in waiting.values():
            check = zlib.crc32(states.tobytes(), check)
        head = {"width": self.width, "texts": len(waiting), "check": check}
        name = f"{zlib.crc32(index):08x}-{os.getpid()}-{self._written}"
        self._written += 1
        path = self.folder / f"{name}{SUFFIX}"
        partial = path.with_name(f".{path.name}.part")
        try:
            with os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT, 0o600), "wb") as file:
                file.write(json.dumps(head).encode() + b"\n" + index)
                for states in waiting.values():
                    file.write(states.tobytes())
            partial.replace(path)
        finally:
            partial.unlink(missing_ok=True)
        return path

    def _take(self, path: Path) -> None:
        """Take in a chunk by its index; one that is damaged, or of another width, is removed."""
        try:
            file = os.open(path, os.O_RDONLY)
        except OSError:  # another process has made room, or it is not ours to read
            return
        try:
            self._places |= self._index(file, path)
        except (OSError, ValueError, KeyError, TypeError):
            _remove(path)
        finally:
            os.close(file)

    def _file(self, path: Path) -> int:
        """The chunk, open from now on.

        Raises:
            OSError: it is gone.
        """
        if path not in self._files:
            self._files[path] = os.open(path, os.O_RDONLY)
            with contextlib.suppress(OSError):
                os.utime(path)  # what is used stays
        return self._files[path]

    def _keeps(self, path: Path) -> bool:
        """Whether a chunk is there and whole; what is not whole is removed."""
        try:
            if path in self._needed or _whole(self._file(path)):
                return True
        except OSError:
            return False
        os.close(self._files.pop(path))
        _remove(path)
        return False

    def _index(self, file: int, path: Path) -> dict[bytes, _Place]:
        about, index, begin = _head(file)
        count = about["texts"]
        keys = [index[i * KEY : (i + 1) * KEY] for i in range(count)]
        lengths = np.frombuffer(index[count * KEY :], np.int64)
        sizes = lengths * about["width"] * 2
        right = about["width"] == self.width and len(lengths) == count
        if not right or os.fstat(file).st_size != begin + int(sizes.sum()):
            raise ValueError("of another length")
        starts = (begin + np.cumsum(sizes) - sizes).tolist()
        return {
            key: _Place(path, start, tokens)
            for key, start, tokens in zip(keys, starts, lengths.tolist(), strict=True)
        }

    def _make_room(self, needed: int) -> bool:
        """Remove chunks that are not needed, least lately used first, until there is room.

        False if there is none even so.
        """
        chunks = list(_chunks(self.folder.parent))
        size = sum(bytes_ for _, bytes_, _ in chunks) + needed
        for _, bytes_, path in sorted(chunks):
            if size <= self.most:
                break
            if path not in self._needed:
                path.unlink(missing_ok=True)
                size -= bytes_
        return size <= self.most


def _remove(path: Path) -> None:
    with contextlib.suppress(OSError):  # gone, or not ours
        path.unlink()


def _tidy(folder: Path) -> None:
    """Remove what writes that were killed have left."""
    for path in folder.glob(".*.part"):
        with contextlib.suppress(OSError):
            if time.time() - path.stat().st_mtime > OLD:
                path.unlink()


def _head(file: int) -> tuple[dict[str, int], bytes, int]:
    """What a chunk's first line says, keys and lengths, and the byte where states begin.

    Raises:
        ValueError, KeyError, TypeError: damaged.
    """
    line = os.pread(file, 256, 0).partition(b"\n")[0]
    about = json.loads(line)
    count = about["texts"]
    if not 0 <= count * (KEY + 8) <= os.fstat(file).st_size:
        raise ValueError("no number of texts")
    index = os.pread(file, count * (KEY + 8), len(line) + 1)
    return about, index, len(line) + 1 + len(index)


def _whole(file: int) -> bool:
    """Whether a chunk is what was written."""
    about, index, begin = _head(file)
    value, end = zlib.crc32(index), os.fstat(file).st_size
    for place in range(begin, end, _BLOCK):
        value = zlib.crc32(os.pread(file, min(_BLOCK, end - place), place), value)
    return value == about["check"]


def _chunks(folder: Path) -> Iterator[tuple[float, int, Path]]:
    """When each chunk was last used, its size and path."""
    for path in folder.glob(f"*/*{SUFFIX}"):
        with contextlib.suppress(OSError):
            about = path.stat()
            yield about.st_mtime, about.st_size, path

"""Files as byte streams, plain, gzip or zstd: told apart by their first bytes, not their names."""

from __future__ import annotations

import gzip
import io
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import zstandard

from heedful.records import HeedfulError
from heedful.text.gauge import Gauge

GZIP_MAGIC = b"\x1f\x8b"
ZSTD_MAGIC = b"\x28\xb5\x2f\xfd"
SUFFIXES = {".gz": "gzip", ".zst": "zstd", ".zstd": "zstd"}
CHUNK = 1 << 16


class _ZstdReader(io.RawIOBase):
    """Decompressed bytes of one or more zstd frames.

    zstandard's own stream reader takes a file that stops in mid-frame for a complete one;
    here that is an EOFError.
    """

    def __init__(self, raw: IO[bytes]) -> None:
        self._raw = raw
        self._frame: zstandard.ZstdDecompressionObj | None = None
        self._ready = b""

    def readable(self) -> bool:
        return True

    def close(self) -> None:
        self._raw.close()
        super().close()

    def _advance(self, data: bytes) -> None:
        while data:
            if self._frame is None:
                self._frame = zstandard.ZstdDecompressor().decompressobj()
            self._ready += self._frame.decompress(data)
            data = b""
            if self._frame.eof:
                data, self._frame = self._frame.unused_data, None

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        while not self._ready:
            data = self._raw.read(CHUNK)
            if not data:
                if self._frame is not None:
                    raise EOFError("the zstd data stops in the middle")
                return 0
            self._advance(data)
        count = min(len(buffer), len(self._ready))
        buffer[:count] = self._ready[:count]
        self._ready = self._ready[count:]
        return count


class _GzipReader(gzip.GzipFile):
    """Decompressed bytes; closes the file it reads from, too."""

    def __init__(self, raw: IO[bytes]) -> None:
        super().__init__(fileobj=raw, mode="rb")
        self._below = raw

    def close(self) -> None:
        super().close()
        self._below.close()


def inner_name(path: Path) -> str:
    """The file name in lower case without a compression suffix: `a.CSV.gz` → `a.csv`."""
    name = path.name.lower()
    for suffix in SUFFIXES:
        name = name.removesuffix(suffix)
    return name


def compression(path: Path) -> str | None:
    """`gzip`, `zstd` or None.

    Raises:
        HeedfulError: when the name promises a compression that the bytes do not keep.
    """
    with path.open("rb") as file:
        head = file.read(4)
    promised = SUFFIXES.get(path.suffix.lower())
    found = None
    if head.startswith(GZIP_MAGIC):
        found = "gzip"
    elif head == ZSTD_MAGIC:
        found = "zstd"
    if promised and head and found is None:
        raise HeedfulError(f"{path.name} is not a {promised} file; rename or compress it again")
    return found


def open_binary(path: Path, gauge: Gauge | None = None) -> IO[bytes]:
    """The decompressed bytes of a file. Use it inside `reading`, which words the errors.

    Args:
        path: the file.
        gauge: is to follow how much of it has been read.
    """
    found = compression(path)
    raw = path.open("rb")
    if gauge:
        gauge.follow(raw)
    if found == "gzip":
        return io.BufferedReader(_GzipReader(raw), CHUNK)
    if found == "zstd":
        return io.BufferedReader(_ZstdReader(raw), CHUNK)
    return raw


@contextmanager
def reading(path: Path) -> Iterator[None]:
    """Turns what can go wrong while reading a file into a HeedfulError that names it."""
    try:
        yield
    except FileNotFoundError:
        raise HeedfulError(f"{path} does not exist") from None
    except (EOFError, zlib.error, gzip.BadGzipFile, zstandard.ZstdError) as error:
        raise HeedfulError(
            f"{path.name} cannot be decompressed ({one_line(error)}); it may be cut short: "
            "copy or download it again"
        ) from None
    except OSError as error:
        raise HeedfulError(f"{path} cannot be read: {one_line(error.strerror or error)}") from None


def one_line(error: object) -> str:
    """The first line of an error message, for ours."""
    return (str(error).splitlines() or [type(error).__name__])[0][:200]

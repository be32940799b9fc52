"""Which encoding a text file has, and lines that survive bytes that do not belong to it."""

from __future__ import annotations

import codecs
import io
import re
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from heedful.records import HeedfulError
from heedful.text.compressed import open_binary
from heedful.text.gauge import Gauge

# Stands in a decoded text where the bytes made no sense. It is a lone surrogate, so that no
# decoded text can hold it otherwise, and rows with it are found and named.
BAD = "\udcff"
_SURROGATE = re.compile("[\ud800-\udfff]")
_VALID_NON_ASCII = re.compile(f"[^\x00-\x7f{BAD}]")
# Bytes that Windows-1252 does not define.
_NOT_CP1252 = frozenset(b"\x81\x8d\x8f\x90\x9d")
_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
CHUNK = 1 << 20
ERRORS = "heedful.bad"


def _mark(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeDecodeError):
        raise error
    return BAD, error.end


codecs.register_error(ERRORS, _mark)


def undecodable(text: str) -> bool:
    """Whether the text holds bytes that could not be decoded, or half a character pair."""
    return not text.isascii() and _SURROGATE.search(text) is not None


def spoken(encoding: str) -> str:
    """The encoding's name in prose."""
    names = {"utf-8": "UTF-8", "utf-8-sig": "UTF-8 with a byte-order mark", "utf-16": "UTF-16"}
    guessed = {
        "cp1252": "Windows-1252 (it is not UTF-8; --encoding sets another)",
        "latin-1": "Latin-1 (it is not UTF-8; --encoding sets another)",
    }
    return names.get(encoding) or guessed.get(encoding) or encoding


def find_encoding(path: Path, demanded: str | None) -> str:
    """The Python name of a file's encoding.

    A byte-order mark decides; else UTF-8, if at least ten times more characters than errors
    say so; else Windows-1252, or Latin-1 where a byte is undefined in it.

    Raises:
        HeedfulError: unknown encoding demanded, or UTF-16 without its mark.
    """
    with open_binary(path) as file:
        head = file.read(4096)
    bom = next((name for mark, name in _BOMS if head.startswith(mark)), None)
    if demanded is not None:
        return _known(demanded, bom)
    if bom is not None:
        return bom
    if len(head) >= 8 and head.count(0) > len(head) * 0.3:
        raise HeedfulError(
            f"{path.name} is full of zero bytes: it is no text file, or UTF-16 without a "
            "byte-order mark (then --encoding utf-16-le)"
        )
    return _weigh(path)


def _known(demanded: str, bom: str | None) -> str:
    try:
        b"a".decode(demanded)
        name = codecs.lookup(demanded).name
    except LookupError:
        raise HeedfulError(
            f"encoding {demanded!r} is unknown; try utf-8, utf-16, cp1252 or latin-1"
        ) from None
    except UnicodeError:
        name = demanded  # a two-byte encoding, for which one byte is too little
    except ValueError:
        raise HeedfulError("the name of an encoding cannot hold a zero byte") from None
    return "utf-8-sig" if name == "utf-8" and bom == "utf-8-sig" else name


def _weigh(path: Path) -> str:
    decoder = codecs.getincrementaldecoder("utf-8")(errors=ERRORS)
    bad = good = 0
    high: set[int] = set()
    with open_binary(path) as file:
        while True:
            chunk = file.read(CHUNK)
            text = decoder.decode(chunk, final=not chunk)
            if not text.isascii():
                bad += text.count(BAD)
                good += len(_VALID_NON_ASCII.findall(text))
                high.update(chunk)
            if not chunk:
                break
    if good >= 10 * bad:
        return "utf-8"
    return "latin-1" if high & _NOT_CP1252 or not any(128 <= b < 160 for b in high) else "cp1252"


def open_text(
    path: Path, encoding: str, newline: str = "\n", gauge: Gauge | None = None
) -> IO[str]:
    """The file as text; undecodable bytes become BAD. Lines end as `newline` says only."""
    binary = open_binary(path, gauge)
    return io.TextIOWrapper(binary, encoding=encoding, errors=ERRORS, newline=newline)


def lines(
    path: Path, encoding: str, newline: str, longest: int, gauge: Gauge | None = None
) -> Iterator[str | None]:
    """The lines with their ends; None for a line of more than `longest` characters.

    A line is never held in memory beyond that length, whatever the file claims to be.
    """
    with open_text(path, encoding, newline, gauge) as file:
        while line := file.readline(longest):
            if len(line) < longest or line.endswith(("\n", "\r")):
                yield line
                continue
            while (rest := file.readline(longest)) and not rest.endswith(("\n", "\r")):
                pass
            yield None

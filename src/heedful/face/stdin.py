"""Standard input as data: `-` among the paths of a command.

What comes in is spooled to a temporary file, because a table is gone through more than once;
so it may be larger than memory.
"""

from __future__ import annotations

import json
import re
import shutil
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from heedful.face.console import note
from heedful.records import HeedfulError
from heedful.text.columns import is_known_name
from heedful.text.compressed import GZIP_MAGIC, ZSTD_MAGIC
from heedful.text.options import ReadOptions

_HEAD = 1 << 16
_BINARY = (GZIP_MAGIC, ZSTD_MAGIC, b"PAR1")


@contextmanager
def taking_stdin(
    paths: Sequence[str],
    options: ReadOptions,
    *,
    lines: bool = False,
    trained: ReadOptions | None = None,
) -> Iterator[list[str]]:
    """The paths with `-` replaced by a file that holds standard input, until the block ends.

    Args:
        paths: as the user gave them.
        options: a column or delimiter given here says that a table comes in.
        lines: where what comes in is no table, take every line for a text.
        trained: the columns of training: a header that names one of them says so too, and lines
            become a column of that name.

    Raises:
        HeedfulError: `-` is given twice, or nothing comes in.
    """
    if paths.count("-") > 1:
        raise HeedfulError("standard input (-) can be read only once; give it once")
    if "-" not in paths:
        yield list(paths)
        return
    if sys.stdin.isatty():
        note("reading standard input; Ctrl-D ends it")
    with tempfile.TemporaryDirectory(prefix="heedful-") as folder:
        file = _spool(Path(folder), sys.stdin.buffer, options, trained or options, lines=lines)
        yield [str(file) if path == "-" else path for path in paths]


def _spool(
    folder: Path, stream: IO[bytes], options: ReadOptions, trained: ReadOptions, *, lines: bool
) -> Path:
    raw = folder / "stdin"
    with raw.open("wb") as file:
        shutil.copyfileobj(stream, file)
    with raw.open("rb") as file:
        head = file.read(_HEAD)
    if not head.strip():
        raise HeedfulError("standard input is empty; pipe a table or texts into it")
    start = head.lstrip(b"\xef\xbb\xbf \t\r\n")
    if start.startswith(b'{"'):
        return raw  # known for JSON Lines by its bytes
    if start.startswith(b"{"):
        return raw.rename(folder / "stdin.jsonl")
    given = options.text or options.delimiter
    if not lines or given or head.startswith(_BINARY) or _has_header(head, trained):
        return raw
    raw = raw.rename(folder / "lines")
    return _as_json_lines(raw, folder / "stdin", trained.text or "text")


def _has_header(head: bytes, trained: ReadOptions) -> bool:
    """Whether the first line names a column that we or the run know."""
    first = next(line for line in head.splitlines() if line.strip())
    cells = re.split(r"[,;\t|]", first.decode("utf-8-sig", "replace"))
    names = [cell.strip().strip('"') for cell in cells]
    return any(is_known_name(name) or name in (trained.text, trained.label) for name in names)


def _as_json_lines(raw: Path, target: Path, column: str) -> Path:
    """Every line as a text; bytes that are not UTF-8 make a bad row later, not an error here."""
    count = 0
    with (
        raw.open(encoding="utf-8-sig", errors="surrogateescape", newline="\n") as source,
        target.open("w", encoding="ascii") as sink,
    ):
        for count, line in enumerate(source, start=1):  # noqa: B007 - told below
            sink.write(json.dumps({column: line.rstrip("\r\n")}) + "\n")
    note(f"standard input: {count:,} line{'s' if count != 1 else ''}, a text each")
    raw.unlink()
    return target

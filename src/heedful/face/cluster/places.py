"""Where inputs lie: files, folders, patterns and addresses such as s3://BUCKET/FOLDER/*.parquet.

Every worker opens its inputs itself, with the reader of the local engine. What lies behind an
address is copied to a temporary file first.
"""

from __future__ import annotations

import glob
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from shutil import copyfileobj
from typing import Any

from heedful.records import HeedfulError
from heedful.text.compressed import inner_name
from heedful.text.corpus import open_stream
from heedful.text.options import ReadOptions
from heedful.text.sources import resolve
from heedful.text.stream import Stream

TABLES = (".parquet", ".pq", ".jsonl", ".ndjson", ".json", ".csv", ".tsv", ".tab")
_MAGIC = frozenset("*?[")


@dataclass(frozen=True)
class Place:
    """One input.

    Attributes:
        name: a path that does not hang on where a process was started, an address, or the name of
            a data set.
        size: bytes, where it is a file.
        modified: when an address's file was, in nanoseconds; local files are asked themselves.
    """

    name: str
    size: int | None = None
    modified: int | None = None

    @property
    def remote(self) -> bool:
        """Whether it must be fetched."""
        return "://" in self.name


def expanded(inputs: Sequence[str]) -> list[Place]:
    """Patterns as the files they fit, folders as their tables, each sorted by path.

    Raises:
        HeedfulError: standard input, or something that is not there.
    """
    found: list[Place] = []
    for name in inputs:
        if name == "-":
            raise HeedfulError("--engine ray cannot read standard input; give files as --input")
        found += _of_address(name) if "://" in name else _of_path(name)
    return found


def _of_path(name: str) -> list[Place]:
    path = Path(name)
    if path.is_dir():
        tables = sorted(file for file in path.iterdir() if is_table(file.name) and file.is_file())
        return [_file(file) for file in tables] or [Place(str(path.absolute()))]
    if path.exists():
        return [_file(path)]
    if _MAGIC & set(name):
        paths = sorted(map(Path, glob.glob(name, recursive=True)))  # noqa: PTH207 - absolute, too
        files = [_file(file) for file in paths if file.is_file()]
        if not files:
            raise HeedfulError(f"no file is called {name}; look at --input")
        return files
    resolve(name)  # its own words for what is not there
    return [Place(name)]


def is_table(name: str) -> bool:
    """Whether a file in a folder is taken for a table, compressed or not; hidden ones are not."""
    return not name.startswith((".", "_")) and inner_name(Path(name)).endswith(TABLES)


def _file(path: Path) -> Place:
    return Place(str(path.absolute()), path.stat().st_size)


def filesystem(address: str) -> tuple[Any, str]:
    """pyarrow's file system of an address, and the path in it.

    Raises:
        HeedfulError: no such kind of address, or it cannot be reached.
    """
    from pyarrow.fs import FileSystem

    try:
        system, path = FileSystem.from_uri(address)
    except (OSError, ValueError, TypeError) as error:
        raise HeedfulError(f"{address} cannot be reached: {_short(error)}") from None
    return system, path


def _of_address(address: str) -> list[Place]:
    scheme, _, rest = address.partition("://")
    parts = rest.split("/")
    fixed = next((i for i, part in enumerate(parts) if _MAGIC & set(part)), len(parts))
    base = "/".join(parts[:fixed])
    system, root = filesystem(f"{scheme}://{base}")
    if scheme == "file":  # a file of this machine, spelt with its scheme
        return _of_path("/".join([root, *parts[fixed:]]))
    files = _listed(system, root, parts[fixed:], address)
    return [
        Place(f"{scheme}://{file.path}", file.size, file.mtime_ns)
        for file in sorted(files, key=lambda file: str(file.path))
    ]


def _listed(system: Any, root: str, pattern: Sequence[str], address: str) -> list[Any]:
    """The files at a place of a file system: itself, its tables, or what fits a pattern.

    Raises:
        HeedfulError: there is none.
    """
    from pyarrow.fs import FileSelector, FileType

    try:
        about = system.get_file_info(root)
        if about.type == FileType.File and not pattern:
            return [about]
        selector = FileSelector(root, allow_not_found=True, recursive=len(pattern) > 1)
        files = [f for f in system.get_file_info(selector) if f.type == FileType.File]
    except OSError as error:
        raise HeedfulError(f"{address} cannot be listed: {_short(error)}") from None
    if pattern:
        whole = PurePosixPath(root, *pattern)
        found = [file for file in files if fits(PurePosixPath(file.path), whole)]
    else:
        found = [file for file in files if is_table(file.base_name)]
    if not found:
        raise HeedfulError(f"no file is called {address}; look at --input")
    return found


def fits(path: PurePosixPath, pattern: PurePosixPath) -> bool:
    """Whether a path fits a pattern, part by part: * does not reach over a slash."""
    return len(path.parts) == len(pattern.parts) and path.match(str(pattern))


@contextmanager
def opened(place: Place, options: ReadOptions) -> Iterator[Stream]:
    """The rows of an input.

    Raises:
        HeedfulError: it cannot be read.
    """
    if not place.remote:
        yield open_stream([place.name], options)
        return
    with tempfile.TemporaryDirectory(prefix="heedful-") as folder:
        copy = Path(folder) / PurePosixPath(place.name).name
        system, path = filesystem(place.name)
        try:
            with system.open_input_stream(path) as source, copy.open("wb") as target:
                copyfileobj(source, target, 1 << 20)
        except OSError as error:
            raise HeedfulError(f"{place.name} cannot be read: {_short(error)}") from None
        yield open_stream([copy], options)


def _short(error: Exception) -> str:
    return str(error).strip().partition("\n")[0] or type(error).__name__

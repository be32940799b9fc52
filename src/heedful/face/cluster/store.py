"""A half-written folder of results, beside its name, on disk or behind an address.

| `.NAME.parts/` | holds |
|---|---|
| rows/ | the files of finished units: each is whole |
| journal.json | which of them count, and what they were made from |
| lock | on disk only: held by the command that writes |

Workers put files, the command keeps the journal; the folder appears under its name when all is
there.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Collection, Mapping
from pathlib import Path, PurePosixPath
from typing import Any, Protocol

from heedful.face.cluster.places import filesystem
from heedful.learn.files import write_bytes
from heedful.records import HeedfulError

JOURNAL = "journal.json"
ROWS = "rows"


class Store(Protocol):
    """Where results go."""

    name: str

    def put(self, name: str, file: Path) -> None:
        """A finished unit; one of that name is replaced."""

    def save(self, journal: Mapping[str, Any]) -> None:
        """The journal: the old one or the new one, never a part."""

    def saved(self) -> bytes | None:
        """The journal as it was saved; None where there is none."""

    def listed(self) -> list[str] | None:
        """Names in the folder of results; None where there is no such folder."""

    def clear(self) -> None:
        """Nothing is half-written any more."""

    def finish(self, names: Collection[str]) -> None:
        """The folder under its name, with these units. Goes on where it was broken off.

        Raises:
            HeedfulError: not all of them are there.
        """


def store_at(output: str) -> Store:
    """The results of a path or an address.

    Raises:
        HeedfulError: the address cannot be reached, or has no name.
    """
    if "://" not in output:
        return Disk(_named(output, Path(output).absolute() if output else Path()))
    system, path = filesystem(output)
    _named(output, Path(path))
    if output.startswith("file://"):
        return Disk(Path(path))
    return Remote(system, path.rstrip("/"), output.rstrip("/"))


def _named(output: str, path: Path) -> Path:
    if path.name in ("", ".."):
        raise HeedfulError(f"--output {output!r} names no folder; give one for the results")
    return path


class Disk:
    """Results in a folder that every node sees under the same path.

    Args:
        path: the folder.
    """

    def __init__(self, path: Path) -> None:
        self.name, self.path = str(path), path
        self.parts = path.with_name(f".{path.name}.parts")
        self._rows = self.parts / ROWS

    def put(self, name: str, file: Path) -> None:
        """A finished unit, durably; one of that name is replaced."""
        self._rows.mkdir(parents=True, exist_ok=True)
        write_bytes(self._rows / name, file.read_bytes())

    def save(self, journal: Mapping[str, Any]) -> None:
        """The journal, durably."""
        write_bytes(self.parts / JOURNAL, json.dumps(journal).encode())

    def saved(self) -> bytes | None:
        """The journal as it was saved."""
        try:
            return (self.parts / JOURNAL).read_bytes()
        except FileNotFoundError:
            return None

    def listed(self) -> list[str] | None:
        """Names in the folder of results."""
        return [file.name for file in self.path.iterdir()] if self.path.exists() else None

    def clear(self) -> None:
        """The journal first: what no journal vouches for does not count."""
        (self.parts / JOURNAL).unlink(missing_ok=True)
        shutil.rmtree(self._rows, ignore_errors=True)

    def finish(self, names: Collection[str]) -> None:
        """The folder under its name, in one step; an older one is taken away just before."""
        place = self._rows if self._rows.exists() else self.path
        _check_there(names, [file.name for file in place.glob("*")], self.name)
        if self._rows.exists():
            for path in self._rows.iterdir():
                if path.name not in names:  # of writers that were killed
                    path.unlink()
            if self.path.exists():
                old = self.parts / "old"
                shutil.rmtree(old, ignore_errors=True)
                self.path.rename(old)
            self._rows.rename(self.path)
        (self.parts / JOURNAL).unlink(missing_ok=True)
        shutil.rmtree(self.parts, ignore_errors=True)


class Remote:
    """Results behind an address; its files appear one by one in the end.

    Args:
        system: pyarrow's file system.
        path: of the folder in it.
        name: the address, for messages.
    """

    def __init__(self, system: Any, path: str, name: str) -> None:
        self.name, self.path, self._system = name, PurePosixPath(path), system
        self.parts = self.path.with_name(f".{self.path.name}.parts")
        self._rows = self.parts / ROWS

    def put(self, name: str, file: Path) -> None:
        """A finished unit; one of that name is replaced."""
        self._write(self._rows / name, file.read_bytes())

    def _write(self, path: PurePosixPath, content: bytes) -> None:
        self._system.create_dir(str(path.parent), recursive=True)
        with self._system.open_output_stream(str(path)) as stream:
            stream.write(content)

    def save(self, journal: Mapping[str, Any]) -> None:
        """The journal."""
        self._write(self.parts / JOURNAL, json.dumps(journal).encode())

    def saved(self) -> bytes | None:
        """The journal as it was saved."""
        try:
            with self._system.open_input_stream(str(self.parts / JOURNAL)) as stream:
                content: bytes = stream.read()
                return content
        except FileNotFoundError:
            return None

    def listed(self) -> list[str] | None:
        """Names in the folder of results."""
        return self._names(self.path) or None

    def _names(self, folder: PurePosixPath) -> list[str]:
        from pyarrow.fs import FileSelector

        selector = FileSelector(str(folder), allow_not_found=True)
        return [file.base_name for file in self._system.get_file_info(selector)]

    def clear(self) -> None:
        """Nothing is half-written any more."""
        if self._names(self.parts):
            self._system.delete_dir(str(self.parts))

    def finish(self, names: Collection[str]) -> None:
        """Older files are taken away, the new ones moved."""
        _check_there(names, self._names(self._rows) + self._names(self.path), self.name)
        self._system.create_dir(str(self.path), recursive=True)
        for name in set(self._names(self.path)) - set(names):
            self._system.delete_file(str(self.path / name))
        for name in set(self._names(self._rows)) & set(names):
            self._system.move(str(self._rows / name), str(self.path / name))
        self.clear()


def _check_there(names: Collection[str], found: Collection[str], where: str) -> None:
    if missing := set(names) - set(found):
        raise HeedfulError(
            f"{len(missing):,} of {len(names):,} files of {where} are not there; --output must be "
            "a place that every node of the cluster sees; then run it again without --resume"
        )


def check_folder(store: Store) -> None:
    """Raise HeedfulError where the folder of results is no folder, or holds something else."""
    if isinstance(store, Disk) and store.path.exists() and not store.path.is_dir():
        raise HeedfulError(f"{store.name} is a file; --engine ray writes a folder of Parquet files")
    other = [n for n in store.listed() or () if not (n.startswith("part-") and ".parquet" in n)]
    if other:
        raise HeedfulError(
            f"{store.name} holds {other[0]}, which --engine ray has not written; give --output "
            "another name"
        )

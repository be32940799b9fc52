"""A model on its way to the workers: the files of a run, as bytes, or the place of a large one."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING

from heedful.face.onnx_file import is_exported
from heedful.face.scorer import Scorer, open_scorer
from heedful.learn.layout import BASELINE, CHECKPOINT, EVALUATIONS, REPORT, SKETCH, VALIDATION
from heedful.records import HeedfulError

if TYPE_CHECKING:
    from heedful.learn.model import TextModel

LARGEST = 1 << 28
"""Bytes up to which a model travels; a larger one must lie where every node can read it."""
_STAYS = frozenset((BASELINE, CHECKPOINT, EVALUATIONS, REPORT, SKETCH, VALIDATION))


@dataclass(frozen=True)
class Shipped:
    """What a worker needs to load a model.

    Attributes:
        place: where the driver found it.
        files: path within it (or the file's own name) -> bytes; empty = too large to travel.
        exported: whether it is a file of `heedful export`.
        version: of the driver's heedful.
    """

    place: str
    files: dict[str, bytes]
    exported: bool
    version: str

    def check(self) -> None:
        """Raise HeedfulError where this node has another heedful than the driver."""
        here = metadata.version("heedful")
        if here != self.version:
            raise HeedfulError(
                f"a node of the cluster has heedful {here}, the command is {self.version}; "
                "install the same everywhere"
            )

    def unpack(self, folder: Path) -> Path:
        """The run (or the file) on this machine; written to `folder` if it has travelled."""
        if not self.files:
            return Path(self.place)
        for name, content in self.files.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        return folder / next(iter(self.files)) if self.exported else folder


def packed(run: str) -> Shipped:
    """A run folder without what no prediction needs, or an exported file.

    Raises:
        OSError: it cannot be read.
    """
    root, exported = Path(run).absolute(), is_exported(run)
    paths = [root] if exported else sorted(_needed(root))
    files = {}
    if sum(path.stat().st_size for path in paths) <= LARGEST:
        base = root.parent if exported else root
        files = {path.relative_to(base).as_posix(): path.read_bytes() for path in paths}
    return Shipped(str(root), files, exported, metadata.version("heedful"))


def _needed(root: Path) -> list[Path]:
    files = (path for path in root.rglob("*") if path.is_file())
    return [path for path in files if path.relative_to(root).parts[0] not in _STAYS]


def load(shipped: Shipped) -> Scorer:
    """Who scores with one thread, which is all that a worker has.

    Raises:
        HeedfulError: another heedful here, or the model cannot be loaded.
    """
    with _unpacked(shipped) as path:
        if shipped.exported:
            from heedful.face.onnx_model import OnnxModel

            return OnnxModel.load(path, threads=1)
        return open_scorer(str(path))


def load_run(shipped: Shipped) -> TextModel:
    """The model of a run folder.

    Raises:
        HeedfulError: another heedful here, or the model cannot be loaded.
    """
    from heedful.learn.folder import load_model

    with _unpacked(shipped) as path:
        return load_model(path)


@contextmanager
def _unpacked(shipped: Shipped) -> Iterator[Path]:
    shipped.check()
    with tempfile.TemporaryDirectory(prefix="heedful-") as folder:
        yield shipped.unpack(Path(folder))

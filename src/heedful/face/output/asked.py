"""What the user wants written, and where: format and compression from the file's name."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal, cast, get_args

from heedful.records import HeedfulError
from heedful.text.hub import is_hub_name

Format = Literal["jsonl", "csv", "parquet", "npy"]
Compression = Literal["gzip", "zstd"]

_SUFFIXES: dict[str, Format] = {
    ".jsonl": "jsonl", ".ndjson": "jsonl", ".json": "jsonl",
    ".csv": "csv", ".parquet": "parquet", ".pq": "parquet",
}  # fmt: skip
_COMPRESSED: dict[str, Compression] = {".gz": "gzip", ".zst": "zstd", ".zstd": "zstd"}
_NPY = ".npy"
_NOT_WRITTEN = (_NPY, ".tsv", ".tab", ".xlsx", ".xls", ".feather", ".arrow", ".npz")


@dataclass(frozen=True)
class Output:
    """Where results go, and as what.

    Attributes:
        path: a file, or `-` for standard output.
        named: the format asked for by name; None = as the suffix says, else JSON lines.
        resume: go on with what an interrupted command has left.
        with_text: repeat the text in each row.
        beside: keep the input's other columns.
        vectors: rows are vectors, which a NumPy file (.npy) holds, too.
    """

    path: str
    named: str | None = None
    resume: bool = False
    with_text: bool = True
    beside: bool = False
    vectors: bool = False

    @property
    def format(self) -> Format:
        """jsonl, csv or parquet; of vectors also npy.

        Raises:
            HeedfulError: none of them.
        """
        if self.named is not None:
            known = [name for name in get_args(Format) if name != "npy" or self.vectors]
            if self.named not in known:
                raise HeedfulError(f"--format {self.named!r} is none of {', '.join(known)}")
            return cast(Format, self.named)
        suffix = Path(_plain(self.path)).suffix.lower()
        if suffix == _NPY and self.vectors:
            return "npy"
        if suffix in _NOT_WRITTEN:
            ends = ".jsonl, .csv, .npy" if self.vectors else ".jsonl, .csv"
            raise HeedfulError(
                f"{self.path}: {suffix} is not written; end it in {ends} or .parquet, or say "
                "--format"
            )
        return _SUFFIXES.get(suffix, "jsonl")

    @property
    def compression(self) -> Compression | None:
        """What the file's suffix promises."""
        return _COMPRESSED.get(Path(self.path).suffix.lower())

    def check(self) -> None:
        """Refuses what cannot be.

        Raises:
            HeedfulError: a folder or device as a file, Parquet on a pipe or in gzip, nothing to
                resume from.
        """
        if self.path == "-":
            self._check_printed()
            return
        path = Path(self.path)
        if is_hub_name(self.path):
            raise HeedfulError(f"{self.path}: nothing is written to the hub; name a file")
        if not path.name or (path.exists() and not path.is_file()):
            named = self.path or "an empty name"
            raise HeedfulError(f"{named} cannot be written; --output takes a file")
        if self.format == "parquet" and self.compression:
            raise HeedfulError(f"{self.path}: Parquet is compressed already; leave {path.suffix}")
        if self.format == "npy" and self.compression:
            raise HeedfulError(f"{self.path}: .npy is not compressed; leave {path.suffix}")

    def _check_printed(self) -> None:
        if self.format == "parquet":
            raise HeedfulError("Parquet cannot be written to standard output; say --output FILE")
        if self.format == "npy":
            raise HeedfulError("npy cannot be written to standard output; say --output FILE")
        if self.resume:
            raise HeedfulError("standard output cannot be resumed; say --output FILE")


def _plain(path: str) -> str:
    """The name without the suffix of a compression."""
    suffix = Path(path).suffix
    return path.removesuffix(suffix) if suffix.lower() in _COMPRESSED else path

"""Files that are written whole or not at all, and JSON that any reader takes. No torch here."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

_PART = re.compile(r"\..+\.\d+\.part")  # .NAME.PID.part, as `write_bytes` names them


def write_bytes(path: Path, content: bytes) -> None:
    """Write atomically and durably: the file is the old one or the new one, never a part.

    A device or a pipe (`/dev/null`, `/dev/fd/63`) is written into, never replaced by a file.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.exists() and not path.is_file() and not path.is_dir():
        path.write_bytes(content)
        return
    partial = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with partial.open("wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


def remove_parts(folder: Path) -> None:
    """Remove what writes that were killed have left in a folder."""
    for path in folder.glob(".*.part"):
        if _PART.fullmatch(path.name):
            path.unlink(missing_ok=True)


def write_json(path: Path, value: object) -> None:
    """Write JSON atomically, keys in the order given, NaN as null."""
    text = json.dumps(finite(value), ensure_ascii=False, indent=2, allow_nan=False)
    write_bytes(path, (text + "\n").encode("utf-8", "surrogatepass"))


def finite(value: Any) -> Any:
    """`value` with every NaN and infinity as None, for strict JSON."""
    if isinstance(value, float):
        return value if value - value == 0 else None
    if isinstance(value, Mapping):
        return {key: finite(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [finite(inner) for inner in value]
    return value

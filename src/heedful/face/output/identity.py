"""What must be the same for a half-written output to be gone on with, and what has changed."""

from __future__ import annotations

import datetime
import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from importlib import metadata
from pathlib import Path
from typing import Any

from heedful.learn.files import finite
from heedful.learn.layout import (
    CONFIG,
    ENCODER,
    ENCODER_ABOUT,
    ENCODER_CONFIG,
    ENCODER_TOKENIZER,
    ENCODER_WEIGHTS,
    TOKENIZER,
    WEIGHTS,
)
from heedful.records import HeedfulError
from heedful.text.hub import is_hub_name
from heedful.text.hub_data import commit_of

PARTS = (
    CONFIG,
    TOKENIZER,
    WEIGHTS,
    f"{ENCODER}/{ENCODER_ABOUT}",
    f"{ENCODER}/{ENCODER_CONFIG}",
    f"{ENCODER}/{ENCODER_TOKENIZER}",
    f"{ENCODER}/{ENCODER_WEIGHTS}",
)
"""Files of a run that decide; those that are not there do not."""
ENDS = 1 << 16
"""Bytes at either end of an input that are hashed."""
Identity = Mapping[str, Any]


def identity(
    run: Path, texts: Sequence[str], paths: Sequence[str], options: Mapping[str, Any]
) -> dict[str, Any]:
    """All that the bytes of the output follow from.

    Args:
        run: a run folder, or a file that holds a model.
        texts: texts given as arguments.
        paths: inputs as given.
        options: by the name of their flag; anything that is JSON.

    Raises:
        HeedfulError: something cannot be read.
    """
    try:
        found = {
            "heedful": metadata.version("heedful"),
            "run": _run(run),
            "texts": hashlib.sha256("\0".join(texts).encode("utf-8", "replace")).hexdigest(),
            "inputs": [_input(path) for path in paths],
            "options": dict(options),
        }
    except OSError as error:
        raise HeedfulError(f"{error.filename} cannot be read: {error.strerror}") from None
    known: dict[str, Any] = json.loads(json.dumps(finite(found)))
    return known


def _run(run: Path) -> str:
    """A hash of what decides: settings, decision rule, tokenizer, weights."""
    digest = hashlib.sha256()
    files = [run] if run.is_file() else [run / name for name in PARTS]
    for path in files:
        if path.is_file():
            with path.open("rb") as file:
                digest.update(hashlib.file_digest(file, "sha256").digest())
    return digest.hexdigest()


def _input(name: str) -> dict[str, Any]:
    if is_hub_name(name):
        return {"name": name, "ends": commit_of(name)}
    path = Path(name)
    if path.is_dir():
        return {"name": path.name, "tree": _tree(path)}
    if not path.is_file():
        return {"name": name}  # a generated set: its name says all
    about = path.stat()
    with path.open("rb") as file:
        ends = file.read(ENDS)
        file.seek(max(0, about.st_size - ENDS))
        ends += file.read(ENDS)
    return {
        "name": path.name,
        "size": about.st_size,
        "modified": about.st_mtime_ns,
        "ends": hashlib.sha256(ends).hexdigest(),
    }


def _tree(folder: Path) -> str:
    digest = hashlib.sha256()
    for place, folders, files in os.walk(folder):
        # What is half-written there is no input.
        folders[:] = sorted(f for f in folders if not (f[:1] == "." and f.endswith(".parts")))
        for file in sorted(files):
            path = Path(place) / file
            about = path.stat()
            line = f"{path.relative_to(folder)}\0{about.st_size}\0{about.st_mtime_ns}\n"
            digest.update(line.encode("utf-8", "surrogateescape"))
    return digest.hexdigest()


def difference(old: Identity, new: Identity) -> str | None:
    """What has changed, as the end of a sentence; None where nothing has."""
    if old.get("heedful") != new["heedful"]:
        return f"heedful was {old.get('heedful')} and is {new['heedful']}"
    if old.get("run") != new["run"]:
        return "the run is another, or has changed"
    if old.get("texts") != new["texts"]:
        return "the texts given as arguments are others"
    return _inputs(old.get("inputs", []), new["inputs"]) or _options(
        old.get("options", {}), new["options"]
    )


def _inputs(old: Sequence[Mapping[str, Any]], new: Sequence[Mapping[str, Any]]) -> str | None:
    before, now = ([str(one.get("name")) for one in those] for those in (old, new))
    if before != now:
        return f"the input was {', '.join(before) or 'none'} and is {', '.join(now) or 'none'}"
    for first, second in zip(old, new, strict=True):
        if ("size" in first) != ("size" in second):
            return f"{second['name']} has changed"
        if first.get("size") != second.get("size"):
            return (
                f"{second['name']} has changed: {first['size']:,} bytes then, "
                f"{second['size']:,} now"
            )
        if first.get("modified") != second.get("modified"):
            then, now_ = (_time(one["modified"]) for one in (first, second))
            return f"{second['name']} has changed: modified {then} then, {now_} now"
        if first != second:
            return f"{second['name']} has changed"
    return None


def _time(nanoseconds: int) -> str:
    return datetime.datetime.fromtimestamp(nanoseconds / 1e9).isoformat(" ", "milliseconds")


def _options(old: Mapping[str, Any], new: Mapping[str, Any]) -> str | None:
    for name in {**old, **new}:
        if old.get(name) != new.get(name):
            flag = f"--{name.replace('_', '-')}"
            return f"{flag} was {_shown(old.get(name))} and is {_shown(new.get(name))}"
    return None


def _shown(value: Any) -> str:
    return "not given" if value is None else json.dumps(value, ensure_ascii=False)

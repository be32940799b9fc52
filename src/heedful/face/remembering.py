"""What a run remembers of its training data: how they were read, and what they are called."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from heedful.learn.layout import CONFIG
from heedful.learn.run import read_json
from heedful.records import HeedfulError
from heedful.text.corpus import ReadOptions
from heedful.text.hub import is_hub_name


def remembered(run: Path, options: ReadOptions) -> ReadOptions:
    """The columns, label map and `num_words` of training, where the user gives no others."""
    return with_remembered(facts(run).get("read", {}), options, run / CONFIG)


def with_remembered(stored: Mapping[str, Any], options: ReadOptions, source: Path) -> ReadOptions:
    """Options with what is stored of the training data's, where the user gives no others.

    Args:
        stored: by name.
        options: the user's.
        source: the file that it is stored in.
    """
    blank = ReadOptions()
    values: dict[str, Any] = {}
    try:
        for name in ("text", "label", "label_map", "label_separator", "num_words"):
            if getattr(options, name) == getattr(blank, name) and name in stored:
                value = stored[name]
                values[name] = _as_option(name, value)
    except (TypeError, ValueError):
        raise HeedfulError(f"{source} is damaged: data.read.{name}") from None
    return replace(options, **values)


def _as_option(name: str, value: Any) -> Any:
    if name == "label_map":
        return tuple((str(old), str(new)) for old, new in value)
    return int(value) if name == "num_words" else str(value)


def facts(run: Path) -> dict[str, Any]:
    """What config.json says about the training data; empty for a model saved from Python.

    Raises:
        HeedfulError: it is no table.
    """
    found = read_json(run / CONFIG).get("data", {})
    if not isinstance(found, dict) or not isinstance(found.get("read", {}), dict):
        raise HeedfulError(f"{run / 'config.json'} is damaged: its data section is no table")
    return found


def names_of(data: Sequence[str]) -> list[str]:
    """What data are called in a run folder: without their place on this machine."""
    return [name if is_hub_name(name) else _name_of(name) for name in data]


def _name_of(data: str) -> str:
    return "standard input" if data == "-" else Path(data).absolute().name

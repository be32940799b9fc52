"""The `heedful train` that makes what a search has found, as a line for a shell."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from typing import Any

from heedful.learn.tune.space import Value
from heedful.learn.tune.tuned import Tuned
from heedful.text.options import ReadOptions

_FLAGS = ("text", "label", "delimiter", "encoding", "label_separator", "split", "num_words")


def command_of(
    tuned: Tuned, data: Sequence[str], valid: Sequence[str], options: ReadOptions
) -> str:
    """The command, every setting exact.

    Args:
        tuned: what was found.
        data, valid: what to call the data and the validation data.
        options: how they were read.
    """
    parts = ["heedful", "train", *data, "--out", "RUN"]
    for name in valid:
        parts += ["--valid", name]
    parts += ["--preset", tuned.preset] if tuned.preset != "default" else []
    settings: dict[str, Value] = {**tuned.given, **tuned.settings}
    seed = settings.pop("train.seed", 0)
    for address, value in settings.items():
        parts += ["--set", f"{address}={exact(value)}"]
    parts += ["--seed", str(seed)] if seed else []
    return shlex.join([*parts, *_reading(options)])


def exact(value: Value) -> str:
    """A value so that --set reads the very same."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _reading(options: ReadOptions) -> list[str]:
    blank = ReadOptions()
    parts: list[str] = []
    for name in _FLAGS:
        value = getattr(options, name)
        if value is not None and value != getattr(blank, name):
            parts += [f"--{name.replace('_', '-')}", str(value)]
    if options.label_map:
        parts += ["--label-map", _mapped(dict(options.label_map))]
    if options.multi_label is not None:
        parts.append("--multi-label" if options.multi_label else "--single-label")
    if options.max_characters != blank.max_characters:
        parts += ["--max-characters", str(options.max_characters)]
    return parts


def _mapped(names: Mapping[str, Any]) -> str:
    return ",".join(f"{old}={new}" for old, new in names.items())

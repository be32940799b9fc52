"""What a run folder says of itself: settings, classes, decision rule. No torch here.

The model in it is read by `learn.folder`.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any, get_args

from heedful.config import Config
from heedful.learn.decision import Decision, decision_from_json
from heedful.learn.files import write_json
from heedful.learn.layout import CHECKPOINT, CONFIG
from heedful.records import HeedfulError, Task
from heedful.settings import check_sequence, from_json
from heedful.text.labels import Labels

FORMAT = 1
SEQUENCE = "sequence"
"""What config.json calls the task of a run that rewrites sequences."""


def is_run(folder: Path) -> bool:
    """Whether a finished run lies there."""
    return (folder / CONFIG).is_file()


def recover(folder: Path) -> None:
    """Undo a replacement that was killed between its two renames."""
    folder = folder.resolve()
    old = folder.with_name(f".{folder.name}.old")
    if not folder.exists() and is_run(old):
        os.rename(old, folder)  # noqa: PTH104


def read_json(path: Path) -> Any:
    """A JSON file of a run folder.

    Raises:
        HeedfulError: missing or damaged.
    """
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise HeedfulError(f"{path} is missing; is {path.parent} a run folder?") from None
    except (OSError, ValueError, RecursionError) as error:
        raise HeedfulError(f"{path} cannot be read: {str(error).splitlines()[0]}") from None


def read_config(folder: Path) -> tuple[Config, Labels, Decision]:
    """The settings of a run, its classes and its decision rule.

    Raises:
        HeedfulError: no finished run there, a damaged one, or one of a newer format.
    """
    _require(folder)
    path = folder / CONFIG
    values = read_json(path)
    try:
        config = _settings(values)
        if values["task"] == SEQUENCE:
            raise HeedfulError("the run rewrites sequences and has no classes")
        return config, *classes_of(values)
    except HeedfulError as error:
        raise HeedfulError(f"{path} cannot be used: {error}") from None
    except (KeyError, TypeError) as error:
        raise HeedfulError(f"{path} is damaged: {error!r}") from None


def classes_of(values: Any) -> tuple[Labels, Decision]:
    """The classes and the decision rule in what config.json holds.

    Raises:
        HeedfulError, KeyError, TypeError: damaged.
    """
    id2label = values["id2label"]
    names = tuple(id2label[str(i)] for i in range(len(id2label)))
    labels = _checked_labels(names, values["task"])
    return labels, decision_from_json(values.get("decision"), len(names), labels.task)


def _settings(values: Any) -> Config:
    """The settings in what config.json holds."""
    if values["format"] != FORMAT:
        raise HeedfulError(f"format {values['format']!r}; this heedful reads {FORMAT}")
    sections = {key: values[key] for key in ("preset", "text", "model", "train")}
    # Runs written before there were these have none.
    later = ("evidence", "pretrain", "sequence", "hf")
    return from_json(sections | {key: values[key] for key in later if key in values})


def is_sequence_run(folder: Path) -> bool:
    """Whether a finished run that rewrites sequences lies there.

    Raises:
        HeedfulError: no finished run there, or a damaged one.
    """
    _require(folder)
    values = read_json(folder / CONFIG)
    return isinstance(values, dict) and values.get("task") == SEQUENCE


def read_sequence_config(folder: Path) -> Config:
    """The settings of a run that rewrites sequences.

    Raises:
        HeedfulError: no finished run there, a damaged one, one of a newer format, a classifier's.
    """
    if not is_sequence_run(folder):
        raise HeedfulError(f"{folder} is a classifier's run; it rewrites nothing")
    path = folder / CONFIG
    try:
        config = _settings(read_json(path))
        check_sequence(config)
    except HeedfulError as error:
        raise HeedfulError(f"{path} cannot be used: {error}") from None
    except (KeyError, TypeError) as error:
        raise HeedfulError(f"{path} is damaged: {error!r}") from None
    if config.sequence.max_length is None:
        raise HeedfulError(f"{path} is damaged: it names no sequence.max_length")
    return config


def read_labels(folder: Path) -> tuple[Labels, Decision]:
    """The classes of a run and its decision rule; errors as `read_config`."""
    _, labels, decision = read_config(folder)
    return labels, decision


def _require(folder: Path) -> None:
    recover(folder)
    if not folder.is_dir():
        raise HeedfulError(f"{folder} is no run folder: it {_what(folder)}")
    if not is_run(folder):
        unfinished = (folder / CHECKPOINT).exists()
        hint = "training has not ended; go on with --resume" if unfinished else "no config.json"
        raise HeedfulError(f"{folder} is no finished run folder: {hint}")


def _what(path: Path) -> str:
    """Why something is no folder."""
    if path.suffix == ".onnx" and path.is_file():
        return "is an exported file, which predict and explain alone take"
    return "is a file" if path.exists() else "does not exist"


def _checked_labels(names: tuple[Any, ...], task: Any) -> Labels:
    if not all(isinstance(name, str) for name in names) or len(set(names)) < max(2, len(names)):
        raise HeedfulError("id2label needs two or more distinct names")
    if task not in get_args(Task):
        raise HeedfulError(f"task {task!r} is none of {', '.join(get_args(Task))}")
    if task == "binary" and len(names) != 2:
        raise HeedfulError(f"a binary task has two labels, not {len(names)}")
    return Labels(names, task)


def set_decision(folder: Path, decision: Decision) -> None:
    """Change how a run decides. The weights, and with them the temperature, stay."""
    path = folder / CONFIG
    write_json(path, read_json(path) | {"decision": decision.to_json()})

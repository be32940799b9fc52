"""The folder that a training run is written to, and the checkpoints of an unfinished one."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from heedful.config import Config
from heedful.face.console import note
from heedful.learn.checkpoint import Store
from heedful.learn.files import write_json
from heedful.learn.fit import Saving
from heedful.learn.layout import CHECKPOINT
from heedful.learn.run import is_run, read_json, recover
from heedful.records import HeedfulError

PLAN = "plan.json"


def place_of(out: str, *, resume: bool, overwrite: bool) -> tuple[Path | None, bool]:
    """The folder to train into, and whether a run that lies there is replaced in the end.

    None for a run that is finished already, which is said.

    Raises:
        HeedfulError: no name, or a run lies there that is not to be replaced.
    """
    if not out:
        raise HeedfulError("--out is empty; name a folder for the run")
    folder = Path(out)
    recover(folder)
    stopped = (folder / CHECKPOINT / PLAN).exists()
    if not is_run(folder) or (overwrite and not resume):
        return folder, overwrite
    if resume and not stopped:
        Store(folder / CHECKPOINT).clear()  # of a run killed while it tidied up
        note(f"{folder} is already finished; nothing to resume")
        return None, False
    if resume:
        return folder, True  # stopped by hand, or killed while replacing an older run
    if stopped:
        raise HeedfulError(
            f"{folder} holds a run that was stopped; go on with --resume, or start anew with "
            "--overwrite"
        )
    raise HeedfulError(f"{folder} already holds a finished run; use another --out, or --overwrite")


@contextmanager
def made(folder: Path) -> Iterator[None]:
    """The run folder, made now so that a place without writing rights is found at once.

    Where training cannot begin, a folder that was not there before is removed again.
    """
    if folder.exists() and not folder.is_dir():
        raise HeedfulError(f"{folder} is a file; name a folder for the run with --out")
    if folder.parts[:1] == ("hf:",):
        raise HeedfulError("--out takes a folder; heedful push sends the run to the hub afterwards")
    new = not folder.exists()
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise HeedfulError(f"{folder} cannot be made: {error.strerror}") from None
    if not os.access(folder, os.W_OK | os.X_OK):
        raise HeedfulError(f"{folder} cannot be written to; choose another --out")
    try:
        yield
    except HeedfulError:
        checkpoint = folder / CHECKPOINT
        if new and not (checkpoint / "epoch.safetensors").exists():
            Store(checkpoint).clear()
            if not any(folder.iterdir()):
                folder.rmdir()
        raise


def saving_of(folder: Path, config: Config, facts: Mapping[str, Any], *, resume: bool) -> Saving:
    """Checkpoints, with a note of what they belong to, so that only the same job goes on."""
    store = Store(folder / CHECKPOINT)
    plan_file = store.folder / PLAN
    plan = json.loads(json.dumps({"config": config.to_json(), "data": facts}))
    if plan_file.exists() and resume:
        old = read_json(plan_file)
        if old != plan:
            raise HeedfulError(
                f"{folder} was begun with other settings or data ({_difference(old, plan)}); "
                "give the same ones to --resume, or train into another folder"
            )
        return Saving(store, resume=True)
    if resume:
        note(f"{folder} holds no checkpoint yet: starting from the beginning")
    store.clear()
    write_json(plan_file, plan)
    return Saving(store)


def _difference(old: Any, new: Any, path: str = "") -> str:
    """The address of the first value in which two plans differ."""
    if isinstance(old, dict) and isinstance(new, dict):
        for key in [*old, *new]:
            if old.get(key) != new.get(key):
                return _difference(old.get(key), new.get(key), f"{path}.{key}".lstrip("."))
    return f"{path}: {old!r} then, {new!r} now"

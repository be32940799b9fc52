"""The folder of a search: what it belongs to, its report, and the run that is trained in the end.

| file | holds |
|---|---|
| search.json | settings, data and metric: only the same search goes on |
| trials.jsonl | Optuna's journal: all trials |
| report.html, report.md, report.json | what was found |
| run/ | the model, an ordinary run folder |
| trained.json | the settings of that model; missing while it is not finished |
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from heedful.config import Config
from heedful.face.run_place import PLAN
from heedful.learn.checkpoint import Store
from heedful.learn.files import remove_parts, write_json
from heedful.learn.fit import with_machine
from heedful.learn.layout import CHECKPOINT
from heedful.learn.run import is_run, read_json
from heedful.learn.tune.journal import JOURNAL
from heedful.records import HeedfulError

SEARCH, REPORT, RUN, TRAINED = "search.json", "report.html", "run", "trained.json"


@contextmanager
def begun(folder: Path, plan: Mapping[str, Any], *, resume: bool) -> Iterator[None]:
    """A search; where it is refused before its first trial, it leaves nothing: see `begin`."""
    begin(folder, plan, resume=resume)
    try:
        yield
    except HeedfulError:
        if not (folder / JOURNAL).exists():
            (folder / SEARCH).unlink(missing_ok=True)
        raise


def begin(folder: Path, plan: Mapping[str, Any], *, resume: bool) -> None:
    """Note what a search belongs to, or check that one that lies there is the same.

    Raises:
        HeedfulError: a search lies there and is not to go on, or another one.
    """
    if is_run(folder):
        raise HeedfulError(f"{folder} holds a run; search in another --out")
    remove_parts(folder)
    file, plan = folder / SEARCH, json.loads(json.dumps(plan))
    if not file.exists():
        if (folder / JOURNAL).exists():
            raise HeedfulError(f"{file} is missing, though there are trials; use another --out")
        write_json(file, plan)
        return
    if not resume:
        raise HeedfulError(
            f"{folder} already holds a search; go on with --resume, or use another --out"
        )
    found = read_json(file)
    if found != plan:
        differs = [k for k in plan if not isinstance(found, dict) or found.get(k) != plan[k]]
        raise HeedfulError(
            f"{folder} was begun with another {differs[0] if differs else 'plan'}; give the same "
            "data and settings to --resume, or use another --out"
        )


def is_finished(folder: Path, config: Config) -> bool:
    """Whether the run was trained with these settings, to its end."""
    file = folder / TRAINED
    return is_run(folder / RUN) and file.exists() and read_json(file) == _plain(config)


def finish(folder: Path, config: Config) -> None:
    """Note that the run was."""
    write_json(folder / TRAINED, _plain(config))


def resumes(run: Path, config: Config, *, valid: bool) -> bool:
    """Whether a training of these settings lies there unfinished; one of others is removed."""
    plan = run / CHECKPOINT / PLAN
    if not plan.exists():
        return False
    made = with_machine(config)
    if valid:  # as `run_training` does
        made = replace(made, evidence=replace(made.evidence, refit=False))
    found = read_json(plan)
    if isinstance(found, dict) and found.get("config") == _plain(made):
        return True
    Store(run / CHECKPOINT).clear()
    return False


def _plain(config: Config) -> Any:
    return json.loads(json.dumps(config.to_json()))

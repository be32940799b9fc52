"""`hf://owner/name[@revision]` as RUN: a working copy of it, which commands may write to.

The hub's cache must stay as it was fetched, and `evaluate`, `trust`, `decide` and `report` write
into a run. So a folder of our own is made for each commit, `hub/COMMIT/OWNER/NAME` below
HEEDFUL_HOME (else ~/.cache/heedful), of links into the cache; what is written replaces a link.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from heedful.face.console import note
from heedful.learn.hub_run import fetch_run, own_files
from heedful.learn.layout import CONFIG, TOKENIZER, WEIGHTS
from heedful.text.hub import is_hub_name, repository
from heedful.text.sources import home


def opened(run: str) -> str:
    """The name of a run folder; one of the hub is fetched first.

    Raises:
        HeedfulError: as `fetch_run`.
    """
    if not is_hub_name(run):
        return run
    wanted = repository(run)
    folder = fetch_run(wanted)
    copy = home() / "hub" / folder.name / wanted.name
    if not _whole(copy):
        _make(folder, copy)
    note(f"{run}: commit {folder.name[:12]}, in {copy}")
    return str(copy)


def opened_all(runs: list[str] | None) -> list[str] | None:
    """`opened` of each; None stays None."""
    return None if runs is None else [opened(run) for run in runs]


def opened_if(run: str | None) -> str | None:
    """`opened`; None stays None."""
    return None if run is None else opened(run)


def _whole(copy: Path) -> bool:
    """Whether it is there, and the cache still holds what its links point to."""
    names = (CONFIG, TOKENIZER, WEIGHTS)
    links = copy.rglob("*") if copy.is_dir() else ()
    return all((copy / name).is_file() for name in names) and all(map(Path.exists, links))


def _make(folder: Path, copy: Path) -> None:
    """Links to what is not there (yet, or any more); config.json last: without it it is no run."""
    names = own_files(folder, texts=True)
    for name in [*(name for name in names if name != CONFIG), CONFIG]:
        target = copy / name
        if target.exists():
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        part = target.with_name(f".{target.name}.{os.getpid()}.part")
        try:
            part.symlink_to((folder / name).resolve())
        except OSError:  # no links there
            shutil.copyfile(folder / name, part)
        part.replace(target)

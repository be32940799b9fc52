"""The kinds of logs by name, and a listener that writes them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from heedful.config import Config
from heedful.learn.csv_log import BATCHES, EPOCHS, CsvLog
from heedful.learn.listener import Listener
from heedful.learn.recording import Log, Recording
from heedful.learn.tensorboard_log import CURVES, TensorboardLog, check_installed, remove_events
from heedful.records import HeedfulError

_KINDS: dict[str, Callable[[Path], Log]] = {"csv": CsvLog, "tensorboard": TensorboardLog}
KINDS = tuple(_KINDS)
FOLDER = "logs"
"""Where a run folder has them."""


@contextmanager
def logging_to(listener: Listener, places: Mapping[str, str | Path]) -> Iterator[Listener]:
    """A listener that passes all on to another and writes logs; that one itself without any.

    Args:
        listener: who watches besides.
        places: a folder for each kind of log.

    Raises:
        HeedfulError: an unknown kind, one whose package is not installed, or no folders by kind.
    """
    if not places:
        yield listener
        return
    check_places(places)
    logs = [_KINDS[kind](Path(place)) for kind, place in places.items()]
    try:
        yield Recording(listener, logs)
    finally:
        for log in logs:
            with suppress(OSError):  # what is lost was flushed before, and has been told
                log.close()


def check_logs(kinds: Iterable[str], config: Config) -> None:
    """Raise HeedfulError for kinds as `check_kinds` does, or where nothing would be logged."""
    kinds = tuple(kinds)
    check_kinds(kinds)
    if kinds and config.model.encoder == "none":
        raise HeedfulError(
            "there is nothing to log with model.encoder=none, which learns in one go; leave the "
            "log out, or choose an encoder"
        )


def check_places(places: Mapping[str, str | Path]) -> None:
    """Raise HeedfulError for what is no folder for each kind, and as `check_kinds` does."""
    right = isinstance(places, Mapping)
    if not right or not all(isinstance(place, str | Path) for place in places.values()):
        raise HeedfulError(f'log is {places!r}; give a folder for each kind, {{"csv": "logs"}}')
    check_kinds(places)


def check_kinds(kinds: Iterable[str]) -> None:
    """Raise HeedfulError for an unknown kind of log, or one whose package is not installed."""
    for kind in kinds:
        if kind not in _KINDS:
            raise HeedfulError(f"there is no log {kind!r}; choose from {', '.join(KINDS)}")
        if kind == "tensorboard":
            check_installed()


def places_of(run: Path, kinds: Iterable[str]) -> dict[str, Path]:
    """Where a run folder has its logs of these kinds."""
    check_kinds(kinds)
    own = _folders(run)
    return {kind: own[kind] for kind in kinds}


def _folders(run: Path) -> dict[str, Path]:
    return {"csv": run / FOLDER, "tensorboard": run / FOLDER / "tensorboard"}


def clear_logs(run: Path) -> None:
    """Remove the logs of an earlier training from a run folder; other files there stay."""
    own = _folders(run)
    for name in (EPOCHS, BATCHES):
        (own["csv"] / name).unlink(missing_ok=True)
    curves = [own["tensorboard"] / curve for curve in CURVES]
    for curve in curves:
        remove_events(curve)
    for folder in (*curves, own["tensorboard"], own["csv"]):
        if folder.is_dir() and not any(folder.iterdir()):
            folder.rmdir()

"""Where a search is kept: Optuna's journal, a file of JSON lines, so that it can go on.

No pickle: of Optuna's journals only the one on Redis keeps snapshots as pickles, and only the
sampler CmaEs puts one into a journal; neither is used. Every trial's values by text are in it too,
as base64, so that one file holds all that a search knows.
"""

from __future__ import annotations

import base64
import binascii
import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from heedful.records import HeedfulError

if TYPE_CHECKING:
    from optuna import Study
    from optuna.samplers import BaseSampler
    from optuna.storages import BaseStorage

JOURNAL = "trials.jsonl"
_LOCK = ".lock"
_NAME = "heedful"


def study_in(folder: Path | None, seed: int) -> Study:
    """The study that a folder holds, or a new one; in memory without a folder.

    One process at a time may have it: see `alone`. What the sampler draws is a function of the seed
    and of how many trials there are when it starts: going on does not draw the same again.

    Raises:
        HeedfulError: the journal is damaged.
    """
    import optuna

    storage: BaseStorage | None = None
    try:
        if folder is not None:
            storage = _storage(folder / JOURNAL)
        study = optuna.create_study(
            storage=storage,
            study_name=_NAME,
            pruner=optuna.pruners.PercentilePruner(75.0, n_startup_trials=8, n_min_trials=4),
            direction="maximize",
            load_if_exists=True,
        )
        study.sampler = _sampler(seed + 1_000_003 * len(study.get_trials(deepcopy=False)))
        return study
    except (ValueError, KeyError, TypeError) as error:
        raise HeedfulError(
            f"{folder and folder / JOURNAL} is damaged ({str(error)[:80]}); search in another "
            "folder"
        ) from None


def _sampler(seed: int) -> BaseSampler:
    """Tree-structured Parzen estimators (Bergstra et al. 2011), settings taken together."""
    import optuna

    with warnings.catch_warnings():  # both are marked as experimental
        warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
        return optuna.samplers.TPESampler(
            n_startup_trials=6, multivariate=True, group=True, seed=seed % 2**32
        )


def _storage(path: Path) -> BaseStorage:
    from optuna.storages import JournalStorage
    from optuna.storages.journal import JournalFileBackend, JournalFileOpenLock

    mend(path)
    # Left by a process that was killed as it wrote. `alone` says that there is no other.
    path.with_name(path.name + ".lock").unlink(missing_ok=True)
    return JournalStorage(JournalFileBackend(str(path), JournalFileOpenLock(str(path))))


def mend(path: Path) -> None:
    """Cut a last line that was not written to its end: its operation has not taken place."""
    if not path.exists():
        return
    content = path.read_bytes()
    whole = content.rfind(b"\n") + 1
    if whole < len(content):
        os.truncate(path, whole)


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """The folder for this process alone; a process that dies gives it free.

    Raises:
        HeedfulError: another one searches there.
    """
    with (folder / _LOCK).open("ab") as file:
        if os.name == "posix":
            import fcntl

            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise HeedfulError(
                    f"another heedful tune works in {folder}; wait for it, or search in another "
                    "folder"
                ) from None
        try:
            yield
        finally:
            if [path.name for path in folder.iterdir()] == [_LOCK]:  # nothing came of it
                (folder / _LOCK).unlink()


def packed(values: NDArray[np.float32]) -> str:
    """Values by text as ASCII; half precision is more than their noise asks for."""
    return base64.b64encode(values.astype("<f2").tobytes()).decode("ascii")


def unpacked(text: str) -> NDArray[np.float32]:
    """The inverse of `packed`, up to rounding.

    Raises:
        HeedfulError: damaged.
    """
    try:
        return np.frombuffer(base64.b64decode(text, validate=True), "<f2").astype(np.float32)
    except (binascii.Error, ValueError, TypeError):
        raise HeedfulError(f"{JOURNAL} is damaged: values that cannot be read") from None

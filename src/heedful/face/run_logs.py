"""`heedful train --log KIND`: which logs, and where a run folder has them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from heedful.learn.logs import clear_logs, places_of
from heedful.records import HeedfulError


def log_places(folder: Path, kinds: Sequence[str], *, resume: bool) -> dict[str, Path]:
    """A folder for each kind; unless resumed, logs of an earlier training are removed.

    Raises:
        HeedfulError: these cannot be removed.
    """
    if not resume:
        try:
            clear_logs(folder)
        except OSError as error:
            raise HeedfulError(f"{error.filename} cannot be removed: {error.strerror}") from None
    return places_of(folder, kinds)

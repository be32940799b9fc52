"""`heedful train --log KIND`: which logs, and where a run folder has them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from heedful.config import Config
from heedful.learn.logs import check_kinds, clear_logs, places_of
from heedful.records import HeedfulError


def check_logs(kinds: Sequence[str], config: Config) -> None:
    """Raise HeedfulError for kinds of logs there are not, or that nothing would be written to."""
    check_kinds(kinds)
    if kinds and config.model.encoder == "none":
        raise HeedfulError(
            "--log does nothing with model.encoder=none, which learns in one go; leave it out, or "
            "choose an encoder"
        )


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

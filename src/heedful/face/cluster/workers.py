"""The workers that `torchrun` or Ray started together with this process."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

import typer

from heedful.face.console import hushed
from heedful.learn.workers import Alone, ToldElsewhereError, Workers
from heedful.records import HeedfulError

NAMES = ("RANK", "WORLD_SIZE", "LOCAL_RANK", "LOCAL_WORLD_SIZE", "MASTER_ADDR", "MASTER_PORT")
NO_STDIN = "several workers cannot read one standard input (-); give a file"


@contextmanager
def workers_here() -> Iterator[Workers]:
    """All that the environment says were started with this one; nobody else without.

    The leader alone prints and writes; of the others only what they alone know is heard.

    Raises:
        HeedfulError: the environment contradicts itself, or the others do not come.
    """
    if os.environ.get("WORLD_SIZE", "1") in ("", "1") or "RANK" not in os.environ:
        yield Alone()
        return
    from heedful.learn.distributed import joined

    rank, size, local_rank, local_size = _numbers()
    with joined(rank, size, local_rank, local_size) as group:
        if group.leads:
            yield group
            return
        try:
            with hushed():
                yield group
        except ToldElsewhereError:
            raise typer.Exit(2) from None
        except HeedfulError as error:
            raise HeedfulError(f"worker {rank}: {error}") from None


def _numbers() -> tuple[int, int, int, int]:
    """Rank, how many, and the same within this machine."""
    missing = [name for name in NAMES if not os.environ.get(name)]
    if missing:
        raise HeedfulError(
            f"WORLD_SIZE says that several processes train together, but {', '.join(missing)} is "
            "not set; start them with torchrun, or unset WORLD_SIZE"
        )
    try:
        rank, size, local_rank, local_size = (int(os.environ[name]) for name in NAMES[:4])
    except ValueError:
        said = ", ".join(f"{name}={os.environ[name]}" for name in NAMES[:4])
        raise HeedfulError(f"no whole numbers: {said}; start with torchrun") from None
    if not (0 <= rank < size and 0 <= local_rank < local_size <= size):
        raise HeedfulError(
            f"rank {rank} of {size}, {local_rank} of {local_size} on its machine, cannot be; start "
            "the processes with torchrun"
        )
    return rank, size, local_rank, local_size

"""Cells of bytes through Ray Data: made by tasks that read, worked on by actors with a model.

Nothing here is known of what is in a cell. Cells stream: a task that reads waits when nobody takes
what it has made. What a lost node held is made anew, and what it worked on is given to others.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from heedful.records import HeedfulError

CELL = "cell"
MOST_BLOCKS = 10_000
PLACE = 0.5
"""Processors that an actor reserves: those of a lost node find a place on the others, as long as
half of the processors are left."""
RETRIES = 5
"""How often a cell is given out again because the worker's process died, or its node was lost."""
WAITING = 2
"""Cells that an actor has or waits for."""
Cells = Iterator[bytes]


@dataclass(frozen=True)
class Flow:
    """What is done to cells.

    Attributes:
        worker: a class whose objects turn a cell into another; one an actor.
        arguments: for making one.
        read: turns a job into cells, in a task of its own; None = jobs are cells.
        options: for `read`, after the job.
    """

    worker: type[Any]
    arguments: Sequence[Any]
    read: Callable[..., Cells] | None = None
    options: Sequence[Any] = field(default=())


def flowing(jobs: Sequence[bytes], flow: Flow, workers: int) -> Cells:
    """The cells as they are done, in any order. Connected to a cluster already.

    Raises:
        HeedfulError: the cluster gives up.
    """
    with one_line():
        yield from _cells(_dataset(jobs, flow, workers))


@contextmanager
def one_line() -> Iterator[None]:
    """What Ray raises, as one line.

    Raises:
        HeedfulError: the cluster has given up.
    """
    from ray.exceptions import RayError

    try:
        yield
    except RayError as error:
        raise HeedfulError(_given_up(error)) from error


def _dataset(jobs: Sequence[bytes], flow: Flow, workers: int) -> Any:
    import ray.data

    _quiet()
    data = ray.data.from_items(
        [{CELL: job} for job in jobs], override_num_blocks=min(len(jobs), MOST_BLOCKS)
    )
    if flow.read is not None:
        data = data.map_batches(
            _reading,
            fn_args=(flow.read, *flow.options),
            batch_size=1,
            batch_format="pyarrow",
            num_cpus=0,
            compute=ray.data.TaskPoolStrategy(size=workers),
        )
    return data.map_batches(
        _Working,
        fn_constructor_args=(flow.worker, *flow.arguments),
        batch_size=1,
        batch_format="pyarrow",
        num_cpus=PLACE,
        compute=ray.data.ActorPoolStrategy(size=workers, max_tasks_in_flight_per_actor=WAITING),
        ray_remote_args_fn=_retries,
    )


def _retries() -> dict[str, int]:
    return {"max_task_retries": RETRIES}


def _quiet() -> None:
    """No bars, no lines, and a block for every cell, so that each goes on as soon as it is made."""
    import logging

    from ray.data import DataContext

    context = DataContext.get_current()
    context.enable_progress_bars = False
    context.print_on_execution_start = False
    context.target_max_block_size = 1
    logging.getLogger("ray.data").setLevel(logging.CRITICAL)


def _table(cell: bytes) -> Any:
    import pyarrow

    return pyarrow.table({CELL: pyarrow.array([cell], pyarrow.large_binary())})


def _only(batch: Any) -> bytes:
    found: bytes = batch[CELL][0].as_py()
    return found


def _reading(batch: Any, read: Callable[..., Cells], *options: Any) -> Iterator[Any]:
    yield from map(_table, read(_only(batch), *options))


class _Working:
    """An actor of Ray Data."""

    def __init__(self, worker: type[Any], *arguments: Any) -> None:
        self._worker = worker(*arguments)

    def __call__(self, batch: Any) -> Any:
        return _table(self._worker(_only(batch)))


def _cells(data: Any) -> Cells:
    for batch in data.iter_batches(batch_size=None, batch_format="pyarrow", prefetch_batches=0):
        yield from batch[CELL].to_pylist()


def _given_up(error: Exception) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    reason = lines[-1] if lines else type(error).__name__
    return f"the cluster has given up: {reason}"

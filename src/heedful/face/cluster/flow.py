"""Cells of bytes through Ray Data: made by tasks that read, worked on by actors with a model.

Nothing here is known of what is in a cell. Cells stream: a task that reads waits when nobody takes
what it has made. What a lost node held is made anew, and what it worked on is given to others.
"""

from __future__ import annotations

import hashlib
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
STARTS = 5
"""How often work on a cell is begun: a text over which a process dies must not kill for ever."""
WAITING = 2
"""Cells that an actor has or waits for."""
Cells = Iterator[bytes]


@dataclass(frozen=True)
class Flow:
    """What is done to cells.

    Attributes:
        worker: a class whose objects turn a cell into another, and say `about` a cell what it is;
            one an actor.
        arguments: for making one; they travel once to each node, however many actors it has.
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
def one_line(said: Callable[[Exception], str] | None = None) -> Iterator[None]:
    """What Ray raises, as one line: that of `said`, else that the cluster has given up, and why.

    Raises:
        HeedfulError: the cluster has given up.
    """
    from ray.exceptions import RayError

    try:
        yield
    except RayError as error:
        raise HeedfulError((said or _given_up)(error)) from error


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
        fn_constructor_args=(_starts(), flow.worker, *map(ray.put, flow.arguments)),
        batch_size=1,
        batch_format="pyarrow",
        num_cpus=PLACE,
        compute=ray.data.ActorPoolStrategy(size=workers, max_tasks_in_flight_per_actor=WAITING),
    )


class _Starts:
    """Counts how often work on a cell has been begun. An actor beside the command."""

    def __init__(self) -> None:
        self._found: dict[bytes, int] = {}

    def begin(self, cell: bytes) -> int:
        """How often, this time included."""
        self._found[cell] = self._found.get(cell, 0) + 1
        return self._found[cell]


def _starts() -> Any:
    """A `_Starts` on the node of the command, which is not lost before the command is."""
    import ray
    from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

    here = NodeAffinitySchedulingStrategy(ray.get_runtime_context().get_node_id(), soft=False)
    return ray.remote(num_cpus=0, scheduling_strategy=here)(_Starts).remote()


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

    def __init__(self, starts: Any, worker: type[Any], *arguments: Any) -> None:
        import ray

        self._starts, self._worker = starts, worker(*ray.get(list(arguments)))

    def __call__(self, batch: Any) -> Any:
        import ray

        cell = _only(batch)
        times = ray.get(self._starts.begin.remote(hashlib.sha256(cell).digest()))
        if times > STARTS:
            about = self._worker.about(cell)
            raise HeedfulError(f"{STARTS} processes have died over {about}; look at these texts")
        return _table(self._worker(cell))


def _cells(data: Any) -> Cells:
    for batch in data.iter_batches(batch_size=None, batch_format="pyarrow", prefetch_batches=0):
        yield from batch[CELL].to_pylist()


def _given_up(error: Exception) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    reason = lines[-1].rpartition("HeedfulError: ")[2] if lines else type(error).__name__
    return f"the cluster has given up: {reason}"

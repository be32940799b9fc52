"""Tasks for the model of a run, given to the workers of a cluster; results come in their order."""

from __future__ import annotations

import pickle
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, TypeVar

from heedful.face.cluster.flow import Flow, flowing
from heedful.face.cluster.scoring import Failed
from heedful.face.cluster.shipping import Shipped, load_run, packed
from heedful.learn.model import TextModel, using_threads
from heedful.records import HeedfulError

Task = TypeVar("Task")
Result = TypeVar("Result")
Work = Callable[[TextModel, Task], Iterable[Result]]
"""What is done to a task; a function that has a name in a module."""


class Hands:
    """Does (number, task), pickled.

    Args:
        shipped: the run.
        work: what is done.
    """

    def __init__(self, shipped: Shipped, work: Work[Any, Any]) -> None:
        self._shipped, self._work = shipped, work
        self._model: TextModel | None = None

    def __call__(self, cell: bytes) -> bytes:
        """(number, results), or a Failed."""
        number, task = pickle.loads(cell)
        try:
            self._model = self._model or load_run(self._shipped)
            with using_threads(1):
                return pickle.dumps((number, list(self._work(self._model, task))))
        except (HeedfulError, OSError) as error:
            return pickle.dumps(Failed(str(error)))

    def about(self, cell: bytes) -> str:
        """Which task a cell holds, for messages."""
        return f"part {pickle.loads(cell)[0] + 1:,} of the texts"


def shared_out(
    run: str, work: Work[Task, Result], tasks: Sequence[Task], workers: int
) -> Iterator[list[Result]]:
    """The results of each task, in the order of the tasks. Connected to a cluster already.

    Raises:
        HeedfulError: a task fails, or the cluster gives up.
    """
    if not tasks:
        return
    flow = Flow(worker=Hands, arguments=(packed(run), work))
    jobs = [pickle.dumps(numbered) for numbered in enumerate(tasks)]
    done: dict[int, list[Result]] = {}
    following = 0
    for cell in flowing(jobs, flow, workers):
        found = pickle.loads(cell)
        if isinstance(found, Failed):
            raise HeedfulError(found.message)
        done[found[0]] = found[1]
        while following in done:
            yield done.pop(following)
            following += 1
    if following < len(tasks):
        raise HeedfulError("the cluster has lost a part of the work; run the command again")

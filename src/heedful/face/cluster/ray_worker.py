"""What each worker of a Ray cluster does in `heedful train --engine ray`."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from importlib import metadata
from pathlib import Path
from typing import Any, Protocol

from heedful.config import Config
from heedful.face.cluster.post import Mouth, asking
from heedful.face.console import hushed, note, shown_on
from heedful.face.run_place import PLAN
from heedful.learn.distributed import Group
from heedful.learn.layout import CHECKPOINT
from heedful.learn.workers import LostWorkerError, ToldElsewhereError, Workers
from heedful.records import HeedfulError
from heedful.text.options import ReadOptions


class Job(Protocol):
    """What to train on and where to put it: of texts or of pairs."""

    @property
    def data(self) -> tuple[str, ...]:
        """Paths and names."""

    @property
    def valid(self) -> tuple[str, ...]:
        """Paths and names."""

    @property
    def out(self) -> str:
        """The run folder."""

    @property
    def resume(self) -> bool:
        """Whether to go on."""

    @property
    def overwrite(self) -> bool:
        """Whether to replace a finished run."""


Train = Callable[[Workers, Any, Config, ReadOptions], int]


@dataclass(frozen=True)
class Order:
    """What a worker is told.

    Attributes:
        train: what all call.
        job, config, options: what it is called with.
        folder: where the command was given: paths are seen from there.
        version: of the command's heedful.
        patience: seconds, see `Group`.
        post: the actor `Post`.
    """

    train: Train
    job: Any
    config: Config
    options: ReadOptions
    folder: str
    version: str
    patience: float
    post: Any


def work(given: dict[str, Order]) -> None:
    """Train in this worker, in the process group that Ray has made.

    What went wrong for good is told to the command. Where a worker was lost, an error makes Ray
    start all again, and they go on from the last checkpoint.
    """
    import ray

    order = given["order"]
    post = order.post
    try:
        _take_device()
        local = int(os.environ["LOCAL_WORLD_SIZE"])
        group = Group(local, order.patience)
        with shown_on(Mouth(post, "out"), Mouth(post, "err")) if group.leads else hushed():
            group.together(lambda: _arrive(order))
            job = _job_of(order) if group.leads else order.job
            if group.leads:
                group.asked = asking(post)
            code = order.train(group, job, order.config, order.options)
    except LostWorkerError:
        raise
    except ToldElsewhereError:
        pass
    except HeedfulError as error:
        ray.get(post.finish.remote(2, str(error)))
    else:
        if group.leads:
            ray.get(post.finish.remote(code))


def _take_device() -> None:
    import ray.train.torch
    import torch

    device = ray.train.torch.get_device()
    if device.type == "cuda":
        torch.cuda.set_device(device)


def _arrive(order: Order) -> None:
    here = metadata.version("heedful")
    if here != order.version:
        raise HeedfulError(
            f"this node has heedful {here}, the command is {order.version}; install the same "
            "everywhere"
        )
    try:
        os.chdir(order.folder)
    except OSError as error:
        raise HeedfulError(
            f"{order.folder} cannot be entered on a node ({error.strerror}); give the command in a "
            "folder that all nodes share"
        ) from None


def _job_of(order: Order) -> Any:
    """The job, to be resumed where an earlier leader had begun it."""
    import ray

    job = order.job
    if not ray.get(order.post.begin.remote()):
        return job
    begun = (Path(job.out) / CHECKPOINT / PLAN).exists()
    note("a worker was lost: all are started again, from the last checkpoint", style="yellow")
    return replace(job, resume=True) if begun else job

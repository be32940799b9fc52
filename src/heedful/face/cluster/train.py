"""`heedful train --engine ray`: the workers of a Ray cluster train one network together.

Ray Train starts them, joins them in a process group and starts them again when one is lost; the
loop is the one that trains in one process (learn/train.py).
"""

from __future__ import annotations

import os
import shutil
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import metadata
from pathlib import Path
from typing import Any

from heedful.config import Config
from heedful.face.cluster.engine import Cluster
from heedful.face.cluster.post import Post
from heedful.face.cluster.ray_worker import Job, Order, Train, work
from heedful.face.cluster.start import cluster
from heedful.face.cluster.workers import NO_STDIN
from heedful.face.console import note
from heedful.face.run_place import place_of
from heedful.learn.distributed import patience
from heedful.records import HeedfulError
from heedful.text.options import ReadOptions

RETRIES = 5
"""How often lost workers are replaced."""
EVERY = 0.3
"""Seconds between two looks at what the leader says."""


def train_on_cluster(
    train: Train, job: Job, config: Config, options: ReadOptions, asked: Cluster
) -> int:
    """Train and save; returns the exit code (0 done, 130 interrupted).

    Args:
        train: what all workers call.
        job: what to train on and where to put it, in a folder that all nodes share.
        config: all settings.
        options: how the data are read.
        asked: which cluster, and how many workers.

    Raises:
        HeedfulError: no number of workers, no such cluster, what training in one process raises,
            or workers were lost too often.
    """
    if asked.workers is None:
        raise HeedfulError("say how many workers are to train: --workers N; batches grow with them")
    if "-" in (*job.data, *job.valid):
        raise HeedfulError(NO_STDIN)
    folder, _ = place_of(job.out, resume=job.resume, overwrite=job.overwrite)
    if folder is None:
        return 0
    wait = patience()
    with cluster(asked) as workers:
        import ray

        post = ray.remote(num_cpus=0)(Post).remote()
        version = metadata.version("heedful")
        order = Order(train, job, config, options, os.getcwd(), version, wait, post)  # noqa: PTH109
        with _storage(folder) as storage:
            _watched(_trainer(order, workers, storage), post)
        code, error = ray.get(post.ended.remote()) or (2, "the workers ended without a result")
    if error:
        raise HeedfulError(error)
    return int(code)


@contextmanager
def _storage(folder: Path) -> Iterator[Path]:
    """A folder for what Ray Train writes, beside the run, for the time of training."""
    path = folder.absolute()
    path = path.with_name(f".{path.name}.ray")
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)


def _trainer(order: Order, workers: int, storage: Path) -> Any:
    import ray
    from ray.train import FailureConfig, RunConfig, ScalingConfig
    from ray.train.torch import TorchConfig, TorchTrainer

    gpus = ray.cluster_resources().get("GPU", 0) >= workers
    return TorchTrainer(
        work,
        train_loop_config={"order": order},
        torch_config=TorchConfig(timeout_s=max(1, round(order.patience))),
        scaling_config=ScalingConfig(
            num_workers=workers, use_gpu=gpus, resources_per_worker={"CPU": 1}
        ),
        run_config=RunConfig(
            name=storage.name,
            storage_path=str(storage.parent),
            failure_config=FailureConfig(max_failures=RETRIES),
        ),
    )


def _watched(trainer: Any, post: Any) -> None:
    """Let it train, and show what the leader says; Ctrl-C stops it, twice at once.

    Raises:
        HeedfulError: the cluster gave up.
        KeyboardInterrupt: Ctrl-C for the second time.
    """
    failed: list[Exception] = []

    def fit() -> None:
        try:
            trainer.fit()
        except Exception as error:
            failed.append(error)

    # In a thread: in the main one Ray would end training at Ctrl-C before the best is saved.
    thread = threading.Thread(target=fit, daemon=True)
    thread.start()
    stopping = False
    while thread.is_alive():
        try:
            thread.join(EVERY)
            _show(post)
        except KeyboardInterrupt:
            if stopping:
                raise
            stopping = True
            note("stopping; what is best so far will be kept")
            post.stop.remote()
    _show(post)
    if failed:
        lines = str(failed[0]).strip().splitlines() or [type(failed[0]).__name__]
        raise HeedfulError(
            f"the cluster gave up training: {lines[-1].strip()}; the same command with --resume "
            "goes on from the last checkpoint"
        )


def _show(post: Any) -> None:
    import ray

    for stream, text in ray.get(post.take.remote()):
        shown = sys.stdout if stream == "out" else sys.stderr
        shown.write(text)
        shown.flush()

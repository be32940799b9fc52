"""`heedful train --engine ray`: the workers of a Ray cluster train one network together.

Ray Train starts them, joins them in a process group and starts them again when one is lost; the
loop is the one that trains in one process (learn/train.py).
"""

from __future__ import annotations

import os
import shutil
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from importlib import metadata
from pathlib import Path
from typing import Any

from heedful.config import Config
from heedful.face.cluster.engine import Cluster
from heedful.face.cluster.flow import one_line
from heedful.face.cluster.post import Post
from heedful.face.cluster.ray_worker import Job, Order, Train, work
from heedful.face.cluster.start import cluster
from heedful.face.cluster.workers import NO_STDIN
from heedful.face.console import note
from heedful.face.run_place import place_of
from heedful.learn.meeting import patience
from heedful.learn.model import cores
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
    if os.environ.get("WORLD_SIZE", "1") not in ("", "1"):
        raise HeedfulError("torchrun and --engine ray both start workers; use one of them")
    if asked.workers is None:
        raise HeedfulError("say how many workers are to train: --workers N; batches grow with them")
    if "-" in (*job.data, *job.valid):
        raise HeedfulError(NO_STDIN)
    folder, _ = place_of(job.out, resume=job.resume, overwrite=job.overwrite)
    if folder is None:
        return 0
    wait, config = patience(), _with_threads(config, asked)
    with cluster(asked) as workers, one_line(_given_up):
        import ray

        post = ray.remote(num_cpus=0)(Post).remote()
        version = metadata.version("heedful")
        order = Order(train, job, config, options, str(Path.cwd()), version, wait, post)
        with _storage(folder) as storage:
            _watched(_trainer(order, workers, _processors(config, asked), storage), post)
        code, error = ray.get(post.ended.remote()) or (2, "the workers ended without a result")
    if error:
        raise HeedfulError(error)
    return int(code)


def _with_threads(config: Config, asked: Cluster) -> Config:
    """The number of threads of a worker written out: of this machine's cores its share."""
    if config.train.threads:
        return config
    share = 1 if asked.address else max(1, cores() // (asked.workers or 1))
    return replace(config, train=replace(config.train, threads=share))


def _processors(config: Config, asked: Cluster) -> int:
    """What a worker asks for; a cluster started here has one for each, whatever they are told.

    Raises:
        HeedfulError: the cluster does not have so many.
    """
    import ray

    threads = config.train.threads if asked.address else 1
    wanted, there = (asked.workers or 1) * threads, int(ray.cluster_resources().get("CPU", 0))
    if wanted > there:
        raise HeedfulError(
            f"{asked.workers} workers of {threads} threads want {wanted:,} processors, and the "
            f"cluster has {there:,}; ask for fewer, or set train.threads lower"
        )
    return threads


def _given_up(error: Exception) -> str:
    lines = str(error).strip().splitlines() or [type(error).__name__]
    return (
        f"the cluster gave up training: {lines[-1].strip()}; the same command with --resume goes "
        "on from the last checkpoint"
    )


@contextmanager
def _storage(folder: Path) -> Iterator[Path]:
    """A folder for what Ray Train writes, beside the run, for the time of training."""
    path = folder.absolute()
    path = path.with_name(f".{path.name}.ray")
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)


def _trainer(order: Order, workers: int, processors: int, storage: Path) -> Any:
    import ray
    from ray.train import FailureConfig, RunConfig, ScalingConfig
    from ray.train.torch import TorchConfig, TorchTrainer

    gpus = ray.cluster_resources().get("GPU", 0) >= workers
    return TorchTrainer(
        work,
        train_loop_config={"order": order},
        torch_config=TorchConfig(timeout_s=max(1, round(order.patience))),
        scaling_config=ScalingConfig(
            num_workers=workers, use_gpu=gpus, resources_per_worker={"CPU": processors}
        ),
        run_config=RunConfig(
            name=storage.name,
            storage_path=str(storage.parent),
            failure_config=FailureConfig(max_failures=RETRIES),
        ),
    )


def _watched(trainer: Any, post: Any) -> None:
    """Let it train, and show what the leader says; Ctrl-C or SIGTERM stops it, twice at once.

    Raises:
        HeedfulError: the cluster gave up.
        KeyboardInterrupt: asked to stop for the second time.
    """
    failed: list[Exception] = []

    def fit() -> None:
        try:
            trainer.fit()
        except Exception as error:
            failed.append(error)

    # In a thread: in the main one Ray would end training at Ctrl-C before the best is saved.
    thread = threading.Thread(target=fit, daemon=True)
    with _asked_to_stop() as asked:
        thread.start()
        told = False
        while thread.is_alive():
            thread.join(EVERY)
            _show(post)
            if asked and not told:
                told = True
                note("stopping; what is best so far will be kept")
                post.stop.remote()
    _show(post)
    if failed:
        raise HeedfulError(_given_up(failed[0]))


@contextmanager
def _asked_to_stop() -> Iterator[list[int]]:
    """The signals that came; the second is a KeyboardInterrupt. None come to other threads."""
    came: list[int] = []

    def stop(number: int, frame: object) -> None:
        came.append(number)
        if len(came) > 1:
            raise KeyboardInterrupt

    if threading.current_thread() is not threading.main_thread():
        yield came
        return
    before = {kind: signal.signal(kind, stop) for kind in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield came
    finally:
        for kind, handler in before.items():
            signal.signal(kind, handler)


def _show(post: Any) -> None:
    import ray

    for stream, text in ray.get(post.take.remote()):
        shown = sys.stdout if stream == "out" else sys.stderr
        shown.write(text)
        shown.flush()

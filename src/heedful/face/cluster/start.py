"""A Ray cluster to work on: one that runs already, or one of this machine while a command runs.

The latter listens on the loopback interface alone, asks for a secret of its own, keeps its files
in a temporary folder, shows no dashboard and reports nothing to anybody.
"""

from __future__ import annotations

import logging
import os
import secrets
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from heedful.face.cluster.engine import Cluster
from heedful.face.cluster.quiet import silent_start, undisturbed
from heedful.face.console import note
from heedful.learn.model import cores
from heedful.records import HeedfulError

STORE = 1 << 29
"""Bytes of the object store of a cluster that is started here: what waits between its workers."""
_LOOPBACK = "127.0.0.1"


@contextmanager
def cluster(asked: Cluster) -> Iterator[int]:
    """Connected to the cluster; gives the number of workers to use.

    Raises:
        HeedfulError: there is none at the address, or it has fewer processors than workers are
            wanted.
    """
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    logging.getLogger("ray").setLevel(logging.CRITICAL)
    there = _started(asked.workers or cores()) if asked.address is None else _joined(asked.address)
    with undisturbed(), there:
        yield _workers(asked)


@contextmanager
def _started(workers: int) -> Iterator[None]:
    # Read when Ray is loaded: without this, Linux gets an address that others can reach.
    os.environ["RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER"] = "0"
    os.environ |= {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": secrets.token_hex(32)}
    note(f"starting Ray on this machine, {workers} worker{'s' if workers > 1 else ''}")
    with (
        tempfile.TemporaryDirectory(prefix="heedful-ray-", ignore_cleanup_errors=True) as folder,
        _connected(
            address="local",
            num_cpus=workers,
            include_dashboard=False,
            object_store_memory=STORE,
            _node_ip_address=_LOOPBACK,
            _temp_dir=folder,
        ),
    ):
        yield


@contextmanager
def _joined(address: str) -> Iterator[None]:
    with _connected(address=address):
        yield


@contextmanager
def _connected(**arguments: Any) -> Iterator[None]:
    import ray
    from ray.exceptions import RayError

    quiet = {"log_to_driver": False, "logging_level": logging.CRITICAL, "configure_logging": False}
    try:
        with silent_start():
            ray.init(**arguments, **quiet)
    except (OSError, RuntimeError, ValueError, RayError) as error:
        ray.shutdown()
        raise HeedfulError(_refused(arguments["address"], error)) from None
    try:
        yield
    finally:
        ray.shutdown()


def _refused(address: str, error: Exception) -> str:
    reason = str(error).strip().partition("\n")[0]
    if address == "local":
        return f"Ray does not start on this machine: {reason}"
    return (
        f"no Ray cluster can be joined at {address}: {reason}; start one with ray start, or leave "
        "out --address"
    )


def _workers(asked: Cluster) -> int:
    import ray

    there = int(ray.cluster_resources().get("CPU", 0))
    wanted = asked.workers or there
    if not 0 < wanted <= there:
        raise HeedfulError(
            f"--workers {wanted}, but the cluster has {there:,} processors; ask for fewer"
        )
    return wanted

"""Which engine does the work: this process, or the workers of a Ray cluster. Ray is not loaded."""

from __future__ import annotations

import re
from dataclasses import dataclass
from importlib.util import find_spec

from heedful.records import HeedfulError

ENGINES = ("local", "ray")
NEEDED = ("ray", "pyarrow")
_ADDRESS = re.compile(r"auto|[^\s/:]+:[0-9]{1,5}|\[[0-9a-fA-F:]+\]:[0-9]{1,5}")


@dataclass(frozen=True)
class Cluster:
    """What is wanted of a cluster.

    Attributes:
        workers: how many load the model; None = one per processor.
        address: of a running cluster, HOST:PORT or auto; None = one is started on this machine.
    """

    workers: int | None = None
    address: str | None = None


def asked_cluster(engine: str, workers: int | None, address: str | None) -> Cluster | None:
    """The cluster that the flags ask for; None = no cluster.

    Raises:
        HeedfulError: an unknown engine, flags of a cluster without one, or Ray is not installed.
    """
    if engine not in ENGINES:
        raise HeedfulError(f"--engine {engine!r} is none of {', '.join(ENGINES)}")
    if engine == "local":
        for flag, value in (("--workers", workers), ("--address", address)):
            if value is not None:
                raise HeedfulError(f"{flag} is for a cluster; say --engine ray, or leave it out")
        return None
    if workers is not None and workers < 1:
        raise HeedfulError(f"--workers {workers}: at least one is needed")
    if address is not None and not _ADDRESS.fullmatch(address):
        raise HeedfulError(f"--address {address!r} is neither HOST:PORT nor auto")
    if missing := [name for name in NEEDED if find_spec(name) is None]:
        raise HeedfulError(
            f"--engine ray needs {' and '.join(missing)}, which is not installed: "
            "pip install 'heedful[ray]'"
        )
    return Cluster(workers, address)

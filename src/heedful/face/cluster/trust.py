"""`heedful trust --engine ray`: workers measure the texts, the figures are put together here."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from heedful.explain.portion import Hands, Measured, Portion, measured
from heedful.face.cluster.engine import Cluster
from heedful.face.cluster.hands import shared_out
from heedful.face.cluster.start import cluster


@contextmanager
def hands_of(run: str, asked: Cluster | None) -> Iterator[Hands | None]:
    """Who measures: the workers of a cluster; None = this process.

    Raises:
        HeedfulError: the cluster cannot be used.
    """
    if asked is None:
        yield None
        return
    with cluster(asked) as workers:

        def hands(portions: Sequence[Portion]) -> Iterator[Measured]:
            # The slow portions, which come last, are begun as soon as a worker is free.
            parts = [part for portion in portions for part in portion.parts()]
            for found in shared_out(run, measured, parts, workers):
                yield from found

        yield hands

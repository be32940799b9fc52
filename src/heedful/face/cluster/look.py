"""A first look at every input, by the workers: what cannot be read is told before work begins."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from heedful.face.cluster.flow import one_line
from heedful.face.cluster.places import Place, opened
from heedful.records import HeedfulError
from heedful.text.options import ReadOptions

TOGETHER = 32
"""Inputs that a worker looks at in one go."""


@dataclass(frozen=True)
class Seen:
    """Of an input: the columns beside text and label; or why it cannot be read."""

    columns: tuple[str, ...] = ()
    error: str | None = None


def columns_of(places: Sequence[Place], options: ReadOptions) -> tuple[str, ...]:
    """The further columns of all inputs, in their order. Connected to a cluster already.

    What lies behind an address is only looked at for its columns: it would be fetched twice.

    Raises:
        HeedfulError: an input cannot be read; the first that cannot.
    """
    import ray

    wanted = [place for place in places if options.beside or not place.remote]
    look = ray.remote(num_cpus=0)(look_at)
    with one_line():
        asked = [
            look.remote(wanted[start : start + TOGETHER], options)
            for start in range(0, len(wanted), TOGETHER)
        ]
        seen = [one for answer in asked for one in ray.get(answer)]
    for one in seen:
        if one.error is not None:
            raise HeedfulError(one.error)
    return tuple(dict.fromkeys(name for one in seen for name in one.columns))


def look_at(places: Sequence[Place], options: ReadOptions) -> list[Seen]:
    """What is seen of some inputs."""
    return [_seen(place, options) for place in places]


def _seen(place: Place, options: ReadOptions) -> Seen:
    try:
        with opened(place, options) as stream:
            return Seen(stream.columns)
    except (HeedfulError, OSError) as error:
        return Seen(error=str(error))

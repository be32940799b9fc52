"""Where a thread's random numbers come from."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import torch


class _Own(threading.local):
    generator: torch.Generator | None = None


_own = _Own()


def generator() -> torch.Generator | None:
    """The generator to draw from in this thread; None = PyTorch's global one."""
    return _own.generator


@contextmanager
def drawing(seed: int) -> Iterator[None]:
    """Within it, this thread draws from a generator of its own (on the processor).

    Threads that draw from the global one at the same time get whatever the others left, so that
    no run could be repeated.
    """
    before = _own.generator
    _own.generator = torch.Generator().manual_seed(seed)
    try:
        yield
    finally:
        _own.generator = before

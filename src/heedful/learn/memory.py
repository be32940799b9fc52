"""Giving memory back to the system."""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from functools import cache

EVERY = 16  # batches; a call costs well under a millisecond per MiB given back

EVERY_TOKENS = EVERY * 16_384


@cache
def _trim() -> Callable[[int], int] | None:
    try:
        found: Callable[[int], int] = ctypes.CDLL(None).malloc_trim
        return found
    except (OSError, AttributeError):
        return None  # not the GNU library


_scored = 0  # tokens since memory was last given back


def release_after(tokens: int) -> None:
    """`release` for scoring: after so many padded tokens as 16 full batches have.

    Counted over calls: a request for one text must not pay for it, a million of them must.
    """
    global _scored
    _scored += tokens
    trim = _trim()
    if trim is not None and _scored >= EVERY_TOKENS:
        _scored = 0
        trim(0)


def release(batch: int) -> None:
    """Every few batches, return freed memory to the system.

    Batches differ in length, so the C library's heap fills with holes that fit no later
    batch: training on IMDB then grows to three times what it needs.
    """
    trim = _trim()
    if trim is not None and batch % EVERY == 0:
        trim(0)

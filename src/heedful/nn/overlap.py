"""Texts longer than a network has positions for: overlapping windows, and whose states count."""

from __future__ import annotations

from itertools import pairwise
from typing import NamedTuple

import torch
from torch import Tensor


class Window(NamedTuple):
    """A piece of a text that is read at once.

    Attributes:
        text: its row in the batch.
        start, stop: its tokens.
        first, last: those of them whose states count; windows share all of a text's out.
    """

    text: int
    start: int
    stop: int
    first: int
    last: int


def windows(text: int, length: int, size: int, overlap: int) -> list[Window]:
    """A text in windows of `size` tokens, each state from where it has most context.

    Windows begin `size - overlap` tokens apart; the last one ends with the text and is full too. Of
    the tokens that two neighbours share, the first half counts in the former (and the middle one of
    an odd number), so that at least `overlap // 2` tokens stand on either side of each, or the
    text ends there.

    Args:
        text: row in the batch.
        length: its tokens; 0 gives no window.
        size: at least 1.
        overlap: from 0 to size - 1.
    """
    if length <= size:
        return [Window(text, 0, length, 0, length)] if length else []
    starts = [*range(0, length - size, size - overlap), length - size]
    # Halfway between a window's begin and its neighbour's end.
    edges = [
        0,
        *((former + latter + size + 1) // 2 for former, latter in pairwise(starts)),
        length,
    ]
    return [
        Window(text, start, start + size, first, last)
        for start, (first, last) in zip(starts, pairwise(edges), strict=True)
    ]


class Layout(NamedTuple):
    """Windows as one rectangle, and where the texts' states stand in it.

    Attributes:
        rows: (W, L) which vector stands at each place: tokens of the batch by place in (B T), then
            those of prefix and suffix, then padding.
        mask: (W, L) True = a vector, False = padding.
        back: (B, T) the place in (W L) of each token's state; 0 at padding.
    """

    rows: Tensor
    mask: Tensor
    back: Tensor


def layout(wanted: list[Window], shape: tuple[int, int], before: int, after: int) -> Layout:
    """Lay out windows with what stands before and after each.

    Args:
        wanted: one or more.
        shape: B and T, of the batch.
        before, after: vectors of prefix and suffix.
    """
    tokens = shape[0] * shape[1]
    width = before + after + max(w.stop - w.start for w in wanted)
    rows = torch.full((len(wanted), width), tokens + before + after)
    back = torch.zeros(shape, dtype=torch.int64)
    for i, one in enumerate(wanted):
        end, place = before + one.stop - one.start, one.text * shape[1]
        rows[i, :before] = torch.arange(tokens, tokens + before)
        rows[i, before:end] = torch.arange(place + one.start, place + one.stop)
        rows[i, end : end + after] = torch.arange(tokens + before, tokens + before + after)
        here = i * width + before - one.start
        back[one.text, one.first : one.last] = torch.arange(here + one.first, here + one.last)
    return Layout(rows, rows < tokens + before + after, back)

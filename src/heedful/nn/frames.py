"""Frames: groups of words in which rare words stand as their shape, with the text's two borders."""

from __future__ import annotations

import torch
from jaxtyping import Bool, Int
from torch import Tensor

from heedful.nn.grams import NONE, Grams, ahead, chain
from heedful.text.vocab import END, START, UNK

LONGEST = 4
"""Places of a frame, borders included."""

FRAME = 0x0F4A3E  # what keys begin with, so that frames are no n-grams


def frames(ids: Int[Tensor, "... T"], mask: Bool[Tensor, "... T"]) -> list[Grams]:
    """Every frame of some texts: `what Xx`, `^ what`, `Xx xs $`, `^ what xs $`.

    A border is a place of its own, but no word: no frame is of borders alone. None holds an
    unknown token or reaches beyond its text, as `grams` has it.

    Args:
        ids: of words, or of shapes in their place.
        mask: True at real tokens.
    """
    known, before = mask & (ids != UNK), torch.roll(mask, 1, dims=-1)
    before[..., 0] = False
    starts, ends = mask & ~before, mask & ~ahead(mask, 1)
    inner = torch.full_like(ids, FRAME)
    opened, end = chain(inner, torch.full_like(ids, START)), torch.full_like(ids, END)
    found, whole = [], known
    for size in range(1, LONGEST + 1):
        inner, opened = (chain(keys, ahead(ids, size - 1)) for keys in (inner, opened))
        whole, last = whole & ahead(known, size - 1), ahead(ends, size - 1)
        kinds = [(inner, whole)]
        if size + 1 <= LONGEST:
            kinds += [(opened, whole & starts), (chain(inner, end), whole & last)]
        if size + 2 <= LONGEST:
            kinds.append((chain(opened, end), whole & starts & last))
        steps = tuple(range(size))
        found += [Grams(keys.masked_fill(~there, NONE), steps) for keys, there in kinds]
    return found

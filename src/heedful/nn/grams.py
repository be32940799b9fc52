"""Groups of words that count as evidence, as 64-bit keys: n-grams, pairs, first and last words."""

from __future__ import annotations

from typing import NamedTuple

import torch
from jaxtyping import Bool, Int
from torch import Tensor

from heedful.text.vocab import END, START, UNK

NONE = 0
"""The key of no group."""

# Odd numbers whose bits look random (the first is 2^64 divided by the golden ratio, as Knuth's
# multiplicative hashing takes it; both as signed numbers), and a shift that brings high bits down.
FIRST, SECOND, SHIFT = -7046029254386353131, -4658895280553007687, 29
_LOW = (1 << (64 - SHIFT)) - 1
APART = 0x5EED  # stirred into pairs with a gap, so that they are no n-grams


class Kinds(NamedTuple):
    """Which groups there are.

    Attributes:
        orders: longest n-gram: 3 = words, pairs and triples side by side.
        reach: two words count as a pair, in their order, up to so many places apart; 1 = side by
            side only.
        borders: the first word, the first two and the last count as such too.
    """

    orders: int
    reach: int = 1
    borders: bool = False

    @property
    def widest(self) -> int:
        """Every group lies within so many neighbouring tokens."""
        return max(self.orders, self.reach + 1, 2)


class Grams(NamedTuple):
    """Groups of one kind, at most one at each token.

    Attributes:
        keys: (..., T), `NONE` where there is no such group.
        steps: where its words stand: at t + step for each step, for the group at t.
    """

    keys: Tensor
    steps: tuple[int, ...]


def chain(keys: Int[Tensor, ...], following: Int[Tensor, ...]) -> Int[Tensor, ...]:
    """The keys of groups made longer by one token each; `NONE` and an id give a word's key.

    Multiply, shift, multiply, each element by itself: in 64-bit numbers that wrap around, two of N
    groups share a key with a chance of about N^2 / 2^65, a millionth for six million.
    """
    mixed = (keys * FIRST) ^ following  # not the other way round: order must matter
    mixed = (mixed ^ ((mixed >> SHIFT) & _LOW)) * SECOND
    return mixed ^ ((mixed >> 32) & 0xFFFFFFFF)


def grams(ids: Int[Tensor, "... T"], mask: Bool[Tensor, "... T"], kinds: Kinds) -> list[Grams]:
    """Every kind of group of some texts.

    No group holds an unknown token or reaches beyond its text: into padding, or past it.
    """
    known = mask & (ids != UNK)
    word = chain(torch.zeros_like(ids), ids)
    found = _side_by_side(word, known, kinds.orders)
    found += [_apart(word, known, mask, gap) for gap in range(2, kinds.reach + 1)]
    if kinds.borders:
        found += _at_borders(word, known, mask)
    return found


def ahead(values: Tensor, step: int) -> Tensor:
    """What stands `step` places further on; zeros beyond the end."""
    moved = torch.roll(values, -step, dims=-1)
    moved[..., max(moved.shape[-1] - step, 0) :] = 0
    return moved


def _side_by_side(word: Tensor, known: Tensor, orders: int) -> list[Grams]:
    keys, whole, found = word, known, [Grams(word.masked_fill(~known, NONE), (0,))]
    for order in range(2, orders + 1):
        keys = chain(keys, ahead(word, order - 1))
        whole = whole & ahead(known, order - 1)
        found.append(Grams(keys.masked_fill(~whole, NONE), tuple(range(order))))
    return found


def _apart(word: Tensor, known: Tensor, mask: Tensor, gap: int) -> Grams:
    """Pairs of words `gap` places apart; what stands between them does not matter."""
    whole = known & ahead(known, gap)
    for step in range(1, gap):  # all of one text: no padding between them
        whole = whole & ahead(mask, step)
    keys = chain(word ^ APART, ahead(word, gap))
    return Grams(keys.masked_fill(~whole, NONE), (0, gap))


def _at_borders(word: Tensor, known: Tensor, mask: Tensor) -> list[Grams]:
    before = torch.roll(mask, 1, dims=-1)
    before[..., 0] = False
    first = chain(torch.full_like(word, START), word)
    starts = known & ~before
    last = chain(word, torch.full_like(word, END))
    ends = known & ~ahead(mask, 1)
    pairs = starts & ahead(known, 1)
    return [
        Grams(first.masked_fill(~starts, NONE), (0,)),
        Grams(chain(first, ahead(word, 1)).masked_fill(~pairs, NONE), (0, 1)),
        Grams(last.masked_fill(~ends, NONE), (0,)),
    ]

"""N-grams of token ids as 64-bit keys: words, pairs, triples, ... that stand side by side."""

from __future__ import annotations

import torch
from jaxtyping import Bool, Int
from torch import Tensor

from heedful.text.vocab import UNK

NONE = 0
"""The key of no n-gram."""

# Odd numbers whose bits look random (the first is 2^64 divided by the golden ratio, as Knuth's
# multiplicative hashing takes it; both as signed numbers), and a shift that brings high bits down.
_FIRST, _SECOND, _SHIFT = -7046029254386353131, -4658895280553007687, 29
_LOW = (1 << (64 - _SHIFT)) - 1


def chain(keys: Int[Tensor, ...], following: Int[Tensor, ...]) -> Int[Tensor, ...]:
    """The keys of n-grams made longer by one token each; `NONE` and an id give a word's key.

    Multiply, shift, multiply, without any carry-over between elements: in 64-bit numbers that
    wrap around, two n-grams share a key about once in 2^64 / (number of n-grams)^2 / 2 corpora.
    """
    mixed = (keys ^ following) * _FIRST
    mixed = (mixed ^ ((mixed >> _SHIFT) & _LOW)) * _SECOND
    return mixed ^ ((mixed >> 32) & 0xFFFFFFFF)


def gram_keys(
    ids: Int[Tensor, "B T"], mask: Bool[Tensor, "B T"], orders: int
) -> list[Int[Tensor, "B T"]]:
    """Keys of the n-grams that begin at each token: words, pairs, ... up to `orders` tokens.

    `NONE` where the n-gram would reach beyond the text or hold an unknown token.
    """
    known = mask & (ids != UNK)
    word = chain(torch.zeros_like(ids), ids)
    return list(_grow(word, known, orders))


def _grow(word: Tensor, known: Tensor, orders: int) -> list[Tensor]:
    """From words and which of them are known to the keys of each order, along the last axis."""
    keys, whole = word, known
    found = [keys.masked_fill(~whole, NONE)]
    for order in range(2, orders + 1):
        follows = torch.roll(word, 1 - order, dims=-1)
        there = torch.roll(known, 1 - order, dims=-1)
        there[..., there.shape[-1] - min(order - 1, there.shape[-1]) :] = False
        keys, whole = chain(keys, follows), whole & there
        found.append(keys.masked_fill(~whole, NONE))
    return found

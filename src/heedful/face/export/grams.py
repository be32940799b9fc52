"""Groups of words as 64-bit keys (nn/grams.py, nn/frames.py), worked out by an ONNX graph.

Integers of 64 bits wrap around in ONNX as they do in PyTorch; only shifts need unsigned ones.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from heedful.face.export.graph import INT, UNSIGNED, Graph, Value
from heedful.nn.frames import FRAME, LONGEST
from heedful.nn.grams import APART, FIRST, SECOND, SHIFT, Kinds
from heedful.text.vocab import END, START, UNK


class Group(NamedTuple):
    """Groups of one kind, at most one at each token.

    Attributes:
        keys: (B, T) int64, 0 where there is none.
        steps: where its words stand: at t + step for each step.
    """

    keys: Value
    steps: tuple[int, ...]


class Words(NamedTuple):
    """The tokens of a batch, as 0 and 1 but for their ids; all (B, T) int64.

    Attributes:
        ids: of words, or of shapes in their place.
        real: 1 at real tokens.
        known: 1 at those that are not the unknown word.
        starts, ends: 1 at the first and last token of each text, unknown or not.
    """

    ids: Value
    real: Value
    known: Value
    starts: Value
    ends: Value


def words(graph: Graph, ids: Value, real: Value) -> Words:
    """From ids and mask, both (B, T) int64."""
    unknown = graph.op("Equal", ids, graph.constant(UNK))
    known = both(graph, real, graph.cast(graph.op("Not", unknown), INT))
    before = graph.op("Pad", real, graph.constant([0, 1, 0, -1]))
    starts = graph.op("Sub", real, both(graph, real, before))
    ends = graph.op("Sub", real, both(graph, real, ahead(graph, real, 1)))
    return Words(ids, real, known, starts, ends)


def shift(graph: Graph, values: Value, bits: int) -> Value:
    """int64 moved to the right, zeros from the left."""
    places = graph.constant(np.array(bits, np.uint64))
    moved = graph.op("BitShift", graph.cast(values, UNSIGNED), places, attributes=_RIGHT)
    return graph.cast(moved, INT)


_RIGHT = {"direction": "RIGHT"}


def chain(graph: Graph, keys: Value, following: Value) -> Value:
    """As `nn.grams.chain`."""
    mixed = graph.op("BitwiseXor", graph.op("Mul", keys, graph.constant(FIRST)), following)
    mixed = graph.op("BitwiseXor", mixed, shift(graph, mixed, SHIFT))
    mixed = graph.op("Mul", mixed, graph.constant(SECOND))
    return graph.op("BitwiseXor", mixed, shift(graph, mixed, 32))


def ahead(graph: Graph, values: Value, step: int) -> Value:
    """(B, T) what stands `step` places further on; zeros beyond the end."""
    if not step:
        return values
    padded = graph.op("Pad", values, graph.constant([0, 0, 0, step]))
    return graph.slice(padded, 1, step)


def both(graph: Graph, *flags: Value) -> Value:
    """1 where all are."""
    found = flags[0]
    for other in flags[1:]:
        found = graph.op("Mul", found, other)
    return found


def grams(graph: Graph, text: Words, kinds: Kinds) -> list[Group]:
    """As `nn.grams.grams`, in the same order."""
    word = chain(graph, graph.constant(0), text.ids)
    keys, whole, found = word, text.known, [Group(both(graph, word, text.known), (0,))]
    for order in range(2, kinds.orders + 1):
        keys = chain(graph, keys, ahead(graph, word, order - 1))
        whole = both(graph, whole, ahead(graph, text.known, order - 1))
        found.append(Group(both(graph, keys, whole), tuple(range(order))))
    found += [_apart(graph, text, word, gap) for gap in range(2, kinds.reach + 1)]
    return found + (_at_borders(graph, text, word) if kinds.borders else [])


def _apart(graph: Graph, text: Words, word: Value, gap: int) -> Group:
    between = [ahead(graph, text.real, step) for step in range(1, gap)]
    whole = both(graph, text.known, ahead(graph, text.known, gap), *between)
    stirred = graph.op("BitwiseXor", word, graph.constant(APART))
    keys = chain(graph, stirred, ahead(graph, word, gap))
    return Group(both(graph, keys, whole), (0, gap))


def _at_borders(graph: Graph, text: Words, word: Value) -> list[Group]:
    starts, ends = both(graph, text.known, text.starts), both(graph, text.known, text.ends)
    pairs = both(graph, starts, ahead(graph, text.known, 1))
    first = chain(graph, graph.constant(START), word)
    two = chain(graph, first, ahead(graph, word, 1))
    last = chain(graph, word, graph.constant(END))
    return [
        Group(both(graph, first, starts), (0,)),
        Group(both(graph, two, pairs), (0, 1)),
        Group(both(graph, last, ends), (0,)),
    ]


def frames(graph: Graph, text: Words) -> list[Group]:
    """As `nn.frames.frames`, in the same order; `text.ids` have shapes for rare words."""
    inner = graph.constant(FRAME)
    opened = chain(graph, inner, graph.constant(START))
    end, whole = graph.constant(END), text.known
    found = []
    for size in range(1, LONGEST + 1):
        following = ahead(graph, text.ids, size - 1)
        inner, opened = chain(graph, inner, following), chain(graph, opened, following)
        if size > 1:
            whole = both(graph, whole, ahead(graph, text.known, size - 1))
        last = ahead(graph, text.ends, size - 1)
        kinds = [(inner, [whole])]
        if size + 1 <= LONGEST:
            closed = chain(graph, inner, end)
            kinds += [(opened, [whole, text.starts]), (closed, [whole, last])]
        if size + 2 <= LONGEST:
            kinds.append((chain(graph, opened, end), [whole, text.starts, last]))
        steps = tuple(range(size))
        found += [Group(both(graph, keys, *flags), steps) for keys, flags in kinds]
    return found

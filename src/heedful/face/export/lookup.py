"""Where a 64-bit key stands in an ascending list of keys, looked up by an ONNX graph.

A key's highest bits name a bucket of a few neighbouring keys, in which a binary search takes as
many steps as the largest bucket needs (`nn.lookup` needs none, but tables too large for a file).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from heedful.face.export.grams import shift
from heedful.face.export.graph import BOOL, INT, Graph, Value
from heedful.nn.lookup import ABSENT

_SIGN = -(1 << 63)
_ROOM = 2  # bits: buckets of two to four keys on average


def look_up(graph: Graph, keys: NDArray[np.int64], bits: int, asked: Value) -> Value:
    """The place of keys in `keys`, `ABSENT` for those that are not held and for 0, no key.

    Args:
        graph: to write to.
        keys: (F,) ascending, F > 0, folded to their highest `bits`.
        bits: that count of what is asked for.
        asked: (B, N) int64, not folded.
    """
    high = max(1, min(bits, len(keys).bit_length() - _ROOM))
    # With the sign turned over the order of signed numbers is that of unsigned ones.
    turned = graph.op("BitwiseXor", asked, graph.constant(_SIGN))
    bucket = shift(graph, turned, 64 - high)
    wanted = asked if bits == 64 else shift(graph, turned, 64 - bits)
    held = keys if bits == 64 else keys + (1 << (bits - 1))
    starts = _starts(keys, bits, high)
    place = _search(graph, held, starts, bucket, wanted)
    hit = graph.op("Equal", graph.gather("evidence.keys", place), wanted)
    there = graph.op("And", hit, graph.cast(asked, BOOL))
    return graph.op("Where", there, place, graph.constant(ABSENT))


def _starts(keys: NDArray[np.int64], bits: int, high: int) -> NDArray[np.int32]:
    """(2^high + 1,) where each bucket begins, and the end of the last."""
    buckets = (keys >> (bits - high)) + (1 << (high - 1))
    return np.searchsorted(buckets, np.arange((1 << high) + 1)).astype(np.int32)


def _search(
    graph: Graph, held: NDArray[Any], starts: NDArray[np.int32], bucket: Value, wanted: Value
) -> Value:
    """The first place in its bucket whose key is not below what is wanted."""
    keys, begins = graph.constant(held, "evidence.keys"), graph.constant(starts, "evidence.starts")
    one, two, last = (graph.constant(n) for n in (1, 2, len(held) - 1))
    low = graph.cast(graph.gather(begins, bucket), INT)
    high = graph.cast(graph.gather(begins, graph.op("Add", bucket, one)), INT)
    for _ in range(int(np.diff(starts).max()).bit_length()):
        middle = graph.op("Div", graph.op("Add", low, high), two)
        below = graph.op("Less", graph.gather(keys, graph.op("Min", middle, last)), wanted)
        below = graph.op("And", below, graph.op("Less", low, high))
        low = graph.op("Where", below, graph.op("Add", middle, one), low)
        high = graph.op("Where", below, high, middle)
    return graph.op("Min", low, last)

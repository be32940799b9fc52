"""How many insertions, deletions and replacements turn one sequence into another."""

from __future__ import annotations

from collections.abc import Hashable, Sequence


def edit_distance(first: Sequence[Hashable], second: Sequence[Hashable]) -> int:
    """The Levenshtein distance (1966), each edit counting 1.

    Bit-parallel (Myers 1999, "A Fast Bit-Vector Algorithm for Approximate String Matching", in the
    form of Hyyrö 2003): a column of the table is two whole numbers, whose bits say where it grows
    or falls by one. Python's numbers have any length, so that one step a symbol of `second` does.
    """
    if not first or not second:
        return max(len(first), len(second))
    places: dict[Hashable, int] = {}
    for i, symbol in enumerate(first):
        places[symbol] = places.get(symbol, 0) | 1 << i
    full, last = (1 << len(first)) - 1, 1 << (len(first) - 1)
    grows, falls, distance = full, 0, len(first)
    for symbol in second:
        match = places.get(symbol, 0)
        level = (((match & grows) + grows) ^ grows) | match | falls
        up, down = falls | (full & ~(level | grows)), grows & level
        distance += bool(up & last) - bool(down & last)
        up, down = (up << 1 | 1) & full, (down << 1) & full
        grows, falls = down | (full & ~(level | up)), up & level
    return distance

"""Long sources: stretches that no output looked at become one column each.

A row of weights sums to 1, so that at most twenty columns of it reach `LEAST`: what is left is as
wide as what was looked at, however long the source.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from itertools import groupby

from heedful.face.alignment import LEAST, drawable, number_of
from heedful.records import Rewriting, Token

LONG = 120
"""Source tokens up to which every one has its column."""
SHORT = 8
"""Tokens up to which a stretch is not worth folding."""
FOLD = "⋯"
"""First sign of a folded stretch; the number of its tokens follows."""


def folded(record: Rewriting) -> Rewriting:
    """The rewriting with one source token, without characters, for each stretch not looked at.

    Its weight is the stretch's sum, so that rows still sum to 1. Up to `LONG` source tokens, and
    without a map, the record itself.
    """
    if len(record.source_tokens) <= LONG or not drawable(record):
        return record
    stretches = list(_stretches(record))
    return replace(
        record,
        source_tokens=tuple(_token(record, part) for part in stretches),
        weights=tuple(
            tuple(math.fsum(row[part.start : part.stop]) for part in stretches)
            for row in record.weights
        ),
    )


def fold_remark(record: Rewriting) -> str:
    """What a reader must know of a folded map; empty for others."""
    if folded(record) is record:
        return ""
    return (
        f"{FOLD}: source tokens in a row, none of which got {number_of(LEAST)} or more; "
        "their weights are added up"
    )


def _stretches(record: Rewriting) -> Iterator[range]:
    """All source tokens in order: those looked at by themselves, others together."""
    seen = [max(column) >= LEAST for column in zip(*record.weights, strict=True)]
    for looked_at, run in groupby(range(len(seen)), key=seen.__getitem__):
        places = list(run)
        if looked_at or len(places) <= SHORT:
            yield from (range(i, i + 1) for i in places)
        else:
            yield range(places[0], places[-1] + 1)


def _token(record: Rewriting, part: range) -> Token:
    first = record.source_tokens[part.start]
    if len(part) == 1:
        return first
    return Token(f"{FOLD}{len(part)}", first.start, first.start)

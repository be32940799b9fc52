"""Maps made elsewhere, to be shown and judged like any other. No torch here."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from heedful.explain.found import Found
from heedful.records import Example, HeedfulError, Token


class Span(NamedTuple):
    """A number on the characters `start` to `end`."""

    start: int
    end: int
    value: float


@dataclass(frozen=True)
class Given:
    """One map as it stands in the file: spans, or one number per token of heedful's.

    Attributes:
        where: the file and the entry, for messages.
    """

    where: str
    spans: tuple[Span, ...] | None
    values: tuple[float, ...] | None


@dataclass(frozen=True)
class Outside:
    """All maps of one name.

    Attributes:
        name: what the map is called; never that of a method of heedful's.
        maps: by text (or row, where no text is given), then by class; None = no class given.
    """

    name: str
    maps: dict[str | int, dict[str | None, Given]] = field(default_factory=dict)

    def map_for(self, example: Example, tokens: Sequence[Token], target: str) -> Found | None:
        """One number per token for this text and class; None where the file has no such map.

        A number on characters goes to the tokens it touches, in proportion to the characters
        that it shares with each: what a piece carries stays whole. `missing` is the sum of
        what touches no token (white space, a part that was not read), 0 for plain values.

        Raises:
            HeedfulError: values that do not fit the tokens, offsets beyond the text.
        """
        by_class = self.maps.get(example.text) or self.maps.get(example.row) or {}
        given = by_class.get(target) or by_class.get(None)
        if given is None:
            return None
        if given.spans is not None:
            if max((span.end for span in given.spans), default=0) > len(example.text):
                raise HeedfulError(
                    f"{given.where}: an offset lies beyond the {len(example.text)} characters of "
                    "the text; offsets count characters, not bytes"
                )
            return projected(given.spans, tokens)
        values = np.array(given.values, np.float64)
        if len(values) != len(tokens):
            raise HeedfulError(
                f"{given.where}: {len(values)} values for {len(tokens)} tokens; give "
                '"tokens" with start, end and value instead'
            )
        return Found(values, 0.0)


def projected(spans: Sequence[Span], tokens: Sequence[Token]) -> Found:
    """Numbers on characters as numbers on tokens; `missing`: what touches no token."""
    values = np.zeros(len(tokens))
    starts = np.array([token.start for token in tokens], np.int64)
    ends = np.array([token.end for token in tokens], np.int64)
    lost = []
    for span in spans:
        first = int(np.searchsorted(ends, span.start, side="right"))
        last = int(np.searchsorted(starts, span.end, side="left"))
        common = np.minimum(ends[first:last], span.end) - np.maximum(starts[first:last], span.start)
        if common.sum() > 0:
            values[first:last] += span.value * common / common.sum()
        else:
            lost.append(span.value)
    return Found(values, math.fsum(lost))

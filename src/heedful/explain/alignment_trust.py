"""How far alignments may be trusted: erase what an output symbol looked at; does it change?

The counterpart of erasure for classifiers (comprehensiveness, DeYoung et al. 2020), on outputs
instead of probabilities. No torch here: a rewriter is any function from a text to a `Rewriting`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from heedful.explain.alignment_verdict import alignment_verdict
from heedful.explain.changed import changed
from heedful.learn.bootstrap import UNDEFINED, Interval, resampled
from heedful.records import HeedfulError, Rewriting

Array = NDArray[np.float64]
Places = tuple[int, ...]

RANDOMS = 4
"""Random erasures for each output symbol."""


class Rewrite(Protocol):
    """Whatever rewrites one text; the same text must give the same rewriting."""

    def __call__(self, source: str, /) -> Rewriting:
        """The rewriting of a text."""


@dataclass(frozen=True, slots=True)
class AlignmentTrust:
    """What erasing the most attended source symbols does to outputs, against random others.

    Shares lie in 0..1. Intervals hold 95 %, resampled over sources: symbols of one output are
    not independent. NaN where nothing was measured.

    Attributes:
        sources: texts that count; `skipped` have no attention weights, no output, or too few
            symbols.
        outputs: output symbols that were judged.
        erased: source symbols erased at once.
        attended: share of output symbols that change when their most attended are erased.
        random: the same for random others, which are not among those.
        difference: attended - random.
        trusted: whether the interval of the difference lies above 0.
        sentence: the verdict in plain words.
    """

    sources: int
    skipped: int
    outputs: int
    erased: int
    attended: float
    attended_interval: Interval
    random: float
    random_interval: Interval
    difference: float
    difference_interval: Interval
    trusted: bool
    sentence: str

    def to_json(self) -> dict[str, Any]:
        """The attributes by name, intervals as lists."""
        values = {f.name: getattr(self, f.name) for f in fields(self)}
        return {k: list(v) if isinstance(v, tuple) else v for k, v in values.items()}


def alignment_trust(
    rewrite: Rewrite,
    sources: Sequence[str],
    *,
    top: int = 1,
    filler: str = "",
    randoms: int = RANDOMS,
    seed: int = 0,
) -> AlignmentTrust:
    """Erase and rewrite again, for every output symbol of every source.

    Args:
        rewrite: the rewriter; asked once for each distinct erasure of a source.
        sources: texts to rewrite.
        top: how many source symbols to erase at once.
        filler: a character that takes the place of each erased one; empty = they are deleted.
        randoms: random erasures for each output symbol, of as many symbols.
        seed: of the random erasures and of the intervals.

    Raises:
        HeedfulError: a number below 1, or a filler of several characters.
    """
    for name, value in (("top", top), ("randoms", randoms)):
        if value < 1:
            raise HeedfulError(f"{name} is {value}; at least 1 is needed")
    if len(filler) > 1:
        raise HeedfulError(f"filler is {filler!r}; give one character, or none to delete")
    rng = np.random.default_rng(seed)
    found = [_judged(rewrite, source, top, filler, randoms, rng) for source in sources]
    table = np.array([counts for counts in found if counts is not None], np.float64)
    return _gathered(table.reshape(-1, 3), len(sources), top, seed)


def erase(rewriting: Rewriting, places: Places, filler: str = "") -> str:
    """The source without the characters of some of its tokens, or with a filler for each."""
    gone = {
        at
        for place in places
        for at in range(rewriting.source_tokens[place].start, rewriting.source_tokens[place].end)
    }
    return "".join(filler if at in gone else c for at, c in enumerate(rewriting.source))


def _judged(
    rewrite: Rewrite, source: str, top: int, filler: str, randoms: int, rng: np.random.Generator
) -> tuple[float, float, float] | None:
    """Output symbols of one source: how many, how many change, and how many do at random.

    None where there is nothing to judge: no weights, or no symbols beside those to erase.
    """
    first = rewrite(source)
    # A token without characters of its own (a marker) cannot be erased.
    places = np.array([i for i, t in enumerate(first.source_tokens) if t.end > t.start], np.int64)
    if not first.attends or len(places) < 2 * top:
        return None
    known: dict[Places, NDArray[np.bool_]] = {}

    def gone(chosen: NDArray[np.int64]) -> NDArray[np.bool_]:
        key = tuple(sorted(chosen.tolist()))
        if key not in known:
            after = rewrite(erase(first, key, filler)).tokens
            known[key] = changed([t.text for t in first.tokens], [t.text for t in after])
        return known[key]

    attended = random = 0.0
    for i, row in enumerate(first.weights):
        order = places[np.argsort(-np.asarray(row)[places], kind="stable")]
        attended += bool(gone(order[:top])[i])
        draws = (rng.choice(order[top:], top, replace=False) for _ in range(randoms))
        random += sum(bool(gone(draw)[i]) for draw in draws) / randoms
    return len(first.tokens), attended, random


def _gathered(table: Array, sources: int, top: int, seed: int) -> AlignmentTrust:
    """From (N, 3) counts: outputs, changed, changed at random."""
    names = ("attended", "random", "difference")
    columns = (table[:, 1], table[:, 2], table[:, 1] - table[:, 2])
    shares = dict.fromkeys(names, math.nan)
    between = dict.fromkeys(names, UNDEFINED)
    if len(table):
        for name, column in zip(names, columns, strict=True):
            shares[name] = float(column.sum() / table[:, 0].sum())
            between[name] = _interval(column, table[:, 0], seed)
    trusted, sentence = alignment_verdict(
        len(table), top, shares["attended"], shares["random"], between["difference"]
    )
    return AlignmentTrust(
        sources=len(table),
        skipped=sources - len(table),
        outputs=int(table[:, 0].sum()),
        erased=top,
        attended=shares["attended"],
        attended_interval=between["attended"],
        random=shares["random"],
        random_interval=between["random"],
        difference=shares["difference"],
        difference_interval=between["difference"],
        trusted=trusted,
        sentence=sentence,
    )


def _interval(column: Array, outputs: Array, seed: int) -> Interval:
    """Of a share of all output symbols, sources resampled whole."""
    return resampled(lambda w: float(w @ column / (w @ outputs)), len(outputs), seed=seed)

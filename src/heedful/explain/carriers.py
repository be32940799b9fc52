"""Which words and phrases carry a class, and which pull both ways: the rules of the lists.

A word is listed where `min_texts` texts hold it. Words are sorted by mean x ln(1 + texts), where
the mean is what the word adds each time it stands in a text: neither a word of five texts with
one lucky place nor "the", which adds next to nothing ten thousand times, comes out on top.

A phrase is listed where its mean contribution, m, is above 0 and tells more than its
parts do: above the largest of the sums of its parts' own mean contributions (w1 + w2; a triple
also as pair + word and word + pair), by three standard errors of m or more. It is sorted by the
smaller of m and this surplus, x ln(1 + texts). So "not good" is listed where it says more than
"not" and "good" do elsewhere, "very very good" only where it says more than "very good".

A word pulls both ways where it stands above 0 and below 0 in `min_texts` places each, where the
smaller of the two sums is a fifth of all its pull or more, and where its mean on either side is
at least the mean absolute contribution of all tokens. Sorted by smaller sum / places x
ln(1 + texts).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from heedful.explain.corpus_records import BothWays, ClassView, Pull, Snippet
from heedful.explain.phrases import Phrases
from heedful.explain.tally import Array, Tally, Ways
from heedful.learn.model import TextModel
from heedful.records import Example
from heedful.text.vocab import RESERVED

ERRORS = 3.0
"""Standard errors by which a phrase must tell more than its parts."""
EITHER = 0.2
"""Least share of a word's pull on its weaker side, for a word that pulls both ways."""
AROUND = 48
"""Characters of the text shown on each side of an example."""

Snip = Callable[[int, int, float], Snippet]


class Limits(NamedTuple):
    """How long lists are, and how many texts a unit must stand in."""

    longest: int
    min_texts: int


def names_of_units(tokens: Sequence[str], phrases: Phrases | None) -> list[str]:
    """(U,) every word, pair and triple as it is listed."""
    if phrases is None:
        return list(tokens)
    pairs = [" ".join(tokens[i] for i in pair) for pair in phrases.pairs.tolist()]
    ends = phrases.pairs[:, 1].tolist()
    triples = [f"{pairs[a]} {tokens[ends[b]]}" for a, b in phrases.triples.tolist()]
    return [*tokens, *pairs, *triples]


def snipper(model: TextModel, examples: Sequence[Example], tally: Tally) -> Snip:
    """A function (token of the corpus, unit, value) -> the place in the user's own characters."""
    starts = tally.encoded.starts

    @lru_cache(maxsize=256)
    def spans(number: int) -> list[tuple[int, int]]:
        return [(token.start, token.end) for token in model.tokens(examples[number].text)]

    def snip(place: int, unit: int, value: float) -> Snippet:
        number = int(np.searchsorted(starts, place, side="right")) - 1
        first = place - int(starts[number])
        found, example = spans(number), examples[number]
        start, end = found[first][0], found[first + tally.length(unit) - 1][1]
        text = example.text
        before, after = _before(text[:start]), _after(text[end:])
        return Snippet(example.source, example.row, before, text[start:end], after, value)

    return snip


def _before(text: str) -> str:
    if len(text) <= AROUND:
        return text
    part = text[-AROUND:]
    return "…" + (part.split(maxsplit=1)[-1] if " " in part.strip() else part)


def _after(text: str) -> str:
    if len(text) <= AROUND:
        return text
    part = text[:AROUND]
    return (part.rsplit(maxsplit=1)[0] if " " in part.strip() else part) + "…"


def class_view(
    tally: Tally,
    way: Ways,
    decided: NDArray[np.bool_],
    names: Sequence[str],
    snip: Snip,
    limits: Limits,
) -> ClassView:
    """The lists of one class.

    Args:
        way: how units move this class.
        decided: (texts,) which texts are decided for it.
        names: (U,) the units as they are listed.
        snip: finds an example.
    """
    units, owners = tally.held
    held = np.bincount(units[decided[owners]], minlength=tally.units)
    often = tally.texts >= limits.min_texts
    often[: len(RESERVED)] = False
    mean = way.total / np.maximum(tally.occurrences, 1)
    parts = parts_of(mean, tally)
    weight = np.log1p(tally.texts)
    strength = mean * weight
    words = np.arange(tally.units) < tally.vocabulary
    surplus = np.minimum(mean, mean - parts)

    def pulls(of: Array, chosen: NDArray[np.bool_], sign: int) -> tuple[Pull, ...]:
        return tuple(
            Pull(
                text=names[unit],
                total=float(way.total[unit]),
                mean=float(mean[unit]),
                per_text=float(way.total[unit] / tally.texts[unit]),
                strength=float(of[unit]),
                occurrences=int(tally.occurrences[unit]),
                texts=int(tally.texts[unit]),
                share=float(held[unit] / max(decided.sum(), 1)),
                decided=float(held[unit] / tally.texts[unit]),
                parts=None if words[unit] else float(parts[unit]),
                examples=_examples(way, unit, sign, snip),
            )
            for unit in _top(sign * of, chosen, names, limits.longest)
        )

    tells = often & ~words & (mean > 0) & (mean - parts >= ERRORS * _error(way, tally, mean))
    return ClassView(
        decided=int(decided.sum()),
        words=pulls(strength, often & words & (strength > 0), 1),
        phrases=pulls(surplus * weight, tells & (surplus > 0), 1),
        against=pulls(strength, often & words & (strength < 0), -1),
        both_ways=_both_ways(tally, way, often & words, names, snip, limits),
    )


def parts_of(mean: Array, tally: Tally) -> Array:
    """(U,) what the parts of a phrase tell of it; NaN for words.

    Args:
        mean: (U,) mean contributions.
    """
    parts = np.full(tally.units, np.nan)
    if tally.phrases is None:
        return parts
    pairs, triples = tally.phrases.pairs, tally.phrases.triples
    at = tally.vocabulary + np.arange(len(pairs))
    parts[at] = mean[pairs].sum(axis=1)
    first, second = triples[:, 0], triples[:, 1]
    begins, ends = mean[pairs[first, 0]], mean[pairs[second, 1]]
    middle = mean[pairs[first, 1]]
    as_pairs = np.maximum(mean[at[first]] + ends, begins + mean[at[second]])
    parts[tally.vocabulary + len(pairs) :] = np.maximum(begins + middle + ends, as_pairs)
    return parts


def _error(way: Ways, tally: Tally, mean: Array) -> Array:
    """(U,) standard error of the mean contribution; infinite for a single place."""
    count = tally.occurrences
    variance = np.maximum(way.squares / np.maximum(count, 1) - mean**2, 0)
    return np.where(count > 1, np.sqrt(variance / np.maximum(count - 1, 1)), np.inf)


def _top(
    strength: Array, chosen: NDArray[np.bool_], names: Sequence[str], longest: int
) -> list[int]:
    """The strongest of the chosen units; equally strong ones in alphabetical order."""
    units = np.flatnonzero(chosen)
    if len(units) > longest:  # names of the few that can matter are compared, not of all
        edge = np.partition(strength[units], -longest)[-longest] if longest else np.inf
        units = units[strength[units] >= edge]
    found = [int(unit) for unit in units]
    return sorted(found, key=lambda unit: (-strength[unit], names[unit]))[:longest]


def _examples(way: Ways, unit: int, sign: int, snip: Snip) -> tuple[Snippet, ...]:
    values, places = (way.best, way.best_at) if sign > 0 else (way.worst, way.worst_at)
    found = [
        (float(value), int(place))
        for value, place in zip(values[:, unit], places[:, unit], strict=True)
        if place >= 0 and sign * value > 0
    ]
    found.sort(key=lambda one: -sign * one[0])
    return tuple(snip(place, unit, value) for value, place in found)


def _both_ways(
    tally: Tally,
    way: Ways,
    usable: NDArray[np.bool_],
    names: Sequence[str],
    snip: Snip,
    limits: Limits,
) -> tuple[BothWays, ...]:
    words = slice(0, tally.vocabulary)
    typical = (way.pro[words].sum() - way.con[words].sum()) / max(len(tally.encoded.ids), 1)
    weaker = np.minimum(way.pro, -way.con)
    enough = np.minimum(way.pro_count, way.con_count) >= limits.min_texts
    pro_mean = way.pro / np.maximum(way.pro_count, 1)
    con_mean = way.con / np.maximum(way.con_count, 1)
    strong = np.minimum(pro_mean, -con_mean) >= typical
    chosen = usable & enough & strong & (weaker > 0) & (weaker >= EITHER * (way.pro - way.con))
    strength = weaker / np.maximum(tally.occurrences, 1) * np.log1p(tally.texts)
    return tuple(
        BothWays(
            text=names[unit],
            strength=float(strength[unit]),
            texts=int(tally.texts[unit]),
            pro=int(way.pro_count[unit]),
            con=int(way.con_count[unit]),
            pro_mean=float(pro_mean[unit]),
            con_mean=float(con_mean[unit]),
            pro_example=next(iter(_examples(way, unit, 1, snip)), None),
            con_example=next(iter(_examples(way, unit, -1, snip)), None),
        )
        for unit in _top(strength, chosen, names, limits.longest)
    )

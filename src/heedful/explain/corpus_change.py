"""What changed between two runs, as they read the same texts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import spearmanr

from heedful.explain.carriers import Limits
from heedful.explain.corpus_records import Change, Flipped, WordChange
from heedful.explain.tally import Array, Tally, Ways
from heedful.learn.model import TextModel
from heedful.learn.scores import excerpt
from heedful.records import Example
from heedful.text.vocab import RESERVED


@dataclass(frozen=True)
class Read:
    """A corpus as one model read it.

    Attributes:
        model: who read.
        tally: what it added up to.
        ways: by class, how units move it.
        probabilities: (texts, C).
        labels: what each text was decided to be.
    """

    model: TextModel
    tally: Tally
    ways: Mapping[str, Ways]
    probabilities: NDArray[np.float32]
    labels: Sequence[tuple[str, ...]]


def change(before: Read, after: Read, examples: Sequence[Example], limits: Limits) -> Change:
    """Words, vocabulary and decisions of two runs.

    Words are matched by what the models see of them. A word's change is the difference of its
    mean contributions; lists are sorted by that x ln(1 + texts).
    """
    same = set(before.ways) == set(after.ways)
    old, new = _shared(before, after, limits.min_texts)
    words, correlation = {}, {}
    for name in after.ways if same else ():
        means = _means(before, name)[old], _means(after, name)[new]
        words[name] = _largest(after, new, *means, limits.longest)
        correlation[name] = _correlation(*means)
    appeared = _unknown_to(after, before, limits.min_texts)
    gone = _unknown_to(before, after, limits.min_texts)
    flipped = _flipped(before, after) if same else []
    return Change(
        same_classes=same,
        words=words,
        compared=len(new),
        correlation=correlation,
        new=tuple(appeared[: limits.longest]),
        lost=tuple(gone[: limits.longest]),
        new_words=len(appeared),
        lost_words=len(gone),
        changed=len(flipped),
        changed_share=len(flipped) / len(examples),
        flipped=tuple(
            _flip(before, after, number, examples[number]) for number in flipped[: limits.longest]
        ),
    )


def _shared(before: Read, after: Read, min_texts: int) -> tuple[Any, Any]:
    """The ids of words that both know and have met in enough texts, in either's numbering."""
    known = {word: i for i, word in enumerate(before.model.vocabulary.tokens)}
    pairs = [
        (known[word], i)
        for i, word in enumerate(after.model.vocabulary.tokens)
        if i >= len(RESERVED) and known.get(word, 0) >= len(RESERVED)
    ]
    old, new = np.array(pairs, np.int64).reshape(-1, 2).T
    met = (before.tally.texts[old] >= min_texts) & (after.tally.texts[new] >= min_texts)
    return old[met], new[met]


def _means(read: Read, name: str) -> Array:
    """(U,) mean contributions."""
    return np.asarray(read.ways[name].total / np.maximum(read.tally.occurrences, 1))


def _largest(
    after: Read, ids: NDArray[np.int64], old: Array, new: Array, longest: int
) -> tuple[WordChange, ...]:
    texts = after.tally.texts[ids]
    strength = (new - old) * np.log1p(texts)
    tokens = after.model.vocabulary.tokens
    order = sorted(
        np.flatnonzero(strength).tolist(), key=lambda i: (-abs(strength[i]), tokens[ids[i]])
    )
    return tuple(
        WordChange(tokens[ids[i]], float(old[i]), float(new[i]), float(strength[i]), int(texts[i]))
        for i in order[:longest]
    )


def _correlation(old: Array, new: Array) -> float | None:
    if len(old) < 2 or not np.ptp(old) or not np.ptp(new):
        return None
    return float(spearmanr(old, new).statistic)


def _unknown_to(read: Read, other: Read, min_texts: int) -> list[tuple[str, int]]:
    """Words that one run has read in enough texts and the other does not know."""
    texts = read.tally.texts
    found = [
        (word, int(texts[i]))
        for i, word in enumerate(read.model.vocabulary.tokens)
        if i >= len(RESERVED) and texts[i] >= min_texts and word not in other.model.vocabulary
    ]
    return sorted(found, key=lambda one: (-one[1], one[0]))


def _flipped(before: Read, after: Read) -> list[int]:
    """Texts decided differently, those whose probabilities moved most first."""
    places = [list(before.ways).index(name) for name in after.ways]
    moved = np.abs(after.probabilities - before.probabilities[:, places]).sum(axis=1)
    pairs = zip(before.labels, after.labels, strict=True)
    found = [i for i, (old, new) in enumerate(pairs) if set(old) != set(new)]
    return sorted(found, key=lambda i: -moved[i])


def _flip(before: Read, after: Read, number: int, example: Example) -> Flipped:
    return Flipped(
        example.source, example.row, excerpt(example),
        before.labels[number], after.labels[number],
        _sureness(before, number), _sureness(after, number),
    )  # fmt: skip


def _sureness(read: Read, number: int) -> float:
    """Probability of the decision; of several labels the most probable one's, of none 1 - it."""
    row = dict(zip(read.ways, read.probabilities[number].tolist(), strict=True))
    labels = read.labels[number]
    return float(max(row[name] for name in labels) if labels else 1 - max(row.values()))

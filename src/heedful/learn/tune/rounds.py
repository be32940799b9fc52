"""Which texts judge trials, and which, never seen by the search, judge what it found."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from heedful.records import Example, HeedfulError
from heedful.text.corpus import split
from heedful.text.folds import folds
from heedful.text.normalise import key

FEWEST = 30
"""Distinct texts: of fewer nothing can be learnt about settings."""
LARGEST = 5_000
"""Texts of a fold: their accuracy has an error of .007 at most."""
_PARTS = 10
_MOST_SEARCHED = 7
"""Folds of ten that may judge trials: the others are for the end."""
_ENOUGH = 4_500
"""Texts that judge each trial, where there are so many."""


@dataclass(frozen=True)
class Round:
    """What a model is trained on, and other texts that judge it."""

    train: Sequence[Example]
    judged: Sequence[Example]


@dataclass(frozen=True)
class Rounds:
    """All of a search.

    Attributes:
        search: rounds that every trial goes through, until it is given up.
        confirm: rounds of texts that have judged no trial.
    """

    search: tuple[Round, ...]
    confirm: tuple[Round, ...]

    def __str__(self) -> str:
        judged, kept = (sum(len(r.judged) for r in part) for part in (self.search, self.confirm))
        search, confirm = (fold_count(len(part)) for part in (self.search, self.confirm))
        return (
            f"{judged:,} texts in {search} judge every trial, {kept:,} others in {confirm} the "
            "winner"
        )


def fold_count(number: int) -> str:
    """`1 fold`, `2 folds`."""
    return f"{number} fold{'s' if number != 1 else ''}"


def rounds_of(examples: Sequence[Example], valid: Sequence[Example], seed: int) -> Rounds:
    """Folds of the training texts, or two thirds and one third of the validation texts.

    Of 9,600 texts ten folds are made; five of them, 4,800 texts, judge trials, five confirm. Where
    there are fewer texts more of the ten folds judge, seven at most; where there are more, fewer.
    A model that is judged by a fold has learnt from all texts but these.

    Args:
        examples: labelled texts to train on.
        valid: validation texts of the user's own; empty = there are none.
        seed: of the folds.

    Raises:
        HeedfulError: too few distinct texts.
    """
    own = bool(valid)
    distinct = len({key(example.text) for example in (valid if own else examples)})
    if distinct < FEWEST:
        what = "validation texts" if own else "texts"
        raise HeedfulError(
            f"a search needs {FEWEST} distinct {what} at least, and there are {distinct}; give more"
            ", or train with the preset as it is"
        )
    if own:
        judged, kept = split(valid, 1 / 3, seed)
        return Rounds((Round(examples, judged),), (Round(examples, kept),))
    parts = folds(examples, max(_PARTS, math.ceil(len(examples) / LARGEST)), seed)
    searched = min(_MOST_SEARCHED, math.ceil(_ENOUGH / len(parts[0])))
    made = [_round(examples, fold) for fold in parts[: 2 * searched]]
    return Rounds(tuple(made[:searched]), tuple(made[searched:]))


def _round(examples: Sequence[Example], fold: Sequence[int]) -> Round:
    out = set(fold)
    kept = tuple(e for i, e in enumerate(examples) if i not in out)
    return Round(kept, tuple(examples[i] for i in fold))

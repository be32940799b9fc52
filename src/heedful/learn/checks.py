"""The state of data beside a model: duplicates, leaks, lengths, and how much the model can read.

No torch here.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from heedful.learn.scores import Scores
from heedful.text.corpus import Corpus
from heedful.text.quality import Quality, leak, measure_split
from heedful.text.sketch import Sketch
from heedful.text.vocab import Encoded, lengths_of

Ints = NDArray[np.int64]


def training_checks(
    splits: Mapping[str, Corpus], encoded: Mapping[str, Encoded], seen: Sketch
) -> dict[str, Any]:
    """Quality of each split and what each two share; lengths and unknown words as the model
    sees them.

    Args:
        splits: by name.
        encoded: the same texts as ids.
        seen: the texts of all splits, one after the other.
    """
    sketches, start = {}, 0
    for name, corpus in splits.items():
        stop = start + len(corpus.examples)
        sketches[name], start = seen.part(start, stop), stop
    leaks = [leak(one, sketches[one], two, sketches[two]) for one, two in combinations(splits, 2)]
    measured = {name: measure_split(corpus, sketches[name]) for name, corpus in splits.items()}
    checks = Quality(measured, tuple(leaks)).to_json()
    checks["lengths"], checks["unknown_tokens"] = {}, {}
    for name in splits:
        ids = encoded[name]
        read = _read(ids.lengths + ids.cut, ids.unknown, ids.cut)
        for key, value in read.items():
            checks[key][name] = value
    return checks


def evaluation_checks(
    corpus: Corpus, scores: Scores, sketch: Sketch, known: Sketch | None, known_as: str
) -> dict[str, Any]:
    """Quality of scored data, what it shares with what the run has seen, lengths, unknown words.

    Args:
        corpus: the data.
        scores: what the model said of it.
        sketch: of its examples, in the same order.
        known: the texts that the run has seen; None for a run that keeps none.
        known_as: what these are called in a leak.
    """
    leaks = [] if known is None else [leak(known_as, known, "evaluated", sketch)]
    return {
        "split": measure_split(corpus, sketch).to_json(),
        "leaks": [found.to_json() for found in leaks],
        **_read(scores.tokens, scores.unknown, scores.cut),
    }


def _read(tokens: Ints, unknown: Ints, cut: Ints) -> dict[str, Any]:
    """Lengths before any cut, and the share of all tokens that the vocabulary lacks."""
    return {
        "lengths": lengths_of(tokens, cut).to_json(),
        "unknown_tokens": float(unknown.sum()) / max(int(tokens.sum()), 1),
    }

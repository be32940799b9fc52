"""What is wrong with a corpus before anything is trained: duplicates, conflicts, leaks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from heedful.records import BadRow, Example
from heedful.text.corpus import Corpus
from heedful.text.findings import Leak, Pair, Quality, SplitQuality
from heedful.text.near import (
    Distinct,
    Numbers,
    Pairs,
    clusters,
    distinct,
    near_across,
    near_within,
    shared,
)
from heedful.text.sketch import Sketch
from heedful.text.spread import spread

__all__ = ["Leak", "Pair", "Quality", "SplitQuality", "check", "leak", "measure_split"]

SHOWN = 10


def check(splits: Mapping[str, Corpus]) -> Quality:
    """Measures every split and compares each two.

    Texts count as the same when `normalise` makes them equal, and as nearly the same when `near`
    finds them so; only hashes of them are kept.
    """
    sketches = {name: Sketch.of(corpus.examples) for name, corpus in splits.items()}
    measured = {name: measure_split(corpus, sketches[name]) for name, corpus in splits.items()}
    leaks = [leak(one, sketches[one], two, sketches[two]) for one, two in combinations(splits, 2)]
    return Quality(measured, tuple(leaks))


def measure_split(corpus: Corpus, sketch: Sketch) -> SplitQuality:
    """What there is to say of one split.

    Args:
        corpus: the split.
        sketch: of its examples, in the same order.
    """
    examples = corpus.examples
    texts = distinct(sketch)
    codes = _codes(sketch, {})
    conflicts = _conflicts(codes, texts)
    near = near_within(sketch, texts)
    contrary = near.where(_contradict(codes[texts.labelled], codes[texts.labelled], near))
    return SplitQuality(
        rows=len(examples),
        labels=_label_counts(examples),
        lengths=spread([len(example.text.split()) for example in examples]),
        duplicates=len(examples) - len(texts.first),
        identical_rows=_identical(codes, texts),
        conflicts=len(conflicts.first),
        conflict_pairs=_shown(sketch, sketch, conflicts),
        near_duplicates=len(texts.first) - len(np.unique(clusters(len(texts.first), near))),
        near_pairs=_shown(
            sketch, sketch, _nearest(_in_order(_rows(near, texts.first, texts.first)))
        ),
        near_conflicts=len(contrary.first),
        near_conflict_pairs=_shown(
            sketch, sketch, _nearest(_in_order(_rows(contrary, texts.labelled, texts.labelled)))
        ),
        wordless=sum(1 for e in examples if not any(c.isalnum() for c in e.text)),
        bad_rows=len(corpus.bad_rows),
        missing_texts=sum(1 for row in corpus.bad_rows if _is_missing(row)),
        bad_row_reasons=tuple(str(row) for row in corpus.bad_rows[:SHOWN]),
    )


def leak(first_name: str, first: Sketch, second_name: str, second: Sketch) -> Leak:
    """What two splits share, from their sketches alone."""
    one, two = distinct(first), distinct(second)
    known: dict[str, int] = {}
    codes = _codes(first, known)[one.labelled], _codes(second, known)[two.labelled]
    i, j = shared(one, two)
    same = Pairs(i, j, np.ones(len(i)))
    near = near_across(first, one, second, two)
    near = near.where(~np.isin(near.second, j))
    return Leak(
        first=first_name,
        second=second_name,
        texts=len(i),
        first_rows=int(np.isin(one.group, i).sum()),
        second_rows=int(np.isin(two.group, j).sum()),
        conflicts=int(_contradict(*codes, same).sum()),
        pairs=_shown(first, second, _nearest(_rows(same, one.first, two.first))),
        near=int(np.isin(two.group, near.second).sum()),
        near_pairs=_shown(first, second, _nearest(_rows(near, one.first, two.first))),
    )


def _codes(sketch: Sketch, known: dict[str, int]) -> Numbers:
    """(N,) a number for the labels of each row, -1 without labels; `known` grows."""
    table = [known.setdefault(s, len(known)) if s != "[]" else -1 for s in sketch.labels]
    return np.array(table, np.int64)[sketch.label]


def _contradict(one: Numbers, two: Numbers, pairs: Pairs) -> NDArray[np.bool_]:
    """(P,) whether the labels of each pair differ; an unlabelled row contradicts nothing."""
    first, second = one[pairs.first], two[pairs.second]
    differ: NDArray[np.bool_] = (first >= 0) & (second >= 0) & (first != second)
    return differ


def _conflicts(codes: Numbers, texts: Distinct) -> Pairs:
    """For each text with different labels the rows that show it: the first with labels of its
    own and the first that contradicts it, in the order of the former."""
    lead = texts.labelled[texts.group]
    rows = np.arange(len(codes))
    other = rows[_contradict(codes, codes, Pairs(lead, rows, np.ones(len(rows))))]
    _, where = np.unique(texts.group[other], return_index=True)
    pairs = Pairs(lead[other[where]], other[where], np.ones(len(where)))
    return pairs.where(np.argsort(pairs.first))


def _identical(codes: Numbers, texts: Distinct) -> int:
    """How many rows repeat an earlier one with the same labels."""
    kinds = texts.group * (codes.max(initial=0) + 2) + codes + 1
    return len(codes) - len(np.unique(kinds))


def _rows(pairs: Pairs, one: Numbers, two: Numbers) -> Pairs:
    """Pairs of texts as pairs of rows."""
    return Pairs(one[pairs.first], two[pairs.second], pairs.similarity)


def _in_order(rows: Pairs) -> Pairs:
    """Pairs of rows of one split with the earlier row first."""
    i, j = rows.first, rows.second
    return Pairs(np.minimum(i, j), np.maximum(i, j), rows.similarity)


def _nearest(rows: Pairs) -> Pairs:
    """For each second row the first row most like it, in the order of the second."""
    ordered = rows.where(np.lexsort((rows.first, -rows.similarity, rows.second)))
    return ordered.where(np.unique(ordered.second, return_index=True)[1])


def _shown(first: Sketch, second: Sketch, rows: Pairs) -> tuple[Pair, ...]:
    """The first few pairs of rows, for people."""
    found = rows.where(np.arange(min(SHOWN, len(rows.first))))
    return tuple(
        Pair(first.where(i), second.where(j), first.labels_of(i), second.labels_of(j), similarity)
        for i, j, similarity in zip(
            found.first.tolist(), found.second.tolist(), found.similarity.tolist(), strict=True
        )
    )


def _is_missing(row: BadRow) -> bool:
    return row.reason == "the text is missing"


def _label_counts(examples: Sequence[Example]) -> dict[str, int]:
    counts = Counter(label for example in examples for label in example.labels)
    unlabelled = sum(1 for example in examples if not example.labels)
    return dict(sorted(counts.items())) | ({"(none)": unlabelled} if unlabelled else {})

"""How well maps agree with what people marked as evidence: plausibility, which is not faithfulness.

The figures are those of ERASER's `rationale_benchmark/metrics.py` (DeYoung et al. 2020), on
heedful's tokens, for the map of the predicted class. They read records, never models, so that
others can recompute them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from heedful.explain.orders import RANDOMS, count_of
from heedful.learn.bootstrap import Interval, middle, resampled_means
from heedful.records import Explanation, HeedfulError
from heedful.text.evidence import evidence

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]
Runs = list[tuple[int, int]]

RANDOM = "random"
ALL = "all-tokens"
LEAST_OVERLAP = 0.5
"""Intersection over union from which two spans are the same."""


@dataclass(frozen=True, slots=True)
class Plausibility:
    """Agreement of one method's maps with human evidence, over the texts that have any.

    All figures lie in 0..1; higher is better.

    Attributes:
        texts: how many texts have evidence marked.
        share: of its tokens that a text's map puts forward as its rationale (the top ones).
        gold_share: mean share of tokens that are evidence.
        auprc: mean area under the precision-recall curve, joined by straight lines as ERASER
            does. Lines flatter ties: a constant map gets (1 + share of evidence) / 2.
        average_precision: mean area in steps; a constant map gets the share of evidence.
        token_f1: mean F1 of the top tokens (ERASER: token_prf, instance_macro).
        iou_f1: F1 of the mean precision and the mean recall of spans, which are runs of top
            tokens; a span is found where it overlaps a marked one by half of their union
            (ERASER: iou_scores, macro).
        intervals: 95 % by name of figure, from resampled texts.
    """

    texts: int
    share: float
    gold_share: float
    auprc: float
    average_precision: float
    token_f1: float
    iou_f1: float
    intervals: dict[str, Interval]

    def to_json(self) -> dict[str, Any]:
        """The attributes by name."""
        bounds = {name: list(interval) for name, interval in self.intervals.items()}
        return asdict(self) | {"intervals": bounds}

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Plausibility:
        """The record that `to_json` wrote.

        Raises:
            KeyError, TypeError, ValueError: damaged.
        """
        bounds = {name: (float(a), float(b)) for name, (a, b) in values["intervals"].items()}
        return cls(**{**values, "intervals": bounds})


def judge_rationales(
    explanations: Sequence[Explanation],
    methods: Iterable[str],
    share: float | None = None,
    resamples: int = 1000,
    seed: int = 0,
) -> dict[str, Plausibility]:
    """Plausibility by method, and of two that need no map: `random` and `all-tokens`.

    Texts without evidence are left out. Where all evidence of a text lies in what the model did
    not read, its figures are 0; marked spans that were not read count as missed.

    Args:
        explanations: with gold spans, and with a map of the predicted class for every method.
        methods: as `Explanation.map_of` knows them.
        share: of a text's tokens that make its rationale; None = the mean share of evidence in
            these texts, as ERASER takes it (which uses the answers, though only their mean).
        resamples: draws behind an interval.
        seed: of the random maps and of the draws.

    Raises:
        HeedfulError: no text has evidence; a text has no map of a method; share out of range.
    """
    texts = [explanation for explanation in explanations if explanation.gold]
    if not texts:
        raise HeedfulError(
            f"none of the {len(explanations):,} texts has evidence marked; give data with human "
            "rationales, such as an ERASER folder or the built-in reviews"
        )
    golds = [evidence(text.tokens, text.gold) for text in texts]
    gold_share = float(np.mean([gold.mean() if len(gold) else 0.0 for gold in golds]))
    share = gold_share if share is None else share
    if not 0 <= share <= 1:
        raise HeedfulError(f"share is {share}; the share of tokens in a rationale is 0 to 1")
    judged: dict[str, Plausibility] = {}
    for method in dict.fromkeys((*methods, RANDOM, ALL)):
        part = 1.0 if method == ALL else share
        rows = np.array(
            [
                _figures(text, gold, _maps(text, method, (seed, i)), part)
                for i, (text, gold) in enumerate(zip(texts, golds, strict=True))
            ]
        )
        judged[method] = _summary(rows, part, gold_share, resamples, seed)
    return judged


def _maps(text: Explanation, method: str, seed: tuple[int, int]) -> Iterable[Floats]:
    """(N,) each: one map, or the random ones."""
    if method == ALL:
        return [np.zeros(len(text.tokens))]
    if method == RANDOM:  # drawn here: one map of a record would be a noisier measure of chance
        return np.random.default_rng(seed).random((RANDOMS, len(text.tokens)))
    predicted = text.prediction.main_label
    values = text.map_of(method, predicted)
    if values is None:
        raise HeedfulError(
            f"a text has no {method!r} map of its predicted class {predicted!r}; explain the "
            "texts with that method first"
        )
    return [np.asarray(values, np.float64)]


def _figures(text: Explanation, gold: Mask, maps: Iterable[Floats], share: float) -> Floats:
    """(5,) AUPRC, average precision, token F1, span precision, span recall: means over maps."""
    if not gold.any():
        return np.zeros(5)
    marked = spans(text)
    return np.asarray(np.mean([_one(values, gold, marked, share) for values in maps], axis=0))


def _one(values: Floats, gold: Mask, marked: Runs, share: float) -> list[float]:
    chosen = top(values, share)
    found = runs(chosen)
    hits = matched(found, marked)
    return [
        auprc(values, gold),
        average_precision(values, gold),
        token_f1(chosen, gold),
        hits / len(found) if found else 0.0,
        hits / len(marked),
    ]


def _summary(
    rows: Floats, share: float, gold_share: float, resamples: int, seed: int
) -> Plausibility:
    """From (N, 5) figures of texts to those of the data."""
    means, drawn = rows.mean(axis=0).tolist(), resampled_means(rows, resamples, seed)
    names = ("auprc", "average_precision", "token_f1")
    figures = dict(zip(names, means, strict=False))
    bounds = {name: middle(drawn[:, i]) for i, name in enumerate(names)}
    bounds["iou_f1"] = middle(np.array([f1(p, r) for p, r in drawn[:, 3:].tolist()]))
    return Plausibility(
        len(rows), share, gold_share, **figures, iou_f1=f1(means[3], means[4]), intervals=bounds
    )


def f1(precision: float, recall: float) -> float:
    """Harmonic mean; 0 where both are 0."""
    return 2 * precision * recall / (precision + recall) if precision + recall else 0.0


def curve(values: Floats, gold: Mask) -> tuple[Floats, Floats]:
    """Precision and recall at every distinct value of (N,), from the highest down.

    Needs evidence: recall is not defined without.
    """
    order = np.argsort(-values, kind="stable")
    hits, ranked = np.cumsum(gold[order]), values[order]
    last = np.append(np.flatnonzero(np.diff(ranked)), len(ranked) - 1)  # of each run of ties
    return hits[last] / (last + 1), hits[last] / hits[-1]


def auprc(values: Floats, gold: Mask) -> float:
    """Area under the precision-recall curve of (N,) values, joined by straight lines.

    As ERASER: scikit-learn's `auc(recall, precision)` of `precision_recall_curve`, which starts
    at recall 0 and precision 1.
    """
    precision, recall = curve(values, gold)
    heights, places = np.append(1.0, precision), np.append(0.0, recall)
    return float(np.sum(np.diff(places) * (heights[1:] + heights[:-1])) / 2)


def average_precision(values: Floats, gold: Mask) -> float:
    """The same area in steps: mean precision where a piece of evidence is found."""
    precision, recall = curve(values, gold)
    return float(np.sum(np.diff(recall, prepend=0.0) * precision))


def top(values: Floats, share: float) -> Mask:
    """(N,) True for the ceil(share * N) highest values; of equal ones the first in the text.

    ERASER's baselines round up as well. At least one token, except for a share of 0.
    """
    chosen = np.zeros(len(values), bool)
    chosen[np.argsort(-values, kind="stable")[: count_of(share, len(values))]] = True
    return chosen


def token_f1(chosen: Mask, gold: Mask) -> float:
    """F1 of the chosen tokens against the evidence; 0 where nothing is hit."""
    total = int(chosen.sum() + gold.sum())
    return 2 * int((chosen & gold).sum()) / total if total else 0.0


def runs(chosen: Mask) -> Runs:
    """(start, end) of each unbroken run of True, end exclusive."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], chosen, [False]]))).tolist()
    return list(zip(edges[::2], edges[1::2], strict=True))


def spans(text: Explanation) -> Runs:
    """Each marked span as (start, end) of tokens; (0, 0) for one that was not read."""
    found = (np.flatnonzero(evidence(text.tokens, [span])) for span in text.gold)
    return [(int(span[0]), int(span[-1]) + 1) if len(span) else (0, 0) for span in found]


def matched(found: Runs, marked: Runs) -> int:
    """How many of the found spans overlap a marked one by `LEAST_OVERLAP` of their union."""
    return sum(any(_overlap(a, b) >= LEAST_OVERLAP for b in marked) for a in found)


def _overlap(a: tuple[int, int], b: tuple[int, int]) -> float:
    """Intersection over union of two ranges of tokens."""
    common = max(0, min(a[1], b[1]) - max(a[0], b[0]))
    union = a[1] - a[0] + b[1] - b[0] - common
    return common / union if union else 0.0

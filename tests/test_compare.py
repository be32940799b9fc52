"""Comparing several runs: what the sentences go by, and how figures look in a table."""

from __future__ import annotations

import math

import numpy as np
import pytest

from heedful.face.comparing import _cell
from heedful.face.report.metrics import metrics_of
from heedful.learn.compare import compare
from heedful.learn.decision import Decision
from heedful.learn.measures import LOWER_IS_BETTER, rated
from heedful.learn.scores import Scores
from heedful.text.labels import Labels

ROWS = 101


def right_but_for(wrong: int) -> tuple[Scores, Decision]:
    """A run that is wrong on the first rows."""
    truth = np.arange(ROWS) % 2
    sure = np.where(np.arange(ROWS) < wrong, 1 - truth, truth) * 0.8 + 0.1
    names = ("no", "yes")
    none = np.zeros(ROWS, np.int64)
    scores = Scores(
        labels=Labels(names, "binary"),
        sources=("made",) * ROWS,
        rows=np.arange(1, ROWS + 1),
        excerpts=("",) * ROWS,
        targets=truth,
        predicted=tuple((names[int(p > 0.5)],) for p in sure),
        tokens=none + 7,
        unknown=none,
        cut=none,
        probabilities=np.stack([1 - sure, sure], axis=1).astype(np.float32),
    )
    return scores, Decision()


def test_a_sentence_goes_by_the_p_value_that_counts_the_pairs() -> None:
    # six texts tell two runs apart: 2 / 2^6
    (alone,) = compare({"one": right_but_for(6), "two": right_but_for(0)})["pairs"]
    assert alone["mcnemar"]["p_value"] == pytest.approx(1 / 32)
    assert alone["p_adjusted"] == alone["mcnemar"]["p_value"]
    assert "two beats it (McNemar p = .031)" in alone["sentence"]
    runs = {"one": right_but_for(6), "two": right_but_for(0), "three": right_but_for(0)}
    first, second, same = compare(runs)["pairs"]
    assert first["mcnemar"] == second["mcnemar"] == alone["mcnemar"]
    for pair in (first, second):
        assert pair["p_adjusted"] == pytest.approx(3 / 32)
        assert "cannot be told apart (McNemar p = .094)" in pair["sentence"]
    assert same["p_adjusted"] == 1


def test_a_figure_without_an_interval_stands_alone() -> None:
    nothing = {"auc": (math.nan, math.nan), "f1": (0.25, 0.75)}
    assert _cell("auc", {"auc": math.nan, "intervals": nothing}) == "n/a"
    assert _cell("f1", {"f1": 0.5, "intervals": nothing}) == "0.5000 [0.2500 to 0.7500]"
    assert _cell("tp", {"tp": 1234, "intervals": nothing}) == "1,234"


@pytest.mark.parametrize("task", ["binary", "multi-class", "multi-label"])
def test_the_report_explains_every_figure_and_knows_which_way_is_better(task: str) -> None:
    found = metrics_of(task, ["a", "b"])
    # of several classes, one of which is right, micro F1 is the accuracy once more
    once = {"f1_micro"} if task == "multi-class" else set()
    assert {metric.key for metric in found} == set(rated(task)) - once
    for metric in found:
        assert (metric.better == "lower") == (metric.key in LOWER_IS_BETTER)

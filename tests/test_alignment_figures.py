"""Entropy, diagonality and monotony of alignments, solved by hand."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest
from scipy.stats import entropy as scipy_entropy

from heedful.learn.alignment import (
    AlignmentFigures,
    diagonality,
    entropy,
    mean_alignment,
    measure_alignment,
    monotony,
)
from heedful.records import HeedfulError

HALVES = [[0.5, 0.5, 0.0, 0.0], [0.0, 0.0, 0.0, 1.0]]


def test_entropy_by_hand() -> None:
    # ln 2 / ln 4 is a half; a single place is none; their mean.
    assert entropy(HALVES) == pytest.approx(0.25)
    assert entropy(np.eye(5)) == 0
    assert entropy(np.full((3, 7), 1 / 7)) == pytest.approx(1)
    assert entropy([[1.0], [1.0]]) == 0


def test_diagonality_by_hand() -> None:
    assert diagonality(np.eye(5)) == 1
    assert diagonality(np.eye(5)[::-1]) == pytest.approx(1 - (1 + 0.5 + 0 + 0.5 + 1) / 5)
    # Output 1 at 0 looks at 0 and 1/3, half each: 1/6 away on average; output 2 is in place.
    assert diagonality(HALVES) == pytest.approx(1 - 1 / 12)
    # The mean distance of two even draws from 0 to 1 is a third.
    assert diagonality(np.full((400, 300), 1 / 300)) == pytest.approx(2 / 3, abs=0.01)


def test_monotony_by_hand() -> None:
    # Means 0.5, 3, 2, 2: forward, back, still.
    rows = [*HALVES, [0, 0, 1, 0], [0, 0.5, 0, 0.5]]
    assert monotony(rows) == pytest.approx(2 / 3)
    assert monotony(np.eye(4)[::-1]) == 0
    assert monotony(np.eye(4)) == 1


def test_entropy_is_scipys() -> None:
    weights = np.random.default_rng(0).dirichlet(np.ones(11), 7)
    assert entropy(weights) == pytest.approx(scipy_entropy(weights, base=11, axis=1).mean())


def test_all_measures_lie_between_0_and_1() -> None:
    rng = np.random.default_rng(1)
    for outputs, sources in ((2, 2), (3, 13), (17, 5), (1, 1), (1, 5), (5, 1)):
        figures = measure_alignment(rng.dirichlet(np.ones(sources), outputs))
        for value in figures.to_json().values():
            assert math.isnan(value) or 0 <= value <= 1 + 1e-12
        assert math.isnan(figures.diagonality) == (outputs < 2 or sources < 2)
        assert math.isnan(figures.monotony) == (outputs < 2)


def test_the_mean_leaves_out_what_is_not_defined() -> None:
    one, two = measure_alignment(HALVES), AlignmentFigures(0.75, math.nan, 0.0)
    assert mean_alignment([one, two]).to_json() == pytest.approx(
        {"entropy": 0.5, "diagonality": one.diagonality, "monotony": 0.5}
    )
    assert all(math.isnan(value) for value in mean_alignment([]).to_json().values())
    assert json.loads(json.dumps(one.to_json()))["entropy"] == pytest.approx(0.25)


def test_no_output() -> None:
    assert all(math.isnan(v) for v in measure_alignment(np.zeros((0, 4))).to_json().values())


@pytest.mark.parametrize(
    ("weights", "message"),
    [
        ([[0.5, 0.4]], r"row 1 of the alignment sums to 0.9"),
        ([[1.5, -0.5]], "at least 0"),
        ([0.5, 0.5], r"shape \(2,\)"),
        ([[math.nan, 1.0]], "cannot be measured"),
        (np.zeros((2, 0)), "sums to 0"),
    ],
)
def test_what_is_no_alignment(weights: object, message: str) -> None:
    with pytest.raises(HeedfulError, match=message):
        measure_alignment(weights)

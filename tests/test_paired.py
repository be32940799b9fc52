"""McNemar's test and the sentence that is made of it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from heedful.learn.decision import Decision
from heedful.learn.evaluation import evaluation_record
from heedful.learn.paired import mcnemar, verdict
from made_scores import scored


def right(first_only: int, second_only: int, both: int = 3, neither: int = 2):
    """Two models' answers with these counts."""
    first = [True] * first_only + [False] * second_only + [True] * both + [False] * neither
    second = [False] * first_only + [True] * second_only + [True] * both + [False] * neither
    return np.array(first), np.array(second)


@pytest.mark.parametrize(
    ("b", "c", "p_value"),
    [
        (1, 5, 2 * (1 + 6) / 2**6),  # .21875
        (0, 6, 2 / 2**6),
        (2, 8, 2 * (1 + 10 + 45) / 2**10),
        (4, 4, 1.0),
        (0, 0, 1.0),
        (1, 0, 1.0),
    ],
)
def test_mcnemar_by_hand(b, c, p_value):
    found = mcnemar(*right(b, c))
    assert found == {
        "first_only": b,
        "second_only": c,
        "both": 3,
        "neither": 2,
        "p_value": pytest.approx(p_value),
        "method": "exact binomial",
    }


def test_many_texts_agree_with_the_chi_square_approximation():
    found = mcnemar(*right(1100, 1000, 20_000, 900))
    approximate = stats.chi2.sf((100 - 1) ** 2 / 2100, 1)
    assert found["p_value"] == pytest.approx(approximate, rel=0.01)


@given(st.lists(st.tuples(st.booleans(), st.booleans()), min_size=1, max_size=40))
def test_the_test_does_not_care_who_is_first(pairs):
    first, second = (np.array(x) for x in zip(*pairs, strict=True))
    one, other = mcnemar(first, second), mcnemar(second, first)
    assert one["p_value"] == other["p_value"]
    assert 0 < one["p_value"] <= 1
    assert (one["first_only"], one["second_only"]) == (other["second_only"], other["first_only"])
    counts = (one[name] for name in ("first_only", "second_only", "both", "neither"))
    assert sum(counts) == len(pairs)
    assert all(type(value) in (int, float, str) for value in one.values()), "ready for JSON"


def said(first_only: int, second_only: int) -> str:
    first, second = right(first_only, second_only, 60, 7)
    test = mcnemar(first, second)
    return verdict("the linear baseline", first.mean(), "the network", second.mean(), test)


def test_the_three_verdicts():
    assert said(30, 3) == (
        "The linear baseline is right on 90.0 % of the texts, the network on 63.0 %: "
        "the network does not beat it, it does worse (McNemar p < .001)."
    )
    assert said(3, 30) == (
        "The linear baseline is right on 63.0 % of the texts, the network on 90.0 %: "
        "the network beats it (McNemar p < .001)."
    )
    assert said(1, 5) == (
        "The linear baseline is right on 83.6 % of the texts, the network on 89.0 %: "
        "the network does not beat it, the two cannot be told apart (McNemar p = .219)."
    )


@pytest.mark.parametrize(
    ("p_value", "printed", "apart"),
    [
        (0.0009, "p < .001", True),
        (0.012, "p = .012", True),
        (0.0497, "p < .05", True),
        (0.05, "p = .050", False),
        (1.0, "p = 1", False),
    ],
)
def test_the_printed_p_never_contradicts_the_verdict(p_value, printed, apart):
    test = {"first_only": 1, "second_only": 2, "p_value": p_value}
    sentence = verdict("one", 0.5, "two", 0.6, test)
    assert f"(McNemar {printed})" in sentence
    assert ("beats it" in sentence) == apart


def test_the_name_of_a_run_stays_as_it_is():
    test = {"first_only": 3, "second_only": 2, "p_value": 0.9}
    assert verdict("runs/a", 0.5, "runs/b", 0.5, test).startswith("runs/a is right on")
    assert verdict("uniform attention", 0.5, "it", 0.5, test).startswith("Uniform attention is")


def test_a_verdict_by_accuracy_that_f1_contradicts_says_so():
    """180 of 220 texts are of one class: saying it every time is right on 81.8 %."""
    targets = np.repeat([0, 1, 2], [180, 20, 20])
    always = np.tile(np.float32([0.8, 0.1, 0.1]), (220, 1))
    careful = np.eye(3, dtype=np.float32)[targets] * 0.7 + 0.1
    careful[:50] = [0.1, 0.8, 0.1]  # 50 of the 180 wrong, no rare one: 77.3 %
    names = ("often", "rare", "seldom")

    def sentence(own, other):
        scores = replace(scored("multi-class", names, own, targets), baseline=other)
        return evaluation_record(scores, Decision())[0]["baseline"]["sentence"]

    # F1 by hand: always 0.9, 0, 0; careful 260/310, 40/90, 1.
    assert sentence(always, careful).endswith(
        " But in F1 the linear baseline is ahead: 76.1 % against 30.0 %."
    )
    assert sentence(careful, always).endswith(
        " But in F1 the network is ahead: 76.1 % against 30.0 %."
    )
    assert "But" not in sentence(careful, careful)
    right = np.eye(3, dtype=np.float32)[targets] * 0.7 + 0.1
    assert "But" not in sentence(right, always), "accuracy and F1 agree"

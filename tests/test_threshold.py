"""Thresholds: the best there is, agreed with the rule that decides, and honest about floors."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn import metrics as sk

from figure_cases import made_case, two
from heedful.learn.figures import figures, per_class
from heedful.learn.metrics import decide
from heedful.learn.threshold import Aim, as_thresholds, by_share, choose, choose_each, points
from heedful.records import HeedfulError

AIMS = ("f1", "precision=0.6", "precision=0.9", "recall=0.5", "recall=0.95")
ROWS = st.lists(
    st.tuples(st.sampled_from([0.0, 0.1, 0.3, 0.5, 0.8, 0.9, 1.0]), st.booleans()),
    min_size=1,
    max_size=15,
)


def columns(rows):
    return (np.array(x, float) for x in zip(*rows, strict=True))


def result(p, truth, threshold):
    """Precision, recall and f1 of the rule that decides."""
    guess = decide(two(p), "binary", np.array([1 - threshold, threshold]))
    return sk.precision_recall_fscore_support(truth, guess, average="binary", zero_division=0)[:3]


@pytest.mark.parametrize(
    ("text", "kind", "floor"),
    [
        ("f1", "f1", None),
        ("precision=0.9", "precision", 0.9),
        (" recall = 1 ", "recall", 1.0),
        ("recall=.95", "recall", 0.95),
    ],
)
def test_aims_are_read(text, kind, floor):
    assert Aim.parse(text) == Aim(kind, floor)
    assert Aim.parse(str(Aim.parse(text))) == Aim.parse(text)


@pytest.mark.parametrize(
    "text",
    ["", "accuracy", "f1=0.9", "f1=", "precision", "precision=", "precision=0", "recall=1.1",
     "recall=nan", "recall=x", "=0.9", "precision=-1"],
)  # fmt: skip
def test_other_aims_are_refused_and_the_allowed_ones_named(text):
    with pytest.raises(HeedfulError, match=r"f1, precision=P and recall=R") as refused:
        Aim.parse(text)
    assert "\n" not in str(refused.value)


def test_choices_by_hand():
    # from the top: yes no yes yes no
    p, truth = np.array([0.9, 0.8, 0.6, 0.4, 0.2]), np.array([1, 0, 1, 1, 0])
    best = choose(p, truth, Aim.parse("f1"))  # says yes to four: 3 of 4, 3 of 3
    assert best.threshold == pytest.approx(0.3)
    assert (best.precision, best.recall, best.f1) == pytest.approx((3 / 4, 1, 6 / 7))
    sure = choose(p, truth, Aim.parse("precision=0.9"))
    assert sure.threshold == pytest.approx(0.85)
    assert (sure.precision, sure.recall) == pytest.approx((1, 1 / 3))
    wide = choose(p, truth, Aim.parse("recall=0.6"))  # 2 of 3 found costs more than all 3
    assert wide.threshold == pytest.approx(0.3)
    assert best.reached and sure.reached and wide.reached


def test_of_thresholds_that_serve_alike_the_one_nearest_to_one_half_is_taken():
    # yes to one text: 1 of 1, 1 of 2; yes to four: 2 of 4, 2 of 2; f1 2/3 both
    truth = np.array([1, 0, 0, 1])
    low = choose(np.array([0.95, 0.94, 0.93, 0.6]), truth, Aim("f1"))
    assert (low.threshold, low.f1) == pytest.approx((0.3, 2 / 3))
    high = choose(np.array([0.6, 0.5, 0.2, 0.1]), truth, Aim("f1"))
    assert (high.threshold, high.f1) == pytest.approx((0.55, 2 / 3))


def test_a_floor_that_is_met_exactly_is_kept():
    p = np.linspace(0.1, 0.9, 10)
    truth = np.array([1] * 9 + [0])
    found = choose(p, truth, Aim.parse("precision=0.9"))
    assert (found.precision, found.recall, found.reached) == (0.9, 1.0, True)


def test_a_floor_out_of_reach_gives_the_nearest():
    p, truth = np.array([0.9, 0.8, 0.6, 0.4]), np.array([0, 1, 1, 0])
    found = choose(p, truth, Aim.parse("precision=0.9"))
    assert not found.reached
    assert found.threshold == pytest.approx(0.5)
    assert (found.precision, found.recall) == pytest.approx((2 / 3, 1))
    # a text with probability 0 cannot be found
    found = choose(np.array([0.0, 0.7, 0.2]), np.array([1, 1, 0]), Aim.parse("recall=1"))
    assert not found.reached
    assert found.recall == 0.5
    assert found.precision == 1


@given(ROWS, st.sampled_from(AIMS))
def test_no_threshold_serves_the_aim_better(rows, text):
    p, truth = columns(rows)
    aim = Aim.parse(text)
    found = choose(p, truth, aim)
    assert 0 <= found.threshold <= 1
    assert result(p, truth, found.threshold) == pytest.approx(
        (found.precision, found.recall, found.f1)
    )
    others = [result(p, truth, t) for t in (0, 0.05, 0.2, 0.4, 0.6, 0.85, 0.95, 1)]
    if aim.kind == "f1":
        assert found.f1 == pytest.approx(max(f1 for _, _, f1 in others))
        assert found.reached == (found.f1 > 0)
        return
    kept, other = (0, 1) if aim.kind == "precision" else (1, 0)
    able = [o for o in others if o[kept] >= aim.floor]
    assert found.reached == bool(able)
    mine = (found.precision, found.recall)
    if able:
        assert mine[kept] >= aim.floor
        assert mine[other] == pytest.approx(max(o[other] for o in able))
    else:
        assert mine[kept] == pytest.approx(max(o[kept] for o in others))


@given(ROWS)
def test_thresholds_do_not_sit_on_a_row(rows):
    p, truth = columns(rows)
    for threshold in points(p, truth).thresholds:
        assert threshold not in p


def test_neighbouring_floats_still_decide_as_chosen():
    low = 0.3
    p, truth = np.array([low, np.nextafter(low, 1)]), np.array([0, 1])
    found = choose(p, truth, Aim.parse("f1"))
    assert result(p, truth, found.threshold) == (1, 1, 1)
    assert found.f1 == 1
    p = p.astype(np.float32)
    p[1] = np.nextafter(p[0], np.float32(1))
    found = choose(p, truth, Aim.parse("f1"))
    assert float(p[0]) < found.threshold < float(p[1])
    assert decide(two(p), "binary", np.array([0.5, found.threshold])).tolist() == [0, 1]


@pytest.mark.parametrize("truth", [[0, 0, 0], [0, 0, 1]])
def test_nothing_to_find_leaves_one_half(truth):
    p = np.array([0.2, 0.4, 0.0])
    for text in AIMS:
        found = choose(p, np.array(truth), Aim.parse(text))
        assert (found.threshold, found.recall, found.reached) == (0.5, 0, False)
    empty = choose(p[:0], np.array([]), Aim("f1"))
    assert (empty.threshold, empty.reached) == (0.5, False)
    assert len(points(p[:0], np.array([])).thresholds) == 0


def test_the_curve_is_that_of_scikit_learn():
    p, truth = made_case("binary", 0, 101)
    found = points(p[:, 1], truth)
    precision, recall, levels = sk.precision_recall_curve(truth, p[:, 1])
    # scikit-learn says yes from a level on, and drops nothing; its last point says yes to none
    assert found.precision == pytest.approx(precision[:-1])
    assert found.recall == pytest.approx(recall[:-1])
    assert ((found.thresholds < levels) & (found.thresholds >= np.append(0, levels[:-1]))).all()
    assert found.f1 == pytest.approx(2 * precision[:-1] * recall[:-1] / (precision + recall)[:-1])


@pytest.mark.parametrize("text", AIMS)
def test_binary_thresholds_are_those_of_the_second_class(text):
    p, truth = made_case("binary", 2, 101)
    p = p.astype(np.float32)
    aim = Aim.parse(text)
    (choice,) = choices = choose_each(p, truth, "binary", aim)
    assert choice == choose(p[:, 1], truth, aim)
    thresholds = as_thresholds(choices, "binary")
    assert thresholds == (1 - choice.threshold, choice.threshold)
    found = figures(p, truth, "binary", np.array(thresholds))
    assert (found["precision"], found["recall"], found["f1"]) == pytest.approx(
        (choice.precision, choice.recall, choice.f1)
    )


def best_of(p, truth, aim):
    choices = choose_each(p, truth, "multi-label", aim)
    return np.array(as_thresholds(choices, "multi-label"))


def test_each_label_has_its_own_threshold():
    p, truth = made_case("multi-label", 3, 101)
    aim = Aim.parse("recall=0.8")
    thresholds = best_of(p, truth, aim)
    assert thresholds.shape == (5,)
    assert len(set(thresholds)) > 1
    found = per_class(p, truth, "multi-label", list("abcde"), thresholds)
    assert all(of["recall"] >= 0.8 for of in found.values())
    best = figures(p, truth, "multi-label", best_of(p, truth, Aim("f1")))
    assert best["f1"] > figures(p, truth, "multi-label")["f1"]


def test_several_classes_take_no_thresholds():
    p, truth = made_case("multi-class", 4)
    with pytest.raises(HeedfulError, match="likeliest"):
        choose_each(p, truth, "multi-class", Aim("f1"))


def test_thresholds_by_share_by_hand():
    p = np.array([[0.9, 0.1, 0.3], [0.5, 0.2, 0.3], [0.1, 0.3, 0.3], [0.7, 0.05, 0.3]])
    found = by_share(p, np.array([0.5, 0.01, 0.0]))
    # two of four lie above .6; however rare, a label is given once; unless nobody has it
    assert found.tolist() == pytest.approx([0.6, 0.25, 1.0])
    assert by_share(p, np.array([1.0, 0.75, 0.5])).tolist() == pytest.approx([0.05, 0.075, 0.3])
    assert decide(p, "multi-label", found).tolist() == [[1, 0, 0], [0, 0, 0], [0, 1, 0], [1, 0, 0]]


def test_a_label_is_given_as_often_as_it_is_true():
    draw = np.random.default_rng(0)
    truth = (draw.random((400, 3)) < [0.3, 0.02, 0.6]).astype(np.int64)
    p = 0.2 * draw.random((400, 3)) + 0.2 * truth  # none is ever likelier than not
    said = decide(p, "multi-label", by_share(p, truth.mean(axis=0)))
    assert np.array_equal(said, truth)
    assert not decide(p, "multi-label").any()

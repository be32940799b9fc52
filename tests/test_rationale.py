"""Maps against human evidence: hand-solved figures, scikit-learn's curves, known maps."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from sklearn import metrics as sk

from heedful.config import TextConfig
from heedful.explain.rationale import (
    ALL,
    RANDOM,
    Plausibility,
    auprc,
    average_precision,
    judge_rationales,
    matched,
    runs,
    spans,
    token_f1,
    top,
)
from heedful.learn.bootstrap import UNDEFINED, mean_interval, resampled_means
from heedful.records import Explanation, HeedfulError, Prediction, Token
from heedful.text.evidence import evidence
from heedful.text.tokenize import Tokenizer
from made_explanations import binary, many_classes
from small_training import reviews


def made(values, gold, **more) -> Explanation:
    """Ten one-letter tokens; `gold` in characters; the map speaks for the positive class."""
    text = " ".join("abcdefghij"[: len(values)])
    return binary(text, values, gold=gold, **more)


@st.composite
def cases(draw) -> tuple[np.ndarray, np.ndarray]:
    size = draw(st.integers(1, 30))
    values = draw(st.lists(st.integers(-4, 4), min_size=size, max_size=size))
    gold = draw(st.lists(st.booleans(), min_size=size, max_size=size).filter(any))
    return np.array(values, float) / 2, np.array(gold)


@given(cases())
def test_both_areas_are_scikit_learns(case):
    values, gold = case
    precision, recall, _ = sk.precision_recall_curve(gold, values)
    assert auprc(values, gold) == pytest.approx(sk.auc(recall, precision), abs=1e-12)
    expected = sk.average_precision_score(gold, values)
    assert average_precision(values, gold) == pytest.approx(expected, abs=1e-12)


@given(cases(), st.integers(0, 30))
def test_token_f1_is_scikit_learns(case, count):
    values, gold = case
    chosen = top(values, min(1, count / len(values)))
    assert chosen.sum() == min(count, len(values))
    assert token_f1(chosen, gold) == pytest.approx(sk.f1_score(gold, chosen, zero_division=0))


def test_the_areas_by_hand():
    values, gold = np.array([3.0, 2, 1, 0]), np.array([True, False, True, False])
    # recall .5 at precision 1; 1/2 after the second; recall 1 at precision 2/3
    assert average_precision(values, gold) == pytest.approx(0.5 * 1 + 0.5 * 2 / 3)
    assert auprc(values, gold) == pytest.approx(0.5 * 1 + 0.5 * (1 / 2 + 2 / 3) / 2)
    assert average_precision(-values, gold) == pytest.approx(0.5 * 1 / 2 + 0.5 * 2 / 4)


def test_lines_flatter_a_constant_map():
    gold = np.arange(10) < 3
    assert auprc(np.zeros(10), gold) == pytest.approx((1 + 0.3) / 2)
    assert average_precision(np.zeros(10), gold) == pytest.approx(0.3)


def test_the_top_share_is_rounded_up_and_ties_go_to_the_first():
    assert top(np.array([1.0, 3, 3, 3]), 0.5).tolist() == [False, True, True, False]
    assert top(np.array([1.0, 3, 2]), 0.34).tolist() == [False, True, True]
    assert top(np.arange(100.0), 0.07).sum() == 7, "although 0.07 * 100 is above 7"
    assert top(np.zeros(3), 0).sum() == 0 and top(np.zeros(0), 0.5).sum() == 0


def test_runs_and_overlaps_by_hand():
    assert runs(np.array([1, 1, 0, 1, 0, 0, 1], bool)) == [(0, 2), (3, 4), (6, 7)]
    assert runs(np.zeros(0, bool)) == []
    # 2 of a union of 4; 1 of 3; no overlap
    assert matched([(0, 3)], [(1, 4)]) == 1
    assert matched([(0, 2)], [(1, 3)]) == 0
    assert matched([(0, 2), (5, 6)], [(0, 1), (7, 9)]) == 1
    assert matched([(0, 1)], [(0, 0)]) == 0


@given(
    st.lists(st.tuples(st.integers(0, 30), st.integers(0, 8)), max_size=5),
    st.lists(st.integers(1, 4), max_size=12),
)
def test_evidence_is_what_shares_a_character(gold, lengths):
    ends = np.cumsum([n + 1 for n in lengths]).tolist()
    tokens = [Token("x", end - 1 - n, end - 1) for n, end in zip(lengths, ends, strict=True)]
    chosen = {i for start, size in gold for i in range(start, start + size)}
    expected = [bool(chosen & set(range(t.start, t.end))) for t in tokens]
    assert evidence(tokens, [(a, a + n) for a, n in gold]).tolist() == expected


def test_one_text_by_hand():
    # gold: tokens b, c and g; the map's top 30 % are b, f, g
    one = made([0, 9, 1, 0, 0, 8, 7, 0, 0, 0], ((2, 5), (12, 13)))
    assert spans(one) == [(1, 3), (6, 7)]
    found = judge_rationales([one], ["contribution"])["contribution"]
    assert (found.texts, found.share, found.gold_share) == (1, 0.3, 0.3)
    # found in the ranks 1, 3 and 4
    assert found.average_precision == pytest.approx((1 + 2 / 3 + 3 / 4) / 3)
    assert found.token_f1 == pytest.approx(2 / 3)
    # predicted spans: b (1 of 2 of "b c": .5, found) and "f g" (1 of 2 of g: .5, found)
    assert found.iou_f1 == 1
    wider = judge_rationales([one], ["contribution"], share=0.7)["contribution"]
    # a to g, of which g and "b c" are too small a part: 0 of 1
    assert (wider.iou_f1, wider.token_f1) == (0, pytest.approx(2 * 3 / 10))
    assert found.intervals["auprc"] == (found.auprc, found.auprc)


def test_span_f1_is_of_mean_precision_and_mean_recall():
    first = made([9, 0, 8, 0, 0, 0, 0, 0], ((0, 1),))  # 1 of 2 found, 1 of 1 marked
    second = made([0, 9, 8, 0, 0, 0, 0, 0], ((2, 5), (8, 9), (12, 13)))  # 1 of 1, 1 of 3
    found = judge_rationales([first, second], ["contribution"], share=0.25)["contribution"]
    precision, recall = (1 / 2 + 1) / 2, (1 + 1 / 3) / 2
    assert found.iou_f1 == pytest.approx(2 * precision * recall / (precision + recall))
    assert found.token_f1 == pytest.approx((2 * 1 / 3 + 2 * 2 / 6) / 2)


def test_the_map_of_the_predicted_class_is_judged():
    negative = made([0, -9, -8, 0, 0], ((2, 5),))
    assert negative.prediction.main_label == "negative"
    assert judge_rationales([negative], ["contribution"])["contribution"].auprc == 1
    three = many_classes("a b c", {"x": [1, 0, 0], "y": [0, 5, 0], "z": [0, 0, 2]}, "y")
    looked_at = replace(three, target="z", gold=((2, 3),))
    assert judge_rationales([looked_at], ["contribution"])["contribution"].token_f1 == 1
    several = Prediction(("x", "y"), {"x": 0.6, "y": 0.9, "z": 0.1}, 3, 0)
    assert several.main_label == "y"
    assert replace(several, labels=()).main_label == "y"


def test_what_was_not_read_counts_as_missed():
    whole = made([9, 0, 0, 0, 8, 0], ((0, 1), (8, 9)))
    cut = replace(whole, tokens=whole.tokens[:2], contributions={"positive": (9.0, 0.0)})
    found = judge_rationales([cut], ["contribution"], share=0.5)["contribution"]
    assert found.auprc == found.token_f1 == 1
    assert found.iou_f1 == pytest.approx(2 * 1 * 0.5 / 1.5)
    gone = replace(cut, gold=((8, 9),))
    none = replace(cut, tokens=(), contributions={"positive": ()})
    for missed in (gone, none):
        found = judge_rationales([missed], ["contribution"])["contribution"]
        assert (found.auprc, found.token_f1, found.iou_f1, found.gold_share) == (0, 0, 0, 0)


def test_texts_without_evidence_are_left_out_and_none_is_refused():
    bare = made([1, 2, 3], ())
    found = judge_rationales([bare, made([1, 2, 3], ((4, 5),))], ["attention"])
    assert {p.texts for p in found.values()} == {1}
    with pytest.raises(HeedfulError, match="none of the 1 texts has evidence"):
        judge_rationales([bare], ["attention"])
    with pytest.raises(HeedfulError, match="no 'lime' map of its predicted class 'positive'"):
        judge_rationales([made([1, 2, 3], ((4, 5),))], ["lime"])
    with pytest.raises(HeedfulError, match="share is 2"):
        judge_rationales([made([1, 2, 3], ((4, 5),))], [], share=2)


def planted(rows: int = 200) -> list[Explanation]:
    """The built-in reviews with three maps: the evidence itself, its reverse, and noise."""
    tokenizer, random = Tokenizer(TextConfig()), np.random.default_rng(5)
    result = []
    for example in reviews(rows):
        tokens = tuple(tokenizer.tokens(example.text))
        gold = evidence(tokens, example.gold).astype(float)
        base = binary(example.text, random.normal(size=len(tokens)), tokens=tokens)
        label = base.prediction.labels[0]
        noise = random.random(len(tokens))
        maps = {"gold": gold + noise / 10, "reverse": -gold, "noise": noise}
        maps = {name: {label: tuple(values.tolist())} for name, values in maps.items()}
        result.append(replace(base, gold=example.gold, maps=maps))
    return result


def test_the_evidence_itself_scores_one():
    for text in planted(40):
        share = evidence(text.tokens, text.gold).mean()
        for given_ in (None, share):
            perfect = judge_rationales([text], ["gold"], share=given_, resamples=2)["gold"]
            assert perfect.auprc == perfect.average_precision == perfect.token_f1 == 1
            assert perfect.iou_f1 == 1, "no two marked spans of these reviews touch"


def chance(gold: np.ndarray) -> float:
    """Mean average precision over all orders: above the share of evidence in a short text.

    Rank k is evidence with probability P/N, and then holds 1 + (k - 1)(P - 1)/(N - 1) so far.
    """
    size, marked = len(gold), int(gold.sum())
    ranks = np.arange(1, size + 1)
    return float(np.mean((1 + (ranks - 1) * (marked - 1) / (size - 1)) / ranks))


def test_chance_is_the_share_of_evidence():
    texts = planted()
    found = judge_rationales(texts, ["gold", "reverse", "noise"], resamples=200)
    share = found[RANDOM].gold_share
    assert 0.05 < share < 0.5
    expected = np.mean([chance(evidence(t.tokens, t.gold)) for t in texts])
    assert found[RANDOM].average_precision == pytest.approx(expected, abs=0.01)
    low, high = found["noise"].intervals["average_precision"]
    assert low < found[RANDOM].average_precision < high
    assert found[ALL].average_precision == pytest.approx(share)
    assert found[ALL].share == 1
    assert found["reverse"].average_precision < found["noise"].average_precision < 0.5
    # All tokens: precision is the share, recall 1.
    assert found[ALL].token_f1 > found[RANDOM].token_f1
    assert judge_rationales(texts, ["noise"], resamples=200) == {
        name: found[name] for name in ("noise", RANDOM, ALL)
    }
    assert judge_rationales(texts, [], resamples=200, seed=1)[RANDOM] != found[RANDOM]
    long = [replace(t, text=t.text, maps={}) for t in texts if len(t.tokens) > 60]
    far = judge_rationales(long, [], resamples=10)[RANDOM]
    assert far.auprc == pytest.approx(far.gold_share, abs=0.06)


def test_records_are_json():
    found = judge_rationales(planted(5), ["gold"])["gold"]
    text = json.dumps(found.to_json(), allow_nan=False)
    assert Plausibility.from_json(json.loads(text)) == found


def test_interval_of_a_mean():
    values = np.random.default_rng(3).exponential(size=97)
    low, high = mean_interval(values)
    theirs = stats.bootstrap((values,), np.mean, n_resamples=4000, method="percentile", rng=2)
    assert (low, high) == pytest.approx(tuple(theirs.confidence_interval), abs=0.03)
    assert mean_interval(values) == (low, high) != mean_interval(values, seed=1)
    assert mean_interval([]) is UNDEFINED
    assert mean_interval([2.0]) == (2.0, 2.0)


def test_columns_are_resampled_together():
    values = np.column_stack([np.arange(7.0), 3 * np.arange(7.0) + 1])
    drawn = resampled_means(values, resamples=300, seed=4)
    assert drawn.shape == (300, 2)
    np.testing.assert_allclose(drawn[:, 1], 3 * drawn[:, 0] + 1)
    assert drawn[:, 0].std() == pytest.approx(2 / np.sqrt(7), rel=0.15)

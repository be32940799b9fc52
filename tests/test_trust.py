"""Cards of trust: laws on a model whose every weight is known, and hand-counted curves."""

from __future__ import annotations

import json
import math
import sys

import numpy as np
import pytest
import torch
from scipy.stats import kendalltau

from heedful.explain.curves import (
    DELETED,
    MASKED,
    aopc,
    erasures,
    first_change,
    maskings,
    plan,
    read_erasures,
    read_maskings,
)
from heedful.explain.deletions import deletions, is_local
from heedful.explain.orders import counts, random_orders, ranking, seeded
from heedful.explain.outputs import chosen, log_odds, probability
from heedful.explain.perturb import (
    deleted,
    joined,
    kept,
    masked,
    run,
    score,
    top_rows,
)
from heedful.explain.search import greedy
from heedful.explain.trust import judgements, measure_trust
from heedful.explain.trusted import trusted_examples
from heedful.explain.verdict import verdict
from heedful.learn.model import to_probabilities
from heedful.records import Example, HeedfulError, Judged, Trust
from heedful.text.vocab import UNK
from made_models import bag_of_words, random_model

WORDS = [f"w{i}" for i in range(40)]
DRAW = np.random.default_rng(0)
WEIGHTS = dict(zip(WORDS, (DRAW.normal(size=40) * 3).tolist(), strict=True))
TEXTS = [" ".join(DRAW.choice(WORDS, int(n))) for n in DRAW.integers(8, 60, 40)]


@pytest.fixture(scope="module")
def linear():
    return bag_of_words(WEIGHTS, base=0.3)


# -- ids ----------------------------------------------------------------------------------------


def test_changed_texts_by_hand():
    ids = np.array([5, 6, 7, 8], np.int32)
    rows = np.array([[True, False, True, False], [False] * 4, [True] * 4])
    assert kept(ids, rows).ids.tolist() == [5, 7, 5, 6, 7, 8]
    assert kept(ids, rows).lengths.tolist() == [2, 0, 4]
    assert deleted(ids, rows).ids.tolist() == [6, 8, 5, 6, 7, 8]
    assert deleted(ids, rows).lengths.tolist() == [2, 4, 0]
    assert masked(ids, rows).ids.tolist() == [UNK, 6, UNK, 8, 5, 6, 7, 8, UNK, UNK, UNK, UNK]
    assert joined([kept(ids, rows), masked(ids, rows)]).lengths.tolist() == [2, 0, 4, 4, 4, 4]
    assert top_rows(np.array([2, 0, 3, 1]), [1, 3]).tolist() == [
        [False, False, True, False],
        [True, False, True, True],
    ]


def test_scores_do_not_depend_on_how_they_are_cut_into_batches(monkeypatch):
    model = random_model()
    ids = np.arange(4, 34, dtype=np.int32)
    variants = deleted(ids, np.eye(30, dtype=bool))
    whole = score(model.network, variants)
    monkeypatch.setattr(sys.modules["heedful.explain.perturb"], "BUDGET", 70)
    assert np.abs(score(model.network, variants) - whole).max() < 1e-5


def test_counts_round_up_and_leave_no_share_empty():
    assert counts(DELETED, 10).tolist() == [1, 1, 1, 2, 5]
    assert counts(DELETED, 250).tolist() == [3, 13, 25, 50, 125]
    assert counts((0.07,), 100).tolist() == [7], "although .07 x 100 is above 7 in floats"
    assert counts(MASKED, 1).tolist() == [1] * 10
    found = plan(DELETED, 10)
    assert found.counts[found.place].tolist() == [1, 1, 1, 2, 5]


def test_equal_values_are_ranked_by_chance_and_not_by_place():
    firsts = [int(ranking(np.zeros(50), np.random.default_rng(s))[0]) for s in range(60)]
    assert len(set(firsts)) > 20
    assert ranking(np.array([1.0, 3, 2]), np.random.default_rng(0)).tolist() == [1, 2, 0]


def test_random_orders_are_permutations_that_hang_on_the_text_alone():
    orders = random_orders(20, 9, seeded(0, np.arange(9, dtype=np.int32)))
    assert (np.sort(orders, axis=1) == np.arange(9)).all() and len(np.unique(orders, axis=0)) == 20
    again = random_orders(20, 9, seeded(0, np.arange(9, dtype=np.int32)))
    other = random_orders(20, 9, seeded(1, np.arange(9, dtype=np.int32)))
    assert (orders == again).all() and (orders != other).any()

    assert (orders != random_orders(20, 9, seeded(0, np.arange(1, 10, dtype=np.int32)))).any()
    assert (orders != random_orders(20, 9, seeded(0, np.arange(9, dtype=np.int32), "lime"))).any()


def test_maskings_by_hand():
    """Ten tokens, erased from the end: .01 to .10 are one of them, .15 and .20 two."""
    asked = maskings(np.arange(4, 14, dtype=np.int32), np.arange(10)[None, ::-1])
    gone = asked.ids.reshape(-1, 10) == UNK
    assert gone.sum(axis=1).tolist() == [1, 2, 3, 5, 7, 10]
    assert gone[2].tolist() == [False] * 7 + [True] * 3
    read = read_maskings(gone.sum(axis=1, dtype=np.float32)[:, None], 10, 1)
    assert read[0, :, 0].tolist() == [1, 1, 1, 1, 2, 2, 3, 5, 7, 10]


def test_erasures_by_hand():
    """Two orders of four tokens: .01 to .20 are one of them, .50 two."""
    orders = np.array([[0, 1, 2, 3], [3, 2, 1, 0]])
    asked = erasures(np.array([5, 6, 7, 8], np.int32), orders)
    texts = np.split(asked.ids, np.cumsum(asked.lengths)[:-1])
    assert [text.tolist() for text in texts] == [
        [6, 7, 8], [7, 8], [5, 6, 7], [5, 6], [5], [5, 6], [8], [7, 8],
    ]  # fmt: skip
    without, only = read_erasures(np.arange(8, dtype=np.float32)[:, None], 4, 2)
    assert without[:, :, 0].tolist() == [[0, 0, 0, 0, 1], [2, 2, 2, 2, 3]]
    assert only[:, :, 0].tolist() == [[4, 4, 4, 4, 5], [6, 6, 6, 6, 7]]
    assert aopc(1.0, np.array([[0.5, 0.5, 0.5, 0.5, 0.0]])).tolist() == [0.6]


def test_the_first_change_is_a_share_of_the_tokens():
    changed = np.zeros((3, len(MASKED)), bool)
    changed[0, 5:7] = True  # at .20 and .30, and back again
    changed[1, 9] = True
    shares, ever = first_change(changed, 7)
    assert shares.tolist() == [2 / 7, 1, 1] and ever.tolist() == [True, True, False]


# -- outputs ------------------------------------------------------------------------------------


def test_log_odds_by_hand():
    logits = np.log(np.array([[1.0, 2.0, 5.0]]))
    assert log_odds(logits, 2, "multi-class")[0] == pytest.approx(math.log(5 / 3))
    assert probability(log_odds(logits, 1, "multi-class"))[0] == pytest.approx(0.25)
    assert log_odds(logits, 1, "multi-label")[0] == pytest.approx(math.log(2))
    assert log_odds(np.array([[2.0]]), 0, "binary")[0] == -2
    assert probability(np.array([800.0, -800.0])).tolist() == [1, 0]


def test_decisions_follow_the_rule_of_the_model():
    from heedful.learn.decision import Decision

    logits = np.array([[0.2], [0.9]], np.float32)
    assert chosen(logits, 1, "binary", Decision()).tolist() == [True, True]
    raised = Decision(thresholds=(0.4, 0.6))
    assert chosen(logits, 1, "binary", raised).tolist() == [False, True]
    assert chosen(logits, 0, "binary", raised).tolist() == [True, False]
    many = np.array([[1.0, -1.0, 3.0]], np.float32)
    assert chosen(many, 0, "multi-label", Decision()).tolist() == [True]
    assert chosen(many, 0, "multi-class", Decision()).tolist() == [False]


# -- the card -----------------------------------------------------------------------------------


def test_true_weights_win_on_every_metric(linear):
    """A mean of word weights: leave-one-out and the true weights rank alike, and are the best."""
    for found in measure_trust(linear, TEXTS, ("contribution",)):
        trust = found["contribution"]
        if trust.comprehensiveness.share is None:
            continue
        assert trust.comprehensiveness.share == pytest.approx(1, abs=1e-6)
        assert trust.sufficiency.share == pytest.approx(1, abs=1e-6)
        judged = trust.comprehensiveness
        assert all(judged.value >= other - 1e-9 for other in judged.randoms)
        assert trust.tau_signed == pytest.approx(1, abs=0.02)  # words that occur twice: ties
        for flip in (trust.attention_flip, trust.input_flip):
            assert flip.share <= min(flip.randoms)


def test_random_maps_land_near_the_middle(linear):
    found = measure_trust(linear, TEXTS, ("random",))
    percentiles = [trust["random"].comprehensiveness.percentile for trust in found]
    assert 40 < np.mean(percentiles) < 60
    taus = [trust["random"].tau_signed for trust in found]
    assert abs(np.mean(taus)) < 0.1


def test_a_card_by_plain_loops():
    """Every number again, one text at a time, by the network itself."""
    model = random_model(encoder="conv")
    text = " ".join(f"w{i}" for i in DRAW.integers(0, 40, 23))
    (judgement,) = judgements(model, model.encode([text]), ("contribution", "attention"))
    ids, size, index = judgement.anatomy.ids, 23, judgement.index

    def p(tokens):
        logits = score(
            model.network, kept(np.array(tokens, np.int32), np.ones((1, len(tokens)), bool))
        )
        return float(probability(log_odds(logits, index, model.task))[0])

    whole = p(ids)
    for name in ("contribution", "attention"):
        trust = judgement.card.trust[name]
        order = np.argsort(-judgement.maps[name].values, kind="stable")
        lost, left = [], []
        for share in DELETED:
            top = set(order[: math.ceil(share * size)].tolist())
            lost.append(whole - p([ids[i] for i in range(size) if i not in top]))
            left.append(whole - p([ids[i] for i in range(size) if i in top]))
        assert trust.comprehensiveness.value == pytest.approx(np.mean(lost), abs=1e-5)
        assert trust.sufficiency.value == pytest.approx(np.mean(left), abs=1e-5)
        first = 1.0
        for share in MASKED:
            count = math.ceil(share * size)
            erased = ids.copy()
            erased[order[:count]] = UNK
            if (p(erased) > 0.5) != (whole > 0.5):
                first = count / size
                break
        assert trust.input_flip.share == first
    loo = [whole_odds(whole) - whole_odds(p(np.delete(ids, i))) for i in range(size)]
    assert judgement.card.leave_one_out == pytest.approx(loo, abs=1e-4)


def whole_odds(p: float) -> float:
    return math.log(p / (1 - p))


@pytest.mark.parametrize("encoder", ["token", "conv", "bilstm"])
@pytest.mark.parametrize("task", ["binary", "multi-class", "multi-label"])
def test_nothing_beats_the_best_order_found(task, encoder):
    model = random_model(task=task, encoder=encoder)
    methods = ("contribution", "attention", "gradient-input", "leave-one-out", "random")
    for found in measure_trust(model, TEXTS[:6], methods):
        for trust in found.values():
            for judged in (trust.comprehensiveness, trust.sufficiency):
                worse = judged.value <= judged.best + 1e-9
                assert worse if judged.higher_is_better else judged.value >= judged.best - 1e-9
                assert judged.share is None or judged.share <= 1 + 1e-6
            assert 0 < trust.attention_flip.share <= 1 and 0 < trust.input_flip.share <= 1
            assert 0 <= trust.probability <= 1 and 0 <= trust.uniform <= 1


def test_greedy_search_finds_what_leave_one_out_cannot():
    """Two words that each save the class: alone neither is missed, together they are."""
    weights = dict.fromkeys(WORDS, 0.0) | {"w0": 5.0, "w1": 5.0, "w2": 1.0}
    model = bag_of_words(weights)
    ids = model.encode([" ".join(WORDS[:12])])[0]
    backwards = np.arange(12)[::-1].copy()

    def odds(logits):
        return logits[:, 0].astype(np.float64)

    ((removal, insertion),) = run(model.network, [greedy(model.network, ids, backwards, odds)])
    assert set(removal[:2].tolist()) == {0, 1} and removal[2] == 2
    assert insertion[0] in (0, 1)
    assert sorted(removal.tolist()) == sorted(insertion.tolist()) == list(range(12))


def test_greedy_search_by_plain_loops(monkeypatch):
    """A network whose words depend on each other, and stages that settle more than they measure."""
    wide = 6
    monkeypatch.setattr(sys.modules["heedful.explain.search"], "WIDE", wide)
    model, size = random_model(encoder="bilstm"), 24
    ids = DRAW.integers(4, 44, size).astype(np.int32)
    start = DRAW.permutation(size)

    def odds(logits):
        return logits[:, 0].astype(np.float64)

    def found(keep):
        settled, rest = [], start.tolist()
        for upto in (1, 2, 3, 5, 12):
            rows = np.zeros((min(wide, len(rest)), size), bool)
            rows[:, settled] = True
            rows[np.arange(len(rows)), rest[:wide]] = True
            strength = odds(score(model.network, kept(ids, rows if keep else ~rows)))
            strength = (strength if keep else -strength).tolist()
            seen = sorted(range(len(rows)), key=lambda i: -strength[i])
            rest = [rest[i] for i in seen] + rest[wide:]
            need = upto - len(settled)
            settled, rest = settled + rest[:need], rest[need:]
        return settled + rest

    ((removal, insertion),) = run(model.network, [greedy(model.network, ids, start, odds)])
    assert removal.tolist() == found(keep=False) and insertion.tolist() == found(keep=True)
    assert removal.tolist() != insertion.tolist()


@pytest.mark.parametrize("task", ["binary", "multi-class", "multi-label"])
def test_what_a_card_compares_with_by_plain_loops(task):
    """Agreement with leave-one-out, uniform attention, and decisions along the map."""
    model = random_model(task=task, encoder="conv", attention="dot")
    texts = [" ".join(DRAW.permutation(WORDS)[:17]) for _ in range(3)]
    encoded, names = model.encode(texts), ("contribution", "attention", "gradient-input")
    truths = np.array([0, 1, 1]) if task != "multi-label" else np.eye(3, dtype=np.int64)
    with_truths = judgements(model, encoded, names, truths=truths)
    for row, (judgement, other) in enumerate(
        zip(judgements(model, encoded, names), with_truths, strict=True)
    ):
        index, anatomy, card = judgement.index, judgement.anatomy, judgement.card
        loo = card.leave_one_out
        for name in names:
            trust, values = card.trust[name], judgement.maps[name].values
            signed, sizes = kendalltau(values, loo), kendalltau(np.abs(values), np.abs(loo))
            assert trust.tau_signed == pytest.approx(signed.statistic)
            assert trust.tau == pytest.approx(sizes.statistic)
            assert trust.tau_ceiling == card.trust["gradient-input"].tau
            assert trust.target == model.labels.names[index]
            flips = (trust.attention_flip, trust.input_flip)
            compared = (trust.comprehensiveness, trust.sufficiency, *flips)
            assert {len(one.randoms) for one in compared} == {20}
            assert [one.higher_is_better for one in compared[:2]] == [True, False]
        own, uniform = (
            probability(log_odds(x[None], index, task))[0]
            for x in (anatomy.logits, anatomy.uniform_logits)
        )
        assert trust.uniform == pytest.approx(abs(own - uniform), abs=1e-6) and own != uniform
        for name in names:
            order = np.argsort(-judgement.maps[name].values, kind="stable")
            ids = np.tile(anatomy.ids, (len(MASKED) + 1, 1))
            for number, share in enumerate(MASKED, 1):
                ids[number, order[: math.ceil(share * len(order))]] = UNK
            logits = np.concatenate(
                [score(model.network, kept(one, np.ones((1, len(one)), bool))) for one in ids]
            )
            decided = chosen(logits, index, task, model.decision)
            assert card.right[name].tolist() == (decided == decided[0]).tolist()
            flip = card.trust[name].input_flip
            assert flip.flipped == (decided != decided[0]).any()
            if task == "multi-label":
                expected = decided == (index == row)
            else:
                expected = to_probabilities(logits, task).argmax(axis=1) == truths[row]
            assert other.card.right[name].tolist() == expected.tolist()
        random = card.right["random"]
        assert random[0] == 1 and random[-1] == card.right["attention"][-1]
        assert 20 * random == pytest.approx(np.round(20 * random))


def test_the_seed_draws_other_random_maps():
    model, text = random_model(encoder="conv"), TEXTS[2]
    one, again, other = (
        measure_trust(model, text, ("random",), seed=seed)["random"] for seed in (0, 0, 1)
    )
    assert one == again
    assert one.comprehensiveness.randoms != other.comprehensiveness.randoms
    assert one.comprehensiveness.value != other.comprehensiveness.value
    few = measure_trust(model, text, ("random",), randoms=7)["random"]
    assert len(few.comprehensiveness.randoms) == 7 and few.sentence.count("of 7 ") <= 1


def test_leave_one_out_visits_a_sample_of_a_long_text(monkeypatch):
    monkeypatch.setattr(sys.modules["heedful.explain.judge"], "LONGEST", 10)
    model = random_model(encoder="bilstm")
    text = " ".join(DRAW.permutation(WORDS)[:30])
    methods = ("contribution", "leave-one-out")
    (judgement,) = judgements(model, model.encode([text]), methods)
    visited = np.flatnonzero(~np.isnan(judgement.card.leave_one_out))
    assert len(visited) == 10 and visited.tolist() != list(range(10))
    assert judgement.maps["leave-one-out"].values[visited].all()
    best = judgement.card.trust["contribution"].comprehensiveness
    known = judgement.card.trust["leave-one-out"].comprehensiveness
    assert best.best >= max(best.value, known.value, *best.randoms)


def test_every_token_of_a_long_text_is_visited_where_that_is_cheap(monkeypatch):
    monkeypatch.setattr(sys.modules["heedful.explain.judge"], "LONGEST", 10)
    model = random_model(encoder="conv")
    text = " ".join(DRAW.permutation(WORDS)[:30])
    (judgement,) = judgements(model, model.encode([text]), ("contribution",))
    assert np.isfinite(judgement.card.leave_one_out).all()


def test_maps_from_outside_are_judged_like_the_own_ones(linear):
    encoded = linear.encode(TEXTS[:3])
    plain = list(judgements(linear, encoded, ("contribution",)))
    given = [{"mine": judgement.maps["contribution"].values} for judgement in plain]
    for found in judgements(linear, encoded, ("contribution",), outside=given):
        own, other = found.card.trust["contribution"], found.card.trust["mine"]
        assert other.comprehensiveness.value == pytest.approx(own.comprehensiveness.value)
        assert other.tau == own.tau and list(found.maps) == ["contribution", "gradient-input"]


def test_answers_stand_in_the_order_of_the_questions(monkeypatch):
    """Questions that are over sooner than their neighbours, and groups of them."""
    monkeypatch.setattr(sys.modules["heedful.explain.perturb"], "AT_ONCE", 3)
    model = random_model()

    def question(number):
        ids = np.full(5, 4 + number, np.int32)
        total = 0.0
        for _ in range((number * 3) % 5):
            rows = np.ones((1 + number % 2, 5), bool)
            total += float((yield kept(ids, rows)).sum())
        return number, total

    found = list(run(model.network, (question(number) for number in range(8))))
    alone = [answer for n in range(8) for answer in run(model.network, [question(n)])]
    assert [number for number, _ in found] == list(range(8))
    assert [x for _, x in found] == pytest.approx([x for _, x in alone], abs=1e-4)


def test_the_best_order_is_the_best_of_those_tried():
    """Leave-one-out, deleting greedily, and keeping greedily: each wins somewhere."""
    model = random_model(encoder="bilstm")
    random, won = np.random.default_rng(3), set()
    texts = [" ".join(random.permutation(WORDS)[:25]) for _ in range(12)]  # no ties
    for judgement in judgements(model, model.encode(texts), ("contribution",)):
        ids, index = judgement.anatomy.ids, judgement.index

        def odds(logits, index=index):
            return log_odds(logits, index, model.task)

        start = np.argsort(-judgement.card.leave_one_out, kind="stable")
        ((removal, insertion),) = run(model.network, [greedy(model.network, ids, start, odds)])
        orders = np.stack([start, removal, insertion])
        found = read_erasures(score(model.network, erasures(ids, orders)), len(ids), 3)
        trust = judgement.card.trust["contribution"]
        lost, left = (aopc(trust.probability, probability(odds(logits))) for logits in found)
        gone, kept_ = trust.comprehensiveness, trust.sufficiency
        assert gone.best == pytest.approx(max(*lost, gone.value, *gone.randoms), abs=1e-5)
        assert kept_.best == pytest.approx(min(*left, kept_.value, *kept_.randoms), abs=1e-5)
        won |= {("gone", int(lost.argmax())), ("kept", int(left.argmin()))}
    assert {("gone", 1), ("kept", 2)} <= won


def test_a_text_alone_and_in_company_has_the_same_card():
    model = random_model(encoder="bilstm")
    together = measure_trust(model, TEXTS[:5])
    alone = measure_trust(model, TEXTS[3])
    for name, trust in alone.items():
        other = together[3][name]
        assert trust.comprehensiveness.value == pytest.approx(
            other.comprehensiveness.value, abs=1e-5
        )
        assert trust.comprehensiveness.randoms == pytest.approx(
            other.comprehensiveness.randoms, abs=1e-5
        )
        assert trust.sufficiency.best == pytest.approx(other.sufficiency.best, abs=1e-5)


@pytest.mark.parametrize("text, tokens", [("w1", 1), ("zzz qqq", 2), ("", 0)])
def test_texts_with_little_in_them(linear, text, tokens):
    found = measure_trust(linear, text, ("contribution", "attention", "leave-one-out"))
    assert len(found) == (3 if tokens else 0)
    for trust in found.values():
        assert trust.tokens == tokens and not trust.trusted
        assert trust.comprehensiveness.share is None
        json.dumps(trust.to_json())


def test_a_text_of_5000_tokens(linear):
    text = " ".join(DRAW.choice(WORDS, 5000))
    trust = measure_trust(linear, text, ("contribution",), randoms=3)["contribution"]
    assert trust.tokens == 5000 and trust.comprehensiveness.share == pytest.approx(1, abs=1e-6)
    assert trust.tau_signed == pytest.approx(1, abs=0.02), "on a sample of the tokens"


def test_the_uniform_control(linear):
    """Uniform attention is what this model has: replacing it changes nothing."""
    trust = measure_trust(linear, TEXTS[0], ("attention",))["attention"]
    assert trust.uniform < 1e-6
    assert trust.sentence.startswith("Replacing the attention by uniform weights changes nothing")


# -- words and records --------------------------------------------------------------------------


def judged(value: float, randoms: list[float], best: float) -> Judged:
    return Judged(value, tuple(randoms), best, higher_is_better=True)


def test_percentile_and_share_by_hand():
    one = judged(0.5, [0.1, 0.3, 0.5, 0.7], 0.9)
    assert (one.beaten, one.percentile, one.random_mean) == (2, 62.5, pytest.approx(0.4))
    assert one.share == pytest.approx(0.2)
    low = Judged(0.1, (0.3, 0.2), -0.05, higher_is_better=False)
    assert (low.beaten, low.share) == (2, pytest.approx(0.5))
    assert judged(0.1, [0.1, 0.1], 0.102).share is None


@pytest.mark.parametrize(
    "method, tokens, value, uniform, says",
    [
        ("contribution", 9, 0.90, 0.5, "This map beats all 20 random maps and goes 100 %"),
        ("contribution", 9, 0.60, 0.5, "trust its strongest words"),
        ("contribution", 9, 0.40, 0.5, "words it misses may matter more"),
        ("contribution", 9, 0.76, 0.5, "of the way to the best order found: trust it."),
        ("contribution", 9, 0.48, 0.5, ", but goes only 48 % of the way"),
        ("contribution", 9, 0.185, 0.5, "beats 19 of 20 random maps: take it as a hint"),
        ("contribution", 9, 0.145, 0.5, "beats 15 of 20 random maps: take it as a hint"),
        ("contribution", 9, 0.135, 0.5, "beats 14 of 20 random maps, little better than chance"),
        ("contribution", 9, 0.90, 0.001, "This map beats all 20 random maps"),
        ("attention", 9, 0.90, 0.02, "This map beats all 20 random maps"),
        ("contribution", 9, 0.05, 0.5, "beats 5 of 20 random maps, little better than chance"),
        ("attention", 9, 0.05, 0.5, "read the contributions instead"),
        ("attention", 9, 0.90, 0.001, "Replacing the attention by uniform weights changes nothing"),
        ("attention", 1, 0.90, 0.5, "A text of one word"),
    ],
)
def test_the_sentence(method, tokens, value, uniform, says):
    randoms = [i / 100 for i in range(20)]
    trusted, sentence = verdict(method, tokens, judged(value, randoms, 0.9), uniform)
    assert says in sentence and sentence.endswith(".")
    assert trusted == sentence.startswith("This map beats all 20")


def test_no_order_to_judge():
    trusted, sentence = verdict("contribution", 9, judged(0.1, [0.1] * 20, 0.101), 0.5)
    assert not trusted and "no map can be judged" in sentence


def test_cards_survive_json(linear):
    for trust in measure_trust(linear, TEXTS[0]).values():
        assert Trust.from_json(json.loads(json.dumps(trust.to_json()))) == trust


def test_explanations_carry_their_cards():
    model = random_model(encoder="bilstm")
    examples = [Example(text) for text in TEXTS[:3]] + [Example("")]
    found = list(trusted_examples(model, examples, methods=["leave-one-out", "gradient-input"]))
    for explanation in found[:3]:
        assert set(explanation.trust) == {
            "attention",
            "contribution",
            "leave-one-out",
            "gradient-input",
        }
        assert set(explanation.maps) == {"leave-one-out", "gradient-input"}
        assert all(t.target == explanation.target for t in explanation.trust.values())
    assert found[3].trust == {}


def test_another_class_is_explained_but_the_card_is_about_the_predicted_one():
    model = random_model()
    (plain,) = trusted_examples(model, [Example(TEXTS[0])])
    other = next(name for name in model.labels.names if name != plain.target)
    (found,) = trusted_examples(model, [Example(TEXTS[0])], other, ["gradient-input"])
    assert found.target == other and found.trust["contribution"].target == plain.target
    mirrored = [-x for x in found.maps["gradient-input"][plain.target]]
    assert found.maps["gradient-input"][other] == pytest.approx(mirrored)


def test_a_long_text_shows_the_whole_leave_one_out_map_without_a_card(monkeypatch):
    model = random_model(encoder="bilstm")
    monkeypatch.setattr(sys.modules["heedful.explain.judge"], "LONGEST", 10)
    monkeypatch.setattr(sys.modules["heedful.explain.trusted"], "LONGEST", 10)
    text = " ".join(WORDS[:30])
    (found,) = trusted_examples(model, [Example(text)], methods=["leave-one-out"])
    assert "leave-one-out" not in found.trust and "contribution" in found.trust
    assert all(value != 0 for value in found.maps["leave-one-out"][found.target])


def test_what_cannot_be_measured_is_said(linear):
    with pytest.raises(HeedfulError, match="unknown method 'atention'; choose from attention"):
        measure_trust(linear, "w1 w2", ("atention",))
    with pytest.raises(HeedfulError, match="at least 1 random map"):
        measure_trust(linear, "w1 w2", randoms=0)
    with pytest.raises(HeedfulError, match="measure_trust needs a fitted"):
        measure_trust("no model", "w1 w2")


# -- deletions computed locally -----------------------------------------------------------------


LOCAL = [
    {"encoder": "token"},
    {"encoder": "conv"},
    {"encoder": "conv", "model__window": 5, "model__layers": 2},
    {"encoder": "conv", "model__window": 1},
    {"encoder": "conv", "attention": "dot", "model__head": "dense"},
    {"encoder": "token", "attention": "uniform"},
    {"encoder": "token", "model__pooling": "attention+max"},
    {"encoder": "conv", "model__window": "1,3,5", "model__pooling": "attention+max"},
]


@pytest.mark.parametrize("settings", LOCAL, ids=str)
@pytest.mark.parametrize("size", [1, 2, 3, 4, 9, 40])
def test_local_deletions_equal_reading_every_text_again(settings, size, monkeypatch):
    model = random_model(task="multi-class", **settings)
    ids = DRAW.integers(1, 44, size).astype(np.int32)
    gone = DRAW.random(size) < 0.3
    gone[0] = False
    candidates = DRAW.permutation(np.flatnonzero(~gone))
    assert is_local(model.network)
    monkeypatch.setattr(sys.modules["heedful.explain.deletions"], "_ROWS", 7)
    (quick,) = run(model.network, [deletions(model.network, ids, gone, candidates)])
    monkeypatch.setattr(sys.modules["heedful.explain.deletions"], "is_local", lambda _: False)
    # A few at a time, so that the parts are put together in order.
    monkeypatch.setattr(sys.modules["heedful.explain.deletions"], "AT_ONCE", 2 * size)
    (slow,) = run(model.network, [deletions(model.network, ids, gone, candidates)])
    assert quick.shape == slow.shape == (len(candidates), 3)
    assert np.abs(quick - slow).max() < 2e-5


def test_one_overwhelming_token_is_deleted_exactly():
    """Its weight is 1 to the last digit: what remains is not its difference to the whole."""
    model = random_model(encoder="token", attention="dot")
    with torch.no_grad():
        model.network.embed.table.weight[7] = 100 * model.network.query
    ids = np.array([4, 5, 7, 6, 8], np.int32)
    (quick,) = run(model.network, [deletions(model.network, ids, np.zeros(5, bool), np.arange(5))])
    slow = score(model.network, deleted(ids, np.eye(5, dtype=bool)))
    assert np.abs(quick - slow).max() < 1e-5


def test_what_sees_the_whole_text_is_read_again():
    assert not is_local(random_model(encoder="bilstm").network)
    assert not is_local(random_model(encoder="conv", attention="location").network)


def test_a_card_hangs_on_no_other_map():
    model = random_model(encoder="bilstm")
    alone = measure_trust(model, TEXTS[1], ("contribution",))["contribution"]
    every = ("random", "attention", "gradient-input", "leave-one-out", "contribution")
    among = measure_trust(model, TEXTS[1], every)["contribution"]
    assert among.comprehensiveness.randoms == pytest.approx(
        alone.comprehensiveness.randoms, abs=1e-6
    )
    assert among.comprehensiveness.best == pytest.approx(alone.comprehensiveness.best, abs=1e-6)
    assert among.sentence == alone.sentence and among.input_flip == alone.input_flip


def test_signed_and_absolute_maps():
    (found,) = trusted_examples(random_model(), [Example(TEXTS[0])], methods=["gradient-input"])
    for method in ("contribution", "gradient-input"):
        signed = found.map_of(method, found.target)
        assert min(signed) < 0 < max(signed)
        strengths = found.map_of(method, found.target, absolute=True)
        assert strengths == tuple(abs(value) for value in signed)
    assert found.map_of("lime", found.target, absolute=True) is None

"""A data set's trust: tables from cards made by hand, and the whole record on small models."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from heedful.explain.attribute import explain_examples
from heedful.explain.curves import MASKED
from heedful.explain.inside import Gathered, Inside, look_inside
from heedful.explain.judge import Card
from heedful.explain.measure import Plan, measure
from heedful.explain.survey import Survey, figure, legend
from heedful.explain.trust import judgements
from heedful.learn.decision import Decision
from heedful.records import Example, Flip, HeedfulError, Judged, Trust
from made_models import bag_of_words, random_model

STEPS = len(MASKED) + 1
WORDS = [f"w{i}" for i in range(40)]
DRAW = np.random.default_rng(5)
TEXTS = [" ".join(DRAW.choice(WORDS, int(n))) for n in DRAW.integers(4, 30, 9)]


def told(*_: object) -> None:
    """Progress that nobody looks at."""


def trust_of(method: str, value: float = 0.5, **more: object) -> Trust:
    """Chance is at .1 and .3, the best at .6; a lower sufficiency is better."""
    made = Trust(
        method=method,
        target="positive",
        probability=0.9,
        tokens=20,
        comprehensiveness=Judged(value, (0.1, 0.3), 0.6, higher_is_better=True),
        sufficiency=Judged(0.2, (0.5, 0.7), 0.1, higher_is_better=False),
        attention_flip=Flip(0.25, (0.4, 0.8), flipped=True),
        input_flip=Flip(0.5, (0.9, 1.0), flipped=True),
        tau=0.6,
        tau_signed=0.4,
        tau_ceiling=0.8,
        uniform=0.07,
        trusted=True,
        sentence="",
    )
    return replace(made, **more)


def card_of(*trust: Trust, right: Sequence[float] | None = None) -> Card:
    row = np.array([1.0] * STEPS if right is None else right)
    rows = {one.method: row for one in trust} | {"random": np.linspace(1, 0, STEPS)}
    return Card({one.method: one for one in trust}, np.zeros(20), rows)


def gathered(*cards: Card) -> Survey:
    survey = Survey()
    for card in cards:
        survey.add(card)
    return survey


def test_every_column_by_hand():
    cards = [card_of(trust_of("contribution", value)) for value in (0.2, 0.3, 0.5)]
    found = {name: one.value for name, one in gathered(*cards).table()["contribution"].items()}
    expected = {
        "comprehensiveness": 1 / 3,
        "sufficiency": 0.2,
        "beats_all": 1 / 3,  # of .1 and .3: the second text has a tie
        "percentile": (50 + 75 + 100) / 3,
        "share": (0 + 0.25 + 0.75) / 3,
        "share_sufficiency": 0.8,
        "attention_flip": 0.25,
        "input_flip": 0.5,
        "tau": 0.6,
        "tau_signed": 0.4,
    }
    assert {k: found[k] for k in expected} == pytest.approx(expected)
    assert set(found) == {*expected, "racu"}


def test_flips_are_medians():
    flips = [Flip(x, (y, y), flipped=True) for x, y in ((0.1, 0.2), (0.2, 0.3), (0.9, 1.0))]
    cards = [card_of(trust_of("attention", attention_flip=f, input_flip=f)) for f in flips]
    survey = gathered(*cards)
    assert survey.table()["attention"]["attention_flip"].value == 0.2
    assert survey.table()["attention"]["input_flip"].value == 0.2
    assert survey.chance()["attention_flip"].value == 0.3


def test_chance_and_ceilings_by_hand():
    known = {name: one.value for name, one in gathered(card_of(trust_of("x"))).chance().items()}
    assert known == pytest.approx({
        "comprehensiveness": 0.2, "sufficiency": 0.6, "attention_flip": 0.6, "input_flip": 0.95,
        "best_comprehensiveness": 0.6, "best_sufficiency": 0.1, "tau_ceiling": 0.8, "uniform": 0.07,
    })  # fmt: skip


def test_racu_is_that_of_the_curves_of_all_texts():
    """All is lost at the first word masked: what random orders lose in the end is lost at once."""
    at_once = [1.0] + [0.0] * (STEPS - 1)
    survey = gathered(*[card_of(trust_of("contribution"), right=at_once) for _ in range(4)])
    shares, chance = np.array([0, *MASKED]), np.linspace(1, 0, STEPS)
    lost = np.trapezoid(chance, shares) - np.trapezoid(at_once, shares)
    found = survey.table()["contribution"]["racu"]
    assert found.value == pytest.approx(lost / np.trapezoid(chance, shares))
    assert found.low == pytest.approx(found.value) and found.texts == 4
    never = gathered(card_of(trust_of("contribution"), right=[1.0] * STEPS))
    assert never.table()["contribution"]["racu"].value < 0


def test_accuracy_is_that_of_whole_texts():
    wrong = card_of(trust_of("contribution"))
    wrong.right["random"][0] = 0.0
    assert gathered(card_of(trust_of("contribution")), wrong).accuracy() == 0.5


def test_intervals_cover_the_choice_of_texts():
    values = np.random.default_rng(0).normal(size=400)
    mean, middle = figure(values.tolist()), figure(values.tolist(), median=True)
    assert mean.value == pytest.approx(values.mean())
    assert (mean.high - mean.low) / 2 == pytest.approx(1.96 * values.std() / 20, rel=0.15)
    assert middle.value == np.median(values)
    assert middle.low < middle.value < middle.high
    # The median of a normal sample varies by sqrt(pi / 2) = 1.25 times as much as the mean.
    assert (middle.high - middle.low) / (mean.high - mean.low) == pytest.approx(1.25, rel=0.3)
    assert (middle.low + middle.high) / 2 == pytest.approx(middle.value, abs=0.05)


def test_the_interval_of_a_mean_stays_within_its_values():
    found = figure([1.0] * 500)
    assert (found.value, found.low, found.high) == (1.0, 1.0, 1.0)


def test_what_is_not_defined_is_left_out_of_a_figure():
    found = figure([None, math.nan, 0.25, 0.75])
    assert (found.value, found.texts) == (0.5, 2)
    assert figure([None]).to_json() == {"value": None, "low": None, "high": None, "texts": 0}


def test_texts_without_words_are_left_out():
    survey = gathered(Card({}, np.zeros(0), {}), card_of(trust_of("contribution")))
    assert len(survey.trust) == len(survey.right) == 1


def test_controls_join_the_first_texts_in_order():
    plain = [card_of(trust_of("contribution", value)) for value in (0.2, 0.3, 0.4)]
    survey = gathered(*plain)
    other = np.zeros(STEPS)
    for value in (0.5, 0.6):
        card = card_of(trust_of("lime", value), right=other)
        card.right["random"][:] = 0.5
        survey.add_controls(card)
    assert survey.methods == ["contribution", "lime"]
    assert [t.get("lime") and t["lime"].comprehensiveness.value for t in survey.trust] == [
        0.5, 0.6, None,
    ]  # fmt: skip
    assert all((row["random"] == np.linspace(1, 0, STEPS)).all() for row in survey.right)
    assert survey.table()["lime"]["comprehensiveness"].value == pytest.approx(0.55)
    assert survey.table()["lime"]["racu"].texts == 2


@pytest.mark.parametrize(
    "values, shown",
    [
        ({"attention": 0.3, "contribution": 0.5}, "contribution"),
        ({"attention": 0.5, "contribution": 0.3}, "attention"),
        ({"gradient-input": 0.503, "contribution": 0.5}, "contribution"),  # a tie: the cheaper one
        ({"gradient-input": 0.51, "contribution": 0.5}, "gradient-input"),
        ({"attention": 0.3, "contribution": 0.2, "leave-one-out": 0.6}, "attention"),
    ],
)
def test_the_method_to_show_goes_furthest_and_is_no_control(values, shown):
    assert gathered(card_of(*(trust_of(*one) for one in values.items()))).shown() == shown


# -- what attention does inside -----------------------------------------------------------------


def test_the_inside_of_a_text():
    model = random_model(attention="dot")
    (judgement,) = judgements(model, model.encode(TEXTS[:1]), ("attention",))
    found, anatomy = look_inside(model, judgement), judgement.anatomy
    assert found.largest == anatomy.weights.max() and found.conicity == anatomy.conicity != 0
    assert found.exact and 0 < found.divergence <= math.log(2)
    assert found.permuted > 0 and found == look_inside(model, judgement)
    assert found.permuted != look_inside(model, judgement, seed=1).permuted


def test_a_data_set_from_inside_by_hand():
    def text(largest: float, permuted: float, exact: bool = True) -> Inside:
        return Inside(largest, permuted, 0.6, exact, 0.3)

    found = Gathered([text(0.1, 0.01), text(0.2, 0.02), text(0.9, 0.6, exact=False)]).to_json()
    assert found["largest"]["value"] == pytest.approx(0.4)
    assert found["permuted"]["value"] == 0.02, "the median"
    assert [one["median"] for one in found["permuted_by_largest"]] == [0.015, None, None, 0.6]
    assert found["exact"] is False and found["conicity"]["value"] == pytest.approx(0.3)
    assert found["divergence"]["value"] == pytest.approx(0.6)


# -- the whole record ---------------------------------------------------------------------------


def labelled(texts: Sequence[str], names: Sequence[str]) -> list[Example]:
    return [
        Example(text, (names[i % len(names)],), "made", i + 1, ((0, 2),))
        for i, text in enumerate(texts)
    ]


def test_the_record_holds_every_method_on_as_many_texts_as_it_was_measured_on():
    model = random_model()
    examples = [Example("", ("positive",), "made", 1), *labelled(TEXTS, model.labels.names)]
    plan = Plan(("contribution", "attention", "lime"), controls=3)
    steps: list[tuple[str, int, int]] = []
    found = measure(model, examples, plan, lambda *step: steps.append(step))
    json.dumps(found, allow_nan=False)
    assert found["texts"] == len(TEXTS) and found["slow"] == ["lime"]
    # The first text has no words.
    assert found["methods"]["lime"]["comprehensiveness"]["texts"] == 2
    assert found["methods"]["attention"]["comprehensiveness"]["texts"] == len(TEXTS)
    predicted = [prediction.label for prediction in model.predict(TEXTS)]
    truths = [example.labels[0] for example in examples[1:]]
    assert found["accuracy"] == np.mean([p == t for p, t in zip(predicted, truths, strict=True)])
    assert [set(card["trust"]) for card in found["cards"][:4]] == [
        set(), {"contribution", "attention", "lime"}, {"contribution", "attention", "lime"},
        {"contribution", "attention"},
    ]  # fmt: skip
    assert set(found["cards"][1]["right"]) == {"contribution", "attention", "lime", "random"}
    # Chance is that of all texts, whoever else was measured on a few.
    assert found["plausibility"]["random"]["texts"] == len(TEXTS)
    assert found["plausibility"]["lime"]["texts"] == 2
    assert steps[0] == ("texts", 1, 10) and steps[-1] == ("texts under the slow controls", 3, 3)


def test_slow_methods_can_be_asked_for_alone():
    found = measure(random_model(), [Example(t) for t in TEXTS[:3]], Plan(("lime",)), told)
    assert found["methods"]["lime"]["comprehensiveness"]["texts"] == 3
    assert found["accuracy"] is None


def test_texts_without_words_cannot_be_measured():
    with pytest.raises(HeedfulError, match="no text has a word that can be judged"):
        measure(random_model(), [Example("")], Plan(("contribution",)), told)


def test_attention_is_held_against_that_of_other_seeds():
    model = random_model(attention="dot")
    examples = [Example(text) for text in TEXTS[:3]]
    same = measure(model, examples, Plan(("attention",), others={"a": model}), told)["seeds"]
    assert same["runs"] == ["a"] and same["divergence"]["value"] == pytest.approx(0, abs=1e-9)
    other = random_model(attention="dot", seed=1)
    apart = measure(model, examples, Plan(("attention",), others={"b": other}), told)["seeds"]
    assert apart["divergence"]["value"] > 0.01


def test_a_constant_model_has_numbers_all_the_same():
    model = bag_of_words(dict.fromkeys(WORDS, 0.0))
    found = measure(model, [Example(text) for text in TEXTS], Plan(("contribution",)), told)
    row = found["methods"]["contribution"]
    assert row["share"]["value"] is row["racu"]["value"] is row["tau"]["value"] is None
    assert row["comprehensiveness"]["value"] == 0


def test_maps_cards_and_evidence_are_about_the_same_class():
    """Several labels with thresholds of their own: the one decided need not be the likeliest."""
    model = random_model(task="multi-label")
    rows = model.probabilities(TEXTS)
    least = rows.argmin(axis=1)[0]
    limits = [1.0, 1.0, 1.0]
    limits[least] = float(rows[0, least]) * 0.9
    model = replace(model, decision=Decision(thresholds=tuple(limits)))
    examples = labelled(TEXTS, model.labels.names)
    found = measure(model, examples, Plan(("gradient-input",)), told)
    targets = [card["trust"]["gradient-input"]["target"] for card in found["cards"]]
    assert targets == [one.target for one in explain_examples(model, examples)]
    assert targets[0] == model.labels.names[least]
    assert found["plausibility"]["gradient-input"]["texts"] == len(TEXTS)


def test_a_slow_method_is_not_shown_unasked():
    """However far it goes: it was judged on some texts only, and costs too much."""
    survey = gathered(*[card_of(trust_of("contribution", value)) for value in (0.2, 0.3, 0.4)])
    survey.add_controls(card_of(trust_of("integrated-gradients", 0.9)))
    assert survey.shown() == "contribution" and survey.slow == {"integrated-gradients"}


def test_every_column_of_the_table_has_its_legend():
    survey = gathered(card_of(trust_of("contribution", 0.2)))
    assert list(legend()) == list(survey.table()["contribution"])
    assert legend()["sufficiency"]["higher_is_better"] is False
    assert legend()["input_flip"]["summary"] == "median"

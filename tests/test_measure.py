"""Trust over a data set: figures by hand, the record recomputed from its cards, the command."""

from __future__ import annotations

import json
import shutil
import statistics
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from command_line import heedful, strict
from heedful.explain.curves import MASKED
from heedful.explain.inside import Gathered, Inside, look_inside
from heedful.explain.judge import Card
from heedful.explain.measure import Plan, measure
from heedful.explain.outside import Given, Outside
from heedful.explain.racu import racu
from heedful.explain.survey import METRICS, Survey, figure
from heedful.explain.trust import judgements, measure_trust
from heedful.face.explaining import shown_by_default
from heedful.face.spelling import brief
from heedful.records import Example, Flip, HeedfulError, Judged, Trust
from made_models import bag_of_words, random_model
from trained_runs import binary, multi_class, multi_label, place

__all__ = ["binary", "multi_class", "multi_label", "place"]  # fixtures

TEXTS = ["w1 w2 w3 w4 w5 w6 w7 w8", "w9 w2 w3 w11 w5 w30", "", "w8 w7 w20 w5 w4 w4 w2"]
EXAMPLES = [Example(text, row=i) for i, text in enumerate(TEXTS, 1)]
QUIET = ("--method", "contribution", "--method", "attention")


def silent(stage: str, done: int, total: int) -> None:
    assert 0 < done <= total and stage


def trust(value: float, randoms: tuple[float, ...] = (0.1, 0.3), best: float = 0.9) -> Trust:
    """A card with the numbers that count here."""
    up = Judged(value, randoms, best, higher_is_better=True)
    down = Judged(-value, (0.0, 0.2), -best, higher_is_better=False)
    flip = Flip(0.25, (0.5, 1.0), flipped=True)
    return Trust(
        "m", "positive", 0.8, 9, up, down, flip, flip, value, None, 0.5, 0.1, True, "Trust it."
    )


def card(right: dict[str, list[float]] | None = None, **methods: Trust) -> Card:
    """A text's card; masking costs no decision unless `right` says so."""
    rows = {"random": [1.0] * 11, **{name: [1.0] * 11 for name in methods}, **(right or {})}
    return Card(methods, np.zeros(9), {name: np.array(row) for name, row in rows.items()})


def survey(*cards: Card) -> Survey:
    made = Survey()
    for one in cards:
        made.add(one)
    return made


# -- figures by hand ----------------------------------------------------------------------------


def test_a_mean_and_a_median_with_their_intervals() -> None:
    mean = figure([0.0, 1.0, None, float("nan"), 2.0])
    assert (mean.value, mean.texts) == (1.0, 3)
    assert 0 <= mean.low < 1 < mean.high <= 2
    middle = figure([5.0, 1.0, 9.0, 2.0], median=True)
    assert (middle.value, middle.texts) == (3.5, 4)
    assert middle.low in (1, 2) and middle.high in (5, 9), "of a draw: one of the values"
    alone = figure([0.4])
    assert (alone.value, alone.low, alone.high) == (0.4, 0.4, 0.4)
    none = figure([None])
    assert none.to_json() == {"value": None, "low": None, "high": None, "texts": 0}


def test_an_interval_of_many_is_that_of_the_normal_distribution() -> None:
    values = np.random.default_rng(0).normal(size=400)
    found = figure(values.tolist())
    half = 1.96 * values.std() / 20
    assert found.low == pytest.approx(found.value - half, abs=0.015)
    assert found.high == pytest.approx(found.value + half, abs=0.015)


def test_the_table_by_hand() -> None:
    found = survey(card(a=trust(0.5)), card(a=trust(0.2)), Card({}, np.zeros(0), {}))
    assert found.texts == 2, "a text without words says nothing"
    row = found.table()["a"]
    values = {name: cell.value for name, cell in row.items()}
    assert values["comprehensiveness"] == pytest.approx(0.35)
    assert values["beats_all"] == 0.5, "0.5 beats .1 and .3, 0.2 does not"
    assert values["percentile"] == 75
    assert values["share"] == pytest.approx(((0.5 - 0.2) / 0.7 + 0) / 2)
    assert values["sufficiency"] == pytest.approx(-0.35)
    assert values["attention_flip"] == values["input_flip"] == 0.25
    assert row["tau_signed"].texts == 0
    assert [metric.name for metric in METRICS] + ["racu"] == list(row)
    chance = found.chance()
    assert chance["comprehensiveness"].value == pytest.approx(0.2)
    assert chance["input_flip"].value == 0.75
    assert chance["best_comprehensiveness"].value == 0.9


def test_equal_to_a_random_map_is_not_beaten() -> None:
    assert survey(card(a=trust(0.3))).table()["a"]["beats_all"].value == 0


def test_racu_is_that_of_the_mean_curves() -> None:
    slow = [1.0] * 10 + [0.0]
    quick = [1.0] + [0.0] * 10
    first = card({"a": quick, "random": slow}, a=trust(0.5))
    second = card({"a": slow, "random": slow}, a=trust(0.5))
    found = survey(first, second).table()["a"]["racu"]
    shares = np.array([0.0, *MASKED])
    mean = (np.array(quick) + np.array(slow)) / 2
    assert found.value == pytest.approx(racu(shares, mean, np.array(slow)))
    assert found.low == pytest.approx(0) and found.high > found.value
    assert survey(second).table()["a"]["racu"].value == 0
    assert survey(first).accuracy() == 1


# -- which map to show --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("values", "shown"),
    [
        ({"attention": 0.5, "contribution": 0.4}, "attention"),
        ({"attention": 0.405, "contribution": 0.4}, "contribution"),
        ({"gradient-input": 0.605, "attention": 0.6, "contribution": 0.1}, "attention"),
        ({"contribution": 0.1, "leave-one-out": 0.9, "lime": 0.9, "shapley": 0.9}, "contribution"),
        ({"contribution": 0.1, "random": 0.9}, "contribution"),
        ({"contribution": 0.1, "shap of theirs": 0.9}, "contribution"),
        ({"attention": 0.5}, None),
        ({"random": 0.5}, None),
    ],
)
def test_the_map_to_show(values: dict[str, float], shown: str | None) -> None:
    cards = {name: trust(value) for name, value in values.items()}
    assert survey(card(**cards)).shown() == shown


def test_where_no_order_moves_the_decision_none_is_shown() -> None:
    flat = trust(0.1, (0.1, 0.1), 0.1)
    assert survey(card(contribution=flat, attention=flat)).shown() is None


# -- the record ---------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def model() -> Any:
    return random_model(encoder="conv")


@pytest.fixture(scope="module")
def record(model: Any) -> dict[str, Any]:
    read: dict[str, Any] = strict(json.dumps(measure(model, EXAMPLES, Plan(controls=2), silent)))
    return read


def test_others_can_recompute_the_record(record: dict[str, Any]) -> None:
    cards = [one["trust"] for one in record["cards"] if one["trust"]]
    assert record["texts"] == len(cards) == 3
    for method, row in record["methods"].items():
        own = [one[method] for one in cards if method in one]
        judged = [one["comprehensiveness"] for one in own]
        for one in judged:
            mean = statistics.fmean(one["randoms"])
            assert one["random_mean"] == pytest.approx(mean)
            assert one["beaten"] == sum(one["value"] > other for other in one["randoms"])
            if one["share"] is not None:
                assert one["share"] == pytest.approx((one["value"] - mean) / (one["best"] - mean))
        assert row["comprehensiveness"]["value"] == pytest.approx(
            statistics.fmean(one["value"] for one in judged)
        )
        assert row["beats_all"]["value"] == pytest.approx(
            statistics.fmean(one["beaten"] == 20 for one in judged)
        )
        shares = [one["share"] for one in judged if one["share"] is not None]
        assert row["share"]["value"] == pytest.approx(statistics.fmean(shares))
        assert row["input_flip"]["value"] == statistics.median(
            o["input_flip"]["share"] for o in own
        )
        right = [one["right"] for one in record["cards"] if method in one["right"]]
        own_curve, chance = (
            np.mean([one[which] for one in right], axis=0) for which in (method, "random")
        )
        expected = racu(np.array([0.0, *MASKED]), own_curve, chance)
        assert row["racu"]["value"] == (None if expected is None else pytest.approx(expected))
    inside = [one["attention"] for one in record["cards"] if one["attention"]]
    conicity = statistics.fmean(one["conicity"] for one in inside)
    assert record["attention"]["conicity"]["value"] == pytest.approx(conicity)
    permuted = statistics.median(one["permuted"] for one in inside)
    assert record["attention"]["permuted"]["value"] == pytest.approx(permuted)


def test_every_map_of_a_text_is_held_against_the_same_random_maps(
    model: Any, record: dict[str, Any]
) -> None:
    first = record["cards"][0]["trust"]
    randoms = np.array([one["comprehensiveness"]["randoms"] for one in first.values()])
    assert len(first) == 9 and np.allclose(randoms, randoms[0], atol=1e-6)
    for methods in (["contribution"], ["contribution", "lime", "attention"]):
        alone = measure_trust(model, TEXTS[0], methods)["contribution"]
        known = first["contribution"]["comprehensiveness"]
        assert alone.comprehensiveness.value == pytest.approx(known["value"], abs=1e-6)
        assert alone.comprehensiveness.randoms == pytest.approx(known["randoms"], abs=1e-6)


def test_the_slow_methods_are_judged_on_the_first_texts(record: dict[str, Any]) -> None:
    assert record["controls"] == 2
    assert ["lime" in one["trust"] for one in record["cards"]] == [True, True, False, False]
    assert record["methods"]["lime"]["share"]["texts"] <= 2


def test_slow_methods_alone(model: Any) -> None:
    found = measure(model, EXAMPLES, Plan(("lime",), controls=3), silent)
    assert list(found["methods"]) == ["lime"] and found["show"] is None
    assert (found["texts"], found["controls"]) == (3, 2), "the third of the texts is empty"


def test_unlabelled_texts_are_measured_and_labelled_ones_have_an_accuracy(model: Any) -> None:
    plan = Plan(("contribution",))
    assert measure(model, EXAMPLES, plan, silent)["accuracy"] is None
    decided = [one.label or "" for one in model.predict(TEXTS)]
    right = [replace(e, labels=(name,)) for e, name in zip(EXAMPLES, decided, strict=True)]
    other = {"positive": "negative", "negative": "positive"}
    wrong = [replace(right[0], labels=(other[decided[0]],)), *right[1:]]
    assert measure(model, right, plan, silent)["accuracy"] == 1
    assert measure(model, wrong, plan, silent)["accuracy"] == pytest.approx(2 / 3)
    assert measure(model, [*wrong, Example("w1")], plan, silent)["accuracy"] is None


def test_with_several_labels_a_text_none_may_be_the_truth() -> None:
    many = random_model(task="multi-label")
    labelled = [Example(TEXTS[0], ("a", "b")), Example(TEXTS[1])]
    assert measure(many, labelled, Plan(("attention",)), silent)["accuracy"] is not None
    assert measure(many, EXAMPLES, Plan(("attention",)), silent)["accuracy"] is None


def test_seeds_spread_is_nothing_against_itself(model: Any) -> None:
    plan = Plan(("attention",), others={"same": model})
    found = measure(model, EXAMPLES, plan, silent)["seeds"]
    assert found["runs"] == ["same"] and found["divergence"]["value"] == pytest.approx(0, abs=1e-6)
    plan = replace(plan, others={"other": random_model(encoder="conv", seed=5)})
    assert measure(model, EXAMPLES, plan, silent)["seeds"]["divergence"]["value"] > 1e-4


def test_an_outside_map_gets_the_figures_of_the_map_it_equals(model: Any) -> None:
    found = judgements(model, model.encode(TEXTS), ["contribution"])
    maps: dict[str | int, dict[str | None, Given]] = {
        example.row: {None: Given("maps.json", None, tuple(one.maps["contribution"].values))}
        for example, one in zip(EXAMPLES, found, strict=True)
    }
    plan = Plan(("contribution", "attention"), outside=(Outside("theirs", maps),))
    methods = measure(model, EXAMPLES, plan, silent)["methods"]
    assert methods["theirs"] == methods["contribution"] != methods["attention"]


def test_what_cannot_be_measured(model: Any) -> None:
    with pytest.raises(HeedfulError, match="unknown method 'saliency'"):
        measure(model, EXAMPLES, Plan(("saliency",)), silent)
    with pytest.raises(HeedfulError, match="no text has a word that can be judged"):
        measure(model, [Example("")], Plan(("attention",)), silent)
    with pytest.raises(HeedfulError, match="no map of 'theirs' belongs to any"):
        measure(model, EXAMPLES, Plan(("attention",), outside=(Outside("theirs"),)), silent)


# -- inside -------------------------------------------------------------------------------------


def test_inside_a_model_that_pools_alike() -> None:
    bag = bag_of_words({f"w{i}": float(i) for i in range(5)})
    (found,) = judgements(bag, bag.encode(["w1 w2 w3 w4"]), ["attention"])
    inside = look_inside(bag, found)
    assert inside.largest == 0.25 and inside.permuted == pytest.approx(0, abs=1e-6)
    assert inside.conicity == pytest.approx(1), "one dimension, one sign"
    assert inside == look_inside(bag, found), "the same draw"


def test_gathered_by_hand() -> None:
    texts = [Inside(0.3, 0.1, 0.2, True, 0.5), Inside(0.9, 0.5, 0.4, False, 0.7)]
    found = Gathered(texts).to_json()
    assert found["permuted"]["value"] == pytest.approx(0.3)
    assert found["divergence"]["value"] == pytest.approx(0.3)
    assert found["conicity"]["value"] == pytest.approx(0.6)
    assert found["exact"] is False
    assert [one["count"] for one in found["permuted_by_largest"]] == [0, 1, 0, 1]


# -- the command --------------------------------------------------------------------------------


@pytest.fixture
def own(binary: Path, tmp_path: Path) -> Iterator[Path]:
    """A copy: the command writes into the run."""
    yield Path(shutil.copytree(binary, tmp_path / "own"))


def test_trust_tells_writes_and_explain_follows(own: Path, tmp_path: Path) -> None:
    wanted = ("--limit", 3, "--controls", 1, "--split", "all", "--json", tmp_path / "t.json")
    ran = heedful("trust", own, "reviews:9:5", *wanted)
    assert ran.code == 0 and "3 of 9 texts" in ran.err
    assert "agreement with people's evidence" in ran.out, "the reviews have theirs marked"
    assert "lime*" in ran.out and "measured on 1 of the texts" in ran.err
    found = strict((tmp_path / "t.json").read_text())
    assert found["rows"] == 9 and len(found["cards"]) == 3 and found["accuracy"] is not None
    kept = strict((own / "trust.json").read_text())
    assert kept == {name: part for name, part in found.items() if name != "cards"}
    assert shown_by_default(own) == (kept["show"] or "contribution")


def test_the_table_fits_80_columns_and_figures_are_never_cut(
    own: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    data = ("reviews:3:5", "--split", "all")
    explained = (
        *("--method", "integrated-gradients", "--no-trust"),
        *("--json", tmp_path / "maps.json"),
    )
    assert heedful("explain", own, "--input", "reviews:3:5", *explained).code == 0
    ran = heedful("trust", own, *data, *QUIET, "--map", tmp_path / "maps.json")
    assert ran.code == 0, ran.err
    lines = ran.out.splitlines()
    assert max(len(line) for line in lines[1:]) <= 80
    assert "…" not in ran.out and "comprehens." in ran.out and "flip, weights" in ran.out


def test_what_explain_wrote_has_the_figures_of_what_it_explains(own: Path, tmp_path: Path) -> None:
    maps = tmp_path / "maps.json"
    assert heedful("explain", own, "--input", "reviews:3:5", "--no-trust", "--json", maps).code == 0
    data = ("reviews:3:5", "--split", "all")
    found = heedful("trust", own, *data, *QUIET, "--map", maps, "--json", "-").json()
    methods = found["methods"]
    assert found["show"] in (None, "contribution", "attention"), (
        "a map from outside cannot be made of other texts"
    )
    # This network's weights are nearly equal: some change places when read in another batch.
    for name, near in {"contribution": 1e-3, "attention": 0.02}.items():
        for metric, cell in methods[f"{name} (outside)"].items():
            expected = methods[name][metric]["value"]
            assert cell["value"] == pytest.approx(expected, abs=near, nan_ok=True), metric


def test_a_run_that_cannot_be_written_is_measured_all_the_same(own: Path) -> None:
    (own / "trust.json").mkdir()
    (own / "trust.json" / "in the way").touch()
    ran = heedful("trust", own, "reviews:2:5", "--split", "all", *QUIET[:2])
    assert ran.code == 0 and "contribution" in ran.out
    assert "trust.json cannot be written" in ran.err


def test_figures_are_shown_although_the_file_cannot_be_written(own: Path, tmp_path: Path) -> None:
    ran = heedful("trust", own, "reviews:2:5", "--split", "all", *QUIET[:2], "--json", tmp_path)
    assert "cannot be written" in ran.refusal() and "contribution" in ran.out


@pytest.mark.parametrize("damaged", ["[]", "3", "null"])
def test_a_damaged_record_is_told(own: Path, damaged: str) -> None:
    (own / "trust.json").write_text(damaged)
    assert "trust.json is damaged" in heedful("explain", own, "good film").refusal()
    assert heedful("explain", own, "good film", "--method", "attention").code == 0


@pytest.mark.parametrize("show", ["lime of theirs", None, 3, ["attention"]])
def test_an_unknown_map_to_show_is_contribution(own: Path, show: object) -> None:
    (own / "trust.json").write_text(json.dumps({"show": show}))
    assert shown_by_default(own) == "contribution"


def test_runs_of_other_seeds_are_of_the_same_kind(
    own: Path, multi_class: Path, multi_label: Path
) -> None:
    for other in (multi_class, multi_label):
        said = heedful("trust", own, "reviews:4:5", "--seeds", other).refusal()
        assert "knows other classes; --seeds takes runs of the same settings and data" in said
    assert "is no run folder" in heedful("trust", own, "reviews:4:5", "--seeds", "no").refusal()
    said = heedful("trust", own, "no such file", "--method", "saliency").refusal()
    assert "unknown method 'saliency'" in said, "before anything is read"


def test_tasks_of_several_classes_and_labels(
    multi_class: Path, multi_label: Path, place: Path, tmp_path: Path
) -> None:
    for run, data in ((multi_class, "topics.csv"), (multi_label, "tags.jsonl")):
        own = Path(shutil.copytree(run, tmp_path / run.name))
        wanted = ("--limit", 2, *QUIET, "--json", "-")
        found = heedful("trust", own, place / data, *wanted).json()
        assert found["texts"] == 2 and 0 <= found["accuracy"] <= 1


def test_columns_of_training_are_known_on_stdin(multi_class: Path, tmp_path: Path) -> None:
    """Also where their names say nothing to anybody else; lines without them are texts."""
    own = shutil.copytree(multi_class, tmp_path / "own")
    table = b"kind,body text\nfood,bread and cheese\nspace,the moon\n"
    lines = b"bread, cheese\nthe moon\n"
    for given, first in ((table, "bread and cheese"), (lines, "bread, cheese")):
        ran = heedful("explain", own, "--input", "-", "--no-trust", "--json", "-", stdin=given)
        assert [one["text"] for one in ran.json()] == [first, "the moon"]
        ran = heedful("predict", own, "--input", "-", stdin=given)
        assert [one["text"] for one in ran.lines()] == [first, "the moon"]
        assert heedful("words", own, "-", "--json", "-", stdin=given).json()["texts"] == 2
        ran = heedful("trust", own, "-", "--method", "attention", "--json", "-", stdin=given)
        assert ran.json()["texts"] == 2
        assert (ran.json()["accuracy"] is None) == (given == lines)


def test_explain_asks_for_one_thing_on_standard_output(binary: Path) -> None:
    said = heedful("explain", binary, "good", "--html", "-", "--json", "-").refusal()
    assert "both want standard output" in said


def test_random_can_be_shown_beside_all_methods(binary: Path) -> None:
    wanted = ("--method", "random", "--all-methods", "--no-trust", "--html", "-")
    ran = heedful("explain", binary, "good film", *wanted)
    assert ran.code == 0 and "Random" in ran.out


def test_short_figures() -> None:
    assert [brief(x) for x in (0.974, -0.08, 1.0, -0.001, 0.0)] == [
        ".97",
        "−.08",
        "1.00",
        ".00",
        ".00",
    ]

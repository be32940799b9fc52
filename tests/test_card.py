"""The model card: figures as measured, leaks first among the limits, the user's text kept."""

from __future__ import annotations

import copy

import yaml

from heedful.learn.card import MARKER, exact_leaks, model_card, near_leaks

CONFIG = {
    "heedful": "0.1.0",
    "task": "binary",
    "id2label": {"0": "no", "1": 'y"es: |'},
    "preset": "default",
    "model": {"embedding": 8, "encoder": "conv", "attention": "dot", "head": "linear"},
    "train": {"seed": 7},
    "data": {"files": ["a.csv"], "train_rows": 1700, "valid_rows": 190, "fingerprint": "ab" * 32},
    "decision": {"temperature": 1.25, "thresholds": [0.7, 0.3], "aim": "recall=0.9"},
    "parameters": 1234,
    "lengths": "tokens a text: mean 3",
    "stopped": "the last epoch is over",
}
RECORD = {
    "data": ["te:st.tsv"],
    "rows": 503,
    "fingerprint": "cd" * 32,
    "accuracy": 0.91234,
    "f1": None,
    "intervals": {"accuracy": [0.88, 0.93]},
    "baseline": {"sentence": "The network does not beat it."},
    "uniform": None,
    "checks": {"leaks": [{"first": "training", "second_rows": 31, "near": 5}]},
}


def header(card: str) -> dict:
    return yaml.safe_load(card.split("---\n")[1])


def test_after_training():
    card = model_card("my run", CONFIG, {"validation": {"accuracy": 0.5, "loss": 0.7}})
    assert header(card)["library_name"] == "heedful"
    assert "model-index" not in header(card)
    for part in ("1,700 texts to train on, 190 to validate on", "ab" * 32, "1,234 parameters",
                 "temperature 1.25", "`recall=0.9`", "| accuracy | 0.5000 |", "not been measured",
                 "the last epoch is over", "tokens a text: mean 3"):  # fmt: skip
        assert part in card


def test_after_an_evaluation():
    metrics = {"validation": {"accuracy": 0.5}, "evaluations": [RECORD]}
    card = model_card("my run", CONFIG, metrics)
    (result,) = header(card)["model-index"][0]["results"]
    assert result["dataset"]["name"] == "te:st.tsv"
    assert result["metrics"][0] == {"type": "accuracy", "value": 0.9123}
    assert "| accuracy | 0.5000 | 0.9123 [0.8800, 0.9300] |" in card
    assert "The network does not beat it." in card
    limits = card.partition("## Limits")[2].strip().splitlines()
    assert limits[0].startswith("- 31 of 503 texts of te:st.tsv also stand in the training data")


def test_the_figures_without_leaked_texts_stand_among_the_limits():
    clean = {"rows": 472, "accuracy": 0.9, "f1": 0.89, "intervals": {"accuracy": [0.87, 0.92]}}
    record = RECORD | {"without_leaks": clean}
    card = model_card("my run", CONFIG, {"evaluations": [record]})
    told = "- Without the same texts, on 472: accuracy 0.9000 [0.8700, 0.9200], f1 0.8900."
    assert told in card.partition("## Limits")[2]


def test_whose_precision_it_is_is_told():
    metrics = {"evaluations": [RECORD]}
    assert 'average precision are of the class `y"es: |`.' in model_card("x", CONFIG, metrics)
    many = model_card("x", CONFIG | {"task": "multi-class"}, metrics)
    assert "average precision are means over the classes." in many


def test_what_the_owner_wrote_below_the_marker_stays():
    old = model_card("my run", CONFIG, {}) + "\nMade for *Ann*.\n"
    new = model_card("my run", CONFIG, {"evaluations": [RECORD]}, old)
    assert new.endswith(f"{MARKER}\nMade for *Ann*.\n")
    assert model_card("my run", CONFIG, {"evaluations": [RECORD]}, new) == new


def test_leaks_are_told_apart():
    one = copy.deepcopy(RECORD)
    assert len(exact_leaks(one)) == len(near_leaks(one)) == 1
    one["checks"]["leaks"][0].update(second_rows=0, near=0)
    assert exact_leaks(one) == near_leaks(one) == []
    assert exact_leaks(one | {"checks": None}) == near_leaks(one | {"checks": None}) == []


def test_a_model_saved_from_python_has_no_data_facts():
    card = model_card("x", CONFIG | {"data": {}, "decision": None, "lengths": None}, {})
    assert "nothing is recorded about its data" in card
    assert "temperature" not in card

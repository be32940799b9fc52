"""The model card: figures as measured, leaks first among the limits, the user's text kept."""

from __future__ import annotations

import copy

import pytest
import yaml
from markdown_it import MarkdownIt
from markdown_it.token import Token

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


NASTY = ("a|b", "**b** _i_ `c` ``d``", "<script>x</script>", "new\nline", "[l](u)", "&amp;",
         "\\back", "# h", "- yes", "1. one", "+x", "~~x~~", "my_own_file",
         "😀🎉", "שלום\u202e", "\x1b[31m", "`", "", MARKER[:9])  # fmt: skip


def rendered(markdown: str) -> list[Token]:
    """The card's tokens as a Markdown reader sees them, header cut off."""
    reader = MarkdownIt("commonmark").enable("table")
    return [
        inner
        for token in reader.parse(markdown.partition("\n---\n")[2])
        for inner in (token.children or [token])
    ]


def test_labels_of_any_make_stand_in_the_card_as_code():
    config = CONFIG | {"id2label": {str(i): name for i, name in enumerate(NASTY) if name}}
    tokens = rendered(model_card("run", config, {}))
    named = [token.content for token in tokens if token.type == "code_inline"]
    expected = [
        " ".join(name.split()).replace("\u202e", "\ufffd").replace("\x1b", "\ufffd")
        for name in NASTY
        if name
    ]
    assert named[: len(expected)] == expected
    assert not [
        token for token in tokens if token.type.startswith("html") and "script" in token.content
    ]


@pytest.mark.parametrize("name", NASTY[:-2])
def test_a_file_or_folder_of_any_name_changes_nothing_but_its_name(name):
    record = RECORD | {"data": [name]}
    config = CONFIG | {"data": CONFIG["data"] | {"files": [name]}}
    card = model_card(name, config, {"evaluations": [record]})
    plain = model_card("x", CONFIG, {"evaluations": [RECORD | {"data": ["x"]}]})
    assert header(card)["model-index"][0]["name"] == name
    assert header(card)["model-index"][0]["results"][0]["dataset"]["name"] == name
    kinds = [token.type for token in rendered(card)]
    without = [kind for kind in kinds if kind not in ("text", "softbreak", "text_special")]
    expected = [token.type for token in rendered(plain)]
    assert without == [kind for kind in expected if kind not in ("text", "softbreak")]


def test_half_a_character_pair_in_a_file_name_is_a_replacement_sign():
    card = model_card("x", CONFIG, {"evaluations": [RECORD | {"data": ["a\udcff.tsv"]}]})
    assert header(card)["model-index"][0]["results"][0]["dataset"]["name"] == "a\ufffd.tsv"

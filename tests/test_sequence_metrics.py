"""Figures of written sequences: by hand, by a plain table of edits, and by sacrebleu itself."""

from __future__ import annotations

import json
import math

import pytest
import sacrebleu
from hypothesis import given, settings
from hypothesis import strategies as st

from heedful.learn.edit_distance import edit_distance
from heedful.learn.sequence_metrics import measure_sequences
from heedful.records import HeedfulError
from thorough import examples


def _table(one: str, two: str) -> int:
    """Wagner & Fischer's table, row by row."""
    row = list(range(len(two) + 1))
    for i, a in enumerate(one, 1):
        before, row[0] = row[0], i
        for j, b in enumerate(two, 1):
            before, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, before + (a != b))
    return row[-1]


@pytest.mark.parametrize(
    ("one", "two", "edits"),
    [("", "", 0), ("", "abc", 3), ("kitten", "sitting", 3), ("15:15", "15:51", 2), ("ab", "ba", 2)],
)
def test_edits_by_hand(one: str, two: str, edits: int) -> None:
    assert edit_distance(one, two) == edit_distance(two, one) == edits


few = st.text("abc", max_size=12)


@settings(max_examples=examples(150), deadline=None)
@given(few, few)
def test_edits_agree_with_the_table(one: str, two: str) -> None:
    assert edit_distance(one, two) == _table(one, two)


def test_edits_of_long_sequences_and_of_words() -> None:
    one, two = "abcd" * 60, "abdc" * 55
    assert edit_distance(one, two) == _table(one, two)
    assert edit_distance(["the", "cat", "sat"], ["a", "cat", "sat", "down"]) == 2


def test_figures_by_hand() -> None:
    found = measure_sequences(["15:15", "07:3", "1"], ["15:15", "07:30", "23:00"])
    assert (found.count, found.exact, found.exact_match) == (3, 1, 1 / 3)
    # 0, 1 and 5 edits of 15 characters; 5, 4 and 0 right of 15 places.
    assert found.character_error_rate == pytest.approx(6 / 15)
    assert found.token_accuracy == pytest.approx(9 / 15)
    assert json.loads(json.dumps(found.to_json()))["exact"] == 1


def test_a_token_too_many_moves_the_rest() -> None:
    found = measure_sequences(["a b c d"], ["b c d"], tokens=str.split)
    assert found.token_accuracy == 0.0
    assert measure_sequences(["b c x d"], ["b c d"], tokens=str.split).token_accuracy == 2 / 4


def test_the_nearest_of_several_references() -> None:
    found = measure_sequences(["abc", "xy"], [["abd", "abc"], ["zzzz", "x"]])
    assert (found.exact, found.exact_match) == (1, 0.5)
    assert found.character_error_rate == pytest.approx(1 / 4)
    assert found.token_accuracy == pytest.approx(4 / 5)


OUTPUTS = ["El gato está en la mesa grande.", "¿Dónde vive Tom?", "No sé qué hacer hoy ."]
SEVERAL = [
    ["El gato está sobre la mesa grande.", "El gato está en la mesa grande."],
    ["¿Dónde vive Tom ahora?"],
    ["No sé qué hacer hoy.", "Hoy no sé qué hacer.", "Ni idea."],
]


def test_bleu_and_chrf_are_those_of_sacrebleu() -> None:
    first = [given[0] for given in SEVERAL]
    found = measure_sequences(OUTPUTS, first)
    assert found.bleu == sacrebleu.corpus_bleu(OUTPUTS, [first]).score
    assert found.chrf == sacrebleu.corpus_chrf(OUTPUTS, [first]).score
    assert 0 < found.bleu < 100 and 0 < found.chrf < 100
    assert found.bleu_signature.startswith("nrefs:1|case:mixed|eff:no|tok:13a|smooth:exp|version:")
    assert found.chrf_signature.startswith("nrefs:1|case:mixed|eff:yes|nc:6|nw:0|space:no|version:")


def test_all_references_count() -> None:
    one, several = (measure_sequences(OUTPUTS, r) for r in ([g[0] for g in SEVERAL], SEVERAL))
    assert several.exact == 1 and one.exact == 0
    assert several.bleu > one.bleu and several.chrf > one.chrf
    padded = [[given[i] if i < len(given) else None for given in SEVERAL] for i in range(3)]
    assert several.bleu == sacrebleu.corpus_bleu(OUTPUTS, padded).score
    assert several.bleu_signature.startswith("nrefs:var")


def test_bleu_by_hand() -> None:
    """Papineni et al. 2002: precisions 4/5, 3/4, 2/3, 1/2, brevity e^(1 - 6/5)."""
    found = measure_sequences(["a b c d x"], ["a b c d e f"])
    precision = (4 / 5 * 3 / 4 * 2 / 3 * 1 / 2) ** 0.25
    assert found.bleu == pytest.approx(100 * precision * math.exp(1 - 6 / 5))


def test_bleu_of_short_targets_is_not_defined() -> None:
    assert math.isnan(measure_sequences(["15:15"], ["15:15"]).bleu)
    assert measure_sequences(["a b"], ["a b c d e"]).bleu == 0
    assert measure_sequences(["15:15"], ["15:15"]).chrf == 100


def test_nothing_and_too_little() -> None:
    found = measure_sequences([], [])
    assert found.count == 0 and math.isnan(found.exact_match) and math.isnan(found.bleu)
    for references in (["a"], ["a", []], ["a", "b", "c"]):
        with pytest.raises(HeedfulError, match="2 outputs"):
            measure_sequences(["a", "b"], references)
    empty = measure_sequences(["", "a"], ["", ""])
    assert empty.exact == 1 and math.isnan(empty.character_error_rate)

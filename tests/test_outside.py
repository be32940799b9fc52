"""Maps from elsewhere and sums of maps: nothing lost, nothing split, errors that say what to do."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path

import pytest

from heedful.config import TextConfig
from heedful.explain.legend import LEGENDS, METHODS, check_methods
from heedful.explain.outside import Given, Outside, Span, projected
from heedful.explain.outside_file import read_maps
from heedful.explain.units import cuts, summed
from heedful.records import Example, HeedfulError, Token
from heedful.text.tokenize import Tokenizer
from made_explanations import ALL, EMPTY, HEBREW, REVIEW, TICKET, binary, words_of

TEXT = "A fine film."
TOKENS = words_of(TEXT)  # a, fine, film, .


def write(path: Path, *entries: object, lines: bool = False) -> Path:
    rows = [json.dumps(entry) for entry in entries]
    path.write_text("\n".join(rows) if lines else f"[{','.join(rows)}]", encoding="utf-8")
    return path


def spans(*rows: tuple[int, int, float]) -> list[dict[str, float]]:
    return [dict(zip(("start", "end", "value"), row, strict=True)) for row in rows]


def test_numbers_on_characters_become_numbers_on_tokens():
    # "fi" + "ne" on one token; "lm." on two, two characters of three; white space on none
    given = [Span(2, 4, 1.0), Span(4, 6, 0.5), Span(9, 12, 3.0), Span(1, 2, 7.0), Span(0, 0, -2.0)]
    found = projected(given, TOKENS)
    assert found.values == pytest.approx([0, 1.5, 2.0, 1.0])
    assert found.missing == 5.0
    # a piece with a blank in it lies on its letters alone
    assert projected([Span(0, 6, 5.0)], TOKENS).values == pytest.approx([1, 4, 0, 0])
    assert projected([Span(0, 3, 1.0)], ()).missing == 1.0


@pytest.mark.parametrize("lines", [False, True])
def test_a_file_of_maps(tmp_path, lines):
    path = write(
        tmp_path / "maps.json",
        {"text": TEXT, "method": "shap", "class": "positive", "tokens": spans((2, 6, 0.8))},
        {"text": TEXT, "method": "shap", "class": "negative", "values": [1, 2, 3, 4]},
        {"row": 7, "values": [1, 0, 0, 0]},
        {"text": TEXT, "method": "lime", "values": [4, 3, 2, 1]},
        lines=lines,
    )
    shap, plain, lime = read_maps(path)
    assert [one.name for one in (shap, plain, lime)] == ["shap", "maps", "lime (outside)"]
    example = Example(TEXT, row=7)
    assert shap.map_for(example, TOKENS, "positive").values.tolist() == [0, 0.8, 0, 0]
    assert shap.map_for(example, TOKENS, "negative").values.tolist() == [1, 2, 3, 4]
    assert shap.map_for(example, TOKENS, "neutral") is None
    assert shap.map_for(Example("A fine  film."), TOKENS, "positive") is None
    assert plain.map_for(Example("other", row=7), TOKENS, "x").values.tolist() == [1, 0, 0, 0]
    assert lime.map_for(example, TOKENS, "whichever").values.tolist() == [4, 3, 2, 1]
    with pytest.raises(HeedfulError, match=r"maps.json, (entry|line) 4: 4 values for 2 tokens"):
        lime.map_for(example, TOKENS[:2], "x")


def test_one_object_over_several_lines(tmp_path):
    path = tmp_path / "one.json"
    path.write_text(json.dumps({"text": TEXT, "values": [0, 1, 0, 0]}, indent=2), "utf-8-sig")
    (found,) = read_maps(path)
    assert found.map_for(Example(TEXT), TOKENS, "x").values.tolist() == [0, 1, 0, 0]


def test_what_explain_writes_is_read(tmp_path):
    given = replace(REVIEW, maps={"lime": {"positive": tuple(range(16))}})
    path = write(tmp_path / "explained.json", given.to_json(), TICKET.to_json(), EMPTY.to_json())
    found = {one.name: one for one in read_maps(path)}
    assert list(found) == ["attention (outside)", "contribution (outside)", "lime (outside)"]
    example = Example(REVIEW.text)
    for name, method, target in (
        ("contribution (outside)", "contribution", "negative"),
        ("attention (outside)", "attention", "anything"),
        ("lime (outside)", "lime", "positive"),
    ):
        ours = found[name].map_for(example, REVIEW.tokens, target)
        assert ours.values == pytest.approx(given.map_of(method, target))
        assert ours.missing == 0
    ticket = found["contribution (outside)"].map_for(Example(TICKET.text), TICKET.tokens, "billing")
    assert ticket.values == pytest.approx(TICKET.contributions["billing"])


def test_an_entry_is_read_as_written(tmp_path):
    tokens = [
        {"start": token.start, "end": token.end, "value": value}
        for token, value in zip(HEBREW.tokens, HEBREW.contributions["positive"], strict=True)
    ]
    entry = {"text": HEBREW.text, "method": "mine", "class": "positive", "tokens": tokens}
    path = write(tmp_path / "a.jsonl", entry, lines=True)
    (found,) = read_maps(path)
    again = found.map_for(Example(HEBREW.text), HEBREW.tokens, "positive")
    assert again.values == pytest.approx(HEBREW.contributions["positive"])


GOOD = {"text": TEXT, "values": [1, 2, 3, 4]}


@pytest.mark.parametrize(("entry", "message"), [
    ([], "entry 2: it is not a JSON object"),
    ({"values": [1]}, 'neither a "text" nor a "row"'),
    ({"row": 0, "values": [1]}, 'neither a "text" nor a "row"'),
    ({"row": True, "values": [1]}, 'neither a "text" nor a "row"'),
    ({"text": 3, "values": [1]}, '"text" is 3; it takes a text'),
    ({"text": "a", "class": ["b"], "values": [1]}, '"class" is .*; it takes a text'),
    ({"text": "a"}, 'give either "tokens" or "values"'),
    ({"text": "a", "values": [1], "tokens": []}, 'give either "tokens" or "values"'),
    ({"text": "a", "values": {"0": 1}}, '"values" takes a list'),
    ({"text": "a", "values": [1, "2"]}, 'value 2 is "2"; it takes a number'),
    ({"text": "a", "values": [None]}, "value 1 is null"),
    ({"text": "a", "values": [True]}, "value 1 is true"),
    ({"text": "a", "values": [math.nan]}, "value 1 is NaN"),
    ({"text": "a", "values": [math.inf]}, "value 1 is Infinity"),
    ({"text": "a", "values": [10**400]}, "value 1 is 1000"),
    ({"text": "a", "tokens": {}}, '"tokens" takes a list'),
    ({"text": "a", "tokens": [3]}, 'token 1 needs "start", "end" and "value"'),
    ({"text": "a", "tokens": [{"start": 0, "end": 1}]}, 'token 1 needs "start"'),
    ({"text": "a", "tokens": spans((1, 0, 1))}, "token 1 reaches from 1 to 0"),
    ({"text": "a", "tokens": spans((-1, 1, 1))}, "token 1 reaches from -1 to 1"),
    ({"text": "a", "tokens": spans((0, 1.5, 1))}, "token 1 reaches from 0 to 1.5"),
    ({"text": "a", "tokens": spans((0, 2, 1))}, "token 1 ends at 2, beyond the 1 characters"),
    ({"text": "a", "tokens": spans((0, 1, None))}, "the value of token 1 is null"),
    (GOOD | {"values": [4, 3, 2, 1]}, "another map of the same text and class stands in .*entry 1"),
    ({"text": "a", "prediction": {}}, "it is a damaged explanation"),
    ({"text": "a", "prediction": 3}, "it is a damaged explanation"),
])  # fmt: skip
def test_what_is_wrong_is_said(tmp_path, entry, message):
    with pytest.raises(HeedfulError, match=message) as error:
        read_maps(write(tmp_path / "maps.json", GOOD, entry))
    assert "maps.json, entry 2" in str(error.value) and "\n" not in str(error.value)


@pytest.mark.parametrize(("content", "message"), [
    (b"", "it is not JSON"),
    (b"[]", "holds no maps"),
    (b"hello", "it is not JSON"),
    (b'{"text": "a", "values": [1]}\n{"text"', "line 2: it is not JSON"),
    (b"\xff\xfe\x00", "cannot be read as UTF-8"),
    (b"[" * 100_000, "it is nested too deeply"),
    (b"3", "it is not a JSON object"),
])  # fmt: skip
def test_files_that_hold_no_maps(tmp_path, content, message):
    path = tmp_path / "maps.json"
    path.write_bytes(content)
    with pytest.raises(HeedfulError, match=message) as error:
        read_maps(path)
    assert "\n" not in str(error.value)


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(HeedfulError, match="is missing; give a JSON or JSONL file"):
        read_maps(tmp_path / "none.json")
    with pytest.raises(HeedfulError, match="cannot be read"):
        read_maps(tmp_path)


def test_rows_can_reach_beyond_their_text():
    outside = Outside("x", {3: {None: Given("f, entry 1", (Span(0, 99, 1.0),), None)}})
    with pytest.raises(HeedfulError, match="f, entry 1: an offset lies beyond the 12 characters"):
        outside.map_for(Example(TEXT, row=3), TOKENS, "x")


def test_the_same_map_twice_is_no_mistake(tmp_path):
    assert len(read_maps(write(tmp_path / "maps.json", GOOD, GOOD))) == 1


def test_the_legend():
    assert list(METHODS) == [
        "attention", "contribution", "attention-gradient", "gradient-input",
        "integrated-gradients", "leave-one-out", "lime", "shapley", "random",
    ]  # fmt: skip
    for legend in LEGENDS.values():
        assert legend.says and "\n" not in legend.says
        assert bool(legend.unit) == (legend.name != "random")
    check_methods(METHODS)
    with pytest.raises(HeedfulError, match="unknown method 'x'; choose from attention, "):
        check_methods(["lime", "x"])


def pieces(text: str, unit: str) -> list[str]:
    words = tuple(Tokenizer(TextConfig()).tokens(text))
    found = binary(text, [0.0] * len(words), tokens=words)
    return [one.text for one in summed(found, "contribution", "positive", unit)]


@pytest.mark.parametrize(("text", "unit", "expected"), [
    (REVIEW.text, "phrase",
     ["Slow at first,", "but warm and funny:", "a superb film.", "Not dull!"]),
    (REVIEW.text, "sentence",
     ["Slow at first, but warm and funny: a superb film.", "Not dull!"]),
    ("good (very good) and more", "phrase", ["good", "(very good)", "and more"]),
    ('He said "no." She left', "sentence", ['He said "no."', "She left"]),
    ("Really?! Yes... no", "sentence", ["Really?!", "Yes...", "no"]),
    ("one\ntwo<br />three", "phrase", ["one", "two", "three"]),
    ("one\ntwo <br>three", "sentence", ["one", "two", "three"]),
    ("it costs 3.5 or 1,000", "phrase", ["it costs 3.5 or 1,000"]),
    ("in the u.s.a. today", "sentence", ["in the u.s.a.", "today"]),
    ("Mr. Smith", "sentence", ["Mr.", "Smith"]),
    ("very good!but", "sentence", ["very good!", "but"]),
    ("fine", "phrase", ["fine"]),
])  # fmt: skip
def test_pieces(text, unit, expected):
    assert pieces(text, unit) == expected


@pytest.mark.parametrize("unit", ["token", "word", "phrase", "sentence"])
def test_sums_lose_nothing(unit):
    for explanation in ALL:
        found = summed(explanation, "contribution", "positive", unit)
        total = math.fsum(explanation.contributions["positive"])
        assert math.fsum(one.value for one in found) == pytest.approx(total, abs=1e-12)
        assert all(one.text == explanation.text[one.start : one.end] for one in found)
        ends = [edge for one in found for edge in (one.start, one.end)]
        assert ends == sorted(ends)


def test_phrases_are_summed():
    found = summed(REVIEW, "contribution", "positive", "phrase")
    assert [one.value for one in found] == pytest.approx([-0.27, 0.88, 0.84, -0.42])
    negative = summed(REVIEW, "contribution", "negative", "phrase")
    assert [one.value for one in negative] == pytest.approx([0.27, -0.88, -0.84, 0.42])
    assert sum(one.value for one in summed(REVIEW, "attention", "x", "phrase")) == pytest.approx(1)


def test_words_of_a_model_of_characters():
    text = "I don't, naïve  :)"
    tokens = tuple(Token(mark, i, i + 1) for i, mark in enumerate(text))
    found = summed(
        binary(text, [1.0] * len(text), tokens=tokens), "contribution", "positive", "word"
    )
    assert [(one.text, one.value) for one in found] == [
        ("I", 1), (" ", 1), ("don't", 5), (",", 1), (" ", 1), ("naïve", 5), ("  ", 2), (":)", 2),
    ]  # fmt: skip
    phrases = summed(
        binary(text, [1.0] * len(text), tokens=tokens), "contribution", "positive", "phrase"
    )
    assert [(one.text, one.value) for one in phrases] == [("I don't,", 9), ("naïve  :)", 9)]


def test_marks_that_the_model_does_not_read_still_part():
    text = "Good, but slow."
    words = tuple(token for token in words_of(text) if token.text.isalpha())
    found = summed(
        binary(text, [1.0, 2.0, 4.0], tokens=words), "contribution", "positive", "phrase"
    )
    assert [(one.text, one.value) for one in found] == [("Good", 1), ("but slow", 6)]


def test_units_and_maps_that_are_not_there():
    with pytest.raises(HeedfulError, match="unknown unit 'page'; choose from token, word, phrase"):
        summed(REVIEW, "attention", "positive", "page")
    with pytest.raises(HeedfulError, match="there is no lime map of class 'positive'; ask for it"):
        summed(REVIEW, "lime", "positive", "word")
    assert summed(EMPTY, "attention", "positive", "sentence") == ()
    assert cuts("", "word") == cuts("", "phrase") == []

"""What people see of methods and trust: the same words on every face, nothing where none is."""

from __future__ import annotations

import dataclasses
import io
import re
from typing import Any
from xml.etree import ElementTree

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from rich.console import Console

from heedful.explain.legend import LEGENDS, legend_of
from heedful.face.colours import LIGHT
from heedful.face.heat import limit_of, methods_of, missing_map, steps_of, strongest, sum_of
from heedful.face.render import to_html, to_notebook, to_svg, to_terminal
from heedful.face.report.page import to_report
from heedful.face.spelling import percent
from heedful.face.svg_lines import COLUMNS, Cell, ordered, safe, wrapped
from heedful.face.trust_rows import EDGE, MEASURES, RIGHT, rows_of
from heedful.records import Explanation, Flip, HeedfulError, Judged, Token
from made_explanations import (
    HEBREW,
    HOSTILE,
    MEASURED,
    MEASURED_TICKET,
    PANNED,
    REVIEW,
    binary,
    trusted,
    with_methods,
)
from made_report import reviews

NASTY = "</script><b onmouseover=x>&\u2028\"'"


def printed(explanation: Explanation, width: int = 100, **wanted: Any) -> str:
    out = io.StringIO()
    Console(file=out, width=width, force_terminal=False, _environ={}).print(
        to_terminal(explanation, **wanted)
    )
    return out.getvalue()


def said(svg: str) -> list[str]:
    """The texts of a picture, in order."""
    name = "{http://www.w3.org/2000/svg}text"
    return [x.text or "" for x in ElementTree.fromstring(svg).iter(name)]


# ----- methods -----


def test_legends_say_what_every_method_is() -> None:
    assert list(LEGENDS)[:2] == ["attention", "contribution"]
    assert [name for name, one in LEGENDS.items() if not one.signed] == ["attention"]
    assert legend_of("mine").title == "mine"
    assert legend_of("mine").unit == ""


def test_methods_are_offered_known_ones_first() -> None:
    assert methods_of([REVIEW]) == ("contribution", "attention")
    assert methods_of([REVIEW, MEASURED]) == (
        "contribution", "attention", "integrated-gradients", "leave-one-out", "random", "mine",
    )  # fmt: skip


def test_each_further_method_has_its_own_scale() -> None:
    assert limit_of(MEASURED, "integrated-gradients") == 0.81 * 0.4
    assert limit_of(MEASURED, "mine") == pytest.approx(0.81**2)
    page = to_html([MEASURED], method="integrated-gradients")
    assert "−0.32 against" in page
    assert "+0.32 for positive</span><span class=unit>log-odds</span>" in page
    assert "words 0.412 log-odds for positive (completeness error 0.031)" in page


def test_a_class_without_a_map_is_told_and_not_drawn() -> None:
    remark = "No map of billing by this method (mine), only of delivery."
    assert missing_map(MEASURED_TICKET, "mine", "billing") == remark
    assert set(steps_of(MEASURED_TICKET, "mine", "billing")) == {""}
    about = dataclasses.replace(MEASURED_TICKET, target="billing")
    for face in (
        to_html([about], method="mine"),
        to_notebook([about], "mine"),
        printed(about, method="mine"),
        " ".join(said(to_svg(about, "mine"))),
    ):
        assert remark in face
    assert "<b class=p" not in to_html([about], method="mine").split("<main>")[1]
    assert missing_map(REVIEW, "lime", "positive") == "No map by this method (LIME) of this text."


def test_strongest_words_are_those_of_the_method() -> None:
    reversed_map = strongest(MEASURED, "positive", method="random")
    assert reversed_map.supporting[0].text == "warm"
    assert sum_of(MEASURED, "leave-one-out", "positive") == ""


def test_a_method_that_no_text_has_is_refused() -> None:
    for face in (to_html, to_notebook):
        with pytest.raises(HeedfulError, match="'lime': a map shows contribution or attention"):
            face([MEASURED], method="lime")
    with pytest.raises(HeedfulError, match="'lime'"):
        to_svg(MEASURED, "lime")


def test_maps_that_cannot_be_drawn_are_named() -> None:
    one = dataclasses.replace(REVIEW, maps={"mine": {"positive": (1.0,)}})
    with pytest.raises(HeedfulError, match=r"maps\['mine'\]\['positive'\]: 1 values for 16"):
        to_html([one])
    broken = trusted(REVIEW, "contribution")
    broken = dataclasses.replace(broken, uniform=float("nan"))
    with pytest.raises(HeedfulError, match=r"trust\['contribution'\], uniform: not a number"):
        printed(dataclasses.replace(REVIEW, trust={"contribution": broken}))


# ----- the card -----


def test_a_card_in_words() -> None:
    rows = {row.key: row.says for row in rows_of(MEASURED, "contribution")}
    assert list(rows) == list(MEASURES)
    assert rows["comprehensiveness"] == (
        "beats all 20 random maps, 92 % of the way to the best order"
    )
    assert rows["attention_flip"] == "7 % of the words; random orders: 64 %"
    assert rows["input_flip"] == "25 % of the words; random orders: never"
    assert rows["tau"] == "0.63; ceiling 0.71"
    assert rows["uniform"] == "moves the probability by 0.23"
    bad = {row.key: row.says for row in rows_of(MEASURED, "integrated-gradients")}
    assert bad["comprehensiveness"] == "beats 0 of 20 random maps, worse than they are on average"
    assert bad["input_flip"] == "never; random orders: never"
    assert bad["missing"] == "0.031 log-odds"
    none = {row.key: row.says for row in rows_of(MEASURED, "attention")}
    assert none["comprehensiveness"].startswith("beats 19 of 20 random maps, ")
    assert none["tau"] == "not defined: all numbers alike; ceiling 0.71"
    assert "missing" not in none


def test_what_orders_alike_and_no_random_maps_say() -> None:
    card = trusted(REVIEW, "contribution")
    same = Judged(0.1, (0.1, 0.1), 0.1, higher_is_better=True)
    bare = Judged(0.1, (), 0.2, higher_is_better=False)
    flip = Flip(0.001, (), flipped=True)
    odd = dataclasses.replace(
        card, comprehensiveness=same, sufficiency=bare, attention_flip=flip, tau_ceiling=None
    )
    one = dataclasses.replace(REVIEW, trust={"contribution": odd})
    rows = {row.key: row for row in rows_of(one, "contribution")}
    assert rows["comprehensiveness"].says == (
        "beats 0 of 2 random maps, but no order does much better than chance"
    )
    assert rows["comprehensiveness"].strip is None
    assert rows["sufficiency"].says == "no random maps to compare with"
    assert rows["attention_flip"].says == "<1 % of the words"
    assert rows["tau"].says == "0.63"
    to_html([one])


def test_shares_do_not_overclaim() -> None:
    assert [percent(x) for x in (0.0, 0.002, 0.07, 0.925, 0.997, 1.0)] == [
        "0 %", "<1 %", "7 %", "93 %", ">99 %", "100 %",
    ]  # fmt: skip


@example(randoms=[0.7, 0.7, 0.7], value=0.7, higher=False)  # whose mean is 0.6999999999999998
@given(
    randoms=st.lists(st.floats(-1, 1), min_size=1, max_size=20),
    value=st.floats(-1, 1),
    higher=st.booleans(),
)
def test_on_a_strip_right_is_better(randoms: list[float], value: float, higher: bool) -> None:
    best = max([value, *randoms]) if higher else min([value, *randoms])
    card = dataclasses.replace(
        trusted(REVIEW, "contribution"), sufficiency=Judged(value, tuple(randoms), best, higher)
    )
    one = dataclasses.replace(REVIEW, trust={"contribution": card})
    strip = {row.key: row for row in rows_of(one, "contribution")}["sufficiency"].strip
    if strip is None:
        assert max([value, *randoms]) == pytest.approx(min([value, *randoms]), abs=1e-12)
        return
    assert strip.best == RIGHT - EDGE
    assert min(strip.randoms + (strip.value,)) >= EDGE
    for place, number in zip(strip.randoms, randoms, strict=True):
        if place != strip.value:
            assert (place > strip.value) == ((number > value) == higher)


def test_every_face_says_the_same_of_trust() -> None:
    card = MEASURED.trust["contribution"]
    row = rows_of(MEASURED, "contribution")[0]
    page, notebook, terminal = to_html([MEASURED]), to_notebook([MEASURED]), printed(MEASURED, 200)
    for face in (page, notebook, terminal):
        assert card.sentence in face
        assert row.says in face
        assert "about the predicted class, positive" in face
    assert f"✓ {card.sentence}" in terminal
    assert card.sentence in " ".join(said(to_svg(MEASURED)))
    assert "! Random maps do as well" in printed(MEASURED, method="integrated-gradients")


def test_a_card_names_its_class_when_another_is_shown() -> None:
    about = dataclasses.replace(MEASURED, target="negative")
    note = "about the predicted class, positive; the map is about negative"
    for face in (to_html([about]), to_notebook([about]), printed(about, 200)):
        assert note in face
    assert note not in to_html([MEASURED])


def test_the_terminal_aligns_the_rows_at_any_width() -> None:
    lines = printed(MEASURED, 80).split("↑ compre")[1].splitlines()[:-1]
    assert max(map(len, lines)) <= 80
    column = lines[0].index("beats") + len("↑ compre")
    assert {line[column - 2 : column] for line in lines[1:]} == {"  "}


def test_without_trust_no_face_speaks_of_it() -> None:
    for face in (to_html([REVIEW]).split("<main>")[1].split("<script>")[0], to_notebook([REVIEW])):
        assert "trust" not in face
        assert "random" not in face
    assert "random" not in printed(REVIEW)
    assert "id=says" not in to_html([REVIEW])
    assert 'type=radio name=method value="attention"' in to_html([REVIEW])


def test_a_method_without_card_on_a_page_with_cards_says_so() -> None:
    page = to_html([MEASURED], method="mine")
    assert "How far to trust this method here was not measured." in page


# ----- nothing gets out -----


def test_names_and_sentences_cannot_break_out() -> None:
    card = dataclasses.replace(trusted(REVIEW, "contribution"), sentence=NASTY)
    one = dataclasses.replace(
        REVIEW,
        maps={NASTY: REVIEW.contributions},
        trust={"contribution": card, NASTY: dataclasses.replace(card, method=NASTY)},
    )
    for method in ("contribution", NASTY):
        page = to_html([one], method=method)
        assert "<b onmouseover" not in page
        assert page.count("<script") == page.count("</script>") == 2
        data = page.split("id=data>")[1].split("</script>")[0]
        assert not set("<>&\u2028") & set(data)
        assert "<b onmouseover" not in to_notebook([one], method)
        assert "\u2028" not in printed(one, method=method)
        ElementTree.fromstring(to_svg(one, method))


@given(st.text(max_size=200) | st.text("<>&'\"\u202eא\x1b\0\r\n\t\ud800\ufffe é漢", max_size=90))
def test_any_text_makes_a_sound_picture(text: str) -> None:
    tokens = tuple(Token(char, i, i + 1) for i, char in enumerate(text[:40]))
    one = binary(text, [(-1) ** i * (i + 1) / 40 for i in range(len(tokens))], tokens=tokens)
    svg = to_svg(one)
    assert svg == to_svg(one)
    ElementTree.fromstring(svg)
    for char in "\0\x1b\u202e\ud800\ufffe":
        assert char not in svg


# ----- pictures -----


def test_a_picture_shows_the_words_in_their_colours() -> None:
    root = ElementTree.fromstring(to_svg(PANNED))
    shapes = [x for x in root.iter() if x.tag.endswith(("rect", "text", "path"))]
    fills = {}
    for i, shape in enumerate(shapes):
        if shape.get("height") == "22":
            word = next(x.text for x in shapes[i:] if x.tag.endswith("text"))
            fills[word] = shape.get("fill")
    assert fills == {"waste": LIGHT.ramp("pro")[5], "great": LIGHT.ramp("con")[2]}
    words = said(to_svg(PANNED))
    assert words[:2] == ["negative .53", "Contribution, negative"]
    assert words[-2:] == ["−0.95 against", "+0.95 for negative, log-odds"]


def test_lines_break_at_spaces_and_keep_every_word() -> None:
    text = "word " * 60 + "x" * 200
    lines = [line for line, _ in wrapped([Cell(c, 1) for c in text])]
    assert "".join(c.char for line in lines for c in line) == text
    assert max(len("".join(c.char for c in line).rstrip()) for line in lines) <= COLUMNS
    assert all("".join(c.char for c in line).endswith("word ") for line in lines[:3])


def runs_of(text: str) -> list[tuple[int, str]]:
    """The runs of a line from left to right, each with its level."""
    ((line, turned),) = wrapped([Cell(c, 1) for c in text])
    return [(level, "".join(c.char for c in run)) for level, run in ordered(line, turned)]


def test_words_keep_their_direction_in_a_line() -> None:
    assert runs_of("see \u05d0\u05d1 now") == [(0, "see "), (1, "\u05d0\u05d1"), (0, " now")]
    found = runs_of("\u05d0\u05d1 one, two \u05d2")
    assert found == [(1, " \u05d2"), (2, "one, two"), (1, "\u05d0\u05d1 ")]


def test_coloured_words_that_run_against_the_line_keep_their_order() -> None:
    text = "\u05d0 one two \u05d2"
    ((line, turned),) = wrapped([Cell(c, 1, token=int(c in "two")) for c in text])
    seen = ["".join(c.char for c in run) for _, run in ordered(line, turned)]
    assert "".join(seen[1:-1]) == "one two"


def test_a_picture_reads_hebrew_from_the_right() -> None:
    root = ElementTree.fromstring(to_svg(HEBREW))
    words = [x for x in root.iter() if x.get("direction") == "rtl"]
    places = [float(x.get("x", 0)) for x in words]
    assert places == sorted(places), "from left to right in the file"
    read = "".join(x.text or "" for x in reversed(words))
    assert read.replace(" ", "") == HEBREW.text.replace(" ", "")
    assert safe("\u202e\0a\r\n\tb") == "‹U+202E›\ufffda\n b"


def test_pictures_and_pages_ask_nothing_of_anybody() -> None:
    for page in (to_html([MEASURED, HOSTILE]), to_html([MEASURED], method="random")):
        assert not re.search(r"https?://|//[a-z]|url\(|@import|<link|<img|<iframe|\bsrc=", page)
    svg = to_svg(MEASURED)
    assert svg.count("http") == 1, "its namespace"
    assert "<script" not in to_svg(HOSTILE)


def test_the_same_measured_records_give_the_same_bytes() -> None:
    first, again = with_methods(REVIEW), with_methods(REVIEW)
    assert to_html([first]) == to_html([again])
    assert to_svg(first, "integrated-gradients") == to_svg(again, "integrated-gradients")


def test_records_read_back_draw_the_same_page() -> None:
    back = Explanation.from_json(MEASURED.to_json())
    assert to_html([back]) == to_html([MEASURED])


def test_cards_of_many_texts_stay_small() -> None:
    def size(records: list[Explanation]) -> int:
        return len(to_html(records).encode())

    many = [MEASURED] * 200
    plain = [dataclasses.replace(MEASURED, trust={})] * 200
    each = (size(many) - size(plain)) / 200
    assert each < 7_000, "three cards, one of them as HTML"


def test_a_report_shows_methods_and_cards_only_where_there_are_any() -> None:
    report = reviews()
    plain = to_report(report)
    for absent in ("id=says", '<section class="trust', "id=measures", "<select id=method"):
        assert absent not in plain.split("</style>")[1].split("<script")[0]
    first = report.examples[0]
    measured = dataclasses.replace(first, explanation=with_methods(first.explanation))
    page = to_report(dataclasses.replace(report, examples=[measured, *report.examples[1:]]))
    assert page.count("class=finding") == 1
    assert "<section id=measures aria-labelledby=h-measures>" in page
    assert '<option value="leave-one-out">Leave one out</option>' in page

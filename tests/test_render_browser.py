"""The page in a real browser: opened from disk, used by keyboard, dark, narrow, without scripts."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from browsing import Opened
from heedful.face.render import to_html, to_svg
from made_explanations import (
    ALL,
    HEBREW,
    HOSTILE,
    MEASURED,
    MEASURED_TICKET,
    PANNED,
    REVIEW,
    TICKET,
    binary,
    with_methods,
    words_of,
)

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
pytestmark = pytest.mark.slow


class Visit(Opened):
    """An open page, with what it asked for and complained about."""

    def texts(self) -> list[str]:
        return [x.text_content() for x in self.page.locator(".map").all()]

    def classes(self, words: str) -> dict[str, str]:
        found = self.page.locator(f"{words} .map b").all()
        return {x.text_content(): x.get_attribute("class") for x in found}


@pytest.fixture
def visit(browser: Any, tmp_path: Path) -> Iterator[Any]:
    opened: list[Visit] = []

    def go(records: Any, *, method: str = "contribution", **settings: Any) -> Visit:
        file = tmp_path / "page.html"
        file.write_text(to_html(records, method=method), encoding="utf-8", newline="")
        opened.append(Visit(browser, file, **settings))
        return opened[-1]

    yield go
    for each in opened:
        assert each.complaints == []
        assert len(each.requests) == 1, "nothing but the file itself"
        each.context.close()


def test_the_text_in_the_page_is_the_text(visit: Any) -> None:
    records = [*ALL, TICKET]
    visited = visit(records)
    visited.page.wait_for_selector("#t1 details")
    assert visited.texts() == [record.text for record in records]


def test_the_script_draws_what_the_page_already_shows(visit: Any) -> None:
    """Python and the script do the same sums: nothing changes when the script takes over."""
    records = [REVIEW, TICKET, HOSTILE]
    for method in ("contribution", "attention"):
        still = visit(records, method=method, java_script_enabled=False)
        moving = visit(records, method=method)
        moving.page.wait_for_selector("#t2 details")
        for part in (".scale", "dl", ".sum"):
            before, after = (x.page.locator(part).all_inner_texts() for x in (still, moving))
            assert before == after
        colours = [
            {word: c for word, c in x.classes("#t1").items() if c not in ("", "g")}
            for x in (still, moving)
        ]
        assert colours[0] == colours[1] != {}


def test_without_scripts_the_map_is_there_and_no_dead_buttons(visit: Any) -> None:
    still = visit([REVIEW], java_script_enabled=False)
    assert still.classes("#t1")["superb"] == "p6"
    assert not still.page.locator("#tools").is_visible()
    colour = "getComputedStyle(x).backgroundColor"
    # page.evaluate works in a page whose own scripts are off.
    seen = still.page.locator("b.p6").evaluate(f"x => {colour}")
    assert seen == "rgb(95, 160, 234)"


def test_method_and_class_are_switched_by_keyboard(visit: Any) -> None:
    visited = visit([TICKET])
    page = visited.page
    page.wait_for_selector("#t1 details")
    assert visited.classes("#t1")["parcel"] == "p6"
    page.keyboard.press("Tab")
    page.keyboard.press("ArrowRight")
    page.wait_for_selector("#t1 .scale .heat")
    assert set(visited.classes("#t1").values()) == {"a6"}, "all tokens are read alike"
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("Tab")
    page.keyboard.press("b")
    page.wait_for_function("document.querySelector('.scale').innerText.includes('billing')")
    assert visited.classes("#t1")["parcel"] == "n3"
    assert "log-odds for billing (error 0.004)" in page.locator(".sum").inner_text()


def test_the_other_class_of_two_is_the_mirror_image(visit: Any) -> None:
    visited = visit([REVIEW])
    visited.page.select_option("#class", label="negative")
    visited.page.wait_for_function("document.querySelector('.scale').innerText.includes('neg')")
    assert visited.classes("#t1")["superb"] == "n6"
    assert visited.classes("#t1")["dull"] == "p5"


def test_the_arrow_keys_go_from_word_to_word(visit: Any) -> None:
    visited = visit([REVIEW])
    page = visited.page
    page.wait_for_selector("#t1 .map[tabindex]")
    page.locator("#t1 .map").focus()
    page.keyboard.press("End")
    page.keyboard.press("ArrowLeft")
    assert page.locator("#tip").inner_text().split("\n")[:2] == ["dull", "−0.620 against positive"]
    assert page.locator("#said").text_content().startswith("dull: −0.620 against positive")
    page.keyboard.press("Escape")
    assert not page.locator("#tip").is_visible()


def test_pointing_at_a_word_tells_its_numbers(visit: Any) -> None:
    page = visit([REVIEW]).page
    page.wait_for_selector("#t1 details")
    page.locator("#t1 .map b", has_text="superb").hover()
    assert "+0.810 for positive" in page.locator("#tip").inner_text()
    page.locator("h1").hover()
    assert not page.locator("#tip").is_visible()


def test_all_numbers_can_be_read_as_a_table(visit: Any) -> None:
    page = visit([TICKET]).page
    page.locator("#t1 summary").click()
    page.wait_for_selector("#t1 tbody tr")
    rows = [row.split("\t") for row in page.locator("#t1 tbody tr").all_inner_texts()]
    assert rows[1] == ["parcel", "+1.20", "0.13"]
    assert len(rows) == 8


def test_many_texts_can_be_searched_and_filtered(visit: Any) -> None:
    page = visit([*ALL, TICKET]).page
    assert page.locator("#count").inner_text() == "6 texts"
    page.fill("#search", "GREAT cast")
    assert page.locator("#count").inner_text() == "1 of 6"
    assert page.locator("article:visible").get_attribute("id") == "t2"
    page.fill("#search", "")
    page.select_option("#outcome", label="wrong")
    assert [x.get_attribute("id") for x in page.locator("article:visible").all()] == ["t2"]
    page.select_option("#predicted", label="delivery")
    assert page.locator("#none").is_visible()


def test_an_override_turns_nothing_round(visit: Any) -> None:
    page = visit([binary("\u202eevil end", [0.5, 0.2, 0.1], tokens=None)]).page
    page.wait_for_selector("#t1 details")
    places = page.locator("#t1 .map b").evaluate_all(
        "all => all.map(x => [x.textContent, x.getBoundingClientRect().left])"
    )
    left = dict(places)
    assert left["evil"] < left["end"]


def test_dark_and_narrow(visit: Any) -> None:
    narrow = {"width": 390, "height": 800}
    page = visit([*ALL, TICKET], color_scheme="dark", viewport=narrow).page
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    ink, paper = page.locator("#t1").evaluate(
        "x => [getComputedStyle(x).color, getComputedStyle(x).backgroundColor]"
    )
    assert ink == "rgb(241, 241, 244)"
    assert paper == "rgb(23, 24, 28)"


def test_print_is_light_and_leaves_the_tools_out(visit: Any) -> None:
    page = visit([REVIEW], color_scheme="dark").page
    page.emulate_media(media="print", color_scheme="dark")
    assert not page.locator("#tools").is_visible()
    assert page.locator("#t1").evaluate("x => getComputedStyle(x).color") == "rgb(28, 29, 34)"


# ----- methods, cards, pictures -----


def test_the_script_draws_every_method_as_the_page_does(visit: Any) -> None:
    """What the script shows after a switch is what a page that starts with it holds as HTML."""
    records = [MEASURED, MEASURED_TICKET, REVIEW]
    moving = visit(records, viewport={"width": 900, "height": 3000})
    moving.page.wait_for_selector("#t3 details")
    for method in ("integrated-gradients", "leave-one-out", "mine", "random", "attention"):
        still = visit(records, method=method, java_script_enabled=False)
        moving.page.select_option("#method", method)
        moving.page.wait_for_timeout(200)
        for part in ("#says", ".scale", "article dl", ".sum", ".trust"):
            before, after = (x.page.locator(part).all_inner_texts() for x in (still, moving))
            if part == "#says":
                after = [line.split(" 1 of 3")[0] for line in after]
            assert [x for x in before if x.strip()] == [x for x in after if x.strip()], part
        for text in ("#t1", "#t2", "#t3"):
            colours = [
                {word: c for word, c in x.classes(text).items() if c not in ("", "g")}
                for x in (still, moving)
            ]
            assert colours[0] == colours[1], (method, text)
        before, after = (
            x.page.locator("section.trust svg").evaluate_all(
                """all => all.map(x => [...x.children].map(y =>
                    y.getAttribute('d') || y.getAttribute('cx')))"""
            )
            for x in (still, moving)
        )
        assert before == after


def test_a_method_without_a_map_of_the_class_says_so(visit: Any) -> None:
    visited = visit([MEASURED_TICKET])
    page = visited.page
    page.wait_for_selector("#t1 details")
    page.select_option("#method", "mine")
    page.select_option("#class", index=1)
    page.wait_for_function("document.querySelector('.scale').innerText.includes('No map')")
    assert page.locator("#t1 .scale").inner_text() == (
        "No map of billing by this method (mine), only of delivery."
    )
    assert set(visited.classes("#t1").values()) == {""}
    assert page.locator("#says").inner_text().endswith("No text here has such map of billing.")
    labels = page.locator("#class option").all_inner_texts()
    assert labels[1:] == ["billing (no map)", "delivery", "technical (no map)"]
    assert page.locator("#t1 .about").count() == 0, "this method was not measured"
    page.select_option("#method", "contribution")
    page.wait_for_selector("#t1 .about")
    assert page.locator("#t1 .about").inner_text() == (
        "about the predicted class, delivery; the map is about billing"
    )


def test_the_numbers_of_a_word_are_those_of_the_method_and_of_the_two(visit: Any) -> None:
    page = visit([MEASURED], method="integrated-gradients").page
    page.wait_for_selector("#t1 details")
    page.locator("#t1 .map b", has_text="superb").hover()
    attention = f"{MEASURED.attention[10]:.3g}"
    assert page.locator("#tip").inner_text().split("\n") == [
        "superb", "Integrated gradients +0.324 for positive",
        "contribution +0.810 for positive", f"attention {attention}",
    ]  # fmt: skip
    page.locator("#t1 .map").focus()
    page.keyboard.press("Home")
    assert "Integrated gradients −0.120 against positive" in page.locator("#said").text_content()
    page.locator("#t1 summary").click()
    head = page.locator("#t1 thead").inner_text().strip().split("\t")
    assert head == ["word", "Integrated gradients", "contribution to positive", "attention"]


def test_what_a_measure_means_is_told_on_demand(visit: Any) -> None:
    page = visit([MEASURED]).page
    page.wait_for_selector("#t1 details")
    page.locator("#t1 .trust a", has_text="sufficiency").focus()
    assert "are kept, over the same shares" in page.locator("#tip").inner_text()
    still = visit([MEASURED], java_script_enabled=False).page
    assert still.locator("#t1 .trust a").first.get_attribute("href") == "#m-comprehensiveness"
    assert still.locator("#m-comprehensiveness").is_visible()
    assert still.locator("#t1 .finding").inner_text() == MEASURED.trust["contribution"].sentence


def copied(page: Any, text: str) -> str:
    page.locator(text).scroll_into_view_if_needed()
    page.locator(f"{text} .copy").click()
    page.wait_for_function(
        "x => document.querySelector(x).innerText === 'Copied'", arg=f"{text} .copy"
    )
    found: str = page.evaluate("navigator.clipboard.readText()")
    return found


def test_a_copied_picture_is_the_one_that_python_makes(visit: Any) -> None:
    mixed = "הסרט הזה (מאוד) נפלא, machine \u202elearning 漢字 <b>&'\" e\u0301."
    odd = with_methods(
        binary(mixed, [(-1) ** i * (i % 5) / 4 for i in range(len(words_of(mixed)))])
    )
    long = binary(" ".join(f"word{i}" for i in range(200)), [i / 200 - 0.5 for i in range(200)])
    records = [MEASURED, MEASURED_TICKET, PANNED, HEBREW, odd, long]
    visited = visit(records, permissions=["clipboard-read", "clipboard-write"])
    page = visited.page
    page.wait_for_selector("#t1 .copy")
    for i, record in enumerate(records, 1):
        assert copied(page, f"#t{i}") == to_svg(record), i
    page.select_option("#method", "integrated-gradients")
    page.select_option("#class", label="negative")
    page.wait_for_timeout(300)
    svg = copied(page, "#t1")
    assert svg == to_svg(MEASURED, "integrated-gradients", "negative")
    ElementTree.fromstring(svg)


def test_a_picture_is_in_the_colours_of_the_page(visit: Any) -> None:
    page = visit(
        [MEASURED], color_scheme="dark", permissions=["clipboard-read", "clipboard-write"]
    ).page
    page.wait_for_selector("#t1 .copy")
    svg = copied(page, "#t1")
    assert 'fill="#17181c"' in svg
    assert "#ffffff" not in svg


def test_where_a_page_may_not_copy_the_picture_is_saved(visit: Any) -> None:
    page = visit([MEASURED]).page
    page.wait_for_selector("#t1 .copy")
    page.evaluate("() => { navigator.clipboard.write = () => Promise.reject(new Error('no')) }")
    with page.expect_download() as saved:
        page.locator("#t1 .copy").click()
    assert saved.value.suggested_filename == "t1-contribution.svg"
    assert Path(saved.value.path()).read_text("utf-8") == to_svg(MEASURED)


def test_cards_fit_a_narrow_page_and_paper(visit: Any) -> None:
    page = visit([MEASURED, MEASURED_TICKET], viewport={"width": 400, "height": 800}).page
    page.wait_for_selector("#t1 details")
    assert page.evaluate("document.documentElement.scrollWidth") <= 400
    page.emulate_media(media="print")
    assert page.locator("#t1 .finding").is_visible()
    assert not page.locator("#t1 .copy").is_visible()

"""The page in a real browser: opened from disk, used by keyboard, dark, narrow, without scripts."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from browsing import Opened
from heedful.face.render import to_html
from made_explanations import ALL, HOSTILE, REVIEW, TICKET, binary

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

"""The page at `/` in a real browser, against a real server: typing, any text, keys, a phone."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from heedful.face.spelling import chance
from reading_back import marked, text_of
from visiting import HOSTILE, WORDS, probability

pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
pytest.importorskip("uvicorn", reason="heedful[serve] is not installed")


def test_typing_marks_the_right_characters_of_any_text(visit_page: Any) -> None:
    seen = visit_page("#class=positive")
    seen.type("the great film")
    assert seen.head() == f"positive {chance(probability(2.0))}"
    assert marked(seen.page) == [(4, 9, "p")]
    seen.type(HOSTILE)
    expected = [
        (found.start(), found.end(), "n" if found.group() == "awful" else "p")
        for found in re.finditer(rf"(?<![\w\u0300])(?:{WORDS})(?!\w)", HOSTILE)
    ]
    assert marked(seen.page) == expected
    assert len(expected) >= 6
    assert text_of(seen.page) == HOSTILE
    assert seen.page.title() == "heedful"
    assert seen.page.locator("#result script, #result .map :not(b, i, .num)").count() == 0


def test_an_answer_that_comes_late_is_dropped(visit_page: Any) -> None:
    seen = visit_page("#class=positive")
    seen.type("film")
    held: list[Any] = []

    def late(route: Any) -> None:
        if json.loads(route.request.post_data)["inputs"] == "awful film":
            held.append(route)
        else:
            route.continue_()

    seen.page.route("**/explain", late)
    # Without the browser's own abort, so that the answer does come.
    seen.page.evaluate("AbortController.prototype.abort = () => {}")
    seen.page.fill("#text", "awful film")
    while not held:
        seen.page.wait_for_timeout(20)
    seen.type("great film")
    answered: list[str] = []
    seen.page.on("requestfinished", lambda request: answered.append(request.post_data))
    held[0].continue_()
    while not answered:
        seen.page.wait_for_timeout(20)
    seen.page.wait_for_timeout(50)
    assert text_of(seen.page) == "great film"
    assert seen.head().startswith("positive")


def test_a_phone_shows_everything_without_sideways_scrolling(visit_page: Any) -> None:
    seen = visit_page(viewport={"width": 360, "height": 740})
    long = "great " * 30 + "x" * 300 + " " + HOSTILE
    seen.page.fill("#text", long)
    seen.settled(long)
    for look in ("numbers", "table", "colours"):
        seen.page.locator(f"#look input[value={look}]").check()
        assert seen.width() <= 360, look
    for tab in ("compare", "file"):
        seen.page.click(f"#tab-{tab}")
        if tab == "compare":
            seen.page.wait_for_selector("#compared .map")
        assert seen.width() <= 360, tab


def test_the_keyboard_alone_is_enough(visit_page: Any) -> None:
    seen = visit_page("#model=films&class=positive")
    keys = seen.page.keyboard
    seen.page.wait_for_selector("#page", state="visible")

    def to(wanted: str) -> None:
        for _ in range(30):
            keys.press("Tab")
            if seen.page.evaluate("wanted => document.activeElement.matches(wanted)", wanted):
                assert seen.page.evaluate(_OUTLINE) != "none", f"{wanted} shows the focus"
                return
        raise AssertionError(f"{wanted} is not reached by the Tab key")

    to("#tab-text")
    to("#method")
    to("#class")
    to("#look :checked")
    to("#text")
    keys.type("the great film is awful")
    seen.settled("the great film is awful")
    to("#result .map")
    keys.press("ArrowRight")
    keys.press("ArrowRight")
    assert seen.page.locator("#said").text_content().startswith("great: +1.20 for positive")
    assert seen.page.locator("#tip").is_visible()
    keys.press("Escape")
    assert seen.page.locator("#tip").is_hidden()
    to("#trust button")
    seen.page.locator("#tab-text").focus()
    keys.press("ArrowRight")
    assert seen.page.locator("#tab-compare").get_attribute("aria-selected") == "true"
    to("#first")


# A radio button and a file's are hidden: the label beside them shows the focus.
_OUTLINE = """() => {
  const e = document.activeElement, hidden = e.matches("[type=radio], [type=file]");
  return getComputedStyle(hidden ? e.nextElementSibling : e).outlineStyle;
}"""


@pytest.mark.slow
def test_hebrew_runs_from_the_right(visit_page: Any) -> None:
    seen = visit_page("#class=positive")
    text = "סרט נפלא great מאוד"
    seen.type(text)
    assert marked(seen.page) == [(4, 8, "p"), (9, 14, "p")]
    for where in ("#text", "#result .map"):
        assert seen.page.locator(where).evaluate("e => getComputedStyle(e).direction") == "rtl"
    seen.page.locator("#result .map").focus()
    seen.page.keyboard.press("Home")
    seen.page.keyboard.press("ArrowLeft")
    assert seen.page.locator("#said").text_content().startswith("נפלא: +1.50 for positive")

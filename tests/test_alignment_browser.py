"""The page of alignments in a real browser: mouse, keyboard, dark, narrow, without scripts."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from browsing import Opened
from heedful.face.alignment import number_of, shade_of
from heedful.face.alignment_page import alignment_html
from made_rewritings import ALL, CLOCK, HEBREW, HOSTILE, LONG, SENTENCE, peaks, rewriting

pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
pytestmark = pytest.mark.slow


class Visit(Opened):
    """An open page of alignments."""

    def lit(self, card: int = 1) -> list[tuple[int, str]]:
        """Which source tokens are lit, with their numbers."""
        boxes = self.page.locator(f"#r{card} .s").all()
        found = [(i, box.locator("small").text_content()) for i, box in enumerate(boxes)]
        return [(i, number) for i, number in found if number]

    def told(self, card: int = 1) -> str:
        return str(self.page.locator(f"#r{card} .told").text_content())


@pytest.fixture
def visit(browser: Any, tmp_path: Path) -> Iterator[Any]:
    opened: list[Visit] = []

    def go(records: Any, **settings: Any) -> Visit:
        file = tmp_path / "page.html"
        file.write_text(alignment_html(records), encoding="utf-8", newline="")
        opened.append(Visit(browser, file, **settings))
        return opened[-1]

    yield go
    for each in opened:
        assert each.complaints == []
        assert len(each.requests) == 1, "nothing but the file itself"
        each.context.close()


def expected(row: int) -> list[tuple[int, str]]:
    return [(i, number_of(x)) for i, x in enumerate(CLOCK.weights[row]) if shade_of(x)]


def test_pointing_lights_up_what_was_read(visit: Any) -> None:
    seen = visit([CLOCK, HEBREW])
    seen.page.locator("#r1 .o").nth(3).hover()
    assert seen.lit() == expected(3) == [(1, ".06"), (2, ".45"), (3, ".45")]
    assert seen.told() == "0 was written looking at p .45, m .45, ␣ .06"
    assert seen.page.locator("#r1 tr.on th").text_content() == "0"
    assert seen.lit(2) == []
    seen.page.locator("h1").hover()
    assert seen.lit() == [] and seen.told() == ""


def test_a_row_of_the_map_does_the_same(visit: Any) -> None:
    seen = visit([CLOCK])
    seen.page.locator("#r1 tbody tr").nth(0).hover()
    assert seen.lit() == expected(0)


def test_the_keyboard_alone_is_enough(visit: Any) -> None:
    seen = visit([CLOCK])
    keys = seen.page.keyboard
    keys.press("Tab")  # the link of the card
    keys.press("Tab")
    assert seen.lit() == expected(0)
    keys.press("ArrowRight")
    assert seen.lit() == expected(1) == [(0, "1")]
    keys.press("ArrowLeft")
    assert seen.lit() == expected(0)
    keys.press("Escape")
    assert seen.lit() == []


def test_a_tap_keeps_it(visit: Any) -> None:
    seen = visit([CLOCK], has_touch=True, viewport={"width": 390, "height": 800})
    seen.page.locator("#r1 .o").nth(2).tap()
    assert seen.lit() == expected(2)


@pytest.mark.parametrize("width", [320, 390, 768, 1280])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_page_is_wider_than_its_window(visit: Any, width: int, scheme: str) -> None:
    seen = visit(ALL, viewport={"width": width, "height": 800}, color_scheme=scheme)
    assert seen.page.evaluate("document.documentElement.scrollWidth") <= width


def test_forty_characters_fit_a_desk(visit: Any) -> None:
    seen = visit([LONG, SENTENCE], viewport={"width": 1280, "height": 800})
    for card in (1, 2):
        wide = "e => e.scrollWidth <= e.clientWidth"
        assert seen.page.locator(f"#r{card} .matrix").evaluate(wide)


def test_lit_boxes_have_readable_text(visit: Any) -> None:
    for scheme in ("light", "dark"):
        seen = visit([CLOCK], color_scheme=scheme)
        seen.page.locator("#r1 .o").nth(1).focus()
        style = seen.page.locator("#r1 .s").first.evaluate(
            "e => [getComputedStyle(e).color, getComputedStyle(e).backgroundColor]"
        )
        ink, paper = style
        assert ink != paper
        assert ink == ("rgb(255, 255, 255)" if scheme == "light" else "rgb(0, 0, 0)")


def test_nothing_in_a_text_acts(visit: Any) -> None:
    seen = visit([HOSTILE])
    assert seen.page.locator("article").count() == 1
    assert seen.page.locator("#r1 .o").count() == 4
    seen.page.locator("#r1 .o").first.focus()
    assert seen.lit()[0] == (0, ".75")


def test_without_scripts_the_map_is_there(visit: Any) -> None:
    seen = visit([CLOCK], java_script_enabled=False)
    cells = seen.page.locator("#r1 tbody td").all()
    assert [x.text_content().strip() for x in cells] == [
        number_of(x) for row in CLOCK.weights for x in row
    ]


def test_a_long_source_scrolls_to_what_is_lit(visit: Any) -> None:
    far = rewriting("ab " * 600 + "3 pm" + " cd" * 600, "15", peaks(3604, [1800, 1802]))
    seen = visit([far], viewport={"width": 800, "height": 700})
    seen.page.locator("#r1 .o").first.focus()
    assert (1, ".75") in seen.lit()
    inside = """e => { const r = document.querySelector(".read").getBoundingClientRect(),
      b = e.getBoundingClientRect(); return b.top >= r.top && b.bottom <= r.bottom }"""
    assert seen.page.locator("#r1 .s.top").evaluate(inside)

"""The report in a real browser: opened from disk, by keyboard, dark, narrow, on paper."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from browsing import Opened
from heedful.face.report.page import Report, Selected, to_report
from made_explanations import HEBREW, HOSTILE, REVIEW, TICKET, binary
from made_report import PLOT_STYLE, leaky, reviews, topics

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
PAPER = {"light": "rgb(255, 255, 255)", "dark": "rgb(23, 24, 28)"}
LINE = {"light": "rgb(0, 114, 178)", "dark": "rgb(86, 180, 233)"}


class Visit(Opened):
    """An open report, with what it asked for and complained about."""

    def drawn(self, text: str = "t1") -> None:
        """Go where the script has drawn a text, which it does when it comes into sight."""
        self.page.evaluate(f"document.getElementById('{text}').scrollIntoView()")
        self.page.wait_for_selector(f"#{text} details", timeout=5000)

    def seen(self) -> list[str]:
        """The ids of the texts that are shown."""
        return [x.get_attribute("id") for x in self.page.locator("article:visible").all()]

    def colour(self, selector: str, what: str) -> str:
        first = self.page.locator(selector).first
        return str(first.evaluate(f"x => getComputedStyle(x).{what}"))

    def colours(self) -> tuple[str, str]:
        """The background of a card and the line of a plot."""
        card = self.colour("article", "backgroundColor")
        return card, self.colour("#plots path[stroke-width]", "stroke")


def ends_with(place: Any, word: str) -> None:
    """Waits; the page's policy forbids the conditions that playwright would evaluate in it."""
    playwright.expect(place).to_have_text(re.compile(f"{word}$"))


@pytest.fixture
def visit(browser: Any, tmp_path: Path) -> Iterator[Any]:
    opened: list[Visit] = []

    def go(report: Report, **settings: Any) -> Visit:
        file = tmp_path / "report.html"
        file.write_text(to_report(report, PLOT_STYLE), encoding="utf-8", newline="")
        opened.append(Visit(browser, file, **settings))
        return opened[-1]

    yield go
    for each in opened:
        assert each.complaints == []
        assert len(set(each.requests)) == 1, "nothing but the file itself"
        each.context.close()


def test_class_method_and_theme_can_be_switched(visit: Any) -> None:
    """The one browser test that always runs."""
    visited = visit(reviews())
    page = visited.page
    visited.drawn()
    word = page.locator("#t1 .map b[class]").first
    before = word.get_attribute("class")
    target = page.locator("#t1 .scale").inner_text().split()[-1]
    other = {"positive": "negative", "negative": "positive"}[target]
    page.select_option("#class", label=other)
    ends_with(page.locator("#t1 .scale"), other)
    swapped = {"p": "n", "n": "p"}[before[0]] + before[1:]
    assert word.get_attribute("class") == swapped
    page.locator("#method >> text=Attention").click()
    page.wait_for_selector("#t1 .scale .heat")
    assert set("".join(re.findall(r"[a-z]", word.get_attribute("class") or "a"))) <= set("ag")
    for theme in ("dark", "light"):
        page.locator(f"#theme >> text={theme}").click()
        assert visited.colours() == (PAPER[theme], LINE[theme])


slow = pytest.mark.slow


@slow
def test_the_theme_is_remembered_and_auto_follows_the_system(visit: Any) -> None:
    visited = visit(reviews(), color_scheme="dark")
    page = visited.page
    assert visited.colours() == (PAPER["dark"], LINE["dark"])
    page.locator("#theme >> text=light").click()
    page.reload()
    assert visited.colours() == (PAPER["light"], LINE["light"])
    assert page.locator("#theme [value=light]").is_checked()
    page.locator("#theme >> text=auto").click()
    assert visited.colours() == (PAPER["dark"], LINE["dark"])
    page.emulate_media(color_scheme="light")
    assert visited.colours() == (PAPER["light"], LINE["light"])


@slow
def test_texts_are_filtered_by_reason_class_and_words(visit: Any) -> None:
    report = reviews()
    visited = visit(report)
    page = visited.page
    why = [one.why for one in report.examples]
    assert len(visited.seen()) == sum("mistake" in x for x in why)
    assert page.locator("#texts h3:visible").all_inner_texts() == ["Most confident mistakes"]
    page.locator("#reasons >> text=Probable label errors").click()
    assert len(visited.seen()) == sum("label error" in x for x in why) > 0
    assert page.locator("#texts h3:visible").all_inner_texts() == ["Probable label errors"]
    page.locator("#reasons").get_by_text("All", exact=True).click()
    assert len(visited.seen()) == len(why)
    assert page.locator("#count").inner_text() == f"{len(why)} texts"
    page.select_option("#labelled", label="negative")
    page.select_option("#predicted", label="positive")
    wanted = [
        one
        for one in report.examples
        if one.explanation.label == ("negative",)
        and one.explanation.prediction.labels == ("positive",)
    ]
    assert len(visited.seen()) == len(wanted) > 0
    page.fill("#search", "no such words")
    assert visited.seen() == [] and page.locator("#none").is_visible()


@slow
def test_the_labelled_class_of_each_text_can_be_shown(visit: Any) -> None:
    visited = visit(reviews())
    page = visited.page
    visited.drawn()
    page.select_option("#class", value="labelled")
    first = reviews().examples[0].explanation
    assert first.label[0] != first.target
    ends_with(page.locator("#t1 .scale"), first.label[0])


@slow
def test_everything_works_by_keyboard(visit: Any) -> None:
    visited = visit(leaky())
    page = visited.page
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    assert page.locator(".skip").bounding_box()["x"] >= 0
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Which rows"
    page.keyboard.press("Enter")
    assert page.locator(".alarm table").is_visible()
    page.locator("#reasons :checked").focus()
    page.keyboard.press("ArrowRight")
    assert page.locator("#texts h3:visible").all_inner_texts() == ["Closest calls"]
    page.keyboard.press("Tab")
    page.keyboard.press("ArrowRight")
    shown = visited.seen()[0]
    page.wait_for_selector(f"#{shown} .scale .heat")
    page.locator(f"#{shown} .map").focus()
    page.keyboard.press("Home")
    page.wait_for_timeout(200)  # the page scrolls, and the word keeps its numbers
    assert page.locator("#tip").is_visible()
    assert page.locator("#said").text_content()


@slow
def test_every_focus_can_be_seen(visit: Any) -> None:
    page = visit(leaky()).page
    for _ in range(40):
        page.keyboard.press("Tab")
        seen = page.evaluate(
            "(() => { const x = document.activeElement; if (x === document.body) return 'body';"
            "const one = x.matches('fieldset input') ? x.nextElementSibling : x;"
            "return getComputedStyle(one).outlineStyle })()"
        )
        assert seen not in ("none", ""), page.evaluate("document.activeElement.outerHTML")[:200]


@slow
def test_a_table_is_sorted_by_its_headings(visit: Any) -> None:
    report = topics(29)
    page = visit(report).page
    table = page.locator("table[data-sortable]").first
    heading = table.locator("thead th", has_text="F1")
    heading.locator("button").click()
    assert heading.get_attribute("aria-sort") == "descending"
    order = sorted((x["f1"] for x in report.record["per_class"].values()), reverse=True)
    found = table.locator("tbody tr td:nth-child(6)").evaluate_all(
        "all => all.map(x => +x.dataset.v)"
    )
    assert found == pytest.approx(order)
    heading.locator("button").click()
    again = table.locator("tbody tr td:nth-child(6)").evaluate_all(
        "all => all.map(x => +x.dataset.v)"
    )
    assert again == pytest.approx(order[::-1])


@slow
def test_a_phone_does_not_scroll_sideways(visit: Any) -> None:
    narrow = {"width": 360, "height": 780}
    long = binary("donau" * 90 + " " + "x" * 300, [0.5, -0.5])
    odd = [Selected(("mistake",), "f" * 90 + ".csv", 1, e) for e in (long, HEBREW, HOSTILE, TICKET)]
    for report in (leaky(), topics(29), replace(reviews(), examples=odd, name="n" * 70)):
        page = visit(report, viewport=narrow).page
        page.evaluate("document.querySelectorAll('details').forEach(x => { x.open = true })")
        page.wait_for_timeout(100)
        assert page.evaluate("document.documentElement.scrollWidth") <= 360


@slow
def test_without_scripts_all_texts_are_there_and_no_dead_buttons(visit: Any) -> None:
    visited = visit(reviews(), java_script_enabled=False)
    assert len(visited.seen()) == len(reviews().examples)
    for dead in ("#tools", "#theme", "button"):
        assert visited.page.locator(f"{dead} >> visible=true").count() == 0
    titles = visited.page.locator("#texts h3:visible").all_inner_texts()
    assert titles[0] == "Most confident mistakes" and len(titles) == 4
    assert visited.colour("#t1 b[class^=p]", "backgroundColor") not in ("", "rgba(0, 0, 0, 0)")


@slow
def test_paper_is_light_without_tools_and_has_pages(visit: Any) -> None:
    visited = visit(leaky(), color_scheme="dark")
    page = visited.page
    page.locator("#theme >> text=dark").click()
    page.emulate_media(media="print", color_scheme="dark")
    for tool in ("nav", "#tools", ".skip"):
        assert not page.locator(tool).is_visible()
    assert visited.colour("main", "color") == "rgb(28, 29, 34)"
    assert visited.colour("#plots path[stroke-width]", "stroke") == LINE["light"]
    assert visited.colour("html", "colorScheme") == "light"
    printed = page.pdf(format="A4")
    assert printed.startswith(b"%PDF") and printed.count(b"/Type /Page\n") > 3


@slow
def test_a_long_text_is_shown_whole_on_demand(visit: Any) -> None:
    long = binary("a film " * 700, [0.1, -0.2] * 700, label=("negative",))
    odd = [Selected(("mistake",), "a.csv", 1, e) for e in (long, REVIEW)]
    page = visit(replace(reviews(), examples=odd)).page
    assert page.locator("#t1 .map").bounding_box()["height"] < 500
    assert page.locator("#t2 .whole").count() == 0
    page.locator("#t1 .whole").click()
    assert page.locator("#t1 .map").bounding_box()["height"] > 900
    assert page.locator("#t1 .map").text_content() == long.text


@slow
def test_a_link_to_a_text_of_another_reason_shows_it(visit: Any) -> None:
    visited = visit(reviews())
    last = f"t{len(reviews().examples)}"
    assert last not in visited.seen()
    visited.page.evaluate(f"location.hash = '{last}'")
    playwright.expect(visited.page.locator(f"#{last}")).to_be_visible()


@slow
def test_a_report_from_right_to_left_and_hostile_texts(visit: Any) -> None:
    odd = [Selected(("random",), "\u202eabc.csv", 1, e) for e in (HEBREW, HOSTILE, TICKET)]
    visited = visit(replace(reviews(), examples=odd))
    page = visited.page
    visited.drawn("t3")
    assert page.locator("#t1 .map").evaluate("x => getComputedStyle(x).direction") == "rtl"
    texts = [x.text_content() for x in page.locator(".map").all()]
    assert texts == [one.explanation.text for one in odd]

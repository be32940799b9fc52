"""The page at `/` in a real browser, against a real server with models set by hand.

A word's contribution to these models is its weight over the number of tokens, so what the page
must show is known without asking the code that made it.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from browsing import Opened
from heedful.face.page import to_html
from heedful.face.spelling import chance
from heedful.learn.folder import save_model
from heedful.records import Explanation
from made_models import bag_of_words
from reading_back import marked, spans, text_of
from serving_runs import Running, running

pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
pytest.importorskip("uvicorn", reason="heedful[serve] is not installed")

WEIGHTS = {"great": 6.0, "awful": -6.0, "film": 0.0, "the": 0.0, "נפלא": 6.0, "café": 6.0}
OTHER = {"great": -6.0, "film": 3.0}
HOSTILE = (
    "<script>document.title='x'</script> \"great\" & 'awful' 👩\u200d👩\u200d👧 great 𝒜\U0001f600awful "
    "&lt;b&gt; e\u0301e\u0301 great סרט נפלא מאוד a\u0300wful great\u202e awful"
)
WORDS = "great|awful|נפלא"


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Two classifiers, made by hand."""
    place = tmp_path_factory.mktemp("runs")
    for name, weights in (("films", WEIGHTS), ("others", OTHER)):
        (place / name).mkdir()
        save_model(bag_of_words(weights), place / name)
    return [place / "films", place / "others"]


@pytest.fixture(scope="module")
def server(runs: list[Path]) -> Iterator[Running]:
    with running(runs) as started:
        yield started


class Visit(Opened):
    """An open page of a server."""

    def __init__(self, browser: Any, address: str, hash_: str = "", **settings: Any) -> None:
        self.context = browser.new_context(**settings)
        self.page = self.context.new_page()
        self.requests: list[str] = []
        self.complaints: list[str] = []
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.on("console", lambda message: self.complaints.append(message.text))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.address = address
        self.page.goto(f"{address}/{hash_}")

    def type(self, text: str, box: str = "#text") -> None:
        """Fill a box and wait until the answer for exactly that text is drawn."""
        self.page.fill(box, text)
        self.settled(text)

    def settled(self, text: str) -> None:
        self.page.wait_for_function(_SETTLED, arg=text)

    def head(self, where: str = "#result") -> str:
        return str(self.page.locator(f"{where} .head strong").text_content())

    def width(self) -> int:
        return int(self.page.evaluate("document.documentElement.scrollWidth"))


_SETTLED = """text => {
  const result = document.getElementById("result"), map = result.querySelector(".map");
  if (result.hidden || result.hasAttribute("aria-busy") || !map) return false;
  const copy = map.cloneNode(true);
  copy.querySelectorAll(".num").forEach(node => node.remove());
  return copy.textContent === text;
}"""


@pytest.fixture
def visit(browser: Any, server: Running) -> Iterator[Any]:
    opened: list[Visit] = []

    def go(hash_: str = "", address: str = server.address, **settings: Any) -> Visit:
        opened.append(Visit(browser, address, hash_, **settings))
        return opened[-1]

    yield go
    for each in opened:
        assert each.complaints == [], "no error, no violation of the content policy"
        assert all(url.startswith((each.address, "data:")) for url in each.requests)
        each.context.close()


def log_odds(text: str, weights: dict[str, float] = WEIGHTS) -> float:
    """Of positive: the mean weight of a text of single words."""
    words = text.split()
    return sum(weights.get(word, 0.0) for word in words) / len(words)


def probability(logit: float) -> float:
    return float(1 / (1 + 2.718281828459045**-logit))


def test_typing_marks_the_right_characters_of_any_text(visit: Any) -> None:
    seen = visit("#class=positive")
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


def test_an_answer_that_comes_late_is_dropped(visit: Any) -> None:
    seen = visit("#class=positive")
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


@pytest.mark.parametrize("scheme", ["light"])
def test_a_phone_shows_everything_without_sideways_scrolling(visit: Any, scheme: str) -> None:
    seen = visit(viewport={"width": 360, "height": 740}, color_scheme=scheme)
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


def test_the_keyboard_alone_is_enough(visit: Any) -> None:
    seen = visit("#model=films&class=positive")
    keys = seen.page.keyboard
    seen.page.wait_for_selector("#page", state="visible")

    def to(wanted: str) -> None:
        for _ in range(30):
            keys.press("Tab")
            if seen.page.evaluate("document.activeElement.matches(arguments[0])".replace("arguments[0]", json.dumps(wanted))):
                outline = seen.page.evaluate(
                    "(e => { const s = getComputedStyle(e.matches('input[type=radio], [type=file]') ? "
                    "e.nextElementSibling : e); return s.outlineStyle })(document.activeElement)"
                )
                assert outline != "none", f"{wanted} shows that it has the focus"
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

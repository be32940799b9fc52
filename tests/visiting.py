"""Visits to the page of `heedful serve`, in a real browser, of models whose words are known.

A word's contribution to these models is its weight over the number of tokens, so what the page
must show is known without asking the code that made it.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from browsing import Opened

PATIENCE = 90_000  # milliseconds; a busy machine is no failure
WEIGHTS = {"great": 6.0, "awful": -6.0, "film": 0.0, "the": 0.0, "נפלא": 6.0, "café": 6.0}
OTHER = {"great": -6.0, "film": 3.0}
HOSTILE = (
    "<script>document.title='x'</script> \"great\" & 'awful' "
    "👩\u200d👩\u200d👧 great 𝒜\U0001f600awful "
    "&lt;b&gt; e\u0301e\u0301 great סרט נפלא מאוד a\u0300wful great\u202e awful"
)
WORDS = "great|awful|נפלא"


@contextmanager
def serving_at(runs: Sequence[Path], **limits: Any) -> Iterator[str]:
    """The address of a server of these runs."""
    from serving import running  # here: it needs heedful[serve], and not every test does

    with running([str(run) for run in runs], **limits) as started:
        yield started.url


@pytest.fixture(scope="module")
def page_runs(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Two classifiers, made by hand."""
    from heedful.learn.folder import save_model  # here: they load torch, and so would conftest.py
    from made_models import bag_of_words

    place = tmp_path_factory.mktemp("runs")
    for name, weights in (("films", WEIGHTS), ("others", OTHER)):
        (place / name).mkdir()
        save_model(bag_of_words(weights), place / name)
    return [place / "films", place / "others"]


@pytest.fixture(scope="module")
def page_server(page_runs: list[Path]) -> Iterator[str]:
    with serving_at(page_runs) as address:
        yield address


class Visit(Opened):
    """An open page of a server."""

    def __init__(self, browser: Any, address: str, hash_: str = "", **settings: Any) -> None:
        self.context = browser.new_context(**settings)
        self.context.set_default_timeout(PATIENCE)
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
def visit_page(browser: Any, page_server: str) -> Iterator[Any]:
    opened: list[Visit] = []

    def go(hash_: str = "", address: str = page_server, **settings: Any) -> Visit:
        opened.append(Visit(browser, address, hash_, **settings))
        return opened[-1]

    yield go
    for each in opened:
        assert each.complaints == [], "no error, no violation of the content policy"
        assert all(url.startswith((each.address, "data:")) for url in each.requests)
        each.context.close()


def probability(logit: float) -> float:
    """What a binary model makes of log-odds."""
    return 1 / (1 + math.exp(-logit))


def words(found: Any) -> str:
    """What an element says, whatever white space lies between its parts."""
    return "".join(found.text_content().split())


def drop(seen: Visit, name: str, content: str) -> None:
    """Let a file fall onto the page."""
    seen.page.evaluate(
        """([name, content]) => {
          const data = new DataTransfer();
          data.items.add(new File([content], name));
          document.getElementById("drop").dispatchEvent(
            new DragEvent("drop", { dataTransfer: data, bubbles: true, cancelable: true }));
        }""",
        [name, content],
    )

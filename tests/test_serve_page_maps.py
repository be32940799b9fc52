"""The page's maps: the same as on every other face, switched, compared, measured, rewritten."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import pytest

from browsing import Opened
from heedful.face.alignment import number_of, shade_of
from heedful.face.colours import contrast
from heedful.face.page import to_html
from heedful.face.spelling import chance
from heedful.learn.sequence_folder import save_sequence
from heedful.records import Explanation, Rewriting
from reading_back import marked, spans
from visiting import HOSTILE, Visit, probability, serving_at, words

pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
pytest.importorskip("uvicorn", reason="heedful[serve] is not installed")
pytestmark = pytest.mark.slow


def test_a_map_is_the_one_of_the_explanation_pages(
    visit_page: Any, browser: Any, page_server: str, tmp_path: Path
) -> None:
    """The page's script does the sums of heat.py and trust_rows.py again: they must agree."""
    text = "the great great film was not awful at all, " + HOSTILE
    seen = visit_page("#class=positive")
    for method in ("contribution", "attention", "leave-one-out"):
        seen.page.select_option("#method", method)
        seen.type(text)
        seen.page.wait_for_selector("#trust button")
        seen.page.click("#trust button")
        seen.page.wait_for_selector("#trust .finding", timeout=60_000)
        record = asked(
            page_server, text, {"methods": [method], "target": "positive", "trust": True}
        )
        file = tmp_path / "page.html"
        file.write_text(to_html([record], method=method), encoding="utf-8", newline="")
        other = Opened(browser, file)
        other.page.wait_for_selector("#t1 .map[tabindex]")
        steps = "m => [...m.querySelectorAll('b')].map(b => b.className)"
        drawn = [s.step for s in spans(seen.page)]
        assert drawn == other.page.locator("#t1 .map").evaluate(steps)
        assert any(drawn)
        for part in (".scale", "dl >> nth=0", ".sum"):
            pair = [x.page.locator(f"{y} {part}") for x, y in ((seen, "#result"), (other, "#t1"))]
            assert words(pair[0]) == words(pair[1]), (method, part)
        rows = "dl:not(.meanings) > div"
        for part in (".finding", ".about", rows):
            here = seen.page.locator(f"#trust .trust {part}").all()
            there = other.page.locator(f"#t1 .trust {part}").all()
            assert [words(x) for x in here] == [words(x) for x in there], (method, part)
            assert len(here) >= 1
        both = [
            x.page.locator(f"{y} .trust").evaluate(_MARKS)
            for x, y in ((seen, "#trust"), (other, "#t1"))
        ]
        assert both[0] == both[1]
        other.context.close()


# What is drawn on the lines of a card.
_MARKS = """card => [...card.querySelectorAll("path, circle")].map(
  mark => mark.getAttribute("d") ?? mark.getAttribute("cx"))"""


def asked(address: str, text: str, parameters: dict[str, Any]) -> Explanation:
    body = json.dumps({"inputs": text, "parameters": parameters}).encode()
    request = Request(f"{address}/explain", body, {"Content-Type": "application/json"})
    with urlopen(request, timeout=60) as answer:
        return Explanation.from_json(json.load(answer))


def test_method_class_and_model_are_switched_and_kept_in_the_address(visit_page: Any) -> None:
    seen = visit_page("#class=positive&look=numbers")
    seen.type("great film")
    assert numbers(seen) == ["great +3.00"]
    seen.page.select_option("#class", "negative")
    assert numbers(seen) == ["great −3.00"]
    assert marked(seen.page) == [(0, 5, "n")]
    # Left out, the word takes its share with it, and the mean of the other doubles.
    seen.page.select_option("#method", "leave-one-out")
    seen.page.wait_for_selector("#result .num >> nth=1")
    assert numbers(seen) == ["great −3.00", "film +3.00"]
    seen.page.select_option("#method", "attention")
    assert [x[2] for x in marked(seen.page)] == ["a", "a"]
    seen.page.select_option("#model", "others")
    seen.page.wait_for_selector("#result strong >> text=negative")
    assert seen.head() == f"negative {chance(probability(1.5))}"
    assert seen.page.input_value("#class") == "", "another model, its own classes"
    address = seen.page.url
    assert "model=others" in address and "method=attention" in address
    assert "great" not in address
    seen.page.reload()
    seen.page.wait_for_selector("#page", state="visible")
    assert seen.page.input_value("#model") == "others"
    assert seen.page.input_value("#method") == "attention"
    seen.page.goto(f"{seen.address}/#model=none&method=magic&look=sideways&tab=elsewhere")
    seen.page.wait_for_selector("#page", state="visible")
    assert seen.page.input_value("#model") == "films", "what is not there is not chosen"


def numbers(seen: Visit) -> list[str]:
    """The words of the map that have a number, with it."""
    return [
        x.text_content().replace("\u00a0", " ")
        for x in seen.page.locator("#result .map b:has(.num)").all()
    ]


def test_the_table_holds_every_word_and_its_numbers(visit_page: Any) -> None:
    seen = visit_page("#class=positive&look=table")
    seen.page.fill("#text", "the great film")
    seen.page.wait_for_selector("#result table")
    rows = [
        x.all_text_contents()
        for x in (y.locator("th, td") for y in seen.page.locator("#result tr").all())
    ]
    assert rows == [
        ["word", "contribution to positive", "attention"],
        ["the", "0", "0.33"],
        ["great", "+2.00", "0.33"],
        ["film", "0", "0.33"],
    ]


def test_comparing_shows_what_an_edit_moved(visit_page: Any) -> None:
    seen = visit_page("#class=positive")
    seen.type("the great film")
    seen.page.click("#tab-compare")
    seen.page.wait_for_selector("#compared .empty")
    assert "the same to the model" in seen.page.locator("#compared .empty").first.text_content()
    seen.page.fill("#second", "the awful old film")
    seen.page.wait_for_selector("#compared .moves td >> text=replaced")
    first, second = probability(2.0), probability(-1.5)
    assert seen.head("#compared") == f"positive {chance(first)} → {chance(second)}"
    change = f"{abs(second - first):.2f}".removeprefix("0")
    assert seen.page.locator("#compared h2 .change").text_content() == f"−{change}"
    assert seen.page.locator("#compared .sum").text_content() == (
        "log-odds for positive 2.000 → −1.500: −3.500, "
        "of which edited words −3.500, other words 0.000"
    )
    moves = [
        x.locator("th, td").all_text_contents()
        for x in seen.page.locator("#compared .moves tbody tr").all()
    ]
    assert moves == [["great +2.00", "awful −1.50", "−3.50", "replaced"]]
    found = [
        x.evaluate("b => b.firstChild.textContent")
        for x in seen.page.locator("#compared .moved").all()
    ]
    assert found == ["great", "awful", "old"]
    assert (
        seen.page.locator("#said").text_content()
        == f"positive {chance(first)} to {chance(second)}, −{change}"
    )
    seen.page.fill("#second", "")
    seen.page.wait_for_selector("#compare-state >> text=Two texts are needed")
    assert seen.page.locator("#compared").is_hidden()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_text_can_be_read(visit_page: Any, scheme: str) -> None:
    """WCAG's 4.5 between the colour of each text and what lies behind it."""
    seen = visit_page("#class=positive&look=numbers", color_scheme=scheme)
    seen.type("great awful " + "film " * 3 + "great")
    pairs = seen.page.evaluate(_COLOURS)
    assert len(pairs) > 20
    assert [p for p in pairs if contrast(p[1], p[2]) < 4.5] == []
    (paper,) = {p[2] for p in pairs if p[0].startswith("STRONG")}
    assert (contrast(paper, "#000000") < 2) == (scheme == "dark")


_COLOURS = """() => {
  const pen = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const plain = colour => {
    pen.clearRect(0, 0, 1, 1); pen.fillStyle = colour; pen.fillRect(0, 0, 1, 1);
    const [r, g, b, a] = pen.getImageData(0, 0, 1, 1).data;
    return a < 255 ? null : "#" + [r, g, b].map(x => x.toString(16).padStart(2, "0")).join("");
  };
  const behind = e => plain(getComputedStyle(e).backgroundColor) ?? behind(e.parentElement);
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT), found = [];
  while (walker.nextNode()) {
    const e = walker.currentNode.parentElement;
    const unseen = !e.checkVisibility() || e.closest(".sr, legend, noscript, option");
    if (unseen || !walker.currentNode.data.trim()) continue;
    const name = `${e.tagName} ${e.className} ${walker.currentNode.data.slice(0, 20)}`;
    found.push([name, plain(getComputedStyle(e).color), behind(e)]);
  }
  return found;
}"""


def test_measuring_trust_can_be_cancelled(visit_page: Any) -> None:
    seen = visit_page("#class=positive")
    seen.type("the great film")
    held: list[Any] = []

    def late(route: Any) -> None:
        if json.loads(route.request.post_data)["parameters"].get("trust"):
            held.append(route)
        else:
            route.continue_()

    seen.page.route("**/explain", late)
    seen.page.click("#trust button")
    seen.page.wait_for_selector("#trust progress")
    seen.page.wait_for_selector("#trust >> text=measuring … 1 s")
    seen.page.keyboard.press("Enter")  # the focus is on Cancel
    seen.page.wait_for_selector("#trust button >> text=How far to trust this map?")
    assert seen.page.locator("#trust progress").count() == 0
    seen.page.unroute("**/explain")
    seen.page.keyboard.press("Enter")
    seen.page.wait_for_selector("#trust .finding", timeout=60_000)
    seen.type("the great film again")
    assert seen.page.locator("#trust .finding").count() == 0, "another text, another card"


def test_a_rewriting_shows_what_each_symbol_was_read_from(
    browser: Any, tmp_path: Path, page_runs: list[Path]
) -> None:
    from serving import writer  # needs heedful[serve], as the server does

    save_sequence(writer(), tmp_path)
    with serving_at([tmp_path, *page_runs]) as address:
        seen = Visit(browser, address)
        seen.page.wait_for_selector("#page", state="visible")
        assert seen.page.locator("#tab-compare").is_hidden()
        seen.page.fill("#text", "abca")
        seen.page.wait_for_selector("#result .o")
        body = json.dumps({"inputs": "abca"}).encode()
        request = Request(f"{address}/explain", body, {"Content-Type": "application/json"})
        with urlopen(request, timeout=60) as answer:
            record = Rewriting.from_json(json.load(answer))
        assert seen.head() == record.text
        outputs = seen.page.locator("#result .o")
        assert outputs.count() == len(record.tokens) > 1
        for row in (0, 1):
            outputs.nth(row).focus()
            assert lit(seen) == [number_of(x) if shade_of(x) else "" for x in record.weights[row]]
        outputs.nth(1).press("ArrowLeft")
        assert lit(seen) == [number_of(x) if shade_of(x) else "" for x in record.weights[0]]
        outputs.nth(0).press("Escape")
        assert lit(seen) == [""] * 4
        outputs.nth(1).hover()
        assert lit(seen) == [number_of(x) if shade_of(x) else "" for x in record.weights[1]]
        seen.page.set_viewport_size({"width": 360, "height": 740})
        assert seen.width() <= 360
        seen.page.select_option("#model", "films")
        seen.page.wait_for_selector("#result .map")
        assert seen.complaints == []
        seen.context.close()


def lit(seen: Visit) -> list[str]:
    return [x.text_content() for x in seen.page.locator("#result .s small").all()]

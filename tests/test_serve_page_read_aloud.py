"""What a screen reader finds on the page: Chromium's own accessibility tree, whole."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest

from heedful.face.colours import contrast
from heedful.face.spelling import chance
from visiting import Visit, probability

pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
pytest.importorskip("uvicorn", reason="heedful[serve] is not installed")
pytestmark = pytest.mark.slow

INPUTS = {
    "button", "textbox", "combobox", "radio", "tab", "link", "progressbar", "checkbox", "listbox",
    "option", "region", "tabpanel", "group", "radiogroup", "form",
}  # fmt: skip


def tree(seen: Visit) -> list[dict[str, Any]]:
    """The nodes that are not ignored, in order: role, name, value, and the text below each."""
    nodes = seen.context.new_cdp_session(seen.page).send("Accessibility.getFullAXTree")["nodes"]
    by_id = {node["nodeId"]: node for node in nodes}

    def said(node: dict[str, Any]) -> str:
        if node.get("role", {}).get("value") == "StaticText":
            return str(node["name"]["value"])
        return "".join(said(by_id[one]) for one in node.get("childIds", []) if one in by_id)

    found: list[dict[str, Any]] = []

    def walk(node: dict[str, Any]) -> None:
        if not node.get("ignored"):
            properties = {p["name"]: p["value"].get("value") for p in node.get("properties", [])}
            found.append(
                {
                    "role": node["role"]["value"],
                    "name": node.get("name", {}).get("value", ""),
                    "value": node.get("value", {}).get("value", ""),
                    "text": said(node),
                    **properties,
                }
            )
        for one in node.get("childIds", []):
            if one in by_id:
                walk(by_id[one])

    walk(nodes[0])
    return found


def of_role(nodes: list[dict[str, Any]], role: str) -> list[dict[str, Any]]:
    return [node for node in nodes if node["role"] == role]


def test_a_prediction_is_read_aloud(visit_page: Any) -> None:
    seen = visit_page("#class=positive")
    seen.type("the great awful great film")
    verdict = f"positive {chance(probability(6 / 5))}"
    nodes = tree(seen)
    headings = [(one["name"], one["level"]) for one in of_role(nodes, "heading")]
    assert headings == [("heedful", 1), (verdict, 2)], "one of the page, one of the text"
    rows = [one["text"] for one in of_role(nodes, "listitem")]
    assert rows[:2] == [
        f"positive{chance(probability(6 / 5))}",
        f"negative{chance(probability(-6 / 5))}",
    ], "label and probability stand together, without the bar"
    (bars,) = [one for one in of_role(nodes, "list") if one["name"].startswith("Probability")]
    assert bars["name"] == "Probability of each class"
    (heat,) = [one for one in of_role(nodes, "group") if one["name"].startswith("Heat map")]
    assert heat["focusable"] and "arrow keys" in heat["name"]
    spoken = heat["text"].replace("\u00a0", " ")
    assert spoken == "the great +1.20 awful −1.20 great +1.20 film", "each with what it weighs"
    (box,) = of_role(nodes, "textbox")
    assert (box["name"], box["value"]) == ("Your text", "the great awful great film")
    names = {one["name"] for one in of_role(nodes, "combobox")}
    assert {"show", "about", "model"} <= names
    radios = [(one["name"], one["checked"]) for one in of_role(nodes, "radio")]
    assert radios == [("colours", "true"), ("numbers", "false"), ("table", "false")]
    tabs = [(one["name"], one["selected"]) for one in of_role(nodes, "tab")]
    assert tabs == [("One text", True), ("Compare two", False), ("A file", False)]
    (panel,) = of_role(nodes, "tabpanel")
    assert panel["name"] == "One text", "the others are hidden from everybody"


def test_what_changes_is_announced(visit_page: Any) -> None:
    seen = visit_page("#class=positive")
    seen.type("great film")
    verdict = f"positive {chance(probability(3.0))}"
    seen.page.wait_for_selector(f"#said >> text={verdict}", state="attached")
    live = [one for one in tree(seen) if one.get("live") == "polite" and one["text"] == verdict]
    assert live, "a live region says it, for those who do not look"
    seen.page.focus("#result .map")
    seen.page.keyboard.press("ArrowRight")
    seen.page.wait_for_function("document.getElementById('said').textContent.includes('great')")
    said = str(seen.page.locator("#said").text_content())
    assert "great" in said and "+3.00" in said, said


def test_the_table_has_headings_and_all_words(visit_page: Any) -> None:
    seen = visit_page("#class=positive&look=table")
    seen.page.fill("#text", "the great film")
    seen.page.wait_for_selector("#result table")
    nodes = tree(seen)
    assert [one["name"] for one in of_role(nodes, "rowheader")] == ["the", "great", "film"]
    assert [one["name"] for one in of_role(nodes, "columnheader")][:2] == [
        "word", "contribution to positive",
    ]  # fmt: skip
    cells = [one["name"] for one in of_role(nodes, "gridcell") + of_role(nodes, "cell")]
    assert {"0", "+2.00"} <= set(cells)
    (table,) = of_role(nodes, "table")
    assert table["name"] == "Every word with its numbers"


@pytest.mark.parametrize("tab", ["text", "compare", "file"])
def test_nothing_that_can_be_used_is_without_a_name(visit_page: Any, tab: str) -> None:
    seen = visit_page(f"#tab={tab}")
    seen.page.wait_for_selector(f"#panel-{tab}", state="visible")
    if tab == "text":
        seen.type("great film")
    nodes = tree(seen)
    usable = [one for one in nodes if one.get("focusable") or one["role"] in INPUTS]
    assert len(usable) > 5
    nameless = [one for one in usable if not one["name"] and one["role"] != "RootWebArea"]
    assert nameless == []
    levels = [one["level"] for one in of_role(nodes, "heading")]
    assert levels[0] == 1 and all(b - a <= 1 for a, b in pairwise(levels))


def test_the_focus_goes_as_the_page_is_read(visit_page: Any) -> None:
    seen = visit_page("#class=positive")
    seen.type("great film")
    seen.page.focus("#model")  # the first
    order = []
    for _ in range(9):
        order.append(
            seen.page.evaluate(
                "[document.activeElement.id || document.activeElement.className ||"
                " document.activeElement.name, document.activeElement.matches(':focus-visible')]"
            )
        )
        seen.page.keyboard.press("Tab")
    ids = [name for name, _ in order]
    wanted = ["model", "tab-text", "method", "class", "look", "text", "map"]
    places = [ids.index(name) for name in wanted]
    assert places == sorted(places), ids
    assert all(visible for name, visible in order if name), "and is seen where it is"


_CONTRASTS = """() => {
  const paint = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const rgba = (colour) => {
    paint.clearRect(0, 0, 1, 1);
    paint.fillStyle = colour;
    paint.fillRect(0, 0, 1, 1);
    return [...paint.getImageData(0, 0, 1, 1).data];
  };
  const behind = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const [r, g, b, a] = rgba(getComputedStyle(at).backgroundColor);
      if (a === 255) return [r, g, b];
      if (a) return null; // half seen through: not judged here
    }
    const [r, g, b] = rgba(getComputedStyle(document.documentElement).getPropertyValue("--paper") || "#fff");
    return [r, g, b];
  };
  const hex = (rgb) => "#" + rgb.slice(0, 3).map((x) => x.toString(16).padStart(2, "0")).join("");
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT), found = [];
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const element = node.parentElement;
    if (!node.textContent.trim() || !element.checkVisibility({ visibilityProperty: true })) continue;
    if (element.closest(".sr, .num, script, style, option")) continue;
    const back = behind(element);
    if (back) found.push([node.textContent.trim().slice(0, 40), hex(rgba(getComputedStyle(element).color)), hex(back)]);
  }
  return found;
}"""  # noqa: E501


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_all_texts_stand_out_from_what_is_behind_them(visit_page: Any, scheme: str) -> None:
    seen = visit_page("#class=positive", color_scheme=scheme)
    seen.type("the great awful film")
    pairs = seen.page.evaluate(_CONTRASTS)
    for tab in ("compare", "file"):
        seen.page.click(f"#tab-{tab}")
        seen.page.wait_for_selector(f"#panel-{tab}", state="visible")
        pairs += seen.page.evaluate(_CONTRASTS)
    assert len(pairs) > 30
    assert [pair for pair in pairs if contrast(pair[1], pair[2]) < 4.5] == []

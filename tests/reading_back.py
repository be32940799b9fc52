"""What a served page shows, read back from the browser character by character."""

from __future__ import annotations

from typing import Any, NamedTuple

# Walks a map's own characters (numbers beside words are not the text) and tells, in code points,
# which stretches are words and how they are drawn.
_SPANS = """map => {
  const spans = [];
  let at = 0;
  const walk = (node) => {
    if (node.nodeType === 3) { at += Array.from(node.data).length; return; }
    if (node.classList.contains("num")) return;
    const start = at;
    node.childNodes.forEach(walk);
    if (node.tagName === "B") spans.push([start, at, node.className]);
  };
  walk(map);
  return spans;
}"""
_TEXT = """map => {
  const copy = map.cloneNode(true);
  copy.querySelectorAll(".num").forEach(node => node.remove());
  return copy.textContent;
}"""


class Span(NamedTuple):
    """A word of a map: characters `start` to `end`, and its step of colour ("" = neutral)."""

    start: int
    end: int
    step: str


def spans(page: Any, where: str = "#result .map") -> list[Span]:
    """Every word of a map."""
    return [Span(*each) for each in page.locator(where).evaluate(_SPANS)]


def marked(page: Any, where: str = "#result .map") -> list[tuple[int, int, str]]:
    """The coloured stretches, with the letter of their kind: p for, n against, a attention."""
    return [(s.start, s.end, s.step[0]) for s in spans(page, where) if s.step]


def text_of(page: Any, where: str = "#result .map") -> str:
    """The text that a map shows."""
    return str(page.locator(where).evaluate(_TEXT))

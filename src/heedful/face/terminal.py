"""A heat map in the terminal: the user's own text, coloured in place.

With colours each token's background says how hard it pulls. Without (a pipe, NO_COLOR, fewer
than 256 colours) the strong words carry signs instead: `[++great]`, `[-dull]`.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from rich.console import Console, ConsoleOptions, RenderResult
from rich.style import Style
from rich.table import Table
from rich.text import Text

from heedful.explain.legend import legend_of
from heedful.face.colours import STEPS, TERMINAL, readable
from heedful.face.controls import harmless
from heedful.face.heat import (
    ALWAYS,
    KINDS,
    Method,
    Word,
    as_method,
    checked,
    level_of,
    limit_of,
    missing_map,
    most_read,
    pieces_of,
    reading,
    step_of,
    strongest,
    sum_of,
    target_of,
    values_of,
    verdict,
    visible,
)
from heedful.face.spelling import listed, plain, signed
from heedful.face.terminal_card import card_lines
from heedful.records import Explanation

MARKS = 3
"""Most signs before a word where there is no colour."""
WORDS = 6


@dataclass(frozen=True, slots=True)
class TerminalMap:
    """A rich renderable: text, prediction, legend and the strongest words."""

    explanation: Explanation
    method: Method
    target: str
    width: int | None
    colour: bool

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        rich_enough = console.color_system in {"256", "truecolor"} and not console.no_color
        options = options.update(width=min(self.width or options.max_width, options.max_width))
        colour = self.colour and rich_enough
        text = painted(self) if colour else marked(self)
        for part in (text, Text(), *_below(self, colour)):
            yield from console.render(part, options)


def to_terminal(
    explanation: Explanation,
    *,
    method: str = "contribution",
    target: str | None = None,
    width: int | None = None,
    colour: bool = True,
) -> TerminalMap:
    """A heat map to print with rich: `Console().print(to_terminal(explanation))`.

    Args:
        method: `contribution` (signed, log-odds), `attention` or another that it has.
        target: the class the map is about; None = the explanation's own.
        width: columns; None = the console's.
        colour: False writes signs in place of colours, as also happens on a console with
            fewer than 256 colours, with NO_COLOR, and in a pipe.

    Raises:
        HeedfulError: unknown method or class, or numbers that cannot be drawn.
    """
    checked([explanation])
    name = target_of(explanation, target)
    # A Windows line end is a line end; a space in place of its \r keeps the offsets right.
    unix = replace(explanation, text=explanation.text.replace("\r\n", " \n"))
    return TerminalMap(unix, as_method(method, [explanation]), name, width, colour)


def painted(view: TerminalMap) -> Text:
    """The whole text, coloured; gold evidence is underlined."""
    text = Text(overflow="fold", end="\n")
    styles = [_style(level, view.method) for level in _levels(view, STEPS)]
    for piece in pieces_of(view.explanation):
        style = Style() if piece.token is None else styles[piece.token]
        text.append(harmless(piece.text), style + Style(underline=True) if piece.gold else style)
    return text


def marked(view: TerminalMap) -> Text:
    """The whole text, with signs: `[+++superb]` strongly for, `[-dull]` weakly against."""
    levels = _levels(view, MARKS)
    sign = "+-" if legend_of(view.method).signed else "**"
    text, gold = Text(overflow="fold", end="\n"), False
    pieces = list(pieces_of(view.explanation))
    for i, piece in enumerate(pieces):
        level = 0 if piece.token is None else levels[piece.token]
        before = i > 0 and pieces[i - 1].token == piece.token
        after = i + 1 < len(pieces) and pieces[i + 1].token == piece.token
        if piece.gold != gold:
            text.append("_")
            gold = piece.gold
        if level and not before:
            text.append("[" + sign[level < 0] * abs(level))
        text.append(harmless(piece.text))
        if level and not after:
            text.append("]")
    return text.append("_") if gold else text


def _levels(view: TerminalMap, steps: int) -> list[int]:
    limit = limit_of(view.explanation, view.method)
    values = values_of(view.explanation, view.method, view.target)
    if values is None:
        return [0] * len(view.explanation.tokens)
    return [level_of(value, limit, steps) for value in values]


def _style(level: int, method: Method) -> Style:
    step = step_of(level, method)
    if not step:
        return Style()
    background = TERMINAL.ramp(KINDS[step[0]])[abs(level) - 1]
    return Style(color=readable(background), bgcolor=background)


def _below(view: TerminalMap, colour: bool) -> Iterator[Text | Table]:
    explanation = view.explanation
    yield _decision(explanation)
    if not explanation.tokens:
        yield Text("nothing to read: the decision is the bias", style="italic")
    elif remark := missing_map(explanation, view.method, view.target):
        yield Text(harmless(remark), style="italic")
    elif limit_of(explanation, view.method) > 0:
        yield _scale(view) if colour else _signs(view)
        yield from _words(view)
    summed = sum_of(explanation, view.method, view.target)
    if summed and view.method != "attention":
        yield Text(harmless(summed), style="dim")
    if explanation.gold:
        yield Text(f"{'underlined' if colour else '_between lines_'}: marked as evidence", "dim")
    yield from card_lines(explanation, view.method, view.target)


def _decision(explanation: Explanation) -> Text:
    line = Text(harmless(verdict(explanation)), style="bold")
    if explanation.label:
        right = set(explanation.label) == set(explanation.prediction.labels)
        named = ", ".join(explanation.label)
        line.append(
            harmless(f"  {'✓ as labelled' if right else f'✗ labelled {named}'}"), "not bold"
        )
    return line.append(f"  ({reading(explanation)})", "not bold dim")


def _scale(view: TerminalMap) -> Text:
    limit = limit_of(view.explanation, view.method)
    line = Text()
    legend = legend_of(view.method)
    if not legend.signed:
        line.append("0 ")
        _bar(line, range(1, STEPS + 1), view.method)
        return line.append(f" {plain(limit)} {_unit(view.method) or 'attention (sums to 1)'}")
    line.append(f"{signed(-limit)} against ")
    _bar(line, range(-STEPS, 0), view.method)
    line.append(" 0 ")
    _bar(line, range(1, STEPS + 1), view.method)
    line.append(f" {signed(limit)} for {harmless(view.target)}")
    unit = _unit(view.method)
    return line.append(f"  ({harmless(unit)})", "dim") if unit else line


def _unit(method: Method) -> str:
    """Title and unit of a method beyond the two that every map has had."""
    if method in ALWAYS:
        return ""
    legend = legend_of(method)
    return ", ".join(part for part in (legend.title, legend.unit) if part)


def _bar(line: Text, levels: range, method: Method) -> None:
    for level in levels:
        line.append("  ", _style(level, method))


def _signs(view: TerminalMap) -> Text:
    """The legend where signs stand for colours, with the number each of them starts at."""
    limit = limit_of(view.explanation, view.method)
    starts = [plain(limit * (n - 0.5) / MARKS) for n in range(1, MARKS + 1)]
    if not legend_of(view.method).signed:
        each = [f"[{'*' * n}word] from {start}" for n, start in enumerate(starts, 1)]
        title = harmless(_unit(view.method) or "attention")
        return Text(f"{title}: {', '.join(each)}, to {plain(limit)}")
    each = [f"[{'+' * n}word] from {start}" for n, start in enumerate(starts, 1)]
    name = harmless(view.target)
    unit = f" ({harmless(_unit(view.method))})" if _unit(view.method) else ""
    return Text(
        f"for {name}{unit}: {', '.join(each)}, to {plain(limit)}; [-word] against, likewise"
    )


def _words(view: TerminalMap) -> Iterator[Text]:
    limit = limit_of(view.explanation, view.method)
    if view.method == "attention":
        yield _listed("most read", visible(most_read(view.explanation, WORDS), limit), plain)
        return
    found = strongest(view.explanation, view.target, WORDS, view.method)
    yield _listed("for", visible(found.supporting, limit), signed)
    yield _listed("against", visible(found.opposing, limit), signed)


def _listed(heading: str, words: tuple[Word, ...], spell: Callable[[float], str]) -> Text:
    line = Text(f"{heading:<9} ", style="dim")
    for i, word in enumerate(words):
        times = f" ×{word.times}" if word.times > 1 else ""
        line.append(" · " if i else "", "dim")
        line.append(_anchored(harmless(listed(word.text))), "not dim bold")
        line.append(f" {spell(word.value)}{times}", "not dim")
    return line if words else line.append("no strong word", "not dim")


def _anchored(word: str) -> str:
    """A right-to-left word with a mark after it, so that its number stays at its right."""
    turned = any(unicodedata.bidirectional(char) in {"R", "AL"} for char in word)
    return f"{word}\u200e" if turned else word

"""From a rewriting to what is drawn of it: labels of tokens, steps of colour, sentences.

Input across, output down. The scale is fixed, 0 to 1: the same colour is the same weight in every
map. No torch here.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import replace

from heedful.face.colours import DARK, LIGHT, Theme
from heedful.face.controls import HIDDEN, harmless
from heedful.face.plots.names import short
from heedful.face.spelling import chance
from heedful.records import HeedfulError, Rewriting, Token

SHADES = 10
"""Steps of colour from 0 to 1; below half a step there is none."""
LEAST = 0.5 / SHADES
"""The weight at which colour, and the numbers in pictures, begin."""
LONGEST = 16
"""Characters of a label beside a map."""
HEAD = 201
"""Characters of a text in a heading."""
BLANKS = {" ": "␣", "\n": "↵", "\t": "⇥", "\u00a0": "⍽"}
ISOLATES = "[\u2068\u2069]"
CLEAR = f"[\\x00\\r]|{HIDDEN}|[\ud800-\udfff]"
"""A regular expression: characters that act instead of showing."""


_DEEPEST = {LIGHT: "#6b2a8f", DARK: "#d9b3ec"}
"""A map's numbers turn black or white, so that its colours may go further than those of texts."""


def shades(theme: Theme) -> tuple[str, ...]:
    """SHADES colours, weakest first."""
    stops = (*theme.heat, _DEEPEST[theme]) if theme in _DEEPEST else theme.heat
    return replace(theme, heat=stops).ramp("heat", SHADES)


def checked(rewritings: Sequence[Rewriting]) -> list[Rewriting]:
    """The records as a list.

    Raises:
        HeedfulError: something else among them.
    """
    records = list(rewritings)
    for i, record in enumerate(records):
        if not isinstance(record, Rewriting):
            raise HeedfulError(
                f"item {i} is a {type(record).__name__}; an alignment is drawn of a Rewriting"
            )
    return records


def shade_of(weight: float) -> int:
    """Step of colour, 0 to SHADES: linear in the weight, halves upwards."""
    return math.floor(min(1.0, weight) * SHADES + 0.5)


def number_of(weight: float) -> str:
    """`.93`, `1`; nothing for less than half a hundredth."""
    hundredths = math.floor(100 * weight + 0.5)
    if hundredths >= 100:
        return "1"
    return f".{hundredths:02d}" if hundredths > 0 else ""


def written(token: Token, text: str) -> str:
    """The user's own characters; of a token that covers none, the form the network knows."""
    return text[token.start : token.end] or token.text


def labels_of(tokens: Sequence[Token], text: str) -> list[str]:
    """One label per token, fit to stand by itself.

    Blanks are made visible, a mark that needs a letter gets a dotted circle, characters that act
    instead of showing are named, long words lose their middle.
    """
    return [label_of(written(token, text)) for token in tokens]


def label_of(text: str) -> str:
    """One token's label."""
    if text and all(unicodedata.category(char) == "Cf" for char in text):
        return "".join(_code(char) for char in text)
    bare = "".join(_visible(char) for char in text)
    if bare and unicodedata.category(bare[0]) in {"Mn", "Me", "Mc"}:
        bare = f"◌{bare}"
    return re.sub(ISOLATES, "", short(bare, LONGEST))


def _visible(char: str) -> str:
    if char in BLANKS:
        return BLANKS[char]
    if char.isspace() or re.match(CLEAR, char):
        named = harmless(char)
        return named if named != char else _code(char)
    return char


def _code(char: str) -> str:
    return f"‹U+{ord(char):04X}›"


def heading(record: Rewriting) -> str:
    """What became of what, on one line: `quarter after 3 pm → 15:15`."""
    return f"{one_line(record.source)} → {one_line(record.text)}"


def one_line(text: str) -> str:
    """A text with its line ends and tabs as signs, and without the middle of a long one."""
    part = (HEAD - 3) // 2
    if len(text) > HEAD:
        text = f"{text[:part]} … {text[-part:]}"
    return re.sub("[\n\t]", lambda found: BLANKS[found.group()], text) or "(nothing)"


def remarks(record: Rewriting) -> list[str]:
    """What a reader must know of this rewriting, most important first."""
    said = []
    if not record.finished:
        said.append("cut off: the maximum length was reached before the end was written")
    if not record.tokens:
        said.append("nothing was written: there is no map to draw")
    elif not record.source_tokens:
        said.append("nothing was read: there is no map to draw")
    elif not record.attends:
        said.append("this network has no attention: there is no map to draw")
    return said


def sureness(record: Rewriting) -> str:
    """How probable the network holds what it wrote: `probability .98`."""
    return f"probability {chance(min(1.0, math.exp(min(0.0, record.log_probability))))}"


def summary(record: Rewriting) -> str:
    """The map in words, for those who do not see it: the most attended token of each output."""
    if not drawable(record):
        return "; ".join(remarks(record))
    rows, columns = outputs_of(record), sources_of(record)
    said = []
    for row, weights in zip(rows, record.weights, strict=True):
        best = max(range(len(weights)), key=weights.__getitem__)
        said.append(f"{row}: {columns[best]} {number_of(weights[best]) or 'less than .01'}")
    return "Most attended for each output. " + "; ".join(said) + "."


def drawable(record: Rewriting) -> bool:
    """Whether there is a map."""
    return bool(record.tokens and record.source_tokens and record.attends)


def sources_of(record: Rewriting) -> list[str]:
    """Labels of the columns."""
    return labels_of(record.source_tokens, record.source)


def outputs_of(record: Rewriting) -> list[str]:
    """Labels of the rows."""
    return labels_of(record.tokens, record.text)

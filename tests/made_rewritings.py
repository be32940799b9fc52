"""Rewritings made by hand: characters, words, other scripts, hostile texts, nothing."""

from __future__ import annotations

import re
from collections.abc import Sequence

from heedful.records import Rewriting, Token


def characters(text: str) -> tuple[Token, ...]:
    return tuple(Token(char, i, i + 1) for i, char in enumerate(text))


def words(text: str) -> tuple[Token, ...]:
    return tuple(Token(m[0].lower(), m.start(), m.end()) for m in re.finditer(r"\S+", text))


def rewriting(
    source: str,
    text: str,
    weights: Sequence[Sequence[float]],
    *,
    unit: object = characters,
    finished: bool = True,
) -> Rewriting:
    """A rewriting with these weights; every output token has probability 0.98."""
    cut = words if unit is words else characters
    tokens = cut(text)
    rows = tuple(tuple(row) for row in weights)
    return Rewriting(
        source, text, -0.01, -0.02, cut(source), tokens, rows, (0.98,) * len(tokens), finished
    )


def peaks(columns: int, places: Sequence[int], top: float = 0.75) -> list[list[float]]:
    """Rows with `top` at a place each, the rest spread evenly over the other columns."""
    if columns == 1:
        return [[1.0] for _ in places]
    rest = (1 - top) / (columns - 1)
    return [[top if i == place else rest for i in range(columns)] for place in places]


CLOCK = rewriting("3 pm", "15:00", [
    [0.5, 0.0, 0.5, 0.0], [1.0, 0.0, 0.0, 0.0], [0.25, 0.25, 0.25, 0.25],
    [0.04, 0.06, 0.45, 0.45], [0.0, 0.004, 0.006, 0.99],
])  # fmt: skip
LONG_SOURCE = "forty eight minutes before ten in the am"
LONG = rewriting(LONG_SOURCE, "09:12", peaks(len(LONG_SOURCE), [27, 28, 20, 0, 6]))
ENGLISH = "I do not think that the old man next door will ever come back"
SPANISH = "No creo que el viejo de al lado vaya a volver ."
SENTENCE = rewriting(
    ENGLISH, SPANISH, peaks(14, [2, 3, 4, 5, 7, 6, 8, 9, 10, 11, 12, 13]), unit=words
)
HEBREW = rewriting("שלום לך עולם", "hello world", peaks(3, [0, 2]), unit=words)
MARKS = rewriting("e\u0301 👩\u200d👧", "é", peaks(6, [1]))
HOSTILE_SOURCE = "</script><b>\u202e'\"&\0\r\n\x1b[31m\ud800"
HOSTILE = rewriting(HOSTILE_SOURCE, "<i>&", peaks(len(HOSTILE_SOURCE), [0, 1, 2, 3]))
WIDE = rewriting("x" * 90, "ab", peaks(90, [0, 89]))
NOTHING = rewriting("", "x", [[]], finished=False)
BLIND = rewriting("ab", "xy", [[], []])
SILENT = rewriting("ab", "", [])
ALL = (CLOCK, LONG, SENTENCE, HEBREW, MARKS, HOSTILE, WIDE, NOTHING, BLIND, SILENT)
DRAWN = ALL[:7]

"""Maps summed per word, phrase and sentence, on the user's own characters. No torch here."""

from __future__ import annotations

import math
import re
from bisect import bisect_right
from collections.abc import Sequence
from functools import cache
from itertools import groupby
from typing import Literal, NamedTuple, get_args

from heedful.config import TextConfig
from heedful.records import Explanation, HeedfulError, Token
from heedful.text.tokenize import Tokenizer

UnitName = Literal["token", "word", "phrase", "sentence"]
UNITS: tuple[str, ...] = get_args(UnitName)

# Runs of one mark are one token, so that "!!!" and "..." count as marks too.
_ENDS = re.compile(r"[.!?…。！？]+")
_PAUSES = re.compile(r"[,;:().!?…、，；：（）。！？]+")
_OPENS = re.compile(r"[(（]+")
_CLOSES = re.compile(r"[\"'”’»)\]}]+")
_BREAK = re.compile(r"[\n\r\u2028\u2029]|<br\s*/?>", re.IGNORECASE)


class Unit(NamedTuple):
    """A piece of a text and the sum of its tokens' numbers.

    `text` is `explanation.text[start:end]`. White space at its ends is left out, what it may
    have for a number (in a model of characters) is not.
    """

    start: int
    end: int
    text: str
    value: float


def summed(explanation: Explanation, method: str, target: str, unit: str) -> tuple[Unit, ...]:
    """A map in larger pieces. Every token is in one piece, so that the sums lose nothing.

    Args:
        method, target: which map.
        unit: token; word, as heedful cuts words whatever the model reads; phrase, between the
            marks , ; : ( ) . ! ? and line breaks; sentence, up to . ! ? or a line break. The rule
            is that simple: "Mr. Smith" makes two sentences, "3.5" and "u.s.a" do not.

    Raises:
        HeedfulError: an unknown unit, or a map that was not made.
    """
    check_unit(unit)
    values = explanation.map_of(method, target)
    if values is None:
        raise HeedfulError(
            f"there is no {method} map of class {target!r}; ask for it with methods=[{method!r}]"
        )
    pairs = list(zip(explanation.tokens, values, strict=True))
    if unit == "token":
        return tuple(_unit(explanation.text, [pair]) for pair in pairs)
    starts = cuts(explanation.text, unit)
    groups = groupby(pairs, key=lambda pair: bisect_right(starts, pair[0].start))
    return tuple(_unit(explanation.text, list(group)) for _, group in groups)


def check_unit(unit: str) -> None:
    """Raise HeedfulError for a unit that there is not, with those that there are."""
    if unit not in UNITS:
        raise HeedfulError(f"unknown unit {unit!r}; choose from {', '.join(UNITS)}")


def cuts(text: str, unit: str) -> list[int]:
    """Where a word, phrase or sentence begins (and, for words, what lies between them), sorted."""
    words = _words().tokens(text)
    if unit == "word":
        return sorted({edge for word in words for edge in (word.start, word.end)})
    apart = _ends_sentence if unit == "sentence" else _ends_phrase
    return [words[i].start for i in range(1, len(words)) if apart(text, words, i)]


@cache
def _words() -> Tokenizer:
    return Tokenizer(TextConfig())


def _broken(text: str, words: Sequence[Token], i: int) -> bool:
    """Whether a line ends between word i - 1 and word i."""
    return _BREAK.search(text, words[i - 1].end, words[i].start) is not None


def _ends_phrase(text: str, words: Sequence[Token], i: int) -> bool:
    """Whether a phrase begins with word i. Marks belong to what they close, "(" to the rest."""
    before, here = words[i - 1].text, words[i].text
    if _broken(text, words, i) or _OPENS.fullmatch(here):
        return True
    if _OPENS.fullmatch(before) or _PAUSES.fullmatch(here) or _closes(words, i):
        return False
    return any(_PAUSES.fullmatch(mark) for mark in (before, _closed(words, i).text))


def _ends_sentence(text: str, words: Sequence[Token], i: int) -> bool:
    """Whether a sentence begins with word i. A point inside "u.s.a" ends none."""
    if _broken(text, words, i):
        return True
    if _ENDS.fullmatch(words[i].text) or _closes(words, i):
        return False
    end = _closed(words, i)
    apart = words[i - 1].end < words[i].start
    return _ENDS.fullmatch(end.text) is not None and (apart or end.text != ".")


def _closes(words: Sequence[Token], i: int) -> bool:
    """Whether word i is a quotation mark or bracket that closes right behind a word."""
    touches = words[i - 1].end == words[i].start
    return touches and _CLOSES.fullmatch(words[i].text) is not None


def _closed(words: Sequence[Token], i: int) -> Token:
    """The last word before word i that is no closing mark."""
    i -= 1
    while i > 0 and _closes(words, i):
        i -= 1
    return words[i]


def _unit(text: str, group: Sequence[tuple[Token, float]]) -> Unit:
    start, end = group[0][0].start, group[-1][0].end
    piece = text[start:end]
    if bare := piece.strip():
        start += piece.index(bare)
        end = start + len(bare)
    return Unit(start, end, text[start:end], math.fsum(value for _, value in group))

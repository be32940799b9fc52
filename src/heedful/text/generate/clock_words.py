"""Numbers in English words, from zero to sixty: written for the clock, and read back."""

from __future__ import annotations

_ONES = (
    *("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"),
    *("eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen"),
    "nineteen",
)
_TENS = {20: "twenty", 30: "thirty", 40: "forty", 50: "fifty", 60: "sixty"}


def in_words(number: int, hyphen: str = " ") -> str:
    """A number of 0 to 60 in words, tens and ones joined by `hyphen`."""
    if number < 20:
        return _ONES[number]
    tens, ones = number - number % 10, number % 10
    return _TENS[tens] + (hyphen + _ONES[ones] if ones else "")


_VALUES = {in_words(number): number for number in range(61)}
# The longest first, so that a pattern finds "twenty one" and not "twenty".
WORDS = "|".join(sorted(_VALUES, key=len, reverse=True))


def number(text: str) -> int:
    """The number that digits or words (joined by a space) stand for.

    Raises:
        KeyError: for anything else.
    """
    return int(text) if text.isascii() and text.isdecimal() else _VALUES[text]

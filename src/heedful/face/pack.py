"""Whole numbers as short text for a page: about one to three characters each.

A number is written in base 44, smallest digit first. 88 printable characters stand for the
digits: the first 44 end a number, the other 44 say that more follows. None of them needs
escaping in HTML or JSON. Signed numbers are folded first (0, -1, 1, -2 -> 0, 1, 2, 3).
"""

from __future__ import annotations

from collections.abc import Iterable

ALPHABET = "".join(chr(i) for i in range(33, 127) if chr(i) not in "\"'&<>\\")
BASE = len(ALPHABET) // 2


def packed(numbers: Iterable[int]) -> str:
    """Numbers >= 0 as text."""
    return "".join(_digits(number) for number in numbers)


def folded(number: int) -> int:
    """A signed number as one >= 0, small for small ones of either sign."""
    return -2 * number - 1 if number < 0 else 2 * number


def _digits(number: int) -> str:
    digits = ""
    while number >= BASE:
        number, digit = divmod(number, BASE)
        digits += ALPHABET[BASE + digit]
    return digits + ALPHABET[number]

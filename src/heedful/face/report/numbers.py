"""Figures as a report spells them: percentages, intervals, and `n/a` where there is none."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

MISSING = "n/a"
THIN = "\u202f"
Spell = Callable[[Any], str]


def finite(value: Any) -> float | None:
    """A number, or None for anything that is none: NaN, null, a text."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return None
    return float(value)


def number(value: Any, places: int = 3) -> str:
    """`0.873`, `−0.120`."""
    found = finite(value)
    return MISSING if found is None else _signed(f"{found:,.{places}f}")


def share(value: Any) -> str:
    """`87.3 %`; more digits where 100 or 0 would stand for less or more than that."""
    found = finite(value)
    if found is None:
        return MISSING
    if found in (0.0, 1.0):
        return f"{100 * found:.0f}{THIN}%"
    for places in (1, 2, 3):
        text = f"{100 * found:.{places}f}"
        if float(text) not in (0.0, 100.0):
            break
    return f"{_signed(text)}{THIN}%"


def count(value: Any) -> str:
    """`25,000`; a mean keeps one decimal."""
    found = finite(value)
    if found is None:
        return MISSING
    return _signed(f"{found:,.0f}" if found.is_integer() else f"{found:,.1f}")


def interval(bounds: Any, spell: Spell) -> str:
    """`86.9 to 87.7 %`; empty where there is no interval."""
    found = bounds_of(bounds)
    if found is None:
        return ""
    low, high = (spell(x) for x in found)
    return f"{low.removesuffix(THIN + '%')} to {high}"


def bounds_of(bounds: Any) -> tuple[float, float] | None:
    """Both ends of an interval, or None."""
    if not isinstance(bounds, list | tuple) or len(bounds) != 2:
        return None
    low, high = finite(bounds[0]), finite(bounds[1])
    return None if low is None or high is None else (low, high)


def plural(value: Any, noun: str) -> str:
    """`1 row`, `2 rows`."""
    return f"{count(value)} {noun}{'' if finite(value) == 1 else 's'}"


def _signed(text: str) -> str:
    return (
        text
        if not text.startswith("-")
        else "−" + text[1:]
        if float(text.replace(",", ""))
        else text[1:]
    )


def points(difference: float) -> str:
    """A difference of two shares, without its sign: `1.2 points`."""
    return f"{abs(100 * difference):.1f} points"

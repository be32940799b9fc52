"""Numbers and words as every face spells them; `report.numbers` has those of the report."""

from __future__ import annotations

import math
from decimal import ROUND_HALF_UP, Context, Decimal


def listed(word: str) -> str:
    """A word as it stands in a list, where a token of white space would not be seen."""
    return "␣" * len(word) if word.isspace() else word


def signed(value: float) -> str:
    """`+0.81`, `−0.40`, `0`: two decimals, three or more significant digits when small."""
    text = _fixed(value, 2 if abs(value) >= 0.095 else 3)
    if float(text) == 0:
        return "0"
    return ("+" if value > 0 else "−") + text


def _fixed(value: float, places: int) -> str:
    """The size of a value; halves go up, as in a page's script (1/8 is 0.13 in both)."""
    exact = Decimal(abs(value))
    return str(exact.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP, Context(prec=400)))


def plain(value: float) -> str:
    """Like `signed`, without a plus."""
    return signed(value).removeprefix("+")


def even(value: float) -> str:
    """Three decimals whatever the size, so that a reader can add them up."""
    text = _fixed(value, 3)
    return f"−{text}" if value < 0 and float(text) else text


def remainder(error: float) -> str:
    """`no error`, `error 0.031`, `error 3e-8`: how far a sum is from what it should be."""
    if error == 0:
        return "no error"
    size = abs(error)
    if size >= 0.0005:
        return f"error {_fixed(size, 3)}"
    return f"error {size:.0e}".replace("e-0", "e-")  # as a page's script writes it: 3e-8


def chance(probability: float) -> str:
    """`.93`; `>.99` and `<.01` at the ends, so that nothing short of certain reads as 1."""
    if 0.995 <= probability < 1:
        return ">.99"
    if 0 < probability < 0.005:
        return "<.01"
    return f"{probability:.2f}".removeprefix("0")


def percent(share: float) -> str:
    """`92 %`; `>99 %` and `<1 %` at the ends, so that nothing short of all reads as all."""
    if 0.995 <= share < 1:
        return ">99 %"
    if 0 < share < 0.005:
        return "<1 %"
    return f"{math.floor(100 * share + 0.5)} %"


def brief(value: float) -> str:
    """`.97`, `−.08`, `1.00`."""
    text = f"{abs(value):.2f}"
    sign = "−" if value < 0 and float(text) else ""
    return sign + (text[1:] if text.startswith("0") else text)

"""Names and numbers as they stand in a picture: on one line, short, and harmless."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

import regex

from heedful.face.controls import HIDDEN

LONGEST = 18
"""Characters of a name, as a reader counts them, that a picture has room for."""

_UNHOLDABLE = regex.compile(f"[\\x00{HIDDEN[1:-1]}\ud800-\udfff\ufffe\uffff]")
_ISOLATE, _END = "\u2068", "\u2069"


def short(name: str, most: int = LONGEST) -> str:
    """A name on one line, its middle as … where it is long: names differ at both ends.

    Characters that act instead of showing become U+FFFD. A name that is written from right to
    left is isolated, so that a number beside it stays on its side.
    """
    line = _UNHOLDABLE.sub("\ufffd", " ".join(name.split())) or "(empty)"
    signs = regex.findall(r"\X", line)
    if len(signs) > most:
        tail = (most - 1) // 2
        line = "".join([*signs[: most - 1 - tail], "…", *signs[len(signs) - tail :]])
    turned = any(unicodedata.bidirectional(char) in ("R", "AL") for char in line)
    return f"{_ISOLATE}{line}{_END}" if turned else line


def listing(names: Sequence[str], most: int = 4) -> str:
    """`a, b, c and 5 more`."""
    told = ", ".join(short(name) for name in names[:most])
    return told if len(names) <= most else f"{told} and {len(names) - most} more"


def count(number: float, noun: str) -> str:
    """`1 text`, `25,000 texts`."""
    plural = noun if number == 1 else noun + ("es" if noun.endswith("s") else "s")
    return f"{int(number):,} {plural}"


def figure(value: float | None) -> str:
    """Three decimals, or n/a for what is not defined."""
    return "n/a" if value is None or value != value else f"{value:.3f}"

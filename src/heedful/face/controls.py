"""Characters that act instead of showing: a heat map names them and lets none of them act."""

from __future__ import annotations

import re

BIDI = "\u202a-\u202e\u2066-\u2069"
"""Embeddings, overrides and isolates: they reorder what follows, the legend included."""

HIDDEN = f"[\x01-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029{BIDI}]"
"""A regular expression: controls but for NUL, tab and line ends; separators; `BIDI`."""


def harmless(text: str) -> str:
    """The text with whatever could steer a terminal made visible.

    Line breaks and tabs stay. Other C0 controls become their Unicode picture
    (`␛`), the rest a code in angle quotes (`‹U+202E›`): C1 controls, bidirectional overrides,
    line separators and lone surrogates, which no terminal encoding can hold.
    """
    return re.sub(f"{HIDDEN}|[\\x00\\r\ud800-\udfff]", _named, text)


def _named(found: re.Match[str]) -> str:
    code = ord(found.group())
    if code < 0x20:
        return chr(0x2400 + code)
    return "␡" if code == 0x7F else f"‹U+{code:04X}›"

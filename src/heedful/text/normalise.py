"""When two texts count as the same: for duplicates, leaks and splits, never for a model."""

from __future__ import annotations

import hashlib
import re
import unicodedata

import regex

_BREAK = re.compile(r"<br\s*/?>", re.IGNORECASE)
_ASCII_GAP = {code: " " for code in range(128) if not chr(code).isalnum()}
# Marks count as parts of words: without them, words of many scripts would fall together.
_GAP = regex.compile(r"[^\p{L}\p{N}\p{M}]+")


def normalise(text: str) -> str:
    """NFKC, case folded, `<br />` and everything but letters and digits as one space.

    A text without any letter or digit, such as ":)", stays as it is but for case and margins.
    """
    if text.isascii():
        folded = text.lower()
        # Several times as fast as a regular expression.
        plain = " ".join(_without_breaks(folded).translate(_ASCII_GAP).split())
    else:
        folded = unicodedata.normalize("NFKC", text).casefold()
        plain = _GAP.sub(" ", _without_breaks(folded)).strip()
    return plain or folded.strip()


def _without_breaks(folded: str) -> str:
    return _BREAK.sub(" ", folded) if "<br" in folded else folded


def key(text: str) -> bytes:
    """Sixteen bytes that stand for the normalised text: equal texts have equal keys."""
    return key_of(normalise(text))


def key_of(normalised: str) -> bytes:
    """The key of a text that is normalised already."""
    data = normalised.encode("utf-8", "surrogatepass")
    return hashlib.blake2b(data, digest_size=16).digest()

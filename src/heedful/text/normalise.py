"""When two texts count as the same: for duplicates, leaks and splits, never for a model."""

from __future__ import annotations

import hashlib
import re
import unicodedata

import regex

_BREAK = re.compile(r"<br\s*/?>", re.IGNORECASE)
_ASCII_GAP = re.compile(r"[^a-z0-9]+")
# Marks count as parts of words: without them, words of many scripts would fall together.
_GAP = regex.compile(r"[^\p{L}\p{N}\p{M}]+")


def normalise(text: str) -> str:
    """NFKC, case folded, `<br />` and everything but letters and digits as one space.

    A text without any letter or digit, such as ":)", stays as it is but for case and margins.
    """
    if text.isascii():
        folded = text.lower()
        plain = _ASCII_GAP.sub(" ", _BREAK.sub(" ", folded)).strip()
    else:
        folded = unicodedata.normalize("NFKC", text).casefold()
        plain = _GAP.sub(" ", _BREAK.sub(" ", folded)).strip()
    return plain or folded.strip()


def key(text: str) -> bytes:
    """Sixteen bytes that stand for the normalised text: equal texts have equal keys."""
    data = normalise(text).encode("utf-8", "surrogatepass")
    return hashlib.blake2b(data, digest_size=16).digest()

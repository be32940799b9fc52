"""Shapes of words as they are written: capitals, digits, a final s. What is said of unknown words.

Collins 2002, "Ranking Algorithms for Named-Entity Extraction", maps words to such
classes of characters; these are nine coarse ones.
"""

from __future__ import annotations

SHAPES = ("x", "xs", "Xx", "XX", "#x", "#1", "#2", "#3", "#4")
"""Names, by number: a word in lower case, one that ends in s, capitalised, all capitals, digits
among other signs, and one, two, three, or four and more digits."""
_SHAPES = {name: number for number, name in enumerate(SHAPES)}


def shape_of(word: str) -> int | None:
    """The place in `SHAPES` of a word's shape; None for a mark, which has none but itself."""
    if not word[:1].isalnum():
        return None
    if word.isdigit():
        name = f"#{min(len(word), 4)}"
    elif any(map(str.isdigit, word)):
        name = "#x"
    elif len(word) > 1 and word.isupper():
        name = "XX"
    elif word[0].isupper():
        name = "Xx"
    else:
        name = "xs" if word.endswith("s") else "x"
    return _SHAPES[name]

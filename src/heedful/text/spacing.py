"""Where words and marks are written without a space between them, learnt from texts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import regex

from heedful.records import Token
from heedful.text.tokenize import BY_CHARACTER

# Marks, "l'" and characters of scripts without spaces; not "10,000" nor "don't".
_LEANS = regex.compile(rf"(?V1)[^\p{{L}}\p{{N}}]+|.*['’]|{BY_CHARACTER}.*", regex.DOTALL)
# Beside another mark, either of the two may be what leans: it counts where nothing else is known.
_BESIDE_WORD = 1_000_000
_QUOTES = ('"', "'")  # the same mark opens and closes


@dataclass(frozen=True)
class Spacing:
    """Marks (and characters of scripts without spaces) that lean on their neighbours.

    Attributes:
        before: usually no space before it, as with a full stop.
        after: usually no space after it, as with an opening bracket or "l'".
    """

    before: frozenset[str] = frozenset()
    after: frozenset[str] = frozenset()

    @classmethod
    def learn(cls, texts: Iterable[Sequence[Token]]) -> Spacing:
        """From texts as tokens: a mark leans if it does so in most cases, beside words."""
        seen: tuple[Counter[str], Counter[str]] = (Counter(), Counter())
        tight: tuple[Counter[str], Counter[str]] = (Counter(), Counter())
        for tokens in texts:
            for left, right in pairwise(tokens):
                touch = left.end == right.start
                for side, (one, other) in enumerate(((right, left), (left, right))):
                    if _LEANS.fullmatch(one.text):
                        weight = _BESIDE_WORD if other.text[:1].isalnum() else 1
                        seen[side][one.text] += weight
                        tight[side][one.text] += weight * touch
        before, after = (
            frozenset(form for form, count in tight[side].items() if 2 * count > seen[side][form])
            for side in (0, 1)
        )
        return cls(before, after)

    def join(self, forms: Sequence[str]) -> tuple[str, list[Token]]:
        """The forms as one text, and each form's place in it."""
        text, open_quotes = "", set[str]()
        tokens: list[Token] = []
        leans = True  # no space at the begin
        for form in forms:
            closes = form in open_quotes
            if not leans and not (closes if form in _QUOTES else form in self.before):
                text += " "
            tokens.append(Token(form, len(text), len(text) + len(form)))
            text += form
            leans = form in self.after
            if form in _QUOTES:
                open_quotes ^= {form}
                leans = not closes
        return text, tokens

"""Tokens as Keras' TextVectorization makes them: what stands between white space, marks taken out.

White space, the letters whose case is folded and the punctuation are those of ASCII alone, and
marks go from the middle of a word too: "Well-made," becomes "wellmade".
"""

from __future__ import annotations

import re
import string

from heedful.records import Token

SPACED = "whitespace"
"""What `text.unit` calls it."""
_RUN = re.compile(r"[^ \t\n\v\f\r]+")
_FOLD = str.maketrans(string.ascii_uppercase, string.ascii_lowercase)
_STRIP = str.maketrans("", "", string.punctuation)


class Spaced:
    """Cuts texts at white space.

    Args:
        lowercase: fold A to Z.
        punctuation: keep the 32 marks of ASCII; False = they are taken out, wherever they stand.
    """

    def __init__(self, *, lowercase: bool, punctuation: bool) -> None:
        self._table: dict[int, int | None] = dict(_FOLD) if lowercase else {}
        if not punctuation:
            self._table |= _STRIP
        self._punctuation = punctuation

    def runs(self, text: str) -> list[str]:
        """What stands between white space."""
        return _RUN.findall(text)

    def forms(self, run: str) -> list[str]:
        """The token of a run; none where marks are all there is."""
        form = run.translate(self._table)
        if not form.isascii():  # lone surrogates cannot be written to any file
            form = form.encode("utf-8", "ignore").decode()
        return [form] if form else []

    def tokens(self, text: str) -> list[Token]:
        """The tokens with their offsets, marks at either end left out where they are taken out."""
        found = []
        for run in _RUN.finditer(text):
            for form in self.forms(run[0]):
                start, end = run.span()
                if not self._punctuation:
                    start = end - len(run[0].lstrip(string.punctuation))
                    end = start + len(text[start:end].rstrip(string.punctuation))
                found.append(Token(form, start, end))
        return found

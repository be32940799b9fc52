"""Texts to ids and back, for networks that read and write sequences: one side's tokens.

Characters and sub-words give back the very text that was encoded, as far as its characters are
known; words give back its words, spaced as the training texts were.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Literal

from heedful.config import TextConfig
from heedful.records import HeedfulError, Token
from heedful.text.spacing import Spacing
from heedful.text.subword import Merge, Subwords, pieces, train
from heedful.text.tokenize import Tokenizer
from heedful.text.vocab import END, RESERVED, UNK, Vocabulary

Unit = Literal["character", "word", "subword"]

UNITS: tuple[Unit, ...] = ("character", "word", "subword")
UNKNOWN = "\ufffd"  # what is written for UNK


class SequenceTokenizer:
    """Cuts texts into characters, words or sub-words, and numbers these.

    Ids are those of a `Vocabulary`: PAD, UNK, START and END, then the tokens. START and END are
    neither put around a text nor written. Not to be changed once made.

    Attributes:
        unit: what a token is.
        vocabulary: the tokens known.
        lowercase: fold case; offsets stay.
        merges: of sub-words, in order.
        spacing: of words.
    """

    def __init__(
        self,
        unit: Unit,
        vocabulary: Vocabulary,
        lowercase: bool = False,
        merges: Sequence[Merge] = (),
        spacing: Spacing | None = None,
    ) -> None:
        """A tokenizer of known tokens; `fit` finds them in texts.

        Raises:
            HeedfulError: an unknown unit.
            ValueError: a merge names something that the vocabulary does not hold.
        """
        if unit not in UNITS:
            raise HeedfulError(f"the unit {unit!r} is not known; use {', '.join(UNITS)}")
        self.unit, self.vocabulary, self.lowercase = unit, vocabulary, lowercase
        self.merges, self.spacing = tuple(merges), spacing or Spacing()
        self._subwords: Subwords | None = None
        if unit == "subword":
            self._subwords = Subwords(vocabulary.tokens[len(RESERVED) :], self.merges)
        self._cutter = _cutter(unit, lowercase)

    @classmethod
    def fit(
        cls,
        texts: Iterable[str],
        unit: Unit = "character",
        lowercase: bool = False,
        size: int = 30_000,
        min_frequency: int = 1,
    ) -> SequenceTokenizer:
        """The tokenizer of some texts; the same texts give the same one.

        Args:
            texts: those to learn from, in any order.
            unit: what a token is.
            lowercase: fold case.
            size: most tokens, the four reserved ones included.
            min_frequency: a character or word must occur so often; so must a pair of sub-words to
                become one.
        """
        texts = list(texts)
        if unit == "subword":
            folded = (_folded(text) if lowercase else text for text in texts)
            forms, merges = train(folded, max(size - len(RESERVED), 1), min_frequency)
            return cls(unit, Vocabulary(forms), lowercase, merges)
        cutter = _cutter(unit, lowercase)
        vocabulary = Vocabulary.build(map(cutter.words, texts), size, min_frequency)
        spacing = Spacing.learn(map(cutter.tokens, texts)) if unit == "word" else None
        return cls(unit, vocabulary, lowercase, spacing=spacing)

    def __len__(self) -> int:
        """How many ids there are."""
        return len(self.vocabulary)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, SequenceTokenizer) and self.to_json() == other.to_json()

    def __hash__(self) -> int:
        return hash((self.unit, self.lowercase, self.vocabulary))

    def __reduce__(self) -> tuple[Any, ...]:
        """To copy or pickle one."""
        return SequenceTokenizer.from_json, (self.to_json(),)

    def tokens(self, text: str) -> list[Token]:
        """The tokens in order, disjoint: `text[start:end]` is what a map paints.

        A sub-word's form begins with the space before it, which its offsets leave out; a space
        that is a sub-word of its own at the text's begin has no width.
        """
        if self._subwords is None:
            return self._cutter.tokens(text)
        return _placed(self._parts(text))

    def _parts(self, text: str) -> list[str]:
        if self._subwords is None:
            return self._cutter.words(text)
        folded = _folded(text) if self.lowercase else text
        return [part for piece in pieces(folded) for part in self._subwords.cut(piece)]

    def encode(self, text: str) -> list[int]:
        """One id for each of `tokens(text)`, UNK for what is not known."""
        return [self.vocabulary.id(form) for form in self._parts(text)]

    def decode(self, ids: Iterable[int]) -> tuple[str, list[Token]]:
        """The text of the ids up to the first END, and one token for each of them, with offsets.

        UNK is written as U+FFFD; PAD and START have no width.
        """
        forms = []
        for i in ids:
            if i == END:
                break
            forms.append(UNKNOWN if i == UNK else self.vocabulary.token(i) * (i >= len(RESERVED)))
        if self.unit == "word":
            return self.spacing.join(forms)
        if self.unit == "subword":
            return "".join(forms).removeprefix(" "), _placed(forms)
        return "".join(forms), _placed(forms, spaced=False)

    def to_json(self) -> dict[str, Any]:
        """Everything that makes it, for a file."""
        return {
            "unit": self.unit,
            "lowercase": self.lowercase,
            "tokens": self.vocabulary.to_json(),
            "merges": [list(merge) for merge in self.merges],
            "no_space_before": sorted(self.spacing.before),
            "no_space_after": sorted(self.spacing.after),
        }

    @classmethod
    def from_json(cls, values: Any) -> SequenceTokenizer:
        """The inverse of `to_json`.

        Raises:
            HeedfulError: damaged.
        """
        try:
            return cls(
                values["unit"],
                Vocabulary.from_json(values["tokens"]),
                bool(values["lowercase"]),
                [(left, right) for left, right in values["merges"]],
                Spacing(frozenset(values["no_space_before"]), frozenset(values["no_space_after"])),
            )
        except HeedfulError:
            raise
        except (KeyError, TypeError, ValueError) as error:
            raise HeedfulError(
                f"the tokenizer cannot be read ({type(error).__name__}: {error}); train the model "
                "again"
            ) from None


def _cutter(unit: Unit, lowercase: bool) -> Tokenizer:
    return Tokenizer(
        TextConfig(unit="word" if unit == "word" else "character", lowercase=lowercase)
    )


def _folded(text: str) -> str:
    """Lower case where it is one character for one, so that offsets stay."""
    lower = text.lower()
    if len(lower) == len(text):
        return lower
    return "".join(small if len(small := mark.lower()) == 1 else mark for mark in text)


def _placed(forms: Sequence[str], spaced: bool = True) -> list[Token]:
    """Forms that follow each other as tokens with offsets.

    `spaced`: the first form begins with a space that is not in the text, and the space before a
    word is not painted with it.
    """
    tokens: list[Token] = []
    begin = -1 if spaced and "".join(forms).startswith(" ") else 0
    for form in forms:
        end = begin + len(form)
        indent = spaced and len(form) > 1 and form[0] == " "
        tokens.append(Token(form, max(begin + indent, 0), max(end, 0)))
        begin = end
    return tokens

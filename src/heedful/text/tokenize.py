"""Text to tokens with character offsets; case, lemmas and stop words act on the tokens.

One pattern cuts the text. Everything else changes a token's form or drops the token, so the
offsets always point into the text as the user wrote it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal, TypeVar, overload

import regex

from heedful.config import TextConfig
from heedful.records import HeedfulError, Token
from heedful.text.lemmas import lemmatizer
from heedful.text.spaced import SPACED, Spaced
from heedful.text.stopwords import LANGUAGES, negations, stop_words

if TYPE_CHECKING:
    import numpy as np

T = TypeVar("T")

# Scripts without spaces between words. Of the first, each character is a token with its
# marks; the two prolonged sound marks belong to no single script in Unicode.
BY_CHARACTER = r"[\p{Han}\p{Hiragana}\p{Katakana}\u30FC\uFF70\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}]"
_LETTER = rf"[[\p{{L}}\p{{M}}\p{{N}}]--{BY_CHARACTER}]"
_CLUSTER = rf"(?=[{BY_CHARACTER}&&[\p{{L}}\p{{M}}\p{{N}}]])\X"

# French and Italian articles and pronouns that lean on a vowel: l'|homme, dell'|anno.
_ELISION = (
    r"(?i:[cdjlmnstv]|qu|lorsqu|puisqu|jusqu|un|(?:de|a|da|ne|su|que)ll|quest|nessun)"
    r"['’](?=[aeiouyhàâäæéèêëîïôöœùûü])"
)
# What may stand inside a word: an apostrophe, a Catalan middle dot, Hebrew geresh and
# gershayim, soft hyphen and the two joiners; underscores; the point or comma of a number.
_INSIDE = r"['’·׳״\u00AD\u200C\u200D]|_+|(?<=\p{N})[.,](?=\p{N})"
# Nearly all of English, matched without looking at the rules below: for speed alone.
_PLAIN = r"[A-Za-z]++(?![^\s.,!?;:)\"])"
_WORD = rf"{_LETTER}++(?:(?:{_INSIDE}){_LETTER}++)*+"

_PICTURE = r"(?:[\p{Extended_Pictographic}--[©®™‼⁉〰〽]]|[©®™‼⁉〰〽](?=\uFE0F))"
_PERSON = rf"{_PICTURE}(?:\uFE0F|\p{{Emoji_Modifier}})?(?:[\U000E0020-\U000E007E]+\U000E007F)?"
_EMOJI = (
    rf"[#*0-9]\uFE0F?\u20E3|\p{{Regional_Indicator}}{{2}}"
    rf"|{_PERSON}(?:\u200D{_PERSON})*|[♀♂]\uFE0F?"
)
_APART = r"(?<![\p{L}\p{N}])"  # no letter or digit before: not "http:/", "EU:s", "C:\"
_CLOSED = r"(?![\p{L}\p{N}])"
_EMOTICON = "|".join(
    (
        rf">?[:;=]['’]?[-o^~]?(?:\)+|(?:\(+|[\[\]{{}}]|@){_CLOSED})",  # :-) ;) :( :'( =)
        rf"{_APART}>?[:;=]['’]?[-^~]?(?:D+|[PpOoSsXx3]|[/\\|*$](?![/\\|*])){_CLOSED}",  # :D :/
        rf"{_APART}\(-?[:;=](?![\p{{L}}\p{{N}}:;=/)])",
        r"\^[_.o-]?\^|>[_.]<|-_+-",
        rf"</?3+{_CLOSED}",
        r"¯\\_\(ツ\)_/¯|\\o/",
    )
)
_MARKS = r"([\p{P}\p{S}])\1*+"

_BREAK = regex.compile(r"<br\s*+/?>", regex.IGNORECASE)
_UNWANTED = regex.compile(r"(?V1)[[\p{P}\p{S}]--[\p{Emoji}\p{Emoji_Modifier}]]|[#*]")
# One of these after a plain word is a token of its own, as `_PLAIN` has it.
_CLOSING = frozenset('.,!?;:)"')
_RUN = re.compile(r"\S+")  # splits exactly where str.split() does
_CACHED = 500_000  # entries of a cache before it is emptied
_CACHED_LENGTH = 64  # what is longer is worked out each time


def _pattern(punctuation: bool) -> str:
    # Marks that are not wanted are still matched as runs and skipped, so that both settings
    # see the same emoticons.
    marks = _MARKS if punctuation else rf"{_MARKS}(*SKIP)(*FAIL)"
    return rf"(?V1){_PLAIN}|{_ELISION}|[8B]-\)|{_EMOJI}|{_WORD}|{_CLUSTER}|{_EMOTICON}|{marks}"


class Tokenizer:
    """Cuts texts as a `TextConfig` says. Holds no state but caches; can be pickled.

    Words: runs of letters, marks and digits, apostrophes inside included ("don't"); numbers
    such as 3.5 or 1,000; elided articles apart ("l'", "homme"); each character of Chinese,
    Japanese, Thai, Lao, Khmer and Burmese; emoticons; emoji sequences; runs of one
    punctuation mark. `<br>` separates and is no token. Control and format characters and
    lone surrogates are none either.

    Characters: each code point is a token, white space included.

    Whitespace: what `text.spaced` says.

    Raises:
        HeedfulError: for a language without lemmas or stop words, or for either with
            characters.
    """

    def __init__(self, config: TextConfig) -> None:
        self.config = config
        if config.unit != "word" and (config.lemmas or config.stop_words):
            raise HeedfulError(
                "settings text.lemmas and text.stop_words need words: set text.unit=word, "
                "or drop them"
            )
        self._prepare()

    def _prepare(self) -> None:
        config = self.config
        self._find = regex.compile(_pattern(config.punctuation))
        self._lemma = lemmatizer(config.lemmas) if config.lemmas else None
        self._stop: frozenset[str] = frozenset()
        if config.stop_words:
            self._stop = stop_words(config.stop_words, config.keep_negations)
        # Some dictionaries give "do" for "don't": a lemma must not drop a negation.
        self._no_lemma: frozenset[str] = frozenset()
        if config.lemmas in LANGUAGES:
            self._no_lemma = negations(config.lemmas)
        self._written: Tokenizer | None = None
        self._spaced: Spaced | None = None
        if config.unit == SPACED:
            self._spaced = Spaced(lowercase=config.lowercase, punctuation=config.punctuation)
        self._forms: dict[str, str | None] = {}
        self._runs: dict[str, tuple[str, ...]] = {}

    def __getstate__(self) -> dict[str, Any]:
        return {"config": self.config}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.config = state["config"]
        self._prepare()

    def tokens(self, text: str) -> list[Token]:
        """The tokens of a text in order, before any limit on their number.

        A token's `text` is its form for the model, `start` and `end` lie in `text`.
        """
        if self._spaced is not None:
            return self._spaced.tokens(text)
        if self.config.unit == "character":
            return [
                Token(form, i, i + 1)
                for i, mark in enumerate(text)
                if (form := self._form(mark)) is not None
            ]
        found: list[Token] = []
        for run in _RUN.finditer(_without_breaks(text)):
            begin = run.start()
            for form, start, end in self._cut(run[0]):
                found.append(Token(form, begin + start, begin + end))
        return found

    def words(self, text: str) -> list[str]:
        """The forms of `tokens(text)`, faster.

        No token holds white space and no rule looks across it, so what stands between white
        space is cut once and remembered.
        """
        if self.config.unit == "character":
            forms = map(self._form, text)
            return [form for form in forms if form is not None]
        found: list[str] = []
        runs = self._runs
        for run in self.runs(text):
            try:
                found += runs[run]
            except KeyError:
                found += self._remember(run)
        return found

    def runs(self, text: str) -> Sequence[str]:
        """What no token reaches across: the pieces between white space, or the characters."""
        if self._spaced is not None:
            return self._spaced.runs(text)
        return text if self.config.unit == "character" else _without_breaks(text).split()

    def forms(self, run: str) -> list[str]:
        """The forms of the tokens of one of `runs(text)`."""
        if self._spaced is not None:
            return self._spaced.forms(run)
        whole = self.config.unit == "character" or (run.isascii() and run.isalpha())
        if whole:  # most runs are one plain word: the pattern would find just that
            parts = [run]
        elif run.isascii() and run[-1] in _CLOSING and run[:-1].isalpha():
            parts = [run[:-1], run[-1]] if self.config.punctuation else [run[:-1]]
        else:
            parts = [found[0] for found in self._find.finditer(run)]
        return [form for part in parts if (form := self._form(part)) is not None]

    def as_written(self) -> Tokenizer:
        """One that cuts texts the same way and leaves their case as it is; always the same one."""
        if not self.config.lowercase:
            return self
        if self._written is None:
            self._written = Tokenizer(replace(self.config, lowercase=False))
        return self._written

    def _remember(self, run: str) -> tuple[str, ...]:
        forms = tuple(self.forms(run))
        if len(run) <= _CACHED_LENGTH:
            if len(self._runs) >= _CACHED:
                self._runs.clear()
            self._runs[run] = forms
        return forms

    def _cut(self, run: str) -> list[Token]:
        """The tokens of a run without white space, offsets from its begin."""
        return [
            Token(form, *found.span())
            for found in self._find.finditer(run)
            if (form := self._form(found[0])) is not None
        ]

    def _form(self, surface: str) -> str | None:
        """What the model sees of a token; None for one that is dropped."""
        try:
            return self._forms[surface]
        except KeyError:
            pass
        by_character = self.config.unit == "character"
        form = self._character_form(surface) if by_character else self._word_form(surface)
        if len(surface) <= _CACHED_LENGTH:
            if len(self._forms) >= _CACHED:
                self._forms.clear()
            self._forms[surface] = form
        return form

    def _character_form(self, mark: str) -> str | None:
        if not self.config.punctuation and _UNWANTED.match(mark):
            return None
        if "\ud800" <= mark <= "\udfff":
            return "\ufffd"  # a lone surrogate cannot be written to any file
        return mark.lower() if self.config.lowercase else mark

    def _word_form(self, surface: str) -> str | None:
        straight = surface.replace("’", "'") if len(surface) > 1 else surface
        folded = straight.lower()
        if folded in self._stop:
            return None
        form = folded if self.config.lowercase else straight
        if self._lemma is None or not form[0].isalpha() or folded in self._no_lemma:
            return form
        lemma = self._lemma(form)
        return lemma.lower() if self.config.lowercase else lemma


def _without_breaks(text: str) -> str:
    """The text with each HTML line break blanked, its length unchanged."""
    if "<b" in text or "<B" in text:
        blanked: str = _BREAK.sub(lambda found: " " * len(found[0]), text)
        return blanked
    return text


@overload
def cut(
    tokens: np.ndarray, max_tokens: int | None, keep: Literal["first", "last", "both"]
) -> np.ndarray: ...
@overload
def cut(
    tokens: Sequence[T], max_tokens: int | None, keep: Literal["first", "last", "both"]
) -> Sequence[T]: ...
def cut(
    tokens: Sequence[T] | np.ndarray,
    max_tokens: int | None,
    keep: Literal["first", "last", "both"],
) -> Sequence[T] | np.ndarray:
    """At most `max_tokens` of the tokens (or ids): the first, the last, or both ends.

    `both` keeps the larger half of an odd number from the start.
    """
    if max_tokens is None or len(tokens) <= max_tokens:
        return tokens
    # Here, so that a process that only cuts texts (`text.worker`) starts without it.
    import numpy as np

    if keep == "first":
        return tokens[:max_tokens]
    end = max_tokens if keep == "last" else max_tokens // 2
    last = tokens[len(tokens) - end :]
    if keep == "last":
        return last
    first = tokens[: max_tokens - end]
    if isinstance(tokens, np.ndarray):
        return np.concatenate((np.asarray(first), np.asarray(last)))
    return [*first, *last]

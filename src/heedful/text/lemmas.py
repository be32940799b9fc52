"""Dictionary forms of words: "studies" -> "study", "was" -> "be"; 40 and more languages.

The dictionaries are those of simplemma (Barbaresi, "Simplemma: a simple multilingual
lemmatizer for Python"). It knows no parts of speech. Asking twice does the work of a noun
pass followed by a verb pass: "meetings" -> "meeting" -> "meet".
"""

from __future__ import annotations

from collections.abc import Callable

from heedful.records import HeedfulError

_PASSES = 2


def lemmatizer(language: str) -> Callable[[str], str]:
    """A function from a word to its lemma.

    Raises:
        HeedfulError: for a language without a dictionary, with the known ones.
    """
    from simplemma import lemmatize
    from simplemma.strategies.dictionaries.dictionary_factory import SUPPORTED_LANGUAGES

    if language not in SUPPORTED_LANGUAGES:
        raise HeedfulError(
            f"setting text.lemmas is {language!r}, and there is no dictionary for it; "
            f"known are {', '.join(sorted(SUPPORTED_LANGUAGES))}"
        )

    def lemma(word: str) -> str:
        for _ in range(_PASSES):
            # An empty or multi-word answer would not be the form of one token.
            found = lemmatize(word, lang=language)
            if not found or found == word or " " in found:
                break
            word = found
        return word

    return lemma

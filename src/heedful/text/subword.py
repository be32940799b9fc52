"""Sub-words by byte-pair encoding (Sennrich et al. 2016, "Neural Machine Translation of Rare Words
with Subword Units"), on characters: trained and applied by the `tokenizers` library.

A text is cut into words and marks first, each with the space before it, so that the pieces joined
again are the text to the letter. No merge goes across such a cut.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

import regex

Merge = tuple[str, str]

_WORD = regex.compile(r" ?[\p{L}\p{M}]+| ?\p{N}+| ?[^\s\p{L}\p{M}\p{N}]+|\s+(?!\S)|\s+")
_UNKNOWN = "x x"  # no sub-word has a space inside
_SURROGATE = regex.compile(r"[\ud800-\udfff]")
_CACHED = 200_000  # words whose parts are remembered before the memory is emptied


def pieces(text: str) -> list[str]:
    """The words and marks of a text, with their spaces, that no sub-word reaches across.

    A space is put before the text: a word has one form, wherever it stands. A lone surrogate,
    which cannot be written to any file, becomes U+FFFD.
    """
    found: list[str] = _WORD.findall(_SURROGATE.sub("\ufffd", f" {text}" if text else ""))
    return found


def train(texts: Iterable[str], size: int, min_frequency: int) -> tuple[list[str], list[Merge]]:
    """The sub-words and the merges that make them, in the order in which they were learnt.

    Args:
        texts: to learn from. The same texts give the same sub-words.
        size: most sub-words, single characters among them (the rarest are left out where even
            these are more).
        min_frequency: a pair must occur so often to be merged.
    """
    from tokenizers import Tokenizer
    from tokenizers.models import BPE
    from tokenizers.trainers import BpeTrainer

    words = Counter(piece for text in texts for piece in pieces(text))
    alphabet = _alphabet(words, size)
    model = Tokenizer(BPE())
    trainer = BpeTrainer(
        vocab_size=size, min_frequency=min_frequency, show_progress=False, special_tokens=[]
    )
    model.train_from_iterator(_repeated(words, alphabet), trainer)
    learnt = json.loads(model.to_str())["model"]
    merges = [(left, right) for left, right in learnt["merges"]]
    return sorted(learnt["vocab"], key=learnt["vocab"].get), merges


def _alphabet(words: Counter[str], size: int) -> set[str]:
    """The most frequent characters; equal ones in the order of their numbers."""
    counts: Counter[str] = Counter()
    for word, times in words.items():
        for mark in word:
            counts[mark] += times
    return set(sorted(counts, key=lambda mark: (-counts[mark], mark))[:size])


def _repeated(words: Counter[str], alphabet: set[str]) -> Iterator[list[str]]:
    for word, times in words.items():
        if alphabet.issuperset(word):
            yield [word] * times


class Subwords:
    """Cuts words into the sub-words that merges make of their characters."""

    def __init__(self, known: Sequence[str], merges: Sequence[Merge]) -> None:
        """`known` are all sub-words; each merge joins two of them to a third.

        Raises:
            ValueError: a merge names something that is not known.
        """
        from tokenizers.models import BPE

        codes = {form: i for i, form in enumerate((_UNKNOWN, *known))}
        for left, right in merges:
            if not {left, right, left + right} <= codes.keys():
                raise ValueError(f"the merge of {left!r} and {right!r} is not in the vocabulary")
        self._model = BPE(vocab=codes, merges=list(merges), unk_token=_UNKNOWN, fuse_unk=False)
        self._parts: dict[str, list[str]] = {}

    def cut(self, piece: str) -> list[str]:
        """The sub-words of one of `pieces(text)`; joined they are the piece.

        A character that is not known stands for itself.
        """
        found = self._parts.get(piece)
        if found is None:
            found = list(self._cut(piece))
            if len(self._parts) >= _CACHED:
                self._parts.clear()
            self._parts[piece] = found
        return found

    def _cut(self, piece: str) -> Iterator[str]:
        start = 0
        for token in self._model.tokenize(piece):
            # The library counts bytes in places; the lengths of the forms are what is meant.
            end = start + (1 if token.value == _UNKNOWN else len(token.value))
            yield piece[start:end]
            start = end

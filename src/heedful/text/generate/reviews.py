"""Seeded film and product reviews whose deciding words are known.

Each text holds at least one opinion that decides its class, marked in `Example.gold`, among
opinions that do not: what others say, what something else is like, the lesser half of a
contrast. Any opinion may be turned round ("far from dull"). Trained on 2,000 texts, a linear
model of single words (TF-IDF, logistic regression) gets 73 to 76 of 100 right, with pairs of
words 74 to 79, a convolution of five words with attention 93, a BiLSTM 99.
"""

from __future__ import annotations

import random
import re
from collections.abc import Sequence

from heedful.records import Example
from heedful.text.generate import review_words as words

LABELS = ("negative", "positive")

_TURNED = 0.16  # share of opinions that are turned round
_INTENSIFIED = 0.35
_OPPOSED = 0.5  # share of undeciding opinions that speak for the other class
_EVIDENCE = (1, 2, 2, 3)  # sentences of each kind, drawn evenly
_DISTRACTORS = (0, 0, 1, 1, 2)
_FILLERS = (1, 1, 2, 2, 3)

_SLOT = re.compile(r"\{(\w+)\}")
_ARTICLE = re.compile(r"a\(n\) (\[?)(\w)")
_BRACKET = re.compile(r"[\[\]]")


def generate(n: int, seed: int) -> list[Example]:
    """`n` reviews in random order, half of them negative (the smaller half of an odd n).

    The same `n` and `seed` give the same reviews on every machine.
    """
    rng = random.Random(seed)
    positive = [False] * (n // 2) + [True] * (n - n // 2)
    rng.shuffle(positive)
    return [_Review(rng, good).example(row) for row, good in enumerate(positive, start=1)]


class _Review:
    """One text in the making: its class, its domain, and the aspects not yet spoken of."""

    def __init__(self, rng: random.Random, positive: bool) -> None:
        self.rng, self.positive = rng, positive
        self.domain = rng.choice(("film", "product"))
        self.thing = rng.choice(words.THINGS[self.domain])
        self.aspects: list[str] = []

    def example(self, row: int) -> Example:
        text, gold = _unmark(self._marked())
        return Example(text, (LABELS[self.positive],), "reviews", row, gold)

    def _marked(self) -> str:
        rng = self.rng
        sentences = [
            *(_weighted(rng, words.EVIDENCE) for _ in range(rng.choice(_EVIDENCE))),
            *(_weighted(rng, words.DISTRACTORS) for _ in range(rng.choice(_DISTRACTORS))),
            *rng.sample(words.FILLERS["any"] + words.FILLERS[self.domain], rng.choice(_FILLERS)),
        ]
        rng.shuffle(sentences)
        written = [self._finish(self._fill(sentence)) for sentence in sentences]
        return self._join(written)

    def _fill(self, pattern: str) -> str:
        filled = _SLOT.sub(lambda slot: self._slot(slot[1]), pattern)
        filled = _ARTICLE.sub(
            lambda found: f"a{'n' if found[2] in 'aeiou' else ''} {found[1]}{found[2]}", filled
        )
        return re.sub(r"\w", lambda first: first[0].upper(), filled, count=1)

    def _slot(self, name: str) -> str:
        rng = self.rng
        if name in ("same", "other"):
            return self._opinion(name == "same")
        if name in ("verb", "otherverb"):
            return self._verb(name == "verb")
        if name == "plain":
            return self._adjective(self.positive)
        if name == "reverse":
            # The reader must take "got the opposite" along.
            return self._adjective(not self.positive)
        if name == "aspect":
            return self._aspect()
        if name == "thing":
            return self.thing
        lists: dict[str, Sequence[str]] = {
            "is": words.VERBS_OF_BEING,
            "Speakers": words.SPEAKERS,
            "Rival": words.RIVALS[self.domain],
            "rival": words.RIVALS[self.domain],
            "day": words.DAYS,
            "number": words.NUMBERS,
            "nth": words.NTHS,
        }
        return rng.choice(lists[name])

    def _aspect(self) -> str:
        if not self.aspects:
            self.aspects = list(words.ASPECTS[self.domain])
            self.rng.shuffle(self.aspects)
        return self.aspects.pop()

    def _adjective(self, positive: bool) -> str:
        by_domain = words.POSITIVE if positive else words.NEGATIVE
        return self.rng.choice(by_domain["any"] + by_domain[self.domain])

    def _sign(self, deciding: bool) -> bool:
        """Which class an opinion speaks for."""
        if deciding or self.rng.random() >= _OPPOSED:
            return self.positive
        return not self.positive

    def _opinion(self, deciding: bool) -> str:
        rng, sign = self.rng, self._sign(deciding)
        if rng.random() < _TURNED:
            return f"{rng.choice(words.NEGATORS)} {self._adjective(not sign)}"
        adjective = self._adjective(sign)
        if rng.random() < _INTENSIFIED:
            return f"{rng.choice(words.INTENSIFIERS)} {adjective}"
        return adjective

    def _verb(self, deciding: bool) -> str:
        rng, sign = self.rng, self._sign(deciding)
        if rng.random() < _TURNED:
            verbs = words.DISLIKES if sign else words.LIKES
            return f"{rng.choice(words.VERB_NEGATORS)} {rng.choice(verbs)}"
        return rng.choice(words.LIKES if sign else words.DISLIKES)

    def _finish(self, sentence: str) -> str:
        """Now and then another sentence end, or a picture."""
        rng, draw = self.rng, self.rng.random()
        if draw < 0.08:
            return sentence[:-1] + rng.choice(("!", "!!", "..."))
        if draw < 0.12:
            return f"{sentence} {rng.choice(words.PICTURES[self.domain])}"
        return sentence

    def _join(self, sentences: list[str]) -> str:
        text = sentences[0]
        for sentence in sentences[1:]:
            text += ("<br /><br />" if self.rng.random() < 0.04 else " ") + sentence
        return text


def _weighted(rng: random.Random, choices: Sequence[tuple[str, int]]) -> str:
    patterns, weights = zip(*choices, strict=True)
    return str(rng.choices(patterns, weights)[0])


def _unmark(marked: str) -> tuple[str, tuple[tuple[int, int], ...]]:
    """The text without its brackets, and where they stood in it."""
    ends = [found.start() - i for i, found in enumerate(_BRACKET.finditer(marked))]
    return _BRACKET.sub("", marked), tuple(zip(ends[::2], ends[1::2], strict=True))

"""Maps of word pieces as maps of words: what a word's pieces get, summed, on its own characters."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import replace
from itertools import groupby

from heedful.explain.units import cuts
from heedful.learn.model import TextModel
from heedful.records import Explanation, Token
from heedful.text.pieces import PieceTokenizer


def reads_pieces(model: TextModel) -> bool:
    """Whether the model's tokens are pieces of words."""
    return isinstance(model.tokenizer, PieceTokenizer)


def in_words(model: TextModel, explanation: Explanation) -> Explanation:
    """The explanation with one number a word, if the model reads pieces of words; else as it is.

    Words are heedful's, whatever pieces the model cuts them into. Attention, contributions and all
    other maps are summed, so that what they sum to stays the same. Cards of trust stay those of the
    pieces, which are what was erased.
    """
    if not reads_pieces(model) or not explanation.tokens:
        return explanation
    words = _words(explanation.text, explanation.tokens)

    def merged(values: Sequence[float]) -> tuple[float, ...]:
        return tuple(math.fsum(values[i] for i in word) for word in words)

    return replace(
        explanation,
        tokens=tuple(_token(explanation, word) for word in words),
        attention=merged(explanation.attention) if explanation.attention else (),
        contributions={name: merged(row) for name, row in explanation.contributions.items()},
        maps={
            method: {name: merged(row) for name, row in rows.items()}
            for method, rows in explanation.maps.items()
        },
    )


def _words(text: str, tokens: Sequence[Token]) -> list[list[int]]:
    """The places of each word's pieces; every piece is in one word."""
    edges = cuts(text, "word")
    places = groupby(range(len(tokens)), key=lambda i: bisect_right(edges, tokens[i].start))
    return [list(word) for _, word in places]


def _token(explanation: Explanation, word: Sequence[int]) -> Token:
    start = explanation.tokens[word[0]].start
    end = max(start, *(explanation.tokens[i].end for i in word))
    return Token(explanation.text[start:end], start, end)

"""Tokens to ids: the vocabulary, a corpus stored as ids, and how long its texts are.

Sole owner of the four reserved ids. Their names in the vocabulary are labels only: a text
that literally contains "<pad>" never becomes padding.
"""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

import numpy as np

from heedful.config import TextConfig
from heedful.records import HeedfulError
from heedful.text.spread import Spread, spread
from heedful.text.tokenize import Tokenizer, cut

PAD, UNK, START, END = 0, 1, 2, 3
RESERVED = ("<pad>", "<unk>", "<start>", "<end>")


class Vocabulary:
    """An ordered set of tokens; a token's id is its place. Not to be changed once made.

    Attributes:
        tokens: all tokens by id, the four reserved ones first.
    """

    __slots__ = ("_ids", "tokens")

    def __init__(self, words: Iterable[str]) -> None:
        """`words` without the reserved tokens, the first getting id 4.

        Raises:
            HeedfulError: when a word occurs twice.
        """
        self.tokens: tuple[str, ...] = (*RESERVED, *words)
        # Reserved names are left out on purpose: as words of a text they are ordinary.
        self._ids = {token: i for i, token in enumerate(self.tokens) if i >= len(RESERVED)}
        if len(self._ids) + len(RESERVED) != len(self.tokens):
            twice, _ = Counter(self.tokens[len(RESERVED) :]).most_common(1)[0]
            raise HeedfulError(f"the vocabulary holds {twice!r} twice; each token needs one id")

    @classmethod
    def build(
        cls, texts_words: Iterable[Sequence[str]], size: int, min_frequency: int
    ) -> Vocabulary:
        """The most frequent words, equal ones in alphabetical order.

        Args:
            texts_words: the words of each text.
            size: most tokens kept, the four reserved ones included.
            min_frequency: a word must occur so often.
        """
        counts: Counter[str] = Counter()
        for words in texts_words:
            counts.update(words)
        return cls(_choose(counts, size, min_frequency))

    def __len__(self) -> int:
        return len(self.tokens)

    def __contains__(self, token: object) -> bool:
        return token in self._ids

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Vocabulary) and self.tokens == other.tokens

    def __hash__(self) -> int:
        return hash(self.tokens)

    def id(self, token: str) -> int:
        """The token's id, UNK for one that is not held."""
        return self._ids.get(token, UNK)

    def ids(self, words: Sequence[str]) -> np.ndarray:
        """One id per word, int32."""
        get = self._ids.get
        return np.fromiter((get(word, UNK) for word in words), np.int32, len(words))

    def token(self, id: int) -> str:
        """The token of an id; the reserved ones have names in angle brackets."""
        return self.tokens[id]

    def to_json(self) -> list[str]:
        """All tokens by id, the reserved ones included."""
        return list(self.tokens)

    @classmethod
    def from_json(cls, tokens: Any) -> Vocabulary:
        """The inverse of `to_json`.

        Raises:
            HeedfulError: when it is not a list of texts that begins with the reserved ones.
        """
        if not isinstance(tokens, list) or not all(isinstance(t, str) for t in tokens):
            raise HeedfulError("the vocabulary is not a list of texts; train the model again")
        if tuple(tokens[: len(RESERVED)]) != RESERVED:
            raise HeedfulError(
                f"the vocabulary does not begin with {', '.join(RESERVED)}; train the model again"
            )
        return cls(tokens[len(RESERVED) :])


def _choose(counts: Mapping[str, int], size: int, min_frequency: int) -> list[str]:
    frequent = [word for word, count in counts.items() if count >= min_frequency]
    frequent.sort(key=lambda word: (-counts[word], word))
    return frequent[: max(size - len(RESERVED), 0)]


@dataclass(frozen=True, eq=False)
class Encoded:
    """A corpus as ids, in flat storage.

    Attributes:
        ids: the ids of all texts one after the other, int32.
        starts: where each text begins in `ids`, and the end of the last, int64, N + 1.
        unknown: per text, how many of its tokens (cut ones too) the vocabulary lacks.
        cut: per text, how many tokens `max_tokens` took away.
    """

    ids: np.ndarray
    starts: np.ndarray
    unknown: np.ndarray
    cut: np.ndarray

    def __len__(self) -> int:
        return len(self.starts) - 1

    def __getitem__(self, i: int) -> np.ndarray:
        if not -len(self) <= i < len(self):
            raise IndexError(f"text {i} of {len(self)}")
        i %= len(self)
        ids: np.ndarray = self.ids[self.starts[i] : self.starts[i + 1]]
        return ids

    @property
    def lengths(self) -> np.ndarray:
        """Tokens read of each text, int64."""
        return np.diff(self.starts)

    def part(self, start: int, stop: int) -> Encoded:
        """The texts from `start` to before `stop`, in the same storage."""
        starts = self.starts[start : stop + 1]
        ids = self.ids[starts[0] : starts[-1]]
        here = slice(start, stop)
        return Encoded(ids, starts - starts[0], self.unknown[here], self.cut[here])


def joined(first: Encoded, second: Encoded) -> Encoded:
    """The texts of one corpus, then those of another."""
    return Encoded(
        np.concatenate([first.ids, second.ids]),
        np.concatenate([first.starts, first.starts[-1] + second.starts[1:]]),
        np.concatenate([first.unknown, second.unknown]),
        np.concatenate([first.cut, second.cut]),
    )


class _Store:
    """Grows an Encoded text by text."""

    def __init__(self, max_tokens: int | None, keep: Literal["first", "last", "both"]) -> None:
        self._limit, self._keep = max_tokens, keep
        self._ids, self._lengths = array("i"), array("q")
        self._unknown, self._cut = array("q"), array("q")

    def add(self, ids: np.ndarray) -> None:
        read = cut(ids, self._limit, self._keep)
        self._ids.frombytes(read.astype(np.int32, copy=False).tobytes())
        self._lengths.append(len(read))
        self._unknown.append(int(np.count_nonzero(ids == UNK)))
        self._cut.append(len(ids) - len(read))

    def encoded(self) -> Encoded:
        starts = np.zeros(len(self._lengths) + 1, np.int64)
        np.cumsum(np.array(self._lengths, np.int64), out=starts[1:])
        return Encoded(
            np.array(self._ids, np.int32),
            starts,
            np.array(self._unknown, np.int64),
            np.array(self._cut, np.int64),
        )


def encode(
    texts: Iterable[str],
    tokenizer: Tokenizer,
    vocabulary: Vocabulary,
    max_tokens: int | None,
    keep: Literal["first", "last", "both"],
) -> Encoded:
    """The texts as ids, in one pass over them."""
    store = _Store(max_tokens, keep)
    for text in texts:
        store.add(vocabulary.ids(tokenizer.words(text)))
    return store.encoded()


class _Interned(dict[str, int]):
    """Gives each new word the next number."""

    def __missing__(self, word: str) -> int:
        number = self[word] = len(self)
        return number


def fit(
    texts: Iterable[str], tokenizer: Tokenizer, config: TextConfig
) -> tuple[Vocabulary, Encoded]:
    """The vocabulary of the texts and the texts as its ids, each text tokenised once.

    Words are counted in what is read: a word that only stands where `max_tokens` cuts would
    get a vector that nothing trains.
    """
    interned = _Interned()
    whole = [
        np.fromiter(map(interned.__getitem__, words), np.int32, len(words))
        for words in map(tokenizer.words, texts)
    ]
    read = [cut(numbers, config.max_tokens, config.keep) for numbers in whole]
    flat = np.concatenate(read) if read else np.zeros(0, np.int32)
    counts = np.bincount(flat, minlength=len(interned))
    words = list(interned)
    by_word = dict(zip(words, counts.tolist(), strict=True))
    vocabulary = Vocabulary(_choose(by_word, config.vocabulary, config.min_frequency))
    ids = vocabulary.ids(words)
    store = _Store(config.max_tokens, config.keep)
    for numbers in whole:
        store.add(ids[numbers])
    return vocabulary, store.encoded()


@dataclass(frozen=True)
class Lengths(Spread):
    """How long texts are, in tokens before any cut, and what `max_tokens` costs.

    Attributes:
        texts_cut: share of texts that are cut, 0 to 1.
        tokens_cut: share of all tokens that are not read, 0 to 1.
    """

    texts_cut: float
    tokens_cut: float

    def to_json(self) -> dict[str, float]:
        """The attributes by name."""
        return asdict(self)

    def __str__(self) -> str:
        told = (
            f"tokens a text: mean {self.mean:,.0f}, median {self.median:,.0f}, 90 % have at most "
            f"{self.p90:,.0f}, 95 % {self.p95:,.0f}, 99 % {self.p99:,.0f}, the longest {self.max:,}"
        )
        if not self.tokens_cut:
            return f"{told}; all of them are read"
        return (
            f"{told}; {100 * self.texts_cut:.1f} % of the texts are cut, "
            f"{100 * self.tokens_cut:.1f} % of all tokens are not read"
        )


def lengths(encoded: Encoded) -> Lengths:
    """The spread of text lengths; all zeros for no texts."""
    return lengths_of(encoded.lengths + encoded.cut, encoded.cut)


def lengths_of(tokens: np.ndarray, cut: np.ndarray) -> Lengths:
    """As `lengths`, from the tokens of each text (N,) before any cut and those not read (N,)."""
    return Lengths(
        **asdict(spread(tokens)),
        texts_cut=float((cut > 0).mean()) if len(tokens) else 0.0,
        tokens_cut=float(cut.sum() / max(tokens.sum(), 1)),
    )

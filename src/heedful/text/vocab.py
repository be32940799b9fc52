"""Tokens to ids: the vocabulary, a corpus stored as ids, and how long its texts are.

Sole owner of the four reserved ids. Their names in the vocabulary are labels only: a text
that literally contains "<pad>" never becomes padding.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from typing import Any, Literal

import numpy as np

from heedful.config import TextConfig
from heedful.records import HeedfulError
from heedful.text.cache import number_once
from heedful.text.helper import Piece
from heedful.text.parallel import number, processes
from heedful.text.runs import Runs, packed
from heedful.text.shapes import shape_of
from heedful.text.spread import Spread, spread
from heedful.text.tokenize import Tokenizer, cut

PAD, UNK, START, END = 0, 1, 2, 3
Keep = Literal["first", "last", "both"]
RESERVED = ("<pad>", "<unk>", "<start>", "<end>")


class Vocabulary:
    """An ordered set of tokens; a token's id is its place. Not to be changed once made.

    Attributes:
        tokens: all tokens by id, the four reserved ones first.
    """

    __slots__ = ("_ids", "_runs", "tokens")

    def __init__(self, words: Iterable[str]) -> None:
        """`words` without the reserved tokens, the first getting id 4.

        Raises:
            HeedfulError: when a word occurs twice.
        """
        self.tokens: tuple[str, ...] = (*RESERVED, *words)
        # Reserved names are left out on purpose: as words of a text they are ordinary.
        self._ids = {token: i for i, token in enumerate(self.tokens) if i >= len(RESERVED)}
        self._runs: tuple[Tokenizer, bool, Runs] | None = None
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

    def id_as_written(self, word: str, *, lowercase: bool) -> int:
        """The id of a word as a text has it; for one that is not held, len(self) + its shape.

        UNK for a mark that is not held, which has no shape.
        """
        found = self._ids.get(word.lower() if lowercase else word)
        if found is None:
            shape = shape_of(word)
            return UNK if shape is None else len(self) + shape
        return found

    def ids_as_written(self, words: Sequence[str], *, lowercase: bool) -> np.ndarray:
        """`id_as_written` of each word, int32."""
        found = (self.id_as_written(word, lowercase=lowercase) for word in words)
        return np.fromiter(found, np.int32, len(words))

    def runs(self, tokenizer: Tokenizer, *, shaped: bool = False) -> Runs:
        """Texts to ids; kept for the tokenizer that was asked for last.

        Args:
            tokenizer: cuts the texts.
            shaped: ids as `id_as_written` gives them.
        """
        kept = self._runs
        if kept is None or kept[0] is not tokenizer or kept[1] != shaped:
            runs = self._shaped_runs(tokenizer) if shaped else self._plain_runs(tokenizer)
            kept = self._runs = (tokenizer, shaped, runs)
        return kept[2]

    def _plain_runs(self, tokenizer: Tokenizer) -> Runs:
        codes, unknown = {word: packed(i) for word, i in self._ids.items()}, packed(UNK)
        return Runs(tokenizer, lambda word: codes.get(word, unknown))

    def _shaped_runs(self, tokenizer: Tokenizer) -> Runs:
        look = partial(self.id_as_written, lowercase=tokenizer.config.lowercase)
        return Runs(tokenizer.as_written(), lambda word: packed(look(word)))

    def __reduce__(self) -> tuple[Any, ...]:
        """To copy or pickle one: its words, not what is kept for speed."""
        return Vocabulary, (self.tokens[len(RESERVED) :],)

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
        unknown: per text, how many of its tokens (cut ones too) the vocabulary lacks. Their ids
            are UNK, or from the vocabulary's size on where these tell a shape (`encode`).
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

    def below(self, size: int) -> Encoded:
        """The same texts with UNK for ids of `size` and more."""
        if not (self.ids >= size).any():
            return self
        return replace(self, ids=np.where(self.ids < size, self.ids, np.int32(UNK)))


def joined(first: Encoded, second: Encoded) -> Encoded:
    """The texts of one corpus, then those of another."""
    return Encoded(
        np.concatenate([first.ids, second.ids]),
        np.concatenate([first.starts, first.starts[-1] + second.starts[1:]]),
        np.concatenate([first.unknown, second.unknown]),
        np.concatenate([first.cut, second.cut]),
    )


def _starts(lengths: np.ndarray) -> np.ndarray:
    starts = np.zeros(len(lengths) + 1, np.int64)
    np.cumsum(lengths, out=starts[1:])
    return starts


def _read(
    flat: np.ndarray, lengths: np.ndarray, limit: int | None, keep: Keep
) -> tuple[np.ndarray, np.ndarray]:
    """What `max_tokens` leaves of texts in a row, and how many tokens of each."""
    if limit is None or lengths.max(initial=0) <= limit:
        return flat, lengths
    texts = np.split(flat, _starts(lengths)[1:-1])
    return np.concatenate([cut(ids, limit, keep) for ids in texts]), lengths.clip(max=limit)


def _encoded(
    flat: np.ndarray, lengths: np.ndarray, limit: int | None, keep: Keep, size: int
) -> Encoded:
    """Ids of whole texts in a row as what is read of them; `size` is the vocabulary's."""
    unknown = np.zeros(len(lengths), np.int64)
    some = lengths > 0  # `reduceat` would give a text without tokens one of its neighbour's
    if some.any():
        first = _starts(lengths)[:-1][some]
        unknown[some] = np.add.reduceat((flat == UNK) | (flat >= size), first, dtype=np.int64)
    ids, read = _read(flat, lengths, limit, keep)
    return Encoded(ids, _starts(read), unknown, lengths - read)


def encode(
    texts: Iterable[str],
    tokenizer: Tokenizer,
    vocabulary: Vocabulary,
    max_tokens: int | None,
    keep: Keep,
    *,
    shaped: bool = False,
) -> Encoded:
    """The texts as ids; many long ones are shared out among processes.

    Args:
        texts: in order.
        tokenizer: cuts them.
        vocabulary: whose ids.
        max_tokens: how much is read of a text; None = everything.
        keep: which end of it.
        shaped: an unknown word's id tells its shape: it is the vocabulary's size and the shape's
            place in `text.shapes.SHAPES`. Else it is UNK.
    """
    texts = list(texts)
    if processes(sum(map(len, texts))) > 1:
        pieces = number(texts, tokenizer.as_written() if shaped else tokenizer)
        ids = vocabulary.ids
        if shaped:
            ids = partial(vocabulary.ids_as_written, lowercase=tokenizer.config.lowercase)
        flat = np.concatenate([ids(piece.words)[piece.flat] for piece in pieces])
        lengths = np.concatenate([piece.lengths for piece in pieces])
    else:
        packed_ids, counts = vocabulary.runs(tokenizer, shaped=shaped).number(texts)
        flat, lengths = np.frombuffer(packed_ids, np.int32), np.array(counts, np.int64)
    return _encoded(flat, lengths, max_tokens, keep, len(vocabulary))


def fit(
    texts: Iterable[str], tokenizer: Tokenizer, config: TextConfig, *, cached: bool = False
) -> tuple[Vocabulary, Encoded]:
    """The vocabulary of the texts and the texts as its ids, each text tokenised once.

    Words are counted in what is read: a word that only stands where `max_tokens` cuts would
    get a vector that nothing trains.

    Args:
        texts: in order.
        tokenizer: cuts them.
        config: which words to keep, and how much of a text is read.
        cached: whether the user's cache folder may keep what tokenising gave (`text.cache`).
    """
    piece = find(list(texts), tokenizer, cached=cached)
    vocabulary = Vocabulary(choose(piece, config))
    return vocabulary, encoded_by(vocabulary, piece, config)


def find(texts: Sequence[str], tokenizer: Tokenizer, *, cached: bool) -> Piece:
    """The texts as numbers of their words."""
    return as_one((number_once if cached else number)(texts, tokenizer))


def choose(piece: Piece, config: TextConfig) -> list[str]:
    """The words of a vocabulary of these texts, see `fit`."""
    read, _ = _read(piece.flat, piece.lengths, config.max_tokens, config.keep)
    counts = np.bincount(read, minlength=len(piece.words))
    by_word = dict(zip(piece.words, counts.tolist(), strict=True))
    return _choose(by_word, config.vocabulary, config.min_frequency)


def encoded_by(vocabulary: Vocabulary, piece: Piece, config: TextConfig) -> Encoded:
    """Texts that are numbers of words as ids of a vocabulary."""
    ids = vocabulary.ids(piece.words)[piece.flat]
    return _encoded(ids, piece.lengths, config.max_tokens, config.keep, len(vocabulary))


def as_one(pieces: Sequence[Piece]) -> Piece:
    """The texts of several pieces in a row."""
    first, *others = pieces
    if not others:
        return first
    place = {word: i for i, word in enumerate(first.words)}
    flats = [first.flat]
    for piece in others:
        new = (place.setdefault(word, len(place)) for word in piece.words)
        flats.append(np.fromiter(new, np.int32, len(piece.words))[piece.flat])
    lengths = np.concatenate([piece.lengths for piece in pieces])
    return Piece(list(place), np.concatenate(flats), lengths)


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

"""Word vectors from the texts themselves, labels unseen.

`svd` counts which words stand together (text/cooccurrence.py). `skip-gram` is gensim's: Mikolov et
al. 2013, "Distributed Representations of Words and Phrases and their Compositionality", sections
2.2 and 2.3: a word foretells its neighbours against words drawn at random. With either, the same
texts and seed give the same vectors to the byte: one worker, words and texts in an order of ours.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from importlib.util import find_spec

import numpy as np

from heedful.config import PretrainConfig, TextConfig
from heedful.records import HeedfulError
from heedful.text.cooccurrence import svd_vectors
from heedful.text.helper import Piece
from heedful.text.normalise import key
from heedful.text.tokenize import Tokenizer
from heedful.text.vectors import Vectors, filled_up
from heedful.text.vocab import UNK, Encoded, Vocabulary, as_one, choose, encoded_by, find

LONGEST = 10_000  # tokens in a row: gensim passes over what is beyond


def require(objective: str) -> None:
    """Raise HeedfulError where gensim is needed and not installed."""
    if objective == "skip-gram" and find_spec("gensim") is None:
        raise HeedfulError(
            "learning word vectors needs gensim, which is not installed: "
            "pip install 'heedful[vectors]'"
        )


@dataclass(frozen=True, eq=False)
class Prepared:
    """A vocabulary of texts with and without labels, and what vectors are learnt from.

    Attributes:
        vocabulary: the words that the training texts alone give, by the same rule as without other
            texts and with the same ids; then those that the texts without labels add.
        own: how many of its ids are of the first kind, reserved ones included.
        encoded: the training texts as ids.
        pool: the training texts, then those without labels.
        counts: how often each word of the pool occurs in it, int64.
    """

    vocabulary: Vocabulary
    own: int
    encoded: Encoded
    pool: Piece
    counts: np.ndarray


def prepare(
    texts: Sequence[str],
    more: Sequence[str],
    tokenizer: Tokenizer,
    config: TextConfig,
    pretrain: PretrainConfig,
    *,
    room: int | None = None,
    cached: bool = False,
) -> Prepared:
    """Read all texts once.

    A word that the training texts alone would leave out (they have it too seldom, or never, or
    there was no room) comes into the vocabulary if it stands in texts without labels, occurs
    `min_frequency` times in all, and gets a vector; the most frequent `more_words` of them do.

    Args:
        texts: to train on.
        more: without labels.
        tokenizer: cuts them.
        config: which words of the training texts are kept.
        pretrain: which words get a vector.
        room: most ids of the vocabulary that more words may take it to; None = no such limit.
        cached: whether the user's cache folder may keep what tokenising gave.
    """
    labelled = find(texts, tokenizer, cached=cached)
    other = find(more, tokenizer, cached=cached) if more else None
    pool = labelled if other is None else as_one([labelled, other])
    counts = np.bincount(pool.flat, minlength=len(pool.words))
    words = choose(labelled, config)
    own = len(Vocabulary(words))
    if other is not None:
        most = pretrain.more_words if room is None else min(pretrain.more_words, room - own)
        least = max(config.min_frequency, pretrain.min_count)
        by_word = dict(zip(pool.words, counts.tolist(), strict=True))
        words += most_frequent(by_word, set(other.words) - set(words), least, most)
    vocabulary = Vocabulary(words)
    return Prepared(vocabulary, own, encoded_by(vocabulary, labelled, config), pool, counts)


def most_frequent(
    counts: Mapping[str, int], candidates: AbstractSet[str], least: int, most: int
) -> list[str]:
    """The most frequent candidates that occur `least` times, equal ones in alphabetical order."""
    frequent = [word for word in candidates if counts[word] >= least]
    return sorted(frequent, key=lambda word: (-counts[word], word))[: max(most, 0)]


def without(texts: Sequence[str], held: Sequence[str]) -> list[str]:
    """The texts that are not among those held out, however these are cased and spaced."""
    known = set(map(key, held))
    return [text for text in texts if key(text) not in known] if known else list(texts)


def learn(
    prepared: Prepared, width: int, config: PretrainConfig, seed: int, tell: Callable[[str], None]
) -> Vectors:
    """An embedding table for the vocabulary, with rows drawn at random for words without a vector.

    Args:
        prepared: the texts.
        width: of a vector.
        config: how.
        seed: of everything random.
        tell: gets a line for each pass over the texts.

    Raises:
        HeedfulError: gensim is not installed, or no word occurs often enough.
    """
    require(config.objective)
    pool, vocabulary = prepared.pool, prepared.vocabulary
    counts = _counts(prepared, config.min_count)
    if config.objective == "svd":
        matrix = svd_vectors(pool, list(counts), width, config.context, seed)
    else:
        matrix = _skip_gram(pool, counts, width, config, seed, tell)
    ids = vocabulary.ids(list(counts)[: len(matrix)])
    table = np.zeros((len(vocabulary), width), np.float32)
    known = np.zeros(len(vocabulary), bool)
    wanted = ids != UNK
    table[ids[wanted]], known[ids[wanted]] = matrix[wanted], True
    running = np.bincount(prepared.encoded.ids, minlength=len(vocabulary))
    return filled_up(table, known, seed, running)


def enough(prepared: Prepared, config: PretrainConfig) -> bool:
    """Whether any word of the vocabulary occurs often enough to get a vector."""
    often = np.flatnonzero(prepared.counts >= config.min_count).tolist()
    return any(prepared.pool.words[i] in prepared.vocabulary for i in often)


def _counts(prepared: Prepared, least: int) -> dict[str, int]:
    """The words that get a vector, in an order that says nothing of how the texts were read."""
    counts = dict(zip(prepared.pool.words, prepared.counts.tolist(), strict=True))
    words = most_frequent(counts, counts.keys(), least, len(counts))
    if not any(word in prepared.vocabulary for word in words):
        raise HeedfulError(
            f"no word of the vocabulary occurs pretrain.min_count={least} times, so there are no "
            "word vectors to learn; lower it, or bring more text"
        )
    return {word: counts[word] for word in words}


def _skip_gram(
    pool: Piece,
    counts: dict[str, int],
    width: int,
    config: PretrainConfig,
    seed: int,
    tell: Callable[[str], None],
) -> np.ndarray:
    """(H, E) float32, a vector for each of the H words that are counted, in their order."""
    from gensim.models import Word2Vec

    texts = _Texts(pool, seed)
    model = Word2Vec(
        sg=1,
        vector_size=width,
        window=config.context,
        negative=config.negative,
        sample=config.sample,
        alpha=config.rate,
        min_count=1,  # the words are chosen already
        sorted_vocab=0,  # and in order
        workers=1,
        seed=seed % 2**32,
        # The rate falls from one batch to the next: small data needs small ones.
        batch_words=max(1, min(LONGEST, len(pool.flat) // 100)),
    )
    model.build_vocab_from_freq(counts)
    told = _Told(config.passes, len(pool.flat), tell)
    model.train(texts, total_examples=len(texts), epochs=config.passes, callbacks=[told])
    return np.asarray(model.wv.vectors, np.float32)


class _Texts:
    """The texts as gensim takes them: lists of words, in another order on each pass."""

    def __init__(self, pool: Piece, seed: int) -> None:
        self.words = np.array(pool.words, dtype=object)
        self.flat, self.seed, self.passes = pool.flat, seed, 0
        self.ends = np.cumsum(pool.lengths)
        self.lengths = pool.lengths

    def __len__(self) -> int:
        return int((-(-self.lengths // LONGEST)).sum())

    def __iter__(self) -> Iterator[list[str]]:
        order = np.random.default_rng((self.seed, self.passes)).permutation(len(self.lengths))
        self.passes += 1
        for i in order.tolist():
            end = int(self.ends[i])
            for start in range(end - int(self.lengths[i]), end, LONGEST):
                yield self.words[self.flat[start : min(start + LONGEST, end)]].tolist()


class _Told:
    """Tells of each pass; the methods are those of gensim's callbacks."""

    def __init__(self, passes: int, tokens: int, tell: Callable[[str], None]) -> None:
        self.passes, self.tokens, self.tell = passes, tokens, tell
        self.done, self.started = 0, time.monotonic()

    def on_train_begin(self, model: object) -> None:
        """Nothing to tell yet."""

    def on_train_end(self, model: object) -> None:
        """All is told."""

    def on_epoch_begin(self, model: object) -> None:
        """Start the clock."""
        self.started = time.monotonic()

    def on_epoch_end(self, model: object) -> None:
        """A line."""
        self.done += 1
        seconds = max(time.monotonic() - self.started, 1e-9)
        self.tell(
            f"word vectors, pass {self.done}/{self.passes}: {self.tokens:,} tokens in "
            f"{seconds:.1f} s, {self.tokens / seconds:,.0f} tokens/s"
        )

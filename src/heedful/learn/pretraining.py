"""What training starts from: the vocabulary, the texts as ids, and word vectors if any are learnt.

No torch here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from heedful.config import Config
from heedful.learn.listener import Listener
from heedful.settings import check_pretraining
from heedful.text import pretrain
from heedful.text.pieces import PieceTokenizer
from heedful.text.tokenize import Tokenizer
from heedful.text.vectors import Vectors
from heedful.text.vocab import Encoded, Vocabulary, encoded_by
from heedful.text.vocab import fit as fit_vocabulary


@dataclass(frozen=True)
class Facts:
    """What the word vectors of a run were learnt from, for config.json.

    Attributes:
        texts: training texts.
        unlabelled: texts without labels that were read.
        left_out: further ones, which stand in the validation data.
        tokens: of both kinds of texts that were read.
        words: distinct words of these that occur often enough to get a vector.
        added: words of the vocabulary that come from the texts without labels.
    """

    texts: int
    unlabelled: int
    left_out: int
    tokens: int
    words: int
    added: int

    def to_json(self) -> dict[str, Any]:
        """The attributes by name."""
        return asdict(self)

    def __str__(self) -> str:
        kinds = f"{self.texts:,} training texts"
        if self.unlabelled:
            kinds += f" and {self.unlabelled:,} without labels"
        told = f"word vectors from {kinds}: {self.tokens:,} tokens, {self.words:,} words"
        return f"{told}; {self.added:,} words come into the vocabulary" if self.added else told


@dataclass(frozen=True, eq=False)
class Start:
    """What there is before a network is made.

    Attributes:
        vocabulary: the words.
        encoded: the training texts as ids.
        own: ids that the training texts alone give; n-gram evidence takes all beyond for unknown.
        prepared: what word vectors are to be learnt from; None = they are not.
        facts: about that.
    """

    vocabulary: Vocabulary
    encoded: Encoded
    own: int
    prepared: pretrain.Prepared | None = None
    facts: Facts | None = None

    def all_texts(self, config: Config) -> Encoded:
        """The texts with and without labels as ids."""
        if self.prepared is None:
            return self.encoded
        return encoded_by(self.vocabulary, self.prepared.pool, config.text)

    def vectors(self, config: Config, listener: Listener) -> Vectors | None:
        """Word vectors, learnt now; None where none are to be."""
        if self.prepared is None:
            return None
        asked = self.facts is not None and self.facts.unlabelled
        if not asked and not pretrain.enough(self.prepared, config.pretrain):
            listener.say(
                "too few words occur pretrain.min_count times to learn vectors of them; all start "
                "at random"
            )
            return None
        width, seed = config.model.embedding, config.train.seed
        return pretrain.learn(self.prepared, width, config.pretrain, seed, listener.say)


def check_start(config: Config, *, unlabelled: bool) -> None:
    """Raise HeedfulError where word vectors are asked for and cannot be had or used."""
    if unlabelled:
        check_pretraining(config, "text without labels (--unlabelled)")
    if unlabelled or config.pretrain.on_training:
        pretrain.require(config.pretrain.objective)


def begin(
    texts: Sequence[str],
    held: Sequence[str],
    unlabelled: Sequence[str] | None,
    tokenizer: Tokenizer,
    config: Config,
    listener: Listener,
    *,
    cached: bool,
) -> Start:
    """Read the training texts, and those without labels if there are any.

    Args:
        texts: to train on.
        held: validation texts, none of which word vectors may be learnt from.
        unlabelled: texts without labels; None = there are none.
        tokenizer: cuts them.
        config: all settings.
        listener: who watches.
        cached: whether the user's cache folder may keep what tokenising gave.
    """
    check_start(config, unlabelled=unlabelled is not None)
    if isinstance(tokenizer, PieceTokenizer):
        pieces = tokenizer.vocabulary()
        encoded = tokenizer.encode(texts, config.text.max_tokens, config.text.keep)
        return Start(pieces, encoded, len(pieces))
    if unlabelled is None and not config.pretrain.on_training:
        vocabulary, encoded = fit_vocabulary(texts, tokenizer, config.text, cached=cached)
        return Start(vocabulary, encoded, len(vocabulary))
    given = unlabelled or ()
    more = pretrain.without(given, held)
    if left_out := len(given) - len(more):
        listener.say(
            f"{left_out:,} of {len(given):,} texts without labels stand in the validation data and "
            "are left out"
        )
    room = config.model.words
    found = pretrain.prepare(
        texts, more, tokenizer, config.text, config.pretrain, room=room, cached=cached
    )
    facts = Facts(
        texts=len(texts),
        unlabelled=len(more),
        left_out=left_out,
        tokens=len(found.pool.flat),
        words=int(np.count_nonzero(found.counts >= config.pretrain.min_count)),
        added=len(found.vocabulary) - found.own,
    )
    listener.say(str(facts))
    if more and found.own >= room:
        listener.say(
            f"model.words={room} leaves no room for words that only the texts without labels have"
        )
    return Start(found.vocabulary, found.encoded, found.own, found, facts)

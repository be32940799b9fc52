"""What attention makes of a text, and the encoder of each token: vectors for search and clustering.

The vector of a text is its context: the sum of the states of its tokens, each times its attention
weight. A linear head reads nothing else, so such a model's log-odds are `W v + b`, but for what max
pooling (`model.pooling`) and n-gram evidence add, which stand beside it and in no vector.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from heedful.learn.model import TextModel, inference, scoring_batches
from heedful.nn.pretrained import PretrainedEmbed
from heedful.records import HeedfulError, Token
from heedful.text.vocab import RESERVED

GROUP = 64
"""Texts whose states are held at once: those of one text of 10,000 tokens may take 10 MB."""

Floats = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class TokenStates:
    """The tokens of one text.

    Attributes:
        tokens: T of them, those that were read.
        weights: (T,) attention.
        states: (T, H).
    """

    tokens: Sequence[Token]
    weights: Floats
    states: Floats


def require_network(model: TextModel) -> None:
    """Raise HeedfulError for a model that has no vectors."""
    if not model.network.attends:
        raise HeedfulError(
            "the model is n-gram evidence alone (model.encoder=none), which has no vectors; train "
            "one with a network, for example --preset default"
        )


def width_of(model: TextModel) -> int:
    """H, of the vectors."""
    return int(model.network.encode.width)


def text_vectors(model: TextModel, texts: Sequence[str]) -> Floats:
    """(N, H), the context of each text; zeros for one without tokens.

    Raises:
        HeedfulError: the model has no attention network.
    """
    require_network(model)
    network, found = model.network, np.zeros((len(texts), width_of(model)), np.float32)
    with inference(network):
        for order, ids, mask in scoring_batches(network, model.encode(texts)):
            _, attended = network.pool(network.embed(ids, mask), mask)
            found[order] = attended.context.squeeze(1).cpu().numpy()
    return found


def token_states(model: TextModel, texts: Sequence[str]) -> Iterator[TokenStates]:
    """The tokens of each text with attention and states, in the order of the texts.

    Raises:
        HeedfulError: the model has no attention network.
    """
    require_network(model)
    for start in range(0, len(texts), GROUP):
        group = texts[start : start + GROUP]
        found: list[tuple[Floats, Floats]] = [_NOTHING] * len(group)
        with inference(model.network):
            for order, ids, mask in scoring_batches(model.network, model.encode(group)):
                for place, one in zip(order.tolist(), _states(model, ids, mask), strict=True):
                    found[place] = one
        for text, (weights, states) in zip(group, found, strict=True):
            yield TokenStates(model.tokens(text), weights, states)


_NOTHING = (np.zeros(0, np.float32), np.zeros((0, 0), np.float32))


def _states(
    model: TextModel, ids: torch.Tensor, mask: torch.Tensor
) -> Iterator[tuple[Floats, Floats]]:
    """Of each text of a batch (B, T) the weights and the states of its real tokens."""
    states, attended = model.network.pool(model.network.embed(ids, mask), mask)
    weights = attended.weights.squeeze(1)
    for row, real in enumerate(mask):
        yield weights[row, real].cpu().numpy(), states[row, real].cpu().numpy()


def vocabulary_vectors(model: TextModel) -> tuple[list[str], Floats]:
    """The words of the vocabulary, and the vectors (words, E) that the encoder reads for them.

    Raises:
        HeedfulError: the model has no attention network.
    """
    require_network(model)
    embed, words = model.network.embed, model.vocabulary.tokens[len(RESERVED) :]
    table: Floats = embed.table.weight.detach().cpu().numpy()
    if isinstance(embed, PretrainedEmbed):  # whose rows are the model's own ids
        return list(words), table[embed.pieces[len(RESERVED) :].cpu().numpy()]
    table = table[len(RESERVED) :]
    return list(words[: len(table)]), table[: len(words)]

"""The first convolution of a network, worked out once for each token instead of each place.

Outside training a token's vector is the same wherever it stands. So is W_k x, what it adds to the
state k places away: a state is the sum of as many rows of a table as its window has places
(Johnson & Zhang 2015, "Effective use of word order", section 2, have it as a convolution over
one-hot vectors). The same sums in another order, sooner on a processor (bench/steps.py).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn
from torch.nn import functional

from heedful.nn.classify import Classifier
from heedful.nn.encode import ConvEncoder
from heedful.text.vocab import UNK

LARGEST = 2**28  # bytes of all tables of a network
WORTH = 8  # places for each token of the vocabulary, below which building costs more
LEAST = 200_000  # places below which nothing is worth preparing for


class Tabled:
    """The convolutions of a network's first layer, for ids.

    Args:
        vectors: (V, E) of the tokens.
        layer: the convolutions side by side.
    """

    def __init__(self, vectors: Float[Tensor, "V E"], layer: Sequence[nn.Conv1d]) -> None:
        self.size = len(vectors)
        self.windows = [_rows(vectors.detach(), convolution) for convolution in layer]

    def __call__(
        self, ids: Int[Tensor, "B T"], mask: Bool[Tensor, "B T"]
    ) -> Float[Tensor, "B T H"]:
        """What the layer gives before ReLU at real tokens; padding counts as zeros."""
        known = ids.masked_fill(ids >= self.size, UNK).masked_fill(~mask, -1)
        found = [self._window(known, rows) for rows in self.windows]
        return found[0] if len(found) == 1 else torch.cat(found, dim=-1)

    def _window(self, ids: Tensor, rows: Tensor) -> Tensor:
        places = len(rows) // self.size
        around = functional.pad(ids, (places // 2, places // 2), value=-1).unfold(1, places, 1)
        start = torch.arange(places, device=ids.device) * self.size
        nothing = len(rows) - 1  # the row of zeros
        wanted = torch.where(around < 0, nothing, around + start)  # (B, T, K)
        states = functional.embedding_bag(wanted.flatten(0, 1), rows, mode="sum")
        return states.view(*ids.shape, -1)


def _rows(vectors: Tensor, convolution: nn.Conv1d) -> Tensor:
    """(K V + 1, H): W_k x of every token, k by k, and a row of zeros.

    The bias is in the rows of the window's middle, which each real place has one of.
    """
    weight = convolution.weight.detach()
    size, hidden, places = len(vectors), weight.shape[0], weight.shape[-1]
    rows = vectors.new_empty(places * size + 1, hidden)
    for k in range(places):
        torch.mm(vectors, weight[:, :, k].t(), out=rows[k * size : (k + 1) * size])
    if convolution.bias is not None:
        middle = places // 2 * size
        rows[middle : middle + size] += convolution.bias.detach()
    rows[-1] = 0
    return rows


@contextmanager
def first_layer_known(network: Classifier, tokens: int) -> Iterator[None]:
    """Within it the network takes its first layer from a table, if that is worth it.

    Args:
        network: not in training; its weights must not change within.
        tokens: how many are to be read.
    """
    if network.first is None and _worth_it(network, tokens):
        network.first = Tabled(network.embed.table.weight, _first(network))
        try:
            yield
        finally:
            network.first = None
    else:
        yield


def _worth_it(network: Classifier, tokens: int) -> bool:
    vectors = network.embed.table.weight
    layer = _first(network)
    size = 4 * len(vectors) * sum(one.kernel_size[0] * one.out_channels for one in layer)
    several = tokens >= max(LEAST, WORTH * len(vectors)) and vectors.device.type == "cpu"
    return bool(layer) and several and size <= LARGEST


def _first(network: Classifier) -> list[nn.Conv1d]:
    return network.encode.layers()[0] if isinstance(network.encode, ConvEncoder) else []

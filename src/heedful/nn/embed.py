"""Embed: token ids to vectors."""

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn

from heedful.nn.chance import generator
from heedful.nn.dropout import Dropout
from heedful.text.vocab import PAD, UNK


class Embed(nn.Module):
    """A table of token vectors with word drop-out and embedding drop-out.

    Args:
        size: V ids have a vector, reserved tokens included; any id beyond is the unknown token.
        width: embedding width E.
        dropout: share of vector components zeroed while training (Srivastava et al. 2014).
        word_dropout: share of real tokens replaced by the unknown token while training, which
            teaches that token a meaning and keeps the model from leaning on single words
            (Iyyer et al. 2015, "Deep averaging networks", drops them instead).
    """

    def __init__(self, size: int, width: int, dropout: float, word_dropout: float) -> None:
        super().__init__()
        self.width = width
        self.table = nn.Embedding(size, width, padding_idx=PAD)
        self.dropout = Dropout(dropout)
        self.word_dropout = word_dropout
        nn.init.normal_(self.table.weight, std=0.1)
        with torch.no_grad():
            self.table.weight[PAD].zero_()

    def load(self, vectors: Float[Tensor, "V E"]) -> None:
        """Start from these vectors, of which only the table's rows are used; PAD's must be zero."""
        with torch.no_grad():
            self.table.weight.copy_(vectors[: self.table.num_embeddings])

    def forward(self, ids: Int[Tensor, "B T"], mask: Bool[Tensor, "B T"]) -> Float[Tensor, "B T E"]:
        """Vectors of the tokens; zero at padding."""
        if self.training and self.word_dropout > 0:
            draws = torch.rand(ids.shape, device=ids.device, generator=generator())
            drop = draws < self.word_dropout
            ids = ids.masked_fill(drop & mask, UNK)
        ids = ids.masked_fill(ids >= self.table.num_embeddings, UNK)
        vectors: Tensor = self.dropout(self.table(ids))
        return vectors

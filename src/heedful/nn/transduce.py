"""Transduce: the whole network, Embed -> Encode -> (Attend -> Decode) at every output step."""

from typing import NamedTuple

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn

from heedful.config import ModelConfig, SequenceConfig
from heedful.nn.chance import generator
from heedful.nn.cross_entropy import most_probable
from heedful.nn.decoder import Carried, Decoder
from heedful.nn.embed import Embed
from heedful.nn.encode import RecurrentEncoder, States, build_encoder
from heedful.nn.local import Looked, Source, prepare
from heedful.nn.windows import Windows
from heedful.text.vocab import PAD, START


class Forced(NamedTuple):
    """What teacher forcing gives; undefined at padding of the target.

    Attributes:
        read: (B, U, R), the decoder's readouts; `decoder.logits` makes logits of them.
        weights: (B, U, S), where each step looked: at the tokens from `first` on.
        first: (B, U), see `nn.local.Looked`.
    """

    read: Tensor
    weights: Tensor
    first: Tensor


class Transducer(nn.Module):
    """An encoder, and a decoder that attends to its states.

    Args:
        model: the encoder and the score function.
        sequence: the decoder, and how a long source is read.
        sources: size of the source's vocabulary.
        targets: size V of the target's.
    """

    def __init__(
        self, model: ModelConfig, sequence: SequenceConfig, sources: int, targets: int
    ) -> None:
        super().__init__()
        self.config, self.targets = sequence, targets
        self.embed = Embed(sources, model.embedding, model.embedding_dropout, model.word_dropout)
        encoder = build_encoder(model.embedding, model)
        final = encoder.width if isinstance(encoder, RecurrentEncoder) else 0
        self.encoder: nn.Module = encoder
        if sequence.source_window is not None:
            self.encoder = Windows(encoder, sequence.source_window, sequence.window_step)
        self.decoder = Decoder(model, sequence, encoder.width, final, targets)

    def read(self, ids: Int[Tensor, "B T"], mask: Bool[Tensor, "B T"]) -> Source:
        """Sources for the decoder, their keys projected once."""
        encoded: States = self.encoder(self.embed(ids, mask), mask)
        return prepare(self.decoder.score, encoded.states, mask, encoded.final)

    def step(
        self, carried: Carried, before: Int[Tensor, " B"], source: Source, step: int
    ) -> tuple[Carried, Looked, Float[Tensor, "B V"]]:
        """One step of writing: what is carried on, where it looked, and the next token's logits.

        Args:
            carried: from the step before, `decoder.start(source)` at first.
            before: the last token written, START at first.
            source: from `read`.
            step: its number, from 0.
        """
        carried, looked, read = self._step(carried, before, source, step)
        return carried, looked, self.decoder.logits(read)

    def _step(
        self, carried: Carried, before: Tensor, source: Source, step: int
    ) -> tuple[Carried, Looked, Tensor]:
        vector = self.decoder.vectors(before)
        carried, looked, read = self.decoder.step(carried, vector, source, step)
        if not self.decoder.feed:
            read = self.decoder.read(read, looked.context, vector)
        return carried, looked, read

    def forward(
        self,
        ids: Int[Tensor, "B T"],
        mask: Bool[Tensor, "B T"],
        targets: Int[Tensor, "B U"],
    ) -> Float[Tensor, "B U V"]:
        """Logits of each step under teacher forcing, see `forced`."""
        found: Tensor = self.decoder.logits(self.forced(ids, mask, targets).read)
        return found

    def forced(
        self,
        ids: Int[Tensor, "B T"],
        mask: Bool[Tensor, "B T"],
        targets: Int[Tensor, "B U"],
        sampling: float = 0.0,
    ) -> Forced:
        """Teacher forcing: each step is told the true token before it.

        All that does not wait for the step before is computed for all steps at once.

        Args:
            ids: the sources.
            mask: True = real.
            targets: the tokens to write, END included; what is padding does not matter.
            sampling: share of the told tokens that are the model's own most probable ones instead
                (scheduled sampling, Bengio et al. 2015); drawn by torch's global generator.
        """
        source = self.read(ids, mask)
        if sampling > 0 and self.decoder.embed is not None:
            return self._guessing(source, targets, sampling)
        decoder, carried = self.decoder, self.decoder.start(source)
        vectors = decoder.vectors(_shifted(targets))
        known = decoder.looks(vectors, source)
        pre = None
        if known is not None and not decoder.feed:
            pre = decoder.incoming(known[0], vectors, known[0][..., :0])
        looks, reads = [], []
        for i in range(targets.shape[1]):
            ready = None
            if known is not None and pre is not None:
                looked = Looked(known[0][:, i], known[1][:, i], torch.zeros_like(source.lengths))
                ready = looked, pre[:, i]
            carried, looked, read = decoder.step(carried, vectors[:, i], source, i, ready)
            looks.append(looked)
            reads.append(read)
        contexts, weights, first = (torch.stack(part, dim=1) for part in zip(*looks, strict=True))
        read = torch.stack(reads, dim=1)
        if not decoder.feed:
            read = decoder.read(read, contexts, vectors)
        return Forced(read, weights, first)

    def _guessing(self, source: Source, targets: Tensor, sampling: float) -> Forced:
        """Teacher forcing in which some of the told tokens are the model's own."""
        carried, before = self.decoder.start(source), torch.full_like(targets[:, 0], START)
        draws = torch.rand(targets.shape, device=targets.device, generator=generator())
        own = draws < sampling
        looks, reads = [], []
        for i in range(targets.shape[1]):
            carried, looked, read = self._step(carried, before, source, i)
            with torch.no_grad():
                guess = most_probable(self.decoder.logits(read))
            before = torch.where(own[:, i], guess, targets[:, i])
            looks.append(looked)
            reads.append(read)
        _, weights, first = (torch.stack(part, dim=1) for part in zip(*looks, strict=True))
        return Forced(torch.stack(reads, dim=1), weights, first)


def _shifted(targets: Int[Tensor, "B U"]) -> Int[Tensor, "B U"]:
    """START and all tokens but the last: what each step is told."""
    return torch.cat([torch.full_like(targets[:, :1], START), targets[:, :-1]], dim=1)


def allowed(logits: Float[Tensor, "*rows V"]) -> Float[Tensor, "*rows V"]:
    """The logits with those of PAD and START at -infinity: neither is ever written."""
    never = torch.zeros(logits.shape[-1], dtype=torch.bool, device=logits.device)
    never[PAD], never[START] = True, True
    return logits.masked_fill(never, -torch.inf)

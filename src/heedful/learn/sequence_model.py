"""A trained network that rewrites sequences and all that belongs to it, and how it rewrites."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from heedful.config import Config
from heedful.learn.memory import release_after
from heedful.learn.model import device_of, inference
from heedful.learn.sequence_data import source_batches, sources_as_ids
from heedful.nn.search import Hypothesis, search
from heedful.nn.transduce import Transducer
from heedful.records import HeedfulError, Rewriting
from heedful.text.sequence import SequenceTokenizer


@dataclass(frozen=True)
class Searching:
    """How to search, see `nn.search`.

    Attributes:
        beam: hypotheses kept; 1 = greedy.
        length_penalty: alpha of the length normalisation.
        max_length: most tokens written, END included.
        looks: whether to keep where each step looked.
    """

    beam: int
    length_penalty: float
    max_length: int
    looks: bool = True


@dataclass
class SequenceModel:
    """Settings, the tokenizers of both sides, the network: what a run folder holds."""

    config: Config
    source: SequenceTokenizer
    target: SequenceTokenizer
    network: Transducer

    def searching(
        self, beam: int | None = None, max_length: int | None = None, *, looks: bool = True
    ) -> Searching:
        """How the settings say to search, except for what is given.

        Raises:
            HeedfulError: a beam or a maximum length below 1.
        """
        settings = self.config.sequence
        beam = settings.beam if beam is None else beam
        longest = max_length or settings.max_length
        if beam < 1 or longest is None or longest < 1:
            raise HeedfulError(
                f"a beam of {beam} and a maximum length of {longest} cannot search; both must be "
                "at least 1"
            )
        return Searching(beam, settings.length_penalty, longest, looks)

    def cut(self, text: str) -> list[str]:
        """The tokens of a target, as `token_accuracy` counts them."""
        return [token.text for token in self.target.tokens(text)]

    def rewrite(
        self, sources: Sequence[str], searching: Searching | None = None, best: int = 1
    ) -> list[list[Rewriting]]:
        """Of each source its `best` rewritings (as many as the beam finds), the best first."""
        result: list[list[Rewriting]] = [[] for _ in sources]
        for i, found in self._searched(sources, searching or self.searching()):
            result[i] = [self._rewriting(sources[i], one) for one in found[:best]]
        return result

    def write(self, sources: Sequence[str], searching: Searching | None = None) -> list[str]:
        """The texts of the best rewritings, without the rest."""
        result = [""] * len(sources)
        for i, found in self._searched(sources, searching or self.searching(looks=False)):
            result[i] = self.target.decode(found[0].ids)[0]
        return result

    def _searched(
        self, sources: Sequence[str], how: Searching
    ) -> Iterator[tuple[int, list[Hypothesis]]]:
        """Each source's hypotheses, in any order: sources of like length are searched together."""
        encoded = sources_as_ids([self.source.encode(text) for text in sources])
        for order, ids, mask in source_batches(encoded, device_of(self.network), how.beam):
            with inference(self.network):
                read = self.network.read(ids, mask)
                found = search(
                    self.network,
                    read,
                    how.max_length,
                    how.beam,
                    how.length_penalty,
                    looks=how.looks,
                )
            release_after(ids.numel() * how.beam)
            yield from zip(order.tolist(), found, strict=True)

    def _rewriting(self, source: str, found: Hypothesis) -> Rewriting:
        text, tokens = self.target.decode(found.ids)
        rows = found.weights[: len(tokens)].tolist()
        gains = found.log_probabilities
        return Rewriting(
            source=source,
            text=text,
            score=found.score,
            log_probability=math.fsum(gains),
            source_tokens=tuple(self.source.tokens(source)),
            tokens=tuple(tokens),
            weights=tuple(map(tuple, rows)),
            probabilities=tuple(math.exp(gain) for gain in gains[: len(tokens)]),
            finished=found.finished,
        )

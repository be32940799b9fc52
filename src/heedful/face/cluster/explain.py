"""`heedful explain --engine ray`: the maps and cards of many texts, made by workers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from heedful.explain.attribute import CHUNK, explain_examples
from heedful.explain.trust import TOGETHER
from heedful.explain.trusted import trusted_examples
from heedful.face.cluster.engine import Cluster
from heedful.face.cluster.hands import shared_out
from heedful.face.cluster.start import cluster
from heedful.learn.model import TextModel
from heedful.records import Example, Explanation


@dataclass(frozen=True)
class Maps:
    """Texts, and what is to be made of them.

    Attributes:
        examples: the texts.
        target: the class that maps are about; None = each text's predicted one.
        methods: further maps.
        cards: measure how far each map may be trusted.
    """

    examples: tuple[Example, ...]
    target: str | None
    methods: tuple[str, ...]
    cards: bool

    def parts(self) -> list[Maps]:
        """In pieces such that each text meets the same texts in a batch, in order."""
        step = TOGETHER if self.cards else CHUNK
        starts = range(0, len(self.examples), step)
        return [replace(self, examples=self.examples[start : start + step]) for start in starts]


def explained(model: TextModel, maps: Maps) -> Iterator[Explanation]:
    """One Explanation a text, in order."""
    make = trusted_examples if maps.cards else explain_examples
    return make(model, maps.examples, maps.target, maps.methods)


def explained_on(run: str, maps: Maps, asked: Cluster) -> Iterator[Explanation]:
    """As `explained`, by the workers of a cluster.

    Raises:
        HeedfulError: the cluster cannot be used, or gives up.
    """
    with cluster(asked) as workers:
        parts: Sequence[Maps] = maps.parts()
        for found in shared_out(run, explained, parts, workers):
            yield from found

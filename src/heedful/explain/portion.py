"""Some texts of a data set, measured for `heedful trust` by whoever has hands free."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from typing import Any

from numpy.typing import NDArray

from heedful.explain.attribute import explain_examples
from heedful.explain.inside import Inside, look_inside
from heedful.explain.judge import Card
from heedful.explain.legend import ALWAYS
from heedful.explain.trust import TOGETHER, Judgement, judgements
from heedful.learn.model import TextModel
from heedful.records import Example, Explanation

Array = NDArray[Any]


@dataclass(frozen=True, eq=False)
class Portion:
    """Texts, and what is to be measured of them.

    Attributes:
        examples: the texts.
        methods: whose maps to make and judge.
        labelled: their labels are the truth.
        seed: of random maps and permutations.
        outside: per text further maps of the predicted class, made elsewhere, by name.
        inside: permute and attack attention as well.
    """

    examples: tuple[Example, ...]
    methods: tuple[str, ...]
    labelled: bool
    seed: int
    outside: Sequence[Mapping[str, Array]] | None = None
    inside: bool = False

    def parts(self) -> list[Portion]:
        """In pieces such that each text meets the same texts in a batch, in order."""
        starts = range(0, len(self.examples), TOGETHER)
        return [self._part(slice(start, start + TOGETHER)) for start in starts]

    def _part(self, rows: slice) -> Portion:
        outside = None if self.outside is None else self.outside[rows]
        return replace(self, examples=self.examples[rows], outside=outside)


@dataclass(frozen=True, eq=False)
class Measured:
    """One text.

    Attributes:
        card: what judging it found.
        entry: of the record, as plain JSON.
        inside: what attention does; None where that was not asked for, or no map could be judged.
        explained: the text with its maps, where gold evidence is marked.
    """

    card: Card
    entry: dict[str, Any]
    inside: Inside | None
    explained: Explanation | None


Hands = Callable[[Sequence[Portion]], Iterator[Measured]]
"""Measures portions: one Measured a text, in order."""


def measured_by(model: TextModel) -> Hands:
    """This process."""
    return lambda portions: chain.from_iterable(measured(model, one) for one in portions)


def measured(model: TextModel, portion: Portion) -> Iterator[Measured]:
    """One Measured a text, in order.

    Raises:
        HeedfulError: a label that the model does not know.
    """
    examples = portion.examples
    truths = model.labels.encode(examples) if portion.labelled else None
    encoded = model.encode([example.text for example in examples])
    found = judgements(
        model, encoded, portion.methods, truths=truths, outside=portion.outside, seed=portion.seed
    )
    for example, judgement in zip(examples, found, strict=True):
        there = portion.inside and judgement.card.right
        inside = look_inside(model, judgement, portion.seed) if there else None
        explained = _explanation(model, example, judgement) if example.gold else None
        yield Measured(judgement.card, _entry(example, judgement, inside), inside, explained)


def _entry(example: Example, judgement: Judgement, inside: Inside | None) -> dict[str, Any]:
    """One text's entry in the record."""
    return {
        "source": example.source,
        "row": example.row,
        "label": list(example.labels),
        "tokens": len(judgement.anatomy.ids),
        "trust": {method: trust.to_json() for method, trust in judgement.card.trust.items()},
        "right": {method: row.tolist() for method, row in judgement.card.right.items()},
        "attention": inside.to_json() if inside else None,
    }


def _explanation(model: TextModel, example: Example, judgement: Judgement) -> Explanation:
    """The text explained, with the maps that are there already."""
    (plain,) = explain_examples(model, [example])
    target = model.labels.names[judgement.index]
    maps = {
        method: {target: tuple(found.values.tolist())}
        for method, found in judgement.maps.items()
        if method not in ALWAYS
    }
    return replace(plain, target=target, maps=maps)

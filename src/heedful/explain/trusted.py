"""Explanations with their cards: maps and how far they may be trusted, in one pass."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from heedful.explain.attribute import explain_examples, with_maps
from heedful.explain.deletions import is_local
from heedful.explain.judge import LONGEST
from heedful.explain.legend import ALWAYS
from heedful.explain.methods import check_maps, methods_of, token_maps
from heedful.explain.trust import TOGETHER, Judgement, judgements
from heedful.learn.model import TextModel
from heedful.records import Example, Explanation

LOO = "leave-one-out"


def trusted_examples(
    model: TextModel,
    examples: Sequence[Example],
    target: str | None = None,
    methods: Sequence[str] = (),
    seed: int = 0,
) -> Iterator[Explanation]:
    """As `explain_examples`, with a card for every map of the predicted class.

    Maps of another `target` are shown, but a card is always about the predicted class.

    Raises:
        HeedfulError: an unknown class or method, or a method that the model does not have.
    """
    check_maps(model.network, methods)
    always = methods_of(model.network, ALWAYS)
    for start in range(0, len(examples), TOGETHER):
        some = examples[start : start + TOGETHER]
        further = [method for method in methods if method not in ALWAYS]
        # Maps of the predicted class are made on the way to the card: they are not made twice.
        plain = explain_examples(model, some, target, further if target else ())
        encoded = model.encode([example.text for example in some])
        found = judgements(model, encoded, [*always, *further], seed=seed)
        for explanation, judgement in zip(plain, found, strict=True):
            yield _with_card(model, explanation, judgement, further, target)


def _with_card(
    model: TextModel,
    explanation: Explanation,
    judgement: Judgement,
    further: Sequence[str],
    target: str | None,
) -> Explanation:
    trust, maps = dict(judgement.card.trust), dict(judgement.maps)
    ids = judgement.anatomy.ids
    if LOO in further and len(ids) > LONGEST and not is_local(model.network):
        # The card left tokens out; a map that is shown does not, and so is not what was judged.
        trust.pop(LOO)
        if target is None:
            encoded = model.encode([explanation.text])
            classes = np.array([judgement.index])
            maps |= token_maps(model, encoded, classes, [LOO])[0]
    if target is None:
        explanation = with_maps(model, explanation, {name: maps[name] for name in further})
    return replace(explanation, trust=trust)

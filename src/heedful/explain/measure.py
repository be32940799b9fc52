"""Trust over a data set: cards of its texts, and what attention does in this model."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

import numpy as np
from numpy.typing import NDArray

from heedful.explain.anatomy import anatomies
from heedful.explain.deletions import is_local
from heedful.explain.divergence import spread
from heedful.explain.inside import Gathered
from heedful.explain.methods import check_maps, methods_of
from heedful.explain.outside import Outside
from heedful.explain.portion import Hands, Measured, Portion, measured_by
from heedful.explain.rationale import judge_rationales
from heedful.explain.survey import Survey, figure, legend, to_json
from heedful.explain.trust import predicted_classes
from heedful.learn.model import TextModel, logits
from heedful.records import Example, Explanation, HeedfulError
from heedful.text.vocab import Encoded

Array = NDArray[np.float64]

SLOW = ("lime", "shapley")
"""Methods that ask for hundreds of texts a text: judged on `Plan.controls` texts only."""
SLOW_BACKWARDS = "integrated-gradients"
"""Joins them where the backward pass goes through a recurrent network, a hundred times a text."""
CONTROLS = 50
Progress = Callable[[str, int, int], None]


@dataclass(frozen=True)
class Plan:
    """What to measure.

    Attributes:
        methods: whose maps to judge; None = all that the model has.
        outside: maps made elsewhere, to be judged as well.
        others: models that cut texts into the same tokens, trained with other seeds, by name.
        controls: the slow methods are judged on so many texts, the first ones.
        seed: of random maps and permutations.
    """

    methods: Sequence[str] | None = None
    outside: Sequence[Outside] = ()
    others: Mapping[str, TextModel] = field(default_factory=dict)
    controls: int = CONTROLS
    seed: int = 0


def measure(
    model: TextModel,
    examples: Sequence[Example],
    plan: Plan,
    progress: Progress,
    hands: Hands | None = None,
) -> dict[str, Any]:
    """The whole record of `heedful trust`, as plain JSON.

    `legend`: what each metric is, and which direction is better; `methods`: method -> metric ->
    value, low, high (95 % bootstrap over texts), texts; `chance` and ceilings; `attention`:
    permutation medians, adversarial divergence, conicity, null where there is no attention
    network; `seeds`: spread over seeds;
    `plausibility` where gold evidence is marked; `show`: the method to show by default, null
    where that is open; `cards`: every card, with the scores of each random map, to recompute
    all this.

    Args:
        model: whose maps.
        examples: the texts; labels and gold evidence are used where they are there.
        plan: what to measure.
        progress: told the stage, texts done, and of how many.
        hands: who measures the texts; None = this process.

    Raises:
        HeedfulError: a method that is unknown or that the model does not have, an unknown label,
            or no text with words.
    """
    attends = model.network.attends
    methods = methods_of(model.network) if plan.methods is None else plan.methods
    check_maps(model.network, methods)
    texts = [example.text for example in examples]
    encoded = model.encode(texts)
    labelled = _labelled(model, examples)
    survey, attention = Survey(), Gathered()
    cards: list[dict[str, Any]] = []
    explained: list[Explanation] = []
    slow = slow_methods(model, methods)
    quick = [method for method in methods if method not in slow]
    outside = _outside(model, examples, encoded, plan.outside) if plan.outside else None
    every = Portion(tuple(examples), tuple(quick), labelled, plan.seed, outside, attends)
    few = Portion(tuple(examples[: plan.controls]), tuple(slow), labelled, plan.seed)
    found = (hands or measured_by(model))([every, few] if slow else [every])
    for one in islice(found, len(examples)):
        survey.add(one.card)
        if one.inside:
            attention.texts.append(one.inside)
        if one.explained:
            explained.append(one.explained)
        cards.append(one.entry)
        progress("texts", len(cards), len(examples))
    if not survey.texts:
        raise HeedfulError("no text has a word that can be judged; give other data")
    controls = _controls(found, len(few.examples), survey, cards, progress)
    return {
        "texts": survey.texts,
        "controls": survey.controlled,
        "slow": slow,
        "accuracy": survey.accuracy() if labelled else None,
        "legend": legend(),
        "methods": to_json(survey.table()),
        "chance": {name: known.to_json() for name, known in survey.chance().items()},
        "show": survey.shown(),
        "attention": attention.to_json() if attends else None,
        "seeds": _spread(model, plan.others, texts, encoded),
        # In this order: what needs no map (random, all tokens) is that of all texts.
        "plausibility": _plausibility(controls, slow) | _plausibility(explained, quick),
        "cards": cards,
    }


def slow_methods(model: TextModel, methods: Sequence[str]) -> list[str]:
    """Those of the methods that are too slow for every text."""
    known = SLOW if is_local(model.network) else (*SLOW, SLOW_BACKWARDS)
    return [method for method in methods if method in known]


def _labelled(model: TextModel, examples: Sequence[Example]) -> bool:
    """Whether the truth is known; with several labels a text, none can be the truth."""
    known = [bool(example.labels) for example in examples]
    return any(known) if model.task == "multi-label" else all(known)


def _controls(
    found: Iterator[Measured],
    count: int,
    survey: Survey,
    cards: list[dict[str, Any]],
    progress: Progress,
) -> list[Explanation]:
    """Adds the slow methods on the first texts; those of them with gold evidence, explained."""
    explained = []
    for number, one in enumerate(found):
        survey.add_controls(one.card)
        cards[number]["trust"] |= one.entry["trust"]
        cards[number]["right"] = one.entry["right"] | cards[number]["right"]
        if one.explained:
            explained.append(one.explained)
        progress("texts under the slow controls", number + 1, count)
    return explained


def _plausibility(explained: Sequence[Explanation], methods: Sequence[str]) -> dict[str, Any]:
    if not explained or not methods:
        return {}
    found = judge_rationales(explained, methods)
    return {method: judged.to_json() for method, judged in found.items()}


def _outside(
    model: TextModel, examples: Sequence[Example], encoded: Encoded, given: Sequence[Outside]
) -> list[dict[str, Array]]:
    """Per text the maps of its predicted class that were made elsewhere."""
    classes = predicted_classes(model, logits(model.network, encoded))
    found: list[dict[str, Array]] = []
    for example, index in zip(examples, classes.tolist(), strict=True):
        tokens = model.tokens(example.text)
        target = model.labels.names[index]
        maps = {outside.name: outside.map_for(example, tokens, target) for outside in given}
        found.append({name: one.values for name, one in maps.items() if one is not None})
    for outside in given:
        if not any(outside.name in maps for maps in found):
            raise HeedfulError(f"no map of {outside.name!r} belongs to any of these texts")
    return found


def _spread(
    model: TextModel, others: Mapping[str, TextModel], texts: Sequence[str], encoded: Encoded
) -> dict[str, Any] | None:
    """How far attention moves from seed to seed, which an adversary has to be held against."""
    if not others or not model.network.attends:
        return None
    own = _weights(model, encoded)
    theirs = [_weights(other, other.encode(texts)) for other in others.values()]
    values = [spread(own[i], [their[i] for their in theirs]) for i in own]
    return {"runs": list(others), "divergence": figure(values).to_json()}


def _weights(model: TextModel, encoded: Encoded) -> dict[int, Array]:
    """Each text's attention; its states, which are far larger, are let go at once."""
    return {i: anatomy.weights for i, anatomy in anatomies(model, encoded)}

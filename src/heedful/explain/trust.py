"""How far the maps of decisions may be trusted: cards for texts, on the predicted class."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from heedful.explain.anatomy import Anatomy, anatomies
from heedful.explain.fitted import model_of
from heedful.explain.found import Found
from heedful.explain.judge import Card, Subject, judge
from heedful.explain.legend import ALWAYS
from heedful.explain.methods import check_maps, methods_of, token_maps
from heedful.explain.orders import RANDOMS
from heedful.explain.perturb import run
from heedful.learn.metrics import decide
from heedful.learn.model import TextModel, to_probabilities
from heedful.learn.reading import as_texts
from heedful.records import HeedfulError, Task, Trust
from heedful.text.vocab import Encoded

Array = NDArray[np.float64]

TOGETHER = 64
"""Texts whose states are held at once."""
CEILING = "gradient-input"


@dataclass(frozen=True, eq=False)
class Judgement:
    """One text: what the model makes of it, the predicted class, its maps and its card."""

    anatomy: Anatomy
    index: int
    maps: dict[str, Found]
    card: Card


def measure_trust(
    model: Any,
    text: str | Sequence[str],
    methods: Sequence[str] = ALWAYS,
    *,
    randoms: int = RANDOMS,
    seed: int = 0,
) -> dict[str, Trust] | list[dict[str, Trust]]:
    """How far the maps of a decision may be trusted, measured on that very text.

    Args:
        model: a `TextClassifier` or `TextModel`.
        text: one text, or several.
        methods: whose maps to judge; of the two usual ones attention is left out where the model
            has no attention network.
        randoms: how many random maps to hold them against.
        seed: of the random maps.

    Returns:
        By method a Trust, for one text; a list of these for several. Empty for a text without
        words.

    Raises:
        HeedfulError: an unknown method, or a model that is not fitted.
    """
    inner = model_of(model, "measure_trust")
    texts = [text] if isinstance(text, str) else as_texts(text)
    if randoms < 1:
        raise HeedfulError(f"randoms is {randoms}; a map needs at least 1 random map to beat")
    asked = methods_of(inner.network, ALWAYS) if tuple(methods) == ALWAYS else methods
    check_maps(inner.network, asked)
    found = judgements(inner, inner.encode(texts), asked, randoms=randoms, seed=seed)
    trust = [judgement.card.trust for judgement in found]
    return trust[0] if isinstance(text, str) else trust


def judgements(
    model: TextModel,
    encoded: Encoded,
    methods: Sequence[str],
    *,
    truths: NDArray[Any] | None = None,
    outside: Sequence[Mapping[str, Array]] | None = None,
    randoms: int = RANDOMS,
    seed: int = 0,
) -> Iterator[Judgement]:
    """One Judgement a text, in order.

    Args:
        methods: whose maps to make and judge.
        truths: (N,) true classes, or (N, C) zeros and ones (multi-label).
        outside: per text further maps of the predicted class, made elsewhere, by name.
        randoms, seed: as for `measure_trust`.
    """
    made = [m for m in dict.fromkeys([*methods, CEILING]) if m != "leave-one-out"]
    for start in range(0, len(encoded), TOGETHER):
        rows = range(start, min(start + TOGETHER, len(encoded)))
        some = encoded.part(rows.start, rows.stop)
        bodies = dict(anatomies(model, some))
        classes = predicted_classes(model, np.stack([bodies[i].logits for i in range(len(rows))]))
        maps = token_maps(model, some, classes, made, seed)
        subjects = [
            _subject(bodies[i], int(classes[i]), maps[i], methods, row, truths, outside, model.task)
            for i, row in enumerate(rows)
        ]
        cards = run(model.network, (judge(model, one, seed, randoms) for one in subjects))
        for i, card in enumerate(cards):
            found = dict(maps[i])
            if "leave-one-out" in methods:
                found["leave-one-out"] = Found(np.nan_to_num(card.leave_one_out), None)
            yield Judgement(bodies[i], int(classes[i]), found, card)


def predicted_classes(model: TextModel, logits: NDArray[np.float32]) -> NDArray[np.int64]:
    """(N,) the class a card is about: `Prediction.main_label`, by its place."""
    rows = to_probabilities(logits, model.task)
    decided = decide(rows, model.task, model.decision.array())
    if model.task != "multi-label":
        return decided
    alone = decided.sum(axis=1) == 1
    return np.asarray(np.where(alone, decided.argmax(axis=1), rows.argmax(axis=1)))


def _subject(
    anatomy: Anatomy,
    index: int,
    maps: Mapping[str, Found],
    methods: Sequence[str],
    row: int,
    truths: NDArray[Any] | None,
    outside: Sequence[Mapping[str, Array]] | None,
    task: Task,
) -> Subject:
    judged = {m: maps[m].values for m in methods if m != "leave-one-out"}
    judged |= outside[row] if outside else {}
    truth = None if truths is None else _truth(truths[row], index, task)
    ceiling = maps[CEILING].values
    return Subject(anatomy, index, judged, ceiling, truth, "leave-one-out" in methods)


def _truth(of_row: Any, index: int, task: Task) -> int | bool:
    if task == "multi-label":
        return bool(np.asarray(of_row)[index])
    return int(of_row)

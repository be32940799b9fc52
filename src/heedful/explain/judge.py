"""One text's card: maps against random maps, the best order found and leave-one-out.

A generator over `perturb`: it asks for the logits of changed texts and answers with the card, so
that many texts share batches. Random orders, leave-one-out and the search are made once per
text, and every map of the text is held against the same ones.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from heedful.explain.anatomy import Anatomy
from heedful.explain.curves import (
    Curves,
    aopc,
    erasures,
    first_change,
    maskings,
    read_erasures,
    read_maskings,
)
from heedful.explain.deletions import is_local
from heedful.explain.erasure import leave_one_out
from heedful.explain.flips import attention_flips
from heedful.explain.orders import RANDOMS, random_orders, ranking, seeded
from heedful.explain.outputs import chosen, log_odds, probability
from heedful.explain.perturb import Asking, joined
from heedful.explain.search import greedy
from heedful.explain.tau import tau
from heedful.explain.verdict import verdict
from heedful.learn.metrics import decide
from heedful.learn.model import TextModel, to_probabilities
from heedful.records import Flip, Judged, Trust

Array = NDArray[np.float64]
Logits = NDArray[np.float32]

LONGEST = 1024
"""Tokens up to which leave-one-out visits every one; of a longer text it visits a sample, unless
deletions are cheap (`deletions.is_local`)."""


@dataclass(frozen=True, eq=False)
class Subject:
    """A text with the maps to be judged.

    Attributes:
        anatomy: what the model makes of the text.
        index: the class all maps are about, by its place.
        maps: by method, (N,) each; higher speaks more for the class.
        ceiling: (N,) gradient x input, whose agreement with leave-one-out is a map's ceiling.
        truth: the true class, by place, for a multi-label task whether `index` is true; None =
            unknown, and the model's own decision stands in.
        with_loo: judge leave-one-out as a map too.
    """

    anatomy: Anatomy
    index: int
    maps: Mapping[str, Array]
    ceiling: Array
    truth: int | bool | None = None
    with_loo: bool = False


@dataclass(frozen=True, eq=False)
class Card:
    """What judging a text found.

    Attributes:
        trust: by method; empty for a text without tokens.
        leave_one_out: (N,) loss of log-odds when a token is deleted; NaN where not measured.
        right: by method and for `random`, (11,) whether the decision is right with none and with
            each share of `curves.MASKED` masked (`random`: the share of random orders).
    """

    trust: dict[str, Trust]
    leave_one_out: Array
    right: dict[str, Array]


def judge(
    model: TextModel, subject: Subject, seed: int = 0, randoms: int = RANDOMS
) -> Asking[Card]:
    """Measure the maps of one text. Answers with its Card."""
    ids = subject.anatomy.ids
    size = len(ids)
    if size == 0:
        return Card({}, np.zeros(0), {})
    odds = _Odds(model, subject.index)
    everything = size <= LONGEST or is_local(model.network)
    sample = np.arange(size)
    if not everything:
        sample = np.sort(seeded(seed, ids, "sample").permutation(size)[:LONGEST])
    whole = subject.anatomy.logits[None]
    loo = yield from leave_one_out(model.network, ids, subject.index, model.task, sample)
    maps = dict(subject.maps)
    if subject.with_loo:
        maps["leave-one-out"] = np.nan_to_num(loo)

    # Each draw has a purpose of its own, so that a map's card hangs on no other map.
    own = [ranking(values, seeded(seed, ids, name)) for name, values in maps.items()]
    chance = random_orders(randoms, size, seeded(seed, ids, "chance"))
    orders = np.stack([*own, *chance])
    asked = [erasures(ids, orders), maskings(ids, orders)]
    logits = yield joined(asked)
    curves = Curves(
        *read_erasures(logits[: len(asked[0])], size, len(orders)),
        read_maskings(logits[len(asked[0]) :], size, len(orders)),
    )
    strongest = loo if everything else subject.ceiling
    start = ranking(strongest, seeded(seed, ids, "search"))
    searched = yield from greedy(model.network, ids, start, odds)
    more = np.stack([start, *searched])
    extra = read_erasures((yield erasures(ids, more)), size, len(more))
    return _card(model, subject, maps, orders, curves, extra, whole, loo)


class _Odds:
    """Log-odds of one class from logits."""

    def __init__(self, model: TextModel, index: int) -> None:
        self.task, self.index = model.task, index

    def __call__(self, logits: Logits) -> Array:
        return log_odds(logits, self.index, self.task)

    def p(self, logits: Logits) -> Array:
        """The class's probability."""
        return probability(self(logits))


def _card(
    model: TextModel,
    subject: Subject,
    maps: Mapping[str, Array],
    orders: NDArray[np.int64],
    curves: Curves,
    extra: tuple[Logits, Logits],
    whole: Logits,
    loo: Array,
) -> Card:
    odds, anatomy, size = _Odds(model, subject.index), subject.anatomy, len(subject.anatomy.ids)
    p = float(odds.p(whole)[0])
    lost = [aopc(p, odds.p(found)) for found in (curves.without, extra[0])]
    kept = [aopc(p, odds.p(found)) for found in (curves.only, extra[1])]
    of_class = bool(chosen(whole, subject.index, model.task, model.decision)[0])

    def differs(logits: Logits) -> NDArray[np.bool_]:
        flat = logits.reshape(-1, logits.shape[-1])
        found = chosen(flat, subject.index, model.task, model.decision) != of_class
        return np.asarray(found.reshape(logits.shape[:-1]))

    inputs = first_change(differs(curves.masked), size)
    weights, uniform = None, None
    if model.network.attends:
        weights = attention_flips(model.network, anatomy, orders, differs)
        uniform = abs(p - float(odds.p(anatomy.uniform_logits[None])[0]))
    ceiling, own = tau(np.abs(subject.ceiling), np.abs(loo)), len(maps)
    trust = {}
    for number, (name, values) in enumerate(maps.items()):
        comprehensiveness = _judged(lost, number, own, higher=True)
        trusted, sentence = verdict(name, size, comprehensiveness, uniform)
        trust[name] = Trust(
            method=name,
            target=model.labels.names[subject.index],
            probability=p,
            tokens=size,
            comprehensiveness=comprehensiveness,
            sufficiency=_judged(kept, number, own, higher=False),
            attention_flip=None if weights is None else _flip(weights, number, own),
            input_flip=_flip(inputs, number, own),
            tau=tau(np.abs(values), np.abs(loo)),
            tau_signed=tau(values, loo),
            tau_ceiling=ceiling,
            uniform=uniform,
            trusted=trusted,
            sentence=sentence,
        )
    return Card(trust, loo, _right(model, subject, list(maps), curves, whole))


def _judged(scores: list[Array], number: int, maps: int, *, higher: bool) -> Judged:
    """Score `number` against the random ones, which follow the maps, and the best order found.

    Other maps are left out of the best, so that a map's card hangs on none of them.
    """
    known, searched = scores
    every = np.concatenate([known[number : number + 1], known[maps:], searched])
    best = every.max() if higher else every.min()
    return Judged(float(known[number]), tuple(known[maps:].tolist()), float(best), higher)


def _flip(found: tuple[Array, NDArray[np.bool_]], number: int, maps: int) -> Flip:
    shares, ever = found
    return Flip(float(shares[number]), tuple(shares[maps:].tolist()), bool(ever[number]))


def _right(
    model: TextModel, subject: Subject, names: list[str], curves: Curves, whole: Logits
) -> dict[str, Array]:
    """Card.right."""
    first = np.broadcast_to(whole[0], (len(curves.masked), 1, whole.shape[-1]))
    every = np.concatenate([first, curves.masked], axis=1)  # (M, 11, L)
    rows = to_probabilities(every.reshape(-1, every.shape[-1]), model.task)
    decided = decide(rows, model.task, model.decision.array())
    if model.task == "multi-label":
        decided = decided[:, subject.index] == 1
    decided = decided.reshape(every.shape[:2])
    truth = decided[0, 0] if subject.truth is None else subject.truth
    right = (decided == truth).astype(np.float64)
    found = {name: right[number] for number, name in enumerate(names)}
    return found | {"random": right[len(names) :].mean(axis=0)}

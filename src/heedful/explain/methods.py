"""One interface to every map: texts as ids and a class each, to one number per token and method."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray

from heedful.explain import gradients
from heedful.explain.erasure import leave_one_out
from heedful.explain.found import Found
from heedful.explain.legend import ALWAYS, METHODS, OF_ATTENTION, check_methods
from heedful.explain.orders import seeded
from heedful.explain.outputs import Array, class_logit
from heedful.explain.perturb import Asking, Ids, run
from heedful.explain.sampling import lime, shapley
from heedful.learn.model import TextModel, scored, scoring_batches
from heedful.nn.classify import Classifier
from heedful.records import HeedfulError, Task
from heedful.text.vocab import Encoded

Classes = NDArray[np.int64]
Maps = list[dict[str, Found]]

_GRADIENTS = ("attention-gradient", "gradient-input", "integrated-gradients")
_ASKED = ("leave-one-out", "lime", "shapley")


def methods_of(network: Classifier, names: Sequence[str] = METHODS) -> tuple[str, ...]:
    """Those of the methods that the network has: maps of attention take an attention network."""
    return tuple(m for m in names if network.attends or m not in OF_ATTENTION)


def check_maps(network: Classifier, names: Sequence[str]) -> None:
    """Raise HeedfulError for a name that is no method, or none of this network."""
    check_methods(names)
    there = methods_of(network)
    for name in names:
        if name not in there:
            raise HeedfulError(
                f"there is no map by {name!r}: this model has no attention network; choose from "
                f"{', '.join(there)}"
            )


def token_maps(
    model: TextModel, encoded: Encoded, classes: Classes, methods: Sequence[str], seed: int = 0
) -> Maps:
    """The maps of some texts.

    Args:
        encoded: the texts, N of them.
        classes: (N,) the position of the class that each text's maps are about.
        methods: names of `legend.METHODS`.
        seed: of LIME, Shapley values and random maps. What is drawn for a text hangs on the
            seed and its ids alone, so that neighbours do not matter (<= 1e-5).

    Returns:
        For each text one Found per method, in the order asked for.

    Raises:
        HeedfulError: an unknown method, or one that the model does not have.
    """
    check_maps(model.network, methods)
    maps: Maps = [{} for _ in range(len(encoded))]
    classes = np.asarray(classes, np.int64)
    if set(methods) & set(ALWAYS):
        _read_off(model, encoded, classes, maps)
    with torch.inference_mode(False):  # whatever the caller is in
        _differentiate(model, encoded, classes, [m for m in _GRADIENTS if m in methods], maps)
    for name in [m for m in _ASKED if m in methods]:
        questions = (
            _question(model.network, name, encoded[i], int(classes[i]), model.task, seed)
            for i in range(len(encoded))
        )
        for found, answer in zip(maps, run(model.network, questions), strict=True):
            found[name] = answer
    if "random" in methods:
        for i, found in enumerate(maps):
            drawn = seeded(seed, encoded[i], "random")
            found["random"] = Found(drawn.standard_normal(len(encoded[i])))
    return [{name: found[name] for name in methods} for found in maps]


def _read_off(model: TextModel, encoded: Encoded, classes: Classes, maps: Maps) -> None:
    """Attention and contributions, from one forward pass."""
    for order, part in scored(model.network, encoded):
        wanted = torch.from_numpy(classes[order])
        logits = class_logit(part.logits, wanted, model.task).double()
        bases = class_logit(part.base.expand_as(part.logits), wanted, model.task).double()
        for row, index in enumerate(order):
            read = int(encoded.lengths[index])
            columns = part.contributions[row, :read]  # (N, L)
            shares = class_logit(columns, wanted[row].expand(read), model.task)
            values = _numbers(shares)
            error = float(logits[row] - bases[row]) - math.fsum(values)
            maps[index]["attention"] = Found(_numbers(part.weights[row, :read]))
            maps[index]["contribution"] = Found(values, error)


def _differentiate(
    model: TextModel, encoded: Encoded, classes: Classes, names: Sequence[str], maps: Maps
) -> None:
    if not names:
        return
    lengths = encoded.lengths
    for order, ids, mask in scoring_batches(model.network, encoded):
        wanted = torch.from_numpy(classes[order]).to(ids.device)
        asked = (model.network, ids, mask, wanted, model.task)
        for name in names:
            missing: list[float] | list[None] = [None] * len(order)
            if name == "attention-gradient":
                values = gradients.attention_gradient(*asked)
            elif name == "gradient-input":
                values = gradients.gradient_input(*asked)
            else:
                values, error = gradients.integrated_gradients(*asked)
                missing = error.tolist()
            for row, index in enumerate(order):
                found = Found(_numbers(values[row, : lengths[index]]), missing[row])
                maps[index][name] = found


def _question(
    network: Classifier, name: str, ids: Ids, index: int, task: Task, seed: int
) -> Asking[Found]:
    random = seeded(seed, ids, name)
    if name == "leave-one-out":
        return Found((yield from leave_one_out(network, ids, index, task)))
    if name == "lime":
        return Found((yield from lime(ids, index, task, random)))
    return (yield from shapley(ids, index, task, random))


def _numbers(values: torch.Tensor) -> Array:
    return values.detach().cpu().double().numpy()

"""From a text's logits, attention and contributions to an Explanation, whatever made them.

No torch here: an exported file is explained with it too.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from heedful.records import Example, Explanation, Prediction, Token
from heedful.text.labels import Labels

Floats = NDArray[np.float64]


class Arrays(NamedTuple):
    """What a network says of one text, as `nn.classify.Scored` has it; padding may follow.

    Attributes:
        logits: (C,).
        weights: (T,) attention.
        contributions: (T, C).
        base: (C,).
        evidence: (C,) zeros without n-gram evidence.
    """

    logits: Floats
    weights: Floats
    contributions: Floats
    base: Floats
    evidence: Floats


class About(NamedTuple):
    """The model, and what is asked of it.

    Attributes:
        labels: its classes.
        attends: whether there is an attention network.
        shows: whether there is n-gram evidence.
        target: the class that the map is about; None = the predicted one.
    """

    labels: Labels
    attends: bool
    shows: bool
    target: str | None = None


def explanation_of(
    example: Example, tokens: Sequence[Token], prediction: Prediction, one: Arrays, about: About
) -> Explanation:
    """The record of one text.

    Args:
        example: the text, its label and marked evidence.
        tokens: what was read of it.
        prediction: what the model says.
        one: where that comes from.
        about: the model.
    """
    names, shares = about.labels.names, one.contributions[: len(tokens)]  # (N, C)
    logits, base, shown = one.logits, one.base, one.evidence
    if about.labels.task == "binary":  # one logit, for the second class; the first mirrors it
        logits, base, shown = _mirror(logits), _mirror(base), _mirror(shown)
        shares = np.concatenate([-shares, shares], axis=1)
    sums = shares.sum(axis=0)
    return Explanation(
        text=example.text,
        tokens=tuple(tokens),
        prediction=prediction,
        target=about.target or prediction.main_label,
        attention=tuple(one.weights.tolist()[: len(tokens)]) if about.attends else (),
        contributions={name: tuple(shares[:, c].tolist()) for c, name in enumerate(names)},
        base=_by_class(names, base),
        logits=_by_class(names, logits),
        error=_by_class(names, logits - base - sums),
        gold=example.gold,
        label=example.labels,
        parts=_parts(about, shown, sums - shown),
    )


def _parts(about: About, shown: Floats, read: Floats) -> dict[str, dict[str, float]]:
    """`Explanation.parts`: what evidence shows, and what attention read, by class."""
    if not about.shows:
        return {}
    parts = {"evidence": _by_class(about.labels.names, shown)}
    return parts | {"attention": _by_class(about.labels.names, read)} if about.attends else parts


def _mirror(values: Floats) -> Floats:
    return np.concatenate([-values, values])


def _by_class(names: Sequence[str], values: Floats) -> dict[str, float]:
    return {name: float(value) for name, value in zip(names, values, strict=True)}

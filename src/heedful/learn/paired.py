"""Two models on the same texts: is one better, or can they not be told apart? No torch."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]

LEVEL = 0.05


def mcnemar(first_right: Array, second_right: Array) -> dict[str, Any]:
    """McNemar's test (1947), exact: do two models differ in how often they are right?

    Only texts on which one is right and the other wrong tell them apart; if both were equally
    good, each such text would be a toss of a fair coin. Two-sided binomial, for any number.

    Args:
        first_right, second_right: (N,) bool, whether each model is right on a text.

    Returns:
        first_only, second_only, both, neither (counts that sum to N), p_value (1 where no text
        tells them apart) and method.
    """
    from scipy.stats import binomtest

    first, second = np.asarray(first_right, bool), np.asarray(second_right, bool)
    only, other = int((first & ~second).sum()), int((second & ~first).sum())
    p_value = binomtest(only, only + other).pvalue if only + other else 1.0
    return {
        "first_only": only,
        "second_only": other,
        "both": int((first & second).sum()),
        "neither": int((~first & ~second).sum()),
        "p_value": float(p_value),
        "method": "exact binomial",
    }


def verdict(
    first_name: str,
    first_accuracy: float,
    second_name: str,
    second_accuracy: float,
    test: Mapping[str, Any],
) -> str:
    """One sentence on whether the second model beats the first.

    Args:
        first_name, second_name: as within a sentence, "the linear baseline".
        first_accuracy, second_accuracy: shares, 0 to 1.
        test: of `mcnemar`, with the models in the same order.
    """
    start = first_name
    if start.startswith(("the ", "uniform ")):  # a run's own name stays as it is
        start = start[:1].upper() + start[1:]
    facts = (
        f"{start} is right on {_percent(first_accuracy)} of the "
        f"texts, {second_name} on {_percent(second_accuracy)}"
    )
    if test["p_value"] >= LEVEL:
        found = f"{second_name} does not beat it, the two cannot be told apart"
    elif test["second_only"] > test["first_only"]:
        found = f"{second_name} beats it"
    else:
        found = f"{second_name} does not beat it, it does worse"
    return f"{facts}: {found} (McNemar {p_text(test['p_value'])})."


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %"


def p_text(value: float) -> str:
    """A p-value as it is printed: p < .001, p = .032, p = 1."""
    if value < 0.001:
        return "p < .001"
    digits = f"{value:.3f}"
    if value < LEVEL and digits == "0.050":  # never rounded up to the level
        return "p < .05"
    return "p = 1" if digits == "1.000" else f"p = {digits.lstrip('0')}"

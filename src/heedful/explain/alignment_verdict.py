"""What erasing the most attended source symbols comes to, in one plain sentence."""

from __future__ import annotations

from heedful.learn.bootstrap import Interval

MOST, HALF = 0.8, 0.5
"""Shares of output symbols that change, from which the wording changes."""
HARDLY = 0.05
"""Share below which erasing changes too little to tell maps apart."""
FEW = 10
"""Sources below which an interval over sources says nothing."""


def alignment_verdict(
    sources: int, erased: int, attended: float, random: float, difference: Interval
) -> tuple[bool, str]:
    """Whether to trust alignments, and the sentence that says so.

    Args:
        sources: how many were judged.
        erased: source symbols erased at once.
        attended: share of output symbols that change when their most attended are erased.
        random: the same for random others.
        difference: 95 % interval of attended - random.
    """
    if sources == 0:
        return False, "No source has attention weights over enough symbols: nothing was judged."
    if max(attended, random) < HARDLY:
        return False, (
            "Erasing source symbols hardly changes any output, wherever it is done: no map can be "
            "judged on it."
        )
    facts = _facts(erased, attended, random)
    if sources < FEW:
        return False, f"{facts}, but of {_counted(sources)} only: take it as a hint."
    if difference[0] > 0:
        return True, f"{facts}{_how_far(attended)}"
    if difference[1] < 0:
        return False, f"{facts}, which is more: do not rely on this map."
    return False, f"{facts}, which cannot be told apart: do not rely on this map."


def _facts(erased: int, attended: float, random: float) -> str:
    what = "symbol" if erased == 1 else f"{erased} symbols"
    other = "a random other one" if erased == 1 else f"{erased} random others"
    return (
        f"Erasing the {what} it looked at most changes {100 * attended:.0f} % of the output "
        f"symbols, erasing {other} {100 * random:.0f} %"
    )


def _counted(sources: int) -> str:
    return "one source" if sources == 1 else f"{sources} sources"


def _how_far(attended: float) -> str:
    share = round(attended, 2)  # as it is told
    if share >= MOST:
        return ": trust the map."
    if share >= HALF:
        return ": trust its strongest places."
    return ": it points the right way, but most outputs do not hang on what it shows."

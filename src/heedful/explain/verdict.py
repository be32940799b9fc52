"""What the numbers of a card come to, in one plain sentence."""

from __future__ import annotations

from heedful.records import Judged

UNUSED = 0.01
"""|change of p| under uniform weights below which attention is not used for a text."""
MOST, HALF = 0.8, 0.5
"""Shares of the way to the best order found that change the wording."""
HINT = 0.75
"""Share of the random maps that a hint has to beat."""


def verdict(method: str, tokens: int, erased: Judged, uniform: float | None) -> tuple[bool, str]:
    """Whether to trust a map, and the sentence that says so.

    Args:
        method: whose map it is.
        tokens: how many the text has.
        erased: its comprehensiveness.
        uniform: |change of p| under uniform attention; None = there is no attention.
    """
    if tokens < 2:
        return False, "A text of one word leaves no order to judge."
    if method == "attention" and uniform is not None and uniform < UNUSED:
        return False, (
            "Replacing the attention by uniform weights changes nothing: read the contributions "
            "instead."
        )
    if erased.share is None:
        return False, (
            "Erasing words hardly moves this decision, in whatever order: no map can be judged on "
            "it."
        )
    randoms, beaten = len(erased.randoms), erased.beaten
    if beaten == randoms:
        return True, f"This map beats all {randoms} random maps{_how_far(erased.share)}"
    if beaten >= HINT * randoms:
        return False, f"This map beats {beaten} of {randoms} random maps: take it as a hint."
    instead = "; read the contributions instead" if method == "attention" else ""
    return False, (
        f"This map beats {beaten} of {randoms} random maps, little better than chance: do not rely "
        f"on it{instead}."
    )


def _how_far(share: float) -> str:
    share = round(share, 2)  # as it is told: "80 %" must not fall on either side of a bound
    way = f"{100 * share:.0f} % of the way to the best order found"
    if share >= MOST:
        return f" and goes {way}: trust it."
    if share >= HALF:
        return f" and goes {way}: trust its strongest words."
    return f", but goes only {way}: words it misses may matter more."

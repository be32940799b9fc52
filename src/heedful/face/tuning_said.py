"""What a search has found, in sentences; every page and the terminal say the same."""

from __future__ import annotations

from heedful.learn.paired import p_text
from heedful.learn.tune.race import Difference
from heedful.learn.tune.rows import figure, signed
from heedful.learn.tune.tuned import Tuned


def gained(gain: Difference) -> str:
    """`+.0052 ± .0031`: the mean and its standard error."""
    error = f"{gain.error:.4f}"
    return f"{signed(gain.mean)} ± {error.removeprefix('0')}"


def sentences(tuned: Tuned) -> list[str]:
    """What was found, how sure it is, and what mattered."""
    return [*_winner(tuned), *_confirmed(tuned), *_mattered(tuned), *_cost(tuned)]


def _winner(tuned: Tuned) -> list[str]:
    default = figure(tuned.default.value or 0.0, tuned.metric)
    if tuned.searched is None:
        return [f"No trial was better than {tuned.preset} itself ({default}): it is kept."]
    winner = figure(tuned.winner.value or 0.0, tuned.metric)
    return [
        f"Trial {tuned.winner.number} won with {winner}; {tuned.preset} has {default} on the same "
        f"{tuned.searched.texts:,} texts: {gained(tuned.searched)}. The best of "
        f"{len(tuned.rows)} trials is partly the luckiest one (winner’s curse), so this difference "
        "flatters it."
    ]


def _confirmed(tuned: Tuned) -> list[str]:
    if tuned.searched is None:
        return []
    found = tuned.confirmed
    if found is None:
        return ["There was no time to confirm it on other texts: take the difference with care."]
    interval = f"{signed(found.low)} to {signed(found.high)}"
    test = "" if found.p_value is None else f", McNemar {p_text(found.p_value)}"
    said = (
        f"On {found.texts:,} texts that have chosen nothing, with another seed: {gained(found)} "
        f"(95 % interval {interval}{test}). "
    )
    return [said + _judgement(tuned, found)]


def _judgement(tuned: Tuned, found: Difference) -> str:
    if not tuned.kept:
        return f"Over all texts it is no better: {tuned.preset} is kept."
    if found.low > 0:
        return "The winner is better."
    if found.mean > 0:
        return "The winner is kept; so small a gain may still be chance."
    return "The gain was not confirmed; the winner is kept because over all texts it is ahead."


def _mattered(tuned: Tuned) -> list[str]:
    if not tuned.importance:
        return []
    first = [f"{name} ({100 * share:.0f} %)" for name, share in list(tuned.importance.items())[:4]]
    return [
        f"What mattered most: {', '.join(first)}; shares by PED-ANOVA, rough where trials are few."
    ]


def _cost(tuned: Tuned) -> list[str]:
    states = [row.state for row in tuned.rows]
    given_up = f", {states.count('given up')} of them given up early" * ("given up" in states)
    failed = f", {states.count('failed')} failed" * ("failed" in states)
    return [f"{len(states)} trials{given_up}{failed}, {tuned.seconds / 60:.1f} minutes."]

"""Erasing what an output looked at: rewriters whose answers can be worked out by hand."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import bootstrap

from heedful.explain.alignment_trust import AlignmentTrust, alignment_trust, erase
from heedful.explain.alignment_verdict import alignment_verdict
from heedful.explain.changed import changed
from heedful.records import HeedfulError, Rewriting
from made_rewritings import BLIND, CLOCK, peaks, rewriting

SOURCES = [f"{a}{b}{c}" for a in "abc" for b in "def" for c in "gh"]  # 18 of three letters


def copier(source: str) -> Rewriting:
    """Copies, looking at what it copies."""
    return rewriting(source, source, peaks(len(source), range(len(source)), 0.8))


def shifted(source: str) -> Rewriting:
    """Copies, looking one place further."""
    places = [(i + 1) % len(source) for i in range(len(source))]
    return rewriting(source, source, peaks(len(source), places, 0.8))


def half(source: str) -> Rewriting:
    """Copies the first letter, then writes what it writes always, looking at the last."""
    return rewriting(source, source[:1] + "x", peaks(len(source), [0, len(source) - 1], 0.8))


def constant(source: str) -> Rewriting:
    return rewriting(source, "xy", peaks(len(source), [0, 1], 0.8))


def numbers(found: AlignmentTrust) -> tuple[float, float, float]:
    return found.attended, found.random, found.difference


def test_a_copier_that_looks_where_it_copies_is_trusted() -> None:
    found = alignment_trust(copier, SOURCES, filler="_")
    assert numbers(found) == (1, 0, 1)
    assert found.difference_interval == (1, 1)
    assert (found.sources, found.outputs, found.skipped) == (18, 54, 0)
    assert found.trusted
    assert found.sentence == (
        "Erasing the symbol it looked at most changes 100 % of the output symbols, erasing a "
        "random other one 0 %: trust the map."
    )


def test_deleting_moves_what_follows_but_does_not_change_it() -> None:
    assert numbers(alignment_trust(copier, SOURCES)) == (1, 0, 1)


def test_a_copier_that_looks_elsewhere_is_not() -> None:
    # Of the two other letters one is the copied one: every second random erasure changes it.
    found = alignment_trust(shifted, SOURCES, filler="_", randoms=40)
    assert found.attended == 0
    assert found.random == pytest.approx(0.5, abs=0.05)
    assert found.difference_interval[1] < 0
    assert not found.trusted
    assert found.sentence.endswith("which is more: do not rely on this map.")


def test_a_map_right_about_every_second_symbol() -> None:
    found = alignment_trust(half, SOURCES, filler="_")
    assert numbers(found) == (0.5, 0, 0.5)
    assert found.trusted
    assert found.sentence.endswith("erasing a random other one 0 %: trust its strongest places.")


def test_what_never_changes_cannot_be_judged() -> None:
    found = alignment_trust(constant, SOURCES)
    assert numbers(found) == (0, 0, 0)
    assert not found.trusted
    assert "hardly changes any output" in found.sentence


def test_several_symbols_at_once() -> None:
    four = [f"{source}z" for source in SOURCES]
    found = alignment_trust(copier, four, top=2, filler="_", randoms=1)
    # The copied letter is always among the two; the other two are the random ones.
    assert numbers(found) == (1, 0, 1)
    assert "the 2 symbols it looked at most" in found.sentence


def test_sources_without_a_map_are_counted_not_judged() -> None:
    def rewrite(source: str) -> Rewriting:
        return BLIND if source == "ab" else copier(source)

    found = alignment_trust(rewrite, ["ab", "c", *SOURCES])
    assert (found.sources, found.skipped) == (18, 2)
    nothing = alignment_trust(rewrite, ["ab"])
    assert np.isnan(nothing.attended) and not nothing.trusted
    assert "nothing was judged" in nothing.sentence


def test_each_erasure_is_asked_once() -> None:
    asked: list[str] = []

    def rewrite(source: str) -> Rewriting:
        asked.append(source)
        return copier(source)

    alignment_trust(rewrite, ["abc"], randoms=50)
    assert sorted(asked) == ["ab", "abc", "ac", "bc"]


def test_intervals_resample_whole_sources() -> None:
    def rewrite(source: str) -> Rewriting:
        return half(source) if source[0] in "ab" else copier(source)

    rows = np.array([[1, 2] if source[0] in "ab" else [3, 3] for source in SOURCES], float)
    found = alignment_trust(rewrite, SOURCES, filler="_")
    assert found.attended == pytest.approx(rows[:, 0].sum() / rows[:, 1].sum())
    told = bootstrap(
        (rows[:, 0], rows[:, 1]), lambda a, b, axis: a.sum(axis) / b.sum(axis), paired=True,
        method="percentile", n_resamples=4000, rng=np.random.default_rng(1), vectorized=True,
    ).confidence_interval  # fmt: skip
    assert found.attended_interval == pytest.approx((told.low, told.high), abs=0.02)


def test_the_same_seed_gives_the_same_record() -> None:
    first, second = (alignment_trust(shifted, SOURCES, seed=3) for _ in range(2))
    assert first == second
    assert first.to_json()["difference_interval"] == list(first.difference_interval)


def test_bad_numbers_are_refused() -> None:
    for wrong in ({"top": 0}, {"randoms": 0}):
        with pytest.raises(HeedfulError, match="is 0; at least 1"):
            alignment_trust(copier, SOURCES, **wrong)
    with pytest.raises(HeedfulError, match="one character, or none"):
        alignment_trust(copier, SOURCES, filler="??")


def test_what_is_erased() -> None:
    assert erase(CLOCK, (0, 2)) == " m"
    assert erase(CLOCK, (0, 2), "?") == "? ?m"


@pytest.mark.parametrize(
    ("numbers", "trusted", "said"),
    [
        ((50, 0.6, 0.55, (-0.01, 0.1)), False, "which cannot be told apart"),
        ((50, 0.3, 0.1, (0.1, 0.3)), True, "most outputs do not hang on what it shows"),
        ((50, 0.799, 0.1, (0.1, 0.3)), True, "80 % .*: trust the map"),
        ((9, 1.0, 0.0, (1.0, 1.0)), False, "of 9 sources only: take it as a hint"),
        ((1, 1.0, 0.0, (1.0, 1.0)), False, "of one source only"),
    ],
)
def test_verdicts(
    numbers: tuple[int, float, float, tuple[float, float]], trusted: bool, said: str
) -> None:
    sources, attended, random, difference = numbers
    found, sentence = alignment_verdict(sources, 1, attended, random, difference)
    assert found is trusted
    assert re.search(said, sentence)


@pytest.mark.parametrize(
    ("before", "after", "gone"),
    [
        ("15:15", "05:11", "10001"),  # place by place
        ("1234", "2341", "1111"),
        ("1234", "234", "1000"),
        ("abc", "abxc", "000"),
        ("abc", "", "111"),
        ("", "abc", ""),
        ("aab", "ab", "100"),
        ("kitten", "sitting", "100010"),
    ],
)
def test_which_symbols_are_gone(before: str, after: str, gone: str) -> None:
    assert [int(x) for x in changed(before, after)] == [int(x) for x in gone]


def edits(before: str, after: str) -> int:
    """The Levenshtein distance by its definition."""

    @cache
    def least(i: int, j: int) -> int:
        if not i or not j:
            return i + j
        pair = least(i - 1, j - 1) + (before[i - 1] != after[j - 1])
        return min(pair, least(i - 1, j) + 1, least(i, j - 1) + 1)

    return least(len(before), len(after))


def within(part: Sequence[str], whole: Sequence[str]) -> bool:
    rest = iter(whole)
    return all(symbol in rest for symbol in part)


@given(st.text("ab", max_size=7), st.text("ab", max_size=8))
def test_what_remains_is_in_order_and_no_less_than_the_fewest_edits_keep(
    before: str, after: str
) -> None:
    if len(before) == len(after):
        after += "a"
    gone = changed(before, after)
    kept = [symbol for symbol, lost in zip(before, gone, strict=True) if not lost]
    assert within(kept, after)
    assert len(kept) >= max(len(before), len(after)) - edits(before, after)

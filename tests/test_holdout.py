"""The split: seeded, stratified, and no text on both sides."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from heedful.records import Example, HeedfulError
from heedful.text.corpus import split
from heedful.text.normalise import key, normalise


def made(*counts: int) -> list[Example]:
    """Class i has counts[i] examples with texts of their own, sorted by class."""
    return [
        Example(f"text {c} {i}", (str(c),), "made", i + 1)
        for c, count in enumerate(counts)
        for i in range(count)
    ]


@pytest.mark.parametrize("share", [0.1, 0.25, 0.3, 0.5])
def test_shares_of_classes_are_kept(share: float) -> None:
    examples = made(200, 60, 40)
    kept, held = split(examples, share, seed=3)
    assert Counter(e.labels[0] for e in held) == {
        str(c): round(n * share) for c, n in enumerate((200, 60, 40))
    }
    assert len(kept) + len(held) == 300


def test_the_seed_decides() -> None:
    examples = made(50, 50)
    assert split(examples, 0.2, 1) == split(examples, 0.2, 1)
    assert split(examples, 0.2, 1) != split(examples, 0.2, 2)


def test_without_stratification_only_the_whole_counts() -> None:
    examples = made(97, 3)
    shares = [
        sum(e.labels == ("1",) for e in split(examples, 0.5, seed, stratify=False)[1])
        for seed in range(12)
    ]
    assert len(set(shares)) > 1
    assert {len(split(examples, 0.5, seed, stratify=False)[1]) for seed in range(12)} == {50}
    assert {
        sum(e.labels == ("1",) for e in split(examples, 0.5, seed)[1]) for seed in range(12)
    } <= {1, 2}


def test_a_lonely_class_stays_in_training() -> None:
    for seed in range(10):
        kept, _ = split(made(30, 1), 0.3, seed)
        assert any(e.labels == ("1",) for e in kept)


def test_rare_label_sets_together_get_their_share() -> None:
    examples = [Example(f"t{i}", (f"l{i // 2}",)) for i in range(40)]  # 20 sets of two rows
    assert len(split(examples, 0.25, 0)[1]) == 10


EXAMPLES = st.lists(
    st.builds(
        Example,
        text=st.sampled_from(
            ["a b", "A  b!", "a<br />b", "c", "C.", "d", "e", "f", "g", ":)", ":("]
        ),
        labels=st.sampled_from([("x",), ("y",), ("x", "y"), ()]),
    ),
    max_size=25,
)


@given(examples=EXAMPLES, share=st.floats(0.05, 0.95), seed=st.integers(0, 5), strata=st.booleans())
def test_laws_of_the_split(examples: list[Example], share: float, seed: int, strata: bool) -> None:
    distinct = {key(e.text) for e in examples}
    if len(distinct) < 2:
        with pytest.raises(HeedfulError):
            split(examples, share, seed, strata)
        return
    kept, held = split(examples, share, seed, strata)
    assert kept and held
    assert Counter(kept) + Counter(held) == Counter(examples)
    assert {key(e.text) for e in kept}.isdisjoint({key(e.text) for e in held})
    remaining = iter(examples)
    assert all(e in remaining for e in kept)  # the order of the whole is kept


@pytest.mark.parametrize("share", [0, 1, -0.1, 1.5, float("nan")])
def test_impossible_shares(share: float) -> None:
    with pytest.raises(HeedfulError, match="between 0 and 1"):
        split(made(5, 5), share, 0)


@pytest.mark.parametrize(
    ("first", "second", "same"),
    [
        ("A fine film.", "a  FINE film", True),
        ("one<br /><br />two", "one two", True),
        ("one<BR>two", "one, two!", True),
        ("ﬁne ①", "fine 1", True),
        ("Straße", "STRASSE", True),
        ("under_score", "under score", True),
        ("next\x85line", "next line", True),
        ("can't", "cant", False),
        ("a b", "ab", False),
        (":)", ":(", False),
        (":)", " :) ", True),
        ("कि", "का", False),  # vowel signs are marks, and they matter
        ("cafe", "café", False),
    ],
)
def test_what_counts_as_the_same_text(first: str, second: str, same: bool) -> None:
    assert (normalise(first) == normalise(second)) is same
    assert (key(first) == key(second)) is same


@given(st.text(st.characters(codec="ascii")))
def test_the_quick_way_for_ascii_gives_the_same(text: str) -> None:
    with_accent = normalise(text + " é")
    assert with_accent == f"{normalise(text)} é".strip() or not any(c.isalnum() for c in text)

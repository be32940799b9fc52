"""Near duplicates: found, not invented, whatever the order, and without comparing every two."""

from __future__ import annotations

import random
import time
from collections.abc import Sequence

import numpy as np
import pytest

from heedful.records import Example
from heedful.text.near import (
    THRESHOLD,
    Pairs,
    clusters,
    distinct,
    near_across,
    near_within,
    shared,
)
from heedful.text.shingles import jaccard
from heedful.text.sketch import Sketch

WORDS = [f"w{i}" for i in range(499)]


def sketch(texts: Sequence[str]) -> Sketch:
    return Sketch.of(Example(text, (), "a", i) for i, text in enumerate(texts, 1))


def within(texts: Sequence[str]) -> dict[frozenset[str], float]:
    found = sketch(texts)
    unique = distinct(found)
    pairs = near_within(found, unique)
    return {
        frozenset(texts[k] for k in unique.first[[i, j]]): similarity
        for i, j, similarity in zip(pairs.first, pairs.second, pairs.similarity, strict=True)
    }


def across(one: Sequence[str], two: Sequence[str]) -> dict[tuple[str, str], float]:
    left, right = sketch(one), sketch(two)
    first, second = distinct(left), distinct(right)
    pairs = near_across(left, first, right, second)
    return {
        (one[first.first[i]], two[second.first[j]]): similarity
        for i, j, similarity in zip(pairs.first, pairs.second, pairs.similarity, strict=True)
    }


def made(draw: random.Random, count: int, share: float = 0.5) -> list[str]:
    """Texts of 20 to 90 words, a `share` of them earlier ones with some words changed."""
    texts: list[list[str]] = []
    for _ in range(count):
        if texts and draw.random() < share:
            changed = draw.uniform(0, 0.08)
            old = draw.choice(texts)
            texts.append([draw.choice(WORDS) if draw.random() < changed else w for w in old])
        else:
            texts.append(draw.choices(WORDS, k=draw.randrange(20, 91)))
    return [" ".join(text) for text in texts]


def test_rows_with_the_same_text_are_taken_together() -> None:
    rows = [("b", ()), ("a", ("x",)), ("B!", ("y",)), ("a.", ("z",)), ("b", ("z",))]
    found = Sketch.of(Example(text, labels, "s", i) for i, (text, labels) in enumerate(rows))
    unique = distinct(found)
    assert sorted(unique.first.tolist()) == [0, 1]
    assert sorted(unique.labelled.tolist()) == [1, 2]  # the first "b" has no label
    assert unique.group[0] == unique.group[2] == unique.group[4] != unique.group[1]
    assert unique.group[1] == unique.group[3]
    assert (unique.first[unique.group] == [0, 1, 0, 1, 0]).all()


def test_texts_of_both_sketches_are_matched() -> None:
    one, two = ["a", "b", "b", "c"], ["d", "C", "x", "a!"]
    first, second = distinct(sketch(one)), distinct(sketch(two))
    i, j = shared(first, second)
    found = {(one[first.first[x]], two[second.first[y]]) for x, y in zip(i, j, strict=True)}
    assert found == {("a", "a!"), ("c", "C")}


def test_an_edited_text_is_found_and_the_same_text_is_not_near() -> None:
    draw = random.Random(0)
    text = " ".join(draw.choices(WORDS, k=97))
    edited = text.replace(" ", " new ", 1)
    other = " ".join(draw.choices(WORDS, k=97))
    found = within([text, text.upper(), edited, other, f"<br />{edited}!"])
    assert list(found) == [{text, edited}]
    assert found[frozenset({text, edited})] == pytest.approx(jaccard(text, edited), abs=0.1)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("What is the capital of France ?", "What is the capital of Spain ?"),
        ("Who was the first man on the moon ?", "Who was the first woman on the moon ?"),
        ("good", "good good"),
        ("", "a"),
        (":)", ":("),
        ("one of the best movies of the year", "one of the worst movies of the year"),
    ],
)
def test_short_texts_of_one_form_are_not_near(first: str, second: str) -> None:
    assert not within([first, second]) and not across([first], [second])


def test_what_is_found_is_what_comparing_every_two_finds() -> None:
    texts = sorted(set(made(random.Random(1), 401)))
    found = within(texts)
    signatures = sketch(texts).signatures
    clear = missed = 0
    for i, one in enumerate(signatures):
        for j in range(i):
            similarity = (one == signatures[j]).mean()
            pair = frozenset({texts[i], texts[j]})
            assert (pair in found) <= (similarity >= THRESHOLD)
            if similarity >= 0.6:
                clear += 1
                missed += pair not in found
    assert clear > 90 and missed <= 0.02 * clear
    assert all(s == pytest.approx(jaccard(*pair), abs=0.25) for pair, s in found.items())


def test_the_order_of_the_rows_does_not_matter() -> None:
    texts = made(random.Random(2), 211) + form(random.Random(2), 101)
    others = made(random.Random(2), 83) + form(random.Random(3), 89)
    pairs, leaks = within(texts), across(texts, others)
    assert len(pairs) > 100 and len(leaks) > 100
    for seed in range(3):
        draw = random.Random(seed)
        draw.shuffle(texts)
        draw.shuffle(others)
        assert within(texts) == pairs and across(texts, others) == leaks


def test_across_is_symmetric_and_leaves_out_what_is_the_same() -> None:
    one = made(random.Random(4), 151) + form(random.Random(5), 71)
    two = made(random.Random(4), 199) + form(random.Random(4), 67)
    assert set(one) & set(two)
    found = across(one, two)
    assert found == {(a, b): s for (b, a), s in across(two, one).items()}
    assert all(a != b for a, b in found)


def form(draw: random.Random, count: int) -> list[str]:
    """Texts of one form, each with six of its 150 words changed: nearly all of them are near."""
    base = [f"f{i}" for i in range(150)]
    texts = []
    for _ in range(count):
        text = list(base)
        for place in draw.sample(range(150), 6):
            text[place] = draw.choice(WORDS)
        texts.append(" ".join(text))
    return texts


def test_a_giant_bucket_costs_little_and_is_linked() -> None:
    texts = form(random.Random(5), 5003)
    started = time.process_time()
    found = sketch(texts)
    unique = distinct(found)
    pairs = near_within(found, unique)
    leaks = near_across(found, unique, found, unique)
    assert time.process_time() - started < 10
    count = len(unique.first)
    assert len(pairs.first) <= 64 * count and len(leaks.first) <= 128 * count
    assert len(set(clusters(count, pairs).tolist())) <= 0.01 * count  # one large, some alone
    same = distinct(sketch(["the same text"] * 5003))
    assert len(same.first) == 1


def test_giant_buckets_of_two_sketches_are_compared_all_through() -> None:
    # Only about a third of all pairs is near: comparing all with the same few would miss many.
    one, two = form(random.Random(7), 809), form(random.Random(8), 811)
    assert len({second for _, second in across(one, two)}) > 0.98 * len(two)
    assert len({first for first, _ in across(one, two)}) > 0.98 * len(one)


def test_copies_are_found_among_thousands_that_share_a_passage() -> None:
    draw = random.Random(6)
    passage = " ".join(f"p{i}" for i in range(70))
    bodies = [draw.choices(WORDS, k=90) for _ in range(2003)]
    texts = [" ".join(body) + " " + passage for body in bodies]
    edited = [" ".join(["new", *body[1:]]) + " " + passage for body in bodies[:101]]
    found = within(texts + edited)
    wanted = {frozenset(pair) for pair in zip(texts, edited, strict=False)}
    assert len(wanted & set(found)) >= 100
    assert len(found) < 110
    assert len(across(texts, edited)) >= 100


def test_texts_in_any_script() -> None:
    chinese = (
        "这部电影讲述了一个年轻人在大城市里寻找梦想的故事演员的表演非常出色音乐也很动人值得一看"
    )
    assert list(within([chinese, chinese.replace("非常", "十分")])) != []
    russian = " ".join(f"слово{i}" for i in range(53))
    assert len(within([russian, "Ёлка " + russian, "ＡＢＣ", "abc"])) == 1


def test_pairs_link_by_way_of_others() -> None:
    links = Pairs(np.array([0, 1, 4]), np.array([2, 2, 5]), np.ones(3))
    found = clusters(7, links)
    assert found[0] == found[1] == found[2] and found[4] == found[5]
    assert len(set(found.tolist())) == 4


def test_nothing_is_near_in_nothing() -> None:
    assert within([]) == {} and within(["a"]) == {}
    assert across([], []) == {} and across(["a"], []) == {} and across([], ["a"]) == {}

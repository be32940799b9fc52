"""What `check` counts, on data counted by hand."""

from __future__ import annotations

import json
import time

import pytest

from heedful.records import BadRow, Example
from heedful.text.corpus import Corpus, ReadOptions, read
from heedful.text.quality import Pair, check, leak, measure_split
from heedful.text.sketch import Sketch
from heedful.text.spread import Spread
from real_data import real


def corpus(name: str, rows: list[tuple[str, tuple[str, ...]]], *bad: BadRow) -> Corpus:
    examples = tuple(Example(t, labels, name, i) for i, (t, labels) in enumerate(rows, 1))
    return Corpus(examples, bad, (), False)


TRAIN = corpus(
    "train.csv",
    [
        ("A fine film", ("pos",)),  # 1
        ("a fine film!", ("pos",)),  # 2: repeats 1
        ("A FINE<br />FILM", ("neg",)),  # 3: repeats and contradicts 1
        ("dull", ("neg",)),  # 4
        ("one two three four five", ("neg",)),  # 5
        ("!!!", ("pos",)),  # 6: no word
    ],
    BadRow("train.csv", 7, "the text is missing"),
    BadRow("train.csv", 8, "it has 3 cells where 2 belong"),
)
TEST = corpus("test.csv", [("Dull.", ("pos",)), ("fine film a", ("pos",)), ("a fine film", ())])


def test_one_split() -> None:
    found = check({"train": TRAIN}).splits["train"]
    assert found.rows == 6 and found.labels == {"neg": 3, "pos": 3}
    assert (found.duplicates, found.identical_rows, found.conflicts) == (2, 1, 1)
    assert found.conflict_pairs == (
        Pair("train.csv, row 1", "train.csv, row 3", ("pos",), ("neg",)),
    )
    assert (found.wordless, found.bad_rows, found.missing_texts) == (1, 2, 1)
    assert found.bad_row_reasons[1] == "train.csv, row 8: it has 3 cells where 2 belong"


def test_lengths_in_words() -> None:
    rows = [(" ".join(["w"] * n), ("x",)) for n in range(1, 102)]  # 1, 2, ..., 101
    lengths = check({"a": corpus("a", rows)}).splits["a"].lengths
    assert lengths == Spread(51.0, 51.0, 91.0, 96.0, 100.0, 101)
    assert check({"a": corpus("a", [])}).splits["a"].lengths.max == 0


def test_leaks_between_splits() -> None:
    quality = check({"train": TRAIN, "test": TEST})
    (leak,) = quality.leaks
    assert (leak.first, leak.second, leak.texts) == ("train", "test", 2)
    assert (leak.first_rows, leak.second_rows) == (4, 2)
    # "dull" is neg here and pos there; the unlabelled "a fine film" contradicts nothing
    assert leak.conflicts == 1
    assert leak.pairs[0] == Pair("train.csv, row 4", "test.csv, row 1", ("neg",), ("pos",))
    assert quality.splits["test"].labels == {"pos": 2, "(none)": 1}


def test_each_two_of_three_splits() -> None:
    quality = check({"a": TRAIN, "b": TEST, "c": TEST})
    assert [(k.first, k.second) for k in quality.leaks] == [("a", "b"), ("a", "c"), ("b", "c")]
    assert quality.leaks[2].texts == 3 and quality.leaks[2].conflicts == 0


def test_it_becomes_json() -> None:
    values = check({"train": TRAIN, "test": TEST}).to_json()
    assert json.loads(json.dumps(values)) == values
    assert values["splits"]["train"]["lengths"]["max"] == 5
    assert values["leaks"][0]["pairs"][0]["first"] == "train.csv, row 4"


LONG = " ".join(f"word{i}" for i in range(41))
NEAR = LONG.replace("word20", "other")  # 42 runs each, 5 broken: 37 / 47 in common
NEARER = LONG + " end"  # 4 runs broken, 5 new: 38 / 47
FAR = " ".join(f"thing{i}" for i in range(41))
ONE = corpus(
    "one.csv",
    [
        (LONG, ()),  # 1
        (FAR, ("neg",)),  # 2
        (NEAR, ("pos",)),  # 3: near 1
        (LONG.upper(), ("neg",)),  # 4: repeats 1, whose labels it gives
        (FAR + " end", ("neg",)),  # 5: near 2
        (NEAR, ("pos",)),  # 6: repeats 3
    ],
)
TWO = corpus(
    "two.csv",
    [
        ("new", ()),  # 1
        (NEARER, ("pos",)),  # 2: near 1 and 4, and less near 3
        (LONG + "!", ("neg",)),  # 3: the same as 1
        (NEARER, ()),  # 4: repeats 2
    ],
)


def test_near_duplicates_are_counted_apart_from_duplicates() -> None:
    found = check({"one": ONE}).splits["one"]
    assert (found.rows, found.duplicates, found.near_duplicates) == (6, 2, 2)
    assert [(pair.second, pair.first) for pair in found.near_pairs] == [
        ("one.csv, row 3", "one.csv, row 1"),
        ("one.csv, row 5", "one.csv, row 2"),
    ]
    assert found.near_pairs[0].similarity == pytest.approx(37 / 47, abs=0.15)
    # The text of row 1 is labelled in row 4, where row 3 contradicts it.
    assert found.near_conflicts == 1 and found.conflicts == 0
    (pair,) = found.near_conflict_pairs
    assert (pair.first, pair.first_labels) == ("one.csv, row 3", ("pos",))
    assert (pair.second, pair.second_labels) == ("one.csv, row 4", ("neg",))


def test_near_leaks_are_rows_that_are_not_leaks() -> None:
    (found,) = check({"one": ONE, "two": TWO}).leaks
    assert (found.texts, found.first_rows, found.second_rows) == (1, 2, 1)
    assert found.near == 2
    (pair,) = found.near_pairs  # the most similar one
    assert (pair.first, pair.second) == ("one.csv, row 1", "two.csv, row 2")
    assert pair.similarity == pytest.approx(38 / 47, abs=0.15)
    (back,) = check({"two": TWO, "one": ONE}).leaks
    # Rows 3 and 6: the texts of rows 1 and 4 are leaks, and 2 and 5 stand alone.
    assert (back.texts, back.second_rows, back.near) == (1, 2, 2)
    assert [(p.first, p.second) for p in back.near_pairs][-1] == (
        "two.csv, row 3",
        "one.csv, row 3",
    )


def test_a_stored_sketch_finds_the_same_leaks() -> None:
    stored = Sketch.from_arrays(Sketch.of(ONE.examples).to_arrays())
    fresh = Sketch.of(TWO.examples)
    expected = check({"one": ONE, "two": TWO})
    assert leak("one", stored, "two", fresh) == expected.leaks[0]
    assert measure_split(TWO, fresh) == expected.splits["two"]


def test_the_first_row_with_labels_speaks_for_a_text() -> None:
    rows: list[tuple[str, tuple[str, ...]]] = [("a", ()), ("a", ("x",)), ("a", ()), ("a", ("y",))]
    found = check({"a": corpus("a", rows), "b": corpus("b", [("a", ("y",))])})
    assert (found.splits["a"].conflicts, found.splits["a"].identical_rows) == (1, 1)
    assert found.splits["a"].conflict_pairs == (Pair("a, row 2", "a, row 4", ("x",), ("y",)),)
    assert found.leaks[0].conflicts == 1


def test_conflicts_are_named_in_the_order_of_the_rows() -> None:
    rows = [(str(i), (label,)) for label in ("x", "y", "z") for i in range(7)]
    pairs = check({"a": corpus("a", rows)}).splits["a"].conflict_pairs
    assert [(p.first, p.second) for p in pairs] == [
        (f"a, row {i}", f"a, row {i + 7}") for i in range(1, 8)
    ]


def test_at_most_ten_pairs_are_named() -> None:
    rows = [(f"{LONG} {i}", (str(i % 2),)) for i in range(13)]
    found = check({"a": corpus("a", rows), "b": corpus("b", rows)})
    assert len(found.splits["a"].near_pairs) == len(found.leaks[0].pairs) == 10
    assert found.splits["a"].near_duplicates == 12
    assert found.leaks[0].texts == 13 and found.leaks[0].near == 0


def test_findings_are_plain_json() -> None:
    quality = check({"one": ONE, "two": TWO, "train": TRAIN, "empty": corpus("e", [])})
    values = quality.to_json()
    assert json.loads(json.dumps(values)) == values, "no tuple, no array"
    assert values["leaks"][0]["pairs"][0]["first"] == quality.leaks[0].pairs[0].first
    assert quality.leaks[0].to_json() == values["leaks"][0]
    assert quality.splits["one"].to_json() == values["splits"]["one"]


@pytest.mark.slow
def test_all_reviews_of_imdb() -> None:
    folder = real("imdb")
    options = ReadOptions(labelled=False, split="all")
    started = time.process_time()
    names = ("train", "test", "unsup")
    quality = check({name: read([folder / f"{name}.tsv"], options) for name in names})
    assert time.process_time() - started < 60
    assert [quality.splits[name].rows for name in names] == [25_000, 25_000, 50_000]
    leaks = {(found.first, found.second): found for found in quality.leaks}
    found = {pair: (x.texts, x.second_rows, x.near, x.conflicts) for pair, x in leaks.items()}
    # Texts that differ in marks and case only count as the same: one more than byte by byte.
    assert found == {
        ("train", "test"): (123, 123, 5, 0),
        ("train", "unsup"): (355, 372, 12, 0),
        ("test", "unsup"): (266, 270, 2, 0),
    }
    splits = {name: quality.splits[name] for name in names}
    assert [s.duplicates for s in splits.values()] == [99, 202, 495]
    assert [s.near_duplicates for s in splits.values()] == [22, 16, 41]
    # A reader copied a review to answer it, and gave the opposite rating.
    (reply,) = splits["train"].near_conflict_pairs
    assert (reply.first, reply.second) == ("train.tsv, row 2694", "train.tsv, row 21332")
    assert all(not s.near_conflicts for s in (splits["test"], splits["unsup"]))


@pytest.mark.slow
def test_a_hundred_thousand_reviews_in_a_minute() -> None:
    text = "Some words of a review, with commas. And <br /> breaks! " * 24
    rows = [(f"{text} {i} {'é' * (i % 2)}", (str(i % 2),)) for i in range(100_000)]
    start = time.monotonic()
    assert check({"a": corpus("a", rows)}).splits["a"].duplicates == 0
    assert time.monotonic() - start < 60

"""What `check` counts, on data counted by hand."""

from __future__ import annotations

import json
import time

import pytest

from heedful.records import BadRow, Example
from heedful.text.corpus import Corpus
from heedful.text.quality import Pair, check
from heedful.text.spread import Spread


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


@pytest.mark.slow
def test_a_hundred_thousand_reviews_in_a_minute() -> None:
    text = "Some words of a review, with commas. And <br /> breaks! " * 24
    rows = [(f"{text} {i} {'é' * (i % 2)}", (str(i % 2),)) for i in range(100_000)]
    start = time.monotonic()
    assert check({"a": corpus("a", rows)}).splits["a"].duplicates == 0
    assert time.monotonic() - start < 60

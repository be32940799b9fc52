"""Classes and targets."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from heedful.records import Example, HeedfulError
from heedful.text.labels import Labels


def rows(*labels: tuple[str, ...]) -> list[Example]:
    return [Example(f"t{i}", names, "a.csv", i + 1) for i, names in enumerate(labels)]


@pytest.mark.parametrize(
    ("found", "names", "task"),
    [
        (["10", "9", "-1"], ("-1", "9", "10"), "multi-class"),
        (["pos", "neg"], ("neg", "pos"), "binary"),
        (["1", "0", "0"], ("0", "1"), "binary"),
        (["10", "9", "x"], ("10", "9", "x"), "multi-class"),
        (["1.5", "1e0"], ("1e0", "1.5"), "binary"),
        (["nan", "1"], ("1", "nan"), "binary"),
        (["01", "1"], ("01", "1"), "binary"),
    ],
)
def test_order_and_task(found: list[str], names: tuple[str, ...], task: str) -> None:
    labels = Labels.infer(rows(*((name,) for name in found)), multi_label=False)
    assert (labels.names, labels.task) == (names, task)
    again = Labels.infer(rows(*((name,) for name in reversed(found))), multi_label=False)
    assert again == labels


def test_single_targets() -> None:
    targets = Labels(("a", "b", "c"), "multi-class").encode(rows(("c",), ("a",), ("b",)))
    assert targets.dtype == np.int64 and targets.tolist() == [2, 0, 1]


def test_multi_label_targets() -> None:
    examples = rows(("a", "c"), (), ("b",))
    labels = Labels.infer(examples, multi_label=True)
    assert labels == Labels(("a", "b", "c"), "multi-label")
    targets = labels.encode(examples)
    assert targets.dtype == np.float32
    assert targets.tolist() == [[1, 0, 1], [0, 0, 0], [0, 1, 0]]


@given(st.lists(st.sets(st.sampled_from("abcd")), min_size=1))
def test_targets_can_be_read_back(sets: list[set[str]]) -> None:
    names = ("a", "b", "c", "d")
    examples = rows(*(tuple(sorted(s)) for s in sets))
    targets = Labels(names, "multi-label").encode(examples)
    assert [{names[j] for j in np.flatnonzero(row)} for row in targets] == sets


def test_errors_say_where() -> None:
    labels = Labels(("0", "1"), "binary")
    with pytest.raises(
        HeedfulError, match=r"a.csv, row 2: unknown label pos; known are 0, 1; .*--label-map pos=1$"
    ):
        labels.encode(rows(("0",), ("pos",)))
    with pytest.raises(HeedfulError, match=r"a.csv, row 1: it has 2 labels"):
        labels.encode(rows(("0", "1")))
    with pytest.raises(HeedfulError, match="it has 0 labels"):
        labels.encode(rows(()))
    with pytest.raises(HeedfulError, match=r"row 1: unknown label z"):
        Labels(("0", "1"), "multi-label").encode(rows(("0", "z")))


def test_one_class_or_none_is_an_error() -> None:
    with pytest.raises(HeedfulError, match="every row has the label 'a'"):
        Labels.infer(rows(("a",), ("a",)), multi_label=False)
    with pytest.raises(HeedfulError, match="no row has a label"):
        Labels.infer(rows((), ()), multi_label=True)


@pytest.mark.parametrize(
    ("task", "sets"),
    [
        ("binary", [("a",), ("b",), ("a",)]),
        ("multi-class", [("c",), ("a",), ("b",)]),
        ("multi-label", [("a", "c"), (), ("b",), ("a", "b", "c")]),
    ],
)
def test_decode_is_the_inverse_of_encode(task: str, sets: list[tuple[str, ...]]) -> None:
    labels = Labels(("a", "b", "c")[: 2 if task == "binary" else 3], task)
    assert labels.decode(labels.encode(rows(*sets))) == sets
    assert labels.decode(labels.encode([])) == []

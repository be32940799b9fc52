"""Columns of pandas, polars and Arrow in; predictions and explanations as tables out."""

from __future__ import annotations

import importlib.util

import numpy as np
import pandas as pd
import polars as pl
import pytest

from heedful import HeedfulError, TextClassifier, explain
from heedful.explain.tidy import tidy
from heedful.learn.reading import labels_within, texts_and_labels
from made_models import evident_model, fitted, random_model
from small_training import quick_classifier

TEXTS = ["w1 w2", "w3!", "unknown"]
ARROW = pytest.mark.skipif(importlib.util.find_spec("pyarrow") is None, reason="no pyarrow")
COLUMNS = {
    "list": list,
    "object array": lambda x: np.array(x, dtype=object),
    "text array": np.array,
    "Series": pd.Series,
    "categories": lambda x: pd.Series(x, dtype="category"),
    "pandas strings": lambda x: pd.Series(x, dtype="string"),
    "table of one column": lambda x: pd.DataFrame({"a": x}),
    "polars": pl.Series,
    "polars table": lambda x: pl.DataFrame({"a": x}),
    "polars categories": lambda x: pl.Series(x, dtype=pl.Categorical),
}


def arrow_backed(values: list[str | None]) -> pd.Series:
    return pd.Series(values, dtype=pd.ArrowDtype(__import__("pyarrow").string()))


def arrow(values: list[str | None]) -> object:
    return __import__("pyarrow").chunked_array([values])


@pytest.fixture(scope="module")
def model() -> TextClassifier:
    return fitted(random_model(task="multi-class"))


@pytest.mark.parametrize("form", COLUMNS)
def test_every_column_of_texts_says_the_same(model: TextClassifier, form: str) -> None:
    found = model.predict_proba(COLUMNS[form](TEXTS))
    np.testing.assert_array_equal(found, model.predict_proba(TEXTS))


@ARROW
@pytest.mark.parametrize("make", [arrow_backed, arrow])
def test_arrow_says_the_same(model: TextClassifier, make) -> None:
    np.testing.assert_array_equal(model.predict_proba(make(TEXTS)), model.predict_proba(TEXTS))
    with pytest.raises(HeedfulError, match="row 2: the text is missing"):
        model.predict(make(["a", None]))


@ARROW
def test_labels_and_tables_of_arrow(model: TextClassifier) -> None:
    import pyarrow as pa

    table = pa.table({"text": TEXTS})
    np.testing.assert_array_equal(model.predict_proba(table), model.predict_proba(TEXTS))
    with pytest.raises(HeedfulError, match="one column of texts, got 2"):
        model.predict(pa.table({"a": TEXTS, "b": TEXTS}))
    right = model.predict(TEXTS)
    assert model.score(TEXTS, pa.array(right.tolist())) == 1.0
    assert texts_and_labels(TEXTS, pa.array(["x", None, "y"]))[1] == ["x", None, "y"]
    assert labels_within(TEXTS, pa.table({"y": [1, 0, 1]}), [0, 1]) == [1, 0, 1]


def test_a_mapping_is_not_its_keys(model: TextClassifier) -> None:
    with pytest.raises(HeedfulError, match="got a mapping"):
        model.predict({"w1": "a text"})


@pytest.mark.parametrize(
    "values",
    [pd.Series(["a", None]), pd.Series(["a", pd.NA], dtype="string"), pl.Series(["a", None]),
     pd.Series(["a", float("nan")])],
)  # fmt: skip
def test_missing_texts_are_refused_with_their_row(model: TextClassifier, values) -> None:
    with pytest.raises(HeedfulError, match="row 2: the text is missing"):
        model.predict(values)


@pytest.mark.parametrize(
    "labels",
    [
        lambda y: pd.Series(y, dtype="category", index=range(50, 50 + len(y))),
        lambda y: pl.Series(y, dtype=pl.Enum(["yes", "no"])),
        lambda y: pd.Series(y, dtype="string"),
        lambda y: pl.DataFrame({"y": y}),
    ],
)
def test_labels_come_as_columns(labels) -> None:
    texts, y = ["good film", "bad film"] * 8, ["yes", "no"] * 8
    found = quick_classifier().fit(pd.Series(texts), labels(y))
    assert found.classes_.tolist() == ["no", "yes"]


def test_predictions_as_a_table(model: TextClassifier) -> None:
    found = model.predict_frame(pd.Series(TEXTS, index=["x", "y", "z"]))
    assert found.index.tolist() == ["x", "y", "z"]
    names = [f"probability_{name}" for name in model.model_.labels.names]
    assert list(found) == ["label", "probability", *names, "tokens", "unknown", "cut"]
    np.testing.assert_allclose(found[names], model.predict_proba(TEXTS), atol=1e-6)
    assert found["label"].tolist() == model.predict(TEXTS).tolist()
    assert (found["probability"] == found[names].max(axis=1)).all()
    assert found["tokens"].tolist() == [2, 2, 1] and found["unknown"].tolist() == [0, 1, 1]
    same = model.predict_frame(TEXTS, frame="polars")
    assert same.columns == list(found) and same["label"].to_list() == found["label"].tolist()
    assert len(model.predict_frame([])) == 0
    with pytest.raises(HeedfulError, match="none of pandas, polars"):
        model.predict_frame(TEXTS, frame="excel")


def test_several_labels_are_a_list() -> None:
    model = fitted(random_model(task="multi-label"))
    found = model.predict_frame(TEXTS, frame="polars")
    assert found.columns[0] == "labels" and "label" not in found.columns
    names = np.array(model.classes_)
    said = [tuple(row) for row in found["labels"].to_list()]
    assert said == [tuple(names[np.isin(names, row)]) for row in model.predict(TEXTS)]


def test_explanations_as_a_long_table() -> None:
    model = fitted(evident_model(encoder="conv"))
    explained = explain(model, ["w1 w2!", "w3", ""], methods=["gradient-input"])
    table = tidy(explained)
    assert table["text"].tolist() == [0, 0, 0, 1] and table["token"].tolist() == [0, 1, 2, 0]
    assert table["form"].tolist() == ["w1", "w2", "!", "w3"]
    for place, one in enumerate(explained):
        rows = table[table["text"] == place]
        total = one.base[one.target] + rows["contribution"].sum()
        assert total == pytest.approx(one.logits[one.target], abs=1e-4)
        cut = [one.text[a:b] for a, b in zip(rows["start"], rows["end"], strict=True)]
        assert cut == rows["form"].tolist()
        assert "gradient-input" in table
    alone = tidy(explain(fitted(evident_model()), "w1 w2"), frame="polars")
    assert alone["attention"].null_count() == 2
    assert tidy([]).empty

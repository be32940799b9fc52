"""Columns of texts as users hand them over: lists, arrays, columns of pandas, polars and Arrow."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from heedful.records import HeedfulError
from heedful.text.dataset_objects import every_row, is_dataset, one_split


def is_missing(value: Any) -> bool:
    """Whether a cell is None, NaN, NaT or the NA of pandas."""
    try:
        return value is None or bool(value != value)
    except TypeError:  # NA knows neither true nor false
        return True
    except ValueError:  # an array
        return False


def as_texts(values: Iterable[Any]) -> list[str]:
    """A list of strings from any iterable of them: list, array, column of pandas, polars, Arrow.

    Of a Hugging Face `Dataset` the column of texts is found.

    Raises:
        HeedfulError: a lone string, a table with several columns, or a value that is no text.
    """
    if isinstance(values, str | bytes):
        raise HeedfulError("expected several texts, got one string; pass [text]")
    if is_dataset(values):
        return [example.text for example in every_row(values, labelled=False)]
    if isinstance(values, Mapping):
        raise HeedfulError("expected several texts, got a mapping; pass list(texts.values())")
    values = without_arrow(values)
    shape = getattr(values, "shape", None)
    if shape is not None and len(shape) == 2:
        if shape[1] != 1:
            raise HeedfulError(f"expected one column of texts, got {shape[1]}; choose one")
        values = np.asarray(values)[:, 0]
    if shape == () or not isinstance(values, Iterable):
        raise HeedfulError(f"expected several texts, got one {type(values).__name__}")
    texts = list(values)
    for row, text in enumerate(texts, start=1):
        if not isinstance(text, str):
            what = "missing" if is_missing(text) else f"a {type(text).__name__}"
            raise HeedfulError(f"row {row}: the text is {what}; drop the row or fill it in")
    return [str(text) for text in texts]


def without_arrow(values: Any) -> Any:
    """A column of Arrow, or a table of one, as a list: its own cells are no strings or numbers."""
    if (columns := getattr(values, "num_columns", None)) is not None:
        return values.column(0).to_pylist() if columns == 1 else values
    return values.to_pylist() if hasattr(values, "to_pylist") else values


def texts_and_labels(X: Any, y: Any) -> tuple[list[str], Any]:  # noqa: N803
    """Texts and labels; a Hugging Face data set without labels beside it brings its own.

    Raises:
        HeedfulError: as `as_texts`, or there are no labels.
    """
    if y is None:
        if not is_dataset(X):
            raise HeedfulError("there are no labels; give y")
        examples = every_row(one_split(X, "train"), labelled=True)
        labels = [example.labels for example in examples]
        single = all(len(names) == 1 for names in labels)
        return [e.text for e in examples], [n[0] for n in labels] if single else labels
    return as_texts(X), without_arrow(y)


def labels_within(X: Any, y: Any, classes: Any) -> Any:  # noqa: N803
    """`y`; or, of a data set without labels beside it, its own, as the model has learnt them.

    Raises:
        HeedfulError: there are none, or a row has none.
    """
    if y is not None:
        return without_arrow(y)
    if not is_dataset(X):
        raise HeedfulError("there are no labels; give y")
    known = {str(name): name for name in classes}
    found = every_row(X, labelled=True)
    labels = [[known.get(label, label) for label in example.labels] for example in found]
    single = all(len(names) == 1 for names in labels)
    return np.array([names[0] for names in labels]) if single else labels

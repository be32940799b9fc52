"""Objects of Hugging Face's `datasets` as tables, known by their class: nothing is loaded."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any

from heedful.records import Example, HeedfulError
from heedful.text.features import named
from heedful.text.gauge import Gauge
from heedful.text.options import ReadOptions
from heedful.text.table import SAMPLE_ROWS, Row, Table, column_list, distinct_columns, take_sample
from heedful.text.tables import table_part

_ONE, _SPLITS = "Dataset", "DatasetDict"
_STREAMED = ("IterableDataset", "IterableDatasetDict")


def _kind(value: Any) -> str | None:
    """The class of `datasets` that a value is of; None = none of them."""
    for kind in type(value).__mro__:
        if kind.__module__.partition(".")[0] == "datasets":
            return kind.__name__
    return None


def is_dataset(value: Any) -> bool:
    """Whether it is a whole data set of `datasets`; a column of one is none.

    Raises:
        HeedfulError: it is a streamed one, which has no length and comes but once.
    """
    kind = _kind(value)
    if kind in _STREAMED:
        raise HeedfulError(
            f"a streamed data set ({kind}) cannot be gone through twice; take a part of it, for "
            "example Dataset.from_list(list(streamed.take(10000)))"
        )
    return kind in (_ONE, _SPLITS)


def one_split(data: Any, usual: str | None) -> Any:
    """The data set, or of one with several splits the usual one.

    Raises:
        HeedfulError: there is no usual one, and there are several.
    """
    if _kind(data) != _SPLITS:
        return data
    if not len(data):
        raise HeedfulError("the data set has no splits")
    if usual in data:
        return data[usual]
    if len(data) == 1:
        return next(iter(data.values()))
    raise HeedfulError(
        f"the data set has the splits {column_list(list(data))}; choose one, for example "
        f"data[{next(iter(data), 'train')!r}]"
    )


def splits_of(data: Any) -> dict[str, Callable[[], Table]]:
    """How each of its splits is opened, by name; one without a name is called ""."""
    if _kind(data) != _SPLITS:
        return {"": partial(table_of, data, "the data set")}
    if not len(data):
        raise HeedfulError("the data set has no splits")
    return {name: partial(table_of, one, f"split {name}") for name, one in data.items()}


def table_of(data: Any, source: str) -> Table:
    """A `Dataset` as a table.

    Raises:
        HeedfulError: without rows.
    """
    own, gauge, data = list(data.column_names), _Length(), data.with_format(None)
    columns = distinct_columns(own, source)

    def rows(wanted: Sequence[int]) -> Iterator[Row]:
        names = [own[i] for i in wanted]
        plain = data.select_columns(list(dict.fromkeys(names)))
        for start in range(0, len(plain), SAMPLE_ROWS):
            cells = plain[start : start + SAMPLE_ROWS]
            count = min(SAMPLE_ROWS, len(plain) - start)
            yield from ([cells[name][i] for name in names] for i in range(count))
            gauge.set((start + count) / len(plain))

    head = data.select(range(min(len(data), SAMPLE_ROWS)))
    sample = take_sample(map(list, zip(*(list(head[c]) for c in own), strict=True)), source)
    kinds = zip(columns, (data.features[c] for c in own), strict=True)
    names = {c: found for c, kind in kinds if (found := _names(kind))}
    return named(Table(source, columns, sample, rows, "a Dataset", gauge), names)


def _names(feature: Any) -> tuple[str, ...]:
    """The names of a ClassLabel, or of a list of them."""
    inner = getattr(feature, "feature", None)
    if inner is not None:
        return _names(inner)
    return tuple(feature.names) if _kind(feature) == "ClassLabel" else ()


class _Length(Gauge):
    """Of what lies in memory, and has no bytes to be counted."""

    def __init__(self) -> None:
        self.size, self._file, self._share = 1, None, 0.0


def every_row(data: Any, *, labelled: bool) -> list[Example]:
    """Its rows in order, none left out.

    Args:
        data: a `Dataset`.
        labelled: whether each must have a label.

    Raises:
        HeedfulError: it has several splits, its columns are not clear, or a row cannot be used.
    """
    table = table_of(one_split(data, None), "the data set")
    try:
        part = table_part(table, ReadOptions(labelled=labelled))
    except HeedfulError as error:
        columns = "pass its columns, for example data['text'], data['label']"
        said = str(error).replace("say --text COL --label COL", columns)
        raise HeedfulError(said) from None
    found: list[Example] = []
    for item in part.items():
        if not isinstance(item, Example):
            raise HeedfulError(f"row {item.row}: {item.reason}; drop the row or fill it in")
        if labelled and not item.labels and not part.empty_is_an_answer:
            raise HeedfulError(f"row {item.row}: the label is missing; drop the row or fill it in")
        found.append(item)
    return found

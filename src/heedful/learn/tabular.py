"""TextClassifier's predictions as a table of pandas or polars."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from importlib.util import find_spec
from typing import Any, Literal

from heedful.learn.model import TextModel, threads_for, using_threads
from heedful.learn.reading import as_texts
from heedful.records import HeedfulError

Frame = Literal["pandas", "polars"]


class Tabular:
    """What a fitted classifier says of texts, a row each."""

    def _fitted(self) -> TextModel:
        raise NotImplementedError

    def predict_frame(self, X: Iterable[str], frame: Frame = "pandas") -> Any:  # noqa: N803
        """A table with label, probabilities, and how much of each text was read.

        Its columns are those of `heedful predict`: `label` and its `probability` (of a multi-label
        model `labels`, a list), `probability_NAME` for each class, `tokens`, `unknown`, `cut`.
        Names of classes are text, as in a run folder. A pandas table keeps the index of X.

        Args:
            X: texts.
            frame: pandas or polars.

        Raises:
            HeedfulError: a value that is no text, or the library is not installed.
        """
        model, texts = self._fitted(), as_texts(X)
        with using_threads(threads_for(texts, model.config.train.threads)):
            found = model.predict(texts)
        names = model.labels.names
        columns: dict[str, list[Any]] = {}
        if model.task == "multi-label":
            columns["labels"] = [list(one.labels) for one in found]
        else:
            columns["label"] = [one.labels[0] for one in found]
            columns["probability"] = [one.probabilities[one.labels[0]] for one in found]
        for name in names:
            columns[f"probability_{name}"] = [one.probabilities[name] for one in found]
        for count in ("tokens", "unknown", "cut"):
            columns[count] = [getattr(one, count) for one in found]
        return table_of(columns, frame, index_of(X))


def table_of(columns: Mapping[str, Sequence[Any]], frame: Frame, index: Any = None) -> Any:
    """Columns as a table.

    Args:
        columns: by name, of one length.
        frame: pandas or polars.
        index: of a pandas table; None = 0, 1, ...

    Raises:
        HeedfulError: another kind of table, or the library is not installed.
    """
    if frame not in ("pandas", "polars"):
        raise HeedfulError(f"frame={frame!r} is none of pandas, polars")
    if find_spec(frame) is None:
        raise HeedfulError(f"{frame} is not installed: pip install 'heedful[{frame}]'")
    if frame == "polars":
        import polars as pl

        return pl.DataFrame(dict(columns), strict=False)
    import pandas as pd

    return pd.DataFrame(dict(columns), index=index)


def index_of(values: Any) -> Any:
    """The index of a column or table of pandas; None of anything else."""
    if type(values).__module__.partition(".")[0] == "pandas":
        return getattr(values, "index", None)
    return None

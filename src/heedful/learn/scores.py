"""What a model said of every row of some data, in a Parquet file that other tools open too.

| column | type | holds |
|---|---|---|
| source, row | text, int | where the text stands; the first data row is 1 |
| excerpt | text | its first 160 characters |
| labels | list of text | true labels |
| predicted | list of text | the model's labels |
| tokens, unknown, cut | int | tokens of the text, those the vocabulary lacks, those not read |
| probabilities | list of float | one per class, in class order |
| uniform | list of float | the same with uniform attention in the place of the learned one |
| baseline | list of float | the linear baseline's |

`uniform` and `baseline` may be null. No torch here.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from heedful.records import Example, HeedfulError, Task
from heedful.text.labels import Labels

EXCERPT = 160

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Scores:
    """Rows with their true labels and what was said of them; N rows, C classes.

    Attributes:
        labels: the classes and the task.
        sources, rows, excerpts: one per row.
        targets: (N,) class positions, or (N, C) of 0 and 1 for multi-label.
        predicted: the model's labels, a tuple of names per row.
        tokens, unknown, cut: (N,) counts.
        probabilities: (N, C), one column per class, binary tasks two.
        uniform: (N, C) or None: with uniform attention, states and head unchanged.
        baseline: (N, C) or None: the linear baseline's.
    """

    labels: Labels
    sources: tuple[str, ...]
    rows: NDArray[np.int64]
    excerpts: tuple[str, ...]
    targets: NDArray[Any]
    predicted: tuple[tuple[str, ...], ...]
    tokens: NDArray[np.int64]
    unknown: NDArray[np.int64]
    cut: NDArray[np.int64]
    probabilities: Floats
    uniform: Floats | None = None
    baseline: Floats | None = None

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def task(self) -> Task:
        """binary, multi-class or multi-label."""
        return self.labels.task


def excerpt(example: Example) -> str:
    """The beginning of a text, on one line."""
    return " ".join(example.text[: 2 * EXCERPT].split())[:EXCERPT]


def to_parquet(scores: Scores) -> bytes:
    """The file's bytes; the same scores give the same bytes."""
    import polars as pl

    floats = pl.List(pl.Float32)

    def column(name: str, values: Floats | None) -> pl.Series:
        if values is None:
            return pl.Series(name, [None] * len(scores), floats)
        return pl.Series(name, values).cast(floats)  # a hundred times as fast as from lists

    true = [list(names) for names in scores.labels.decode(scores.targets)]
    table = pl.DataFrame(
        [
            pl.Series("source", scores.sources, pl.String),
            pl.Series("row", scores.rows, pl.Int64),
            pl.Series("excerpt", [_clean(text) for text in scores.excerpts], pl.String),
            pl.Series("labels", true, pl.List(pl.String)),
            pl.Series("predicted", [list(x) for x in scores.predicted], pl.List(pl.String)),
            pl.Series("tokens", scores.tokens, pl.Int64),
            pl.Series("unknown", scores.unknown, pl.Int64),
            pl.Series("cut", scores.cut, pl.Int64),
            column("probabilities", scores.probabilities),
            column("uniform", scores.uniform),
            column("baseline", scores.baseline),
        ]
    )
    stream = io.BytesIO()
    table.write_parquet(stream, compression="zstd")
    return stream.getvalue()


def _clean(text: str) -> str:
    """Text that Parquet can hold: half of a character pair becomes its escape."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def read_scores(path: Path, labels: Labels) -> Scores:
    """Read what `to_parquet` made.

    Raises:
        HeedfulError: missing, damaged, or of a model with other classes.
    """
    import polars as pl

    try:
        table = pl.read_parquet(path.read_bytes())
        columns: dict[str, list[Any]] = {name: table[name].to_list() for name in _COLUMNS}
        return _scores(columns, labels)
    except FileNotFoundError:
        raise HeedfulError(f"{path} is missing; run heedful evaluate again") from None
    except (OSError, pl.exceptions.PolarsError, ValueError, KeyError, TypeError) as error:
        first = str(error).splitlines()[0] if str(error) else repr(error)
        raise HeedfulError(f"{path} cannot be read: {first}") from None


_COLUMNS = (
    "source", "row", "excerpt", "labels", "predicted", "tokens", "unknown", "cut",
    "probabilities", "uniform", "baseline",
)  # fmt: skip


def _scores(columns: dict[str, list[Any]], labels: Labels) -> Scores:
    count = len(labels.names)
    examples = [Example("", tuple(names)) for names in columns["labels"]]
    probabilities = _floats(columns["probabilities"], count)
    if probabilities is None:
        raise ValueError("it holds no probabilities")
    return Scores(
        labels=labels,
        sources=tuple(columns["source"]),
        rows=np.array(columns["row"], np.int64),
        excerpts=tuple(columns["excerpt"]),
        targets=labels.encode(examples),
        predicted=tuple(tuple(names) for names in columns["predicted"]),
        tokens=np.array(columns["tokens"], np.int64),
        unknown=np.array(columns["unknown"], np.int64),
        cut=np.array(columns["cut"], np.int64),
        probabilities=probabilities,
        uniform=_floats(columns["uniform"], count),
        baseline=_floats(columns["baseline"], count),
    )


def _floats(values: Sequence[Any], count: int) -> Floats | None:
    if any(row is None for row in values):
        return None
    if any(len(row) != count for row in values):
        raise ValueError(f"it does not hold {count} probabilities in every row")
    return np.array(values, np.float32).reshape(len(values), count)

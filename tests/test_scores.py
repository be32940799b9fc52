"""Scores as a Parquet file: what is written is what is read, by others too."""

from __future__ import annotations

import io
from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from heedful.learn.scores import EXCERPT, Scores, excerpt, read_scores, to_parquet
from heedful.records import Example, HeedfulError
from heedful.text.labels import Labels

BINARY = Labels(("no", "yes"), "binary")
TOPICS = Labels(("a", "b", "c"), "multi-class")
TAGS = Labels(("a", "b", "c"), "multi-label")


def made(labels: Labels, rows: int = 7) -> Scores:
    random = np.random.default_rng(rows)
    classes = len(labels.names)
    p = random.random((rows, classes)).astype(np.float32)
    targets = random.integers(0, classes, rows)
    predicted = tuple((labels.names[c],) for c in p.argmax(1))
    if labels.task == "multi-label":
        targets = (random.random((rows, classes)) < 0.4).astype(np.float32)
        targets[2] = 0  # a row without any label
        predicted = tuple(tuple(labels.names[c] for c in np.flatnonzero(r > 0.5)) for r in p)
    count = np.arange(rows, dtype=np.int64)
    return Scores(
        labels, ("x.csv",) * rows, count + 1, ("é \ud800 text",) * rows, targets, predicted,
        count * 3, count, count * 2, p, p[::-1].copy(), None,
    )  # fmt: skip


@pytest.mark.parametrize("labels", [BINARY, TOPICS, TAGS], ids=lambda x: x.task)
def test_what_is_written_is_what_is_read(tmp_path, labels):
    scores = made(labels)
    (tmp_path / "s.parquet").write_bytes(to_parquet(scores))
    back = read_scores(tmp_path / "s.parquet", labels)
    for name in ("rows", "targets", "tokens", "unknown", "cut", "probabilities", "uniform"):
        assert (getattr(back, name) == getattr(scores, name)).all(), name
    assert back.probabilities.dtype == np.float32
    assert back.baseline is None
    assert (back.sources, back.predicted) == (scores.sources, scores.predicted)
    assert back.excerpts[0] == "é \\ud800 text"
    assert to_parquet(scores) == to_parquet(made(labels))


def test_another_program_reads_it():
    table = pl.read_parquet(io.BytesIO(to_parquet(made(TAGS))))
    assert table["labels"].to_list()[2] == []
    assert table["row"].to_list() == [1, 2, 3, 4, 5, 6, 7]
    assert table["probabilities"].dtype == pl.List(pl.Float32)


def test_no_rows_at_all(tmp_path):
    (tmp_path / "s.parquet").write_bytes(to_parquet(made(BINARY, 0)))
    assert read_scores(tmp_path / "s.parquet", BINARY).probabilities.shape == (0, 2)


@pytest.mark.parametrize("damage", ["cut", "empty", "columns", "classes", "missing"])
def test_damage_is_one_line(tmp_path, damage):
    path, good = tmp_path / "s.parquet", to_parquet(made(TOPICS))
    table = pl.read_parquet(io.BytesIO(good))
    if damage == "columns":
        table.drop("labels").write_parquet(path)
    elif damage == "classes":
        path.write_bytes(to_parquet(replace(made(TAGS), labels=TOPICS, targets=np.zeros(7, int))))
        table.with_columns(pl.Series("probabilities", [[0.5, 0.5]] * 7)).write_parquet(path)
    elif damage != "missing":
        path.write_bytes(good[:100] if damage == "cut" else b"")
    with pytest.raises(HeedfulError, match=r"s\.parquet (cannot be read|is missing)") as error:
        read_scores(path, TOPICS)
    assert "\n" not in str(error.value)


def test_an_excerpt_is_one_short_line():
    assert excerpt(Example("one\n two\t\x85three")) == "one two three"
    assert len(excerpt(Example("word " * 999))) <= EXCERPT

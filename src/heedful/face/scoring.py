"""`heedful evaluate` and `heedful predict`."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from itertools import chain
from pathlib import Path
from typing import Any, TextIO

from heedful.face.console import (
    metrics_table,
    note,
    stdout,
    tell_data,
    to_json,
    warn,
    write_json,
)
from heedful.learn.folder import add_evaluation, load_model, read_json
from heedful.learn.metrics import measure
from heedful.learn.model import TextModel, using_threads
from heedful.records import BadRow, Example, HeedfulError
from heedful.text.corpus import ReadOptions, fingerprint, read, stream

CHUNK_TEXTS = 512
CHUNK_CHARACTERS = 2_000_000


def remembered(run: Path, options: ReadOptions) -> ReadOptions:
    """The reading flags a run was trained with, where the user gives no others."""
    stored = read_json(run / "config.json").get("data", {}).get("read", {})
    blank = ReadOptions()
    values: dict[str, Any] = {}
    for name in ("text", "label", "label_map", "label_separator"):
        if getattr(options, name) == getattr(blank, name) and name in stored:
            value = stored[name]
            values[name] = tuple(map(tuple, value)) if name == "label_map" else value
    return replace(options, **values)


def run_evaluate(run: str, data: Sequence[str], options: ReadOptions, json: str | None) -> None:
    """Score labelled data and print, write and remember the figures."""
    folder = Path(run)
    model = load_model(folder)
    multi_label = model.task == "multi-label"
    options = replace(remembered(folder, options), multi_label=multi_label)
    corpus = read(data, options)
    tell_data(corpus.notes, corpus.bad_rows)
    targets = model.labels.encode(corpus.examples)
    print_of = fingerprint(corpus.examples)
    trained = read_json(folder / "config.json").get("data", {}).get("fingerprint")
    if trained == print_of:
        warn("this is the very data the model was trained on; it says nothing about new texts")
    with using_threads(0):
        probabilities = model.probabilities([example.text for example in corpus.examples])
    figures = measure(probabilities, targets, model.task)
    record: dict[str, Any] = {
        "data": [Path(name).name for name in data],
        "rows": len(corpus.examples),
        "bad_rows": len(corpus.bad_rows),
        "fingerprint": print_of,
        **figures,
    }
    add_evaluation(folder, record)
    if json:
        write_json(json, record)
    if json != "-":
        title = f"{run} on {', '.join(record['data'])}: {len(corpus.examples):,} texts"
        stdout().print(metrics_table(title, {model.task: figures}))


def run_predict(
    run: str,
    texts: Sequence[str],
    paths: Sequence[str],
    options: ReadOptions,
    output: str,
    *,
    with_text: bool,
) -> None:
    """Predictions as JSON lines in the order of the input; memory does not grow with it."""
    if not texts and not paths:
        raise HeedfulError("nothing to predict; give texts, or a file with --input")
    folder = Path(run)
    model = load_model(folder)
    options = replace(remembered(folder, options), labelled=False)
    given: Iterable[Example | BadRow] = (
        Example(text, (), "argument", row) for row, text in enumerate(texts, start=1)
    )
    rows = chain(given, stream(paths, options) if paths else ())
    counts = {"rows": 0, "errors": 0}
    with _sink(output) as sink, using_threads(0):
        for line in _lines(model, rows, counts, with_text=with_text):
            sink.write(line)
    if output != "-" or counts["errors"]:
        note(f"{counts['rows']:,} rows, {counts['errors']:,} of them with an error")


def _lines(
    model: TextModel, rows: Iterable[Example | BadRow], counts: dict[str, int], *, with_text: bool
) -> Iterator[str]:
    for chunk in chunks(rows):
        good = [row for row in chunk if isinstance(row, Example)]
        predictions = iter(model.predict([example.text for example in good]))
        for row in chunk:
            counts["rows"] += 1
            record: dict[str, Any] = {"source": row.source, "row": row.row}
            if isinstance(row, BadRow):
                counts["errors"] += 1
                record |= {"error": row.reason}
            else:
                prediction = next(predictions)
                record |= {"text": row.text} if with_text else {}
                record |= _answer(model, prediction.to_json())
            yield to_json(record) + "\n"


def _answer(model: TextModel, prediction: Mapping[str, Any]) -> dict[str, Any]:
    """The single label in front, for models that give one."""
    if model.task == "multi-label":
        return dict(prediction)
    label = prediction["labels"][0]
    rest = {k: v for k, v in prediction.items() if k != "labels"}
    return {"label": label, "probability": prediction["probabilities"][label], **rest}


def chunks(rows: Iterable[Example | BadRow]) -> Iterator[list[Example | BadRow]]:
    """Rows in pieces of bounded count and size."""
    chunk: list[Example | BadRow] = []
    size = 0
    for row in rows:
        chunk.append(row)
        size += len(row.text) if isinstance(row, Example) else 0
        if len(chunk) >= CHUNK_TEXTS or size >= CHUNK_CHARACTERS:
            yield chunk
            chunk, size = [], 0
    if chunk:
        yield chunk


@contextmanager
def _sink(output: str) -> Iterator[TextIO]:
    """stdout, or a file that appears under its name only when it is whole."""
    if output == "-":
        yield sys.stdout
        sys.stdout.flush()
        return
    path = Path(output)
    partial = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with partial.open("w", encoding="utf-8") as stream_:
            yield stream_
        partial.replace(path)
    except OSError as error:
        raise HeedfulError(f"{output} cannot be written: {error.strerror or error}") from None
    finally:
        partial.unlink(missing_ok=True)

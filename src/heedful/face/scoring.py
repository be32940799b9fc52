"""`heedful predict`: labels and probabilities as JSON lines, in flat memory."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from itertools import chain
from pathlib import Path
from typing import Any, TextIO

from heedful.face.console import note, to_json
from heedful.face.scorer import Scorer, open_scorer
from heedful.face.stdin import taking_stdin
from heedful.records import BadRow, Example, HeedfulError, Prediction
from heedful.text.cells import UnusableError, read_text
from heedful.text.corpus import ReadOptions, stream

CHUNK_TEXTS = 4_096
CHUNK_CHARACTERS = 2_000_000


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
    model = open_scorer(run)
    # The label column of training need not be there: only an own --label is looked for.
    known = replace(model.options(options), labelled=False, label=options.label)
    counts = {"rows": 0, "errors": 0}
    reading = taking_stdin(paths, options, lines=True, trained=known)
    with reading as files, sink(output) as target:
        rows = chain(given(texts, known), stream(files, known) if files else ())
        for line in _lines(model, rows, counts, with_text=with_text):
            target.write(line)
    if output != "-" or counts["errors"]:
        where = "" if output == "-" else f" in {output}"
        rows_ = f"{counts['rows']:,} row{'s' if counts['rows'] != 1 else ''}"
        note(f"{rows_}{where}, {counts['errors']:,} with an error")


def given(texts: Sequence[str], options: ReadOptions) -> Iterator[Example | BadRow]:
    """Texts given as arguments, judged as the cells of a file are."""
    for row, text in enumerate(texts, start=1):
        try:
            yield Example(read_text(text, options.max_characters), (), "argument", row)
        except UnusableError as reason:
            yield BadRow("argument", row, str(reason))


def _lines(
    model: Scorer, rows: Iterable[Example | BadRow], counts: dict[str, int], *, with_text: bool
) -> Iterator[str]:
    for chunk, predictions in _predicted(model, rows):
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


def _predicted(
    model: Scorer, rows: Iterable[Example | BadRow]
) -> Iterator[tuple[list[Example | BadRow], Iterator[Prediction]]]:
    """Chunk by chunk, with the predictions of its good rows."""
    for chunk in chunks(rows):
        texts = [row.text for row in chunk if isinstance(row, Example)]
        yield chunk, iter(model.predict(texts))


def _answer(model: Scorer, prediction: Mapping[str, Any]) -> dict[str, Any]:
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
def sink(output: str) -> Iterator[TextIO]:
    """stdout, or a file that appears under its name only when it is whole."""
    if output == "-":
        yield sys.stdout
        sys.stdout.flush()
        return
    path = Path(output)
    if not path.name or path.is_dir():
        raise HeedfulError(f"{output or 'an empty name'} cannot be written; --output takes a file")
    partial = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with partial.open("w", encoding="utf-8") as stream_:
            yield stream_
        partial.replace(path)
    except OSError as error:
        raise HeedfulError(f"{output} cannot be written: {error.strerror or error}") from None
    finally:
        partial.unlink(missing_ok=True)

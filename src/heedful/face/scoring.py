"""`heedful predict`: labels and probabilities of rows of any number, in flat memory."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Any

from heedful.face.output.asked import Output
from heedful.face.output.column import BESIDE, Column, cells, kept, number, plain, whole, writable
from heedful.face.output.identity import identity
from heedful.face.output.writing import Scoring, write_scored
from heedful.face.scorer import Scorer, open_scorer
from heedful.face.stdin import taking_stdin
from heedful.records import BadRow, Example, HeedfulError, Prediction
from heedful.text.cells import UnusableError, read_text
from heedful.text.corpus import ReadOptions, open_stream
from heedful.text.stream import Stream

CHUNK_TEXTS = 4_096
CHUNK_CHARACTERS = 2_000_000


def run_predict(
    run: str, texts: Sequence[str], paths: Sequence[str], options: ReadOptions, output: Output
) -> None:
    """Predictions in the order of the input, a row each; memory does not grow with it.

    Raises:
        HeedfulError: nothing to predict, something cannot be read, written or resumed.
    """
    if not texts and not paths:
        raise HeedfulError("nothing to predict; give texts, or a file with --input")
    output.check()
    refuse_to_resume(output, paths)
    refuse_to_lose_input(output, paths)
    model = open_scorer(run)
    known = scoring_options(model, options, output)
    with taking_stdin(paths, options, lines=True, trained=known) as files:
        source = open_stream(files, known) if files else Stream(())
        parts = chain([given(texts, known)], source.parts())
        scoring = Scoring(
            records=partial(_records, model, parts, output.with_text, source.columns),
            columns=prediction_columns(model, output, source.columns),
            identity=lambda: identity(Path(run), texts, paths, _options(known, output)),
            share=source.share if files else None,
            threads=model.threads,
        )
        write_scored(scoring, output)


def scoring_options(model: Scorer, options: ReadOptions, output: Output) -> ReadOptions:
    """How texts to be scored are read: as the training texts were, unless the user says otherwise.

    The label column of training need not be there: only an own --label is looked for.
    """
    known = model.options(options)
    return replace(known, labelled=False, label=options.label, beside=output.beside)


def _options(known: ReadOptions, output: Output) -> dict[str, Any]:
    """All that the output hangs on beside model and input, by the names of flags."""
    asked = asdict(known) | {"format": output.format, "with_text": output.with_text}
    return asked | {"keep_columns": asked.pop("beside")}


def refuse_to_lose_input(output: Output, paths: Sequence[str], flag: str = "--output") -> None:
    """The output is another file than all that is read.

    Raises:
        HeedfulError: it would take the place of an input.
    """
    target = Path(output.path)
    if output.path == "-" or not target.exists():
        return
    for path in filter(Path.exists, map(Path, paths)):
        if path.samefile(target):
            raise HeedfulError(f"{output.path} is an input; give {flag} another name")


def refuse_to_resume(output: Output, paths: Sequence[str]) -> None:
    """Standard input comes only once.

    Raises:
        HeedfulError: it is to be resumed from.
    """
    if output.resume and "-" in paths:
        raise HeedfulError("standard input cannot be read again; --resume needs files as --input")


def _records(
    model: Scorer,
    parts: Iterable[Iterable[Example | BadRow]],
    with_text: bool,
    beside: Sequence[str],
    done: int,
    threads: int,
) -> Iterator[list[dict[str, Any]]]:
    """What is said of all rows, chunk by chunk, but for the first `done` chunks.

    No chunk has rows of two parts: what is said of a file's rows hangs on no other file.
    What comes after the chunks that are passed over is the same to the last bit: the same texts
    meet in a batch, and are counted as read.
    """
    for index, chunk in enumerate(chain.from_iterable(map(chunks, parts))):
        if index < done:
            model.pass_over(_texts(chunk))
        else:
            yield records_of(model, chunk, threads, with_text, beside)


def records_of(
    model: Scorer,
    chunk: Sequence[Example | BadRow],
    threads: int,
    with_text: bool,
    beside: Sequence[str],
) -> list[dict[str, Any]]:
    """What is said of the rows of a chunk, scored together.

    Args:
        model: who scores.
        chunk: the rows.
        threads: for much text; 0 = one per core.
        with_text: repeat the texts.
        beside: names of the further cells that rows carry, which are repeated.
    """
    predictions = iter(model.predict(_texts(chunk), threads))
    return [_record(model, row, predictions, with_text, beside) for row in chunk]


def _texts(chunk: Sequence[Example | BadRow]) -> list[str]:
    return [row.text for row in chunk if isinstance(row, Example)]


def given(texts: Sequence[str], options: ReadOptions) -> Iterator[Example | BadRow]:
    """Texts given as arguments, judged as the cells of a file are."""
    for row, text in enumerate(texts, start=1):
        try:
            yield Example(read_text(text, options.max_characters), (), "argument", row)
        except UnusableError as reason:
            yield BadRow("argument", row, str(reason))


def _record(
    model: Scorer,
    row: Example | BadRow,
    predictions: Iterator[Prediction],
    with_text: bool,
    beside: Sequence[str],
) -> dict[str, Any]:
    """What is said of a row; a good one takes the next prediction."""
    record: dict[str, Any] = {"source": row.source, "row": row.row}
    if isinstance(row, BadRow):
        record |= {"error": row.reason}
    else:
        record |= {"text": row.text} if with_text else {}
        record |= _answer(model, next(predictions).to_json())
    if beside:
        record[BESIDE] = cells(beside, row.beside)
    return record


def prediction_columns(model: Scorer, output: Output, beside: Sequence[str]) -> tuple[Column, ...]:
    """The columns of a table of predictions."""
    single = (plain("label"), number("probability"))
    ours = (
        plain("source"),
        whole("row"),
        *((plain("text"),) if output.with_text else ()),
        *((Column("labels", "names", "labels"),) if model.task == "multi-label" else single),
        *(
            Column(f"probability_{writable(name)}", "number", "probabilities", name)
            for name in model.names
        ),
        *(whole(name) for name in ("tokens", "unknown", "cut")),
        plain("error"),
    )
    return ours + kept(beside, ours)


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

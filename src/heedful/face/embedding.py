"""`heedful embed`: vectors of rows of any number, or of their tokens, in flat memory."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Any

from heedful.face.output.asked import Format, Output
from heedful.face.output.column import BESIDE, Column, cells, kept, number, plain, whole
from heedful.face.output.identity import identity
from heedful.face.output.writing import Scoring, write_scored
from heedful.face.remembering import remembered
from heedful.face.scoring import chunks, given, refuse_to_lose_input, refuse_to_resume
from heedful.face.stdin import taking_stdin
from heedful.face.word_vectors import check_words, write_words
from heedful.learn.embedding import require_network, text_vectors, token_states, width_of
from heedful.learn.folder import load_model
from heedful.learn.model import TextModel, cores, threads_for, using_threads
from heedful.records import BadRow, Example, HeedfulError
from heedful.text.corpus import ReadOptions, open_stream
from heedful.text.stream import Stream

VECTOR = "vector"
TOKENS = 20_000
"""Tokens whose states are records at once."""
Row = Example | BadRow
Rows = Iterable[Row]


@dataclass(frozen=True)
class Embedding:
    """What is wanted of a run.

    Attributes:
        output: where vectors go.
        tokens: a row for each token, instead of each text.
        vocabulary: a word2vec file for the vectors of the vocabulary; None = none.
    """

    output: Output
    tokens: bool = False
    vocabulary: str | None = None


def run_embed(
    run: str, texts: Sequence[str], paths: Sequence[str], options: ReadOptions, asked: Embedding
) -> None:
    """Vectors in the order of the input; memory does not grow with it.

    Raises:
        HeedfulError: nothing to embed, no vectors in the run, something cannot be read, written or
            resumed.
    """
    embeds = bool(texts or paths)
    if not embeds and asked.vocabulary is None:
        raise HeedfulError(
            "nothing to embed; give texts, a file with --input, or a file to write with "
            "--vocabulary"
        )
    if embeds:
        _check(asked)
        refuse_to_resume(asked.output, paths)
        refuse_to_lose_input(asked.output, paths)
    if asked.vocabulary is not None:
        check_words(Path(asked.vocabulary), asked.output, paths)
    model = load_model(Path(run))
    require_network(model)
    if asked.vocabulary is not None:
        write_words(model, Path(asked.vocabulary))
    if embeds:
        _embed(run, model, texts, paths, options, asked)


def _check(asked: Embedding) -> None:
    asked.output.check()
    if asked.tokens and asked.output.format == "npy":
        raise HeedfulError("--tokens has words beside its numbers; --output to .parquet or .jsonl")
    if asked.tokens and asked.output.beside:
        raise HeedfulError("--keep-columns means nothing for --tokens; leave it out")


def _embed(
    run: str,
    model: TextModel,
    texts: Sequence[str],
    paths: Sequence[str],
    options: ReadOptions,
    asked: Embedding,
) -> None:
    output = asked.output
    # The label column of training need not be there: only an own --label is looked for.
    known = remembered(Path(run), options)
    known = replace(known, labelled=False, label=options.label, beside=output.beside)
    with taking_stdin(paths, options, lines=True, trained=known) as files:
        source = open_stream(files, known) if files else Stream(())
        rows = chain(given(texts, known), source)
        made = _token_records if asked.tokens else _text_records
        scoring = Scoring(
            records=partial(made, model, rows, asked, source.columns),
            columns=embedding_columns(model, asked, source.columns),
            identity=lambda: identity(Path(run), texts, paths, _options(known, asked)),
            share=source.share if files else None,
            threads=cores(),
        )
        write_scored(scoring, output)


def _options(known: ReadOptions, asked: Embedding) -> dict[str, Any]:
    """All that the output hangs on beside model and input, by the names of flags."""
    output = asked.output
    found = asdict(known) | {"format": output.format, "with_text": output.with_text}
    return found | {"keep_columns": found.pop("beside"), "tokens": asked.tokens}


def embedding_columns(
    model: TextModel, asked: Embedding, beside: Sequence[str]
) -> tuple[Column, ...]:
    """The columns of a table of vectors; CSV has one for each number. The vector comes last."""
    output, width = asked.output, width_of(model)
    inner: tuple[Column, ...]
    if asked.tokens:
        inner = (whole("token"), plain("form"), whole("start"), whole("end"), number("weight"))
    else:
        inner = ((plain("text"),) if output.with_text else ()) + (whole("tokens"), whole("cut"))
    ours = (plain("source"), whole("row"), *inner, plain("error"))
    numbers: tuple[Column, ...] = (Column(VECTOR, "vector", VECTOR, width=width),)
    if output.format == "csv":
        numbers = tuple(number(f"{VECTOR}{i}") for i in range(width))
    return (*ours, *kept(beside, (*ours, *numbers)), *numbers)


def _text_records(
    model: TextModel,
    rows: Rows,
    asked: Embedding,
    beside: Sequence[str],
    done: int,
    threads: int,
) -> Iterator[list[dict[str, Any]]]:
    """A record for each row, chunk by chunk, but for the first `done` chunks."""
    output = asked.output
    for index, chunk in enumerate(chunks(rows)):
        if index < done:
            continue
        texts = [row.text for row in chunk if isinstance(row, Example)]
        with using_threads(threads_for(texts, threads)):
            vectors = iter(text_vectors(model, texts))
            encoded = model.encode(texts)
        counts = zip((encoded.lengths + encoded.cut).tolist(), encoded.cut.tolist(), strict=True)
        found = []
        for row in chunk:
            record = _begun(row)
            if isinstance(row, Example):
                record |= {"text": row.text} if output.with_text else {}
                tokens, cut = next(counts)
                record |= {"tokens": tokens, "cut": cut}
                record |= _numbers(next(vectors), output.format)
            if beside:
                record[BESIDE] = cells(beside, row.beside)
            found.append(record)
        yield found


def _token_records(
    model: TextModel,
    rows: Rows,
    asked: Embedding,
    beside: Sequence[str],
    done: int,
    threads: int,
) -> Iterator[list[dict[str, Any]]]:
    """A record for each token, in pieces of bounded size, but for the first `done` pieces."""
    index = 0
    for chunk in chunks(rows):
        # Pieces end with texts, and hang on the texts alone: they are the same each time.
        for group in _groups(model, chunk):
            if index >= done:
                yield list(_tokens_of(model, group, asked.output.format, threads))
            index += 1


def _groups(model: TextModel, chunk: Sequence[Row]) -> Iterator[list[Row]]:
    lengths = iter(model.encode([r.text for r in chunk if isinstance(r, Example)]).lengths.tolist())
    group: list[Row] = []
    size = 0
    for row in chunk:
        group.append(row)
        size += next(lengths) if isinstance(row, Example) else 0
        if size >= TOKENS:
            yield group
            group, size = [], 0
    if group:
        yield group


def _tokens_of(
    model: TextModel, group: Sequence[Row], form: Format, threads: int
) -> Iterator[dict[str, Any]]:
    texts = [row.text for row in group if isinstance(row, Example)]
    with using_threads(threads_for(texts, threads)):
        found = list(token_states(model, texts))
    every = iter(found)
    for row in group:
        if isinstance(row, BadRow):
            yield _begun(row)
            continue
        one = next(every)
        for place, token in enumerate(one.tokens):
            about = {"token": place, "form": token.text, "start": token.start, "end": token.end}
            weight = float(f"{one.weights[place]:.9g}")
            yield _begun(row) | about | {"weight": weight} | _numbers(one.states[place], form)


def _begun(row: Row) -> dict[str, Any]:
    """Where a row stands, and what is wrong with it."""
    record: dict[str, Any] = {"source": row.source, "row": row.row}
    return record | ({"error": row.reason} if isinstance(row, BadRow) else {})


def _numbers(vector: Any, form: Format) -> dict[str, Any]:
    """A vector (H,) in float32, as the format has it: as short as tells it exactly."""
    if form in ("parquet", "npy"):
        return {VECTOR: vector}
    told = [float(f"{value:.9g}") for value in vector.tolist()]
    if form == "csv":
        return {f"{VECTOR}{i}": value for i, value in enumerate(told)}
    return {VECTOR: told}

"""`heedful translate` (and `predict` on such a run): rewritten texts, in flat memory."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from itertools import chain, islice
from pathlib import Path
from typing import Any

from heedful.face.alignment_page import alignment_html
from heedful.face.console import note, write_text
from heedful.face.output.asked import Output
from heedful.face.output.column import Column, number, plain, whole
from heedful.face.output.identity import identity
from heedful.face.output.writing import Scoring, write_scored
from heedful.face.rewriting import Columns, sources_like
from heedful.face.scoring import chunks, given, refuse_to_lose_input, refuse_to_resume
from heedful.learn.model import cores, threads_for, using_threads
from heedful.learn.sequence_folder import load_sequence
from heedful.learn.sequence_model import SequenceModel
from heedful.records import BadRow, Example, HeedfulError, Rewriting
from heedful.text.one_side import read_sources
from heedful.text.options import ReadOptions

PAGE = 200
"""Rewritings that a page holds at most."""


@dataclass(frozen=True)
class Writing:
    """How to write, and where to.

    Attributes:
        output: file or `-`, as what, and whether with the source.
        beam: hypotheses the search keeps; None = as the run's settings say.
        best: how many rewritings of each text are told.
        html: a page of alignments, or None.
    """

    output: Output
    beam: int | None = None
    best: int = 1
    html: str | None = None

    def check(self) -> None:
        """Refuses what cannot be.

        Raises:
            HeedfulError: see the messages.
        """
        self.output.check()
        if self.html == self.output.path == "-":
            raise HeedfulError("--html - and --output - both want standard output; give one a file")
        if self.html and self.output.resume:
            raise HeedfulError("--html needs every text anew; leave it out with --resume")


def run_rewriting(
    run: str,
    texts: Sequence[str],
    paths: Sequence[str],
    options: ReadOptions,
    columns: Columns,
    writing: Writing,
) -> None:
    """Rewritten texts in the order of the input; memory does not grow with it.

    Raises:
        HeedfulError: nothing to rewrite, something cannot be read, written or resumed.
    """
    if not texts and not paths:
        raise HeedfulError("nothing to rewrite; give texts, or a file with --input")
    output = writing.output
    writing.check()
    refuse_to_resume(output, paths)
    refuse_to_lose_input(output, paths)
    folder = Path(run)
    model = load_sequence(folder)
    drawn: list[Rewriting] = []
    with sources_like(folder, paths, options, columns) as (files, asked, known):
        found = read_sources(files, asked, known) if files else ()
        scoring = Scoring(
            records=partial(_records, model, chain(given(texts, options), found), drawn, writing),
            columns=rewriting_columns(writing),
            identity=lambda: identity(folder, texts, paths, _options(asked, known, writing)),
            share=(lambda: None) if files else None,
            threads=cores(),
        )
        journal = write_scored(scoring, output)
    if journal.cut:
        note(f"{journal.cut:,} cut off at the maximum length (sequence.max_length)", "yellow")
    if writing.html:
        write_text(writing.html, alignment_html(drawn, title=f"heedful: {folder.name}"))
        more = f", the first {PAGE:,} texts" if journal.rows - journal.errors > PAGE else ""
        note(f"{writing.html} written{more}")


def _options(asked: ReadOptions, known: str | None, writing: Writing) -> dict[str, Any]:
    """All that the output hangs on beside model and input, by the names of flags."""
    output = writing.output
    told = asdict(asked) | {"source": known, "beam": writing.beam, "best": writing.best}
    return told | {"format": output.format, "with_text": output.with_text}


def _records(
    model: SequenceModel,
    rows: Iterable[Example | BadRow],
    drawn: list[Rewriting],
    writing: Writing,
    done: int,
    threads: int,
) -> Iterator[list[dict[str, Any]]]:
    """What is said of all rows, chunk by chunk, but for the first `done` chunks; `drawn` grows."""
    for chunk in islice(chunks(rows), done, None):
        found = iter(_rewritten(model, chunk, drawn, writing, threads))
        yield [_record(row, found, writing) for row in chunk]


def _rewritten(
    model: SequenceModel,
    chunk: Sequence[Example | BadRow],
    drawn: list[Rewriting],
    writing: Writing,
    threads: int,
) -> Sequence[Sequence[Rewriting]]:
    """The best rewritings of each good row; `drawn` grows."""
    beam = max(writing.best, writing.beam or model.config.sequence.beam)
    texts = [row.text for row in chunk if isinstance(row, Example)]
    drawing = bool(writing.html) and len(drawn) < PAGE
    with using_threads(threads_for(texts, threads)):
        found = model.rewrite(texts, model.searching(beam, looks=drawing), writing.best)
    if drawing:
        drawn += [best[0] for best in found[: PAGE - len(drawn)]]
    return found


def _record(
    row: Example | BadRow, found: Iterator[Sequence[Rewriting]], writing: Writing
) -> dict[str, Any]:
    """What is said of a row; a good one takes the next rewritings."""
    record: dict[str, Any] = {"source": row.source, "row": row.row}
    if isinstance(row, BadRow):
        return record | {"error": row.reason}
    record |= {"text": row.text} if writing.output.with_text else {}
    return record | _answer(next(found), writing.best)


def rewriting_columns(writing: Writing) -> tuple[Column, ...]:
    """The columns of a table of rewritings."""
    return (
        plain("source"),
        whole("row"),
        *((plain("text"),) if writing.output.with_text else ()),
        plain("output"),
        number("score"),
        number("log_probability"),
        Column("finished", "truth", "finished"),
        *((Column("best", "json", "best"),) if writing.best > 1 else ()),
        plain("error"),
    )


def _answer(best: Sequence[Rewriting], asked: int) -> dict[str, Any]:
    """The best rewriting, and all that were asked for where it is more than one."""
    first, *_ = answers = [
        {
            "output": one.text,
            "score": one.score,
            "log_probability": one.log_probability,
            "finished": one.finished,
        }
        for one in best
    ]
    return first | ({"best": answers} if asked > 1 else {})

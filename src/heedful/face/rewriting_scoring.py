"""`heedful translate` (and `predict` on such a run): rewritten texts as JSON lines."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

from heedful.face.alignment_page import alignment_html
from heedful.face.console import note, to_json, write_text
from heedful.face.rewriting import Columns, sources_like
from heedful.face.scoring import chunks, given, sink
from heedful.learn.model import threads_for, using_threads
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
        output: file or `-`.
        with_text: repeat the source in each line.
        beam: hypotheses the search keeps; None = as the run's settings say.
        best: how many rewritings of each text are told.
        html: a page of alignments, or None.
    """

    output: str
    with_text: bool = True
    beam: int | None = None
    best: int = 1
    html: str | None = None


def run_rewriting(
    run: str,
    texts: Sequence[str],
    paths: Sequence[str],
    options: ReadOptions,
    columns: Columns,
    writing: Writing,
) -> None:
    """Rewritten texts as JSON lines in the order of the input; memory does not grow with it."""
    if not texts and not paths:
        raise HeedfulError("nothing to rewrite; give texts, or a file with --input")
    if writing.html == writing.output == "-":
        raise HeedfulError("--html - and --output - both want standard output; give one a file")
    folder = Path(run)
    model = load_sequence(folder)
    counts = {"rows": 0, "errors": 0, "cut": 0}
    drawn: list[Rewriting] = []
    with (
        sources_like(folder, paths, options, columns) as (files, asked, known),
        sink(writing.output) as stream,
    ):
        rows = chain(given(texts, options), read_sources(files, asked, known) if files else ())
        for line in _lines(model, rows, counts, drawn, writing):
            stream.write(line)
    _tell(counts, writing)
    if writing.html:
        write_text(writing.html, alignment_html(drawn, title=f"heedful: {folder.name}"))
        more = f", the first {PAGE:,} texts" if counts["rows"] - counts["errors"] > PAGE else ""
        note(f"{writing.html} written{more}")


def _tell(counts: dict[str, int], writing: Writing) -> None:
    if writing.output != "-" or counts["errors"]:
        where = "" if writing.output == "-" else f" in {writing.output}"
        rows = f"{counts['rows']:,} row{'s' if counts['rows'] != 1 else ''}"
        note(f"{rows}{where}, {counts['errors']:,} with an error")
    if counts["cut"]:
        note(f"{counts['cut']:,} cut off at the maximum length (sequence.max_length)", "yellow")


def _lines(
    model: SequenceModel,
    rows: Iterable[Example | BadRow],
    counts: dict[str, int],
    drawn: list[Rewriting],
    writing: Writing,
) -> Iterator[str]:
    beam = max(writing.best, writing.beam or model.config.sequence.beam)
    for chunk in chunks(rows):
        texts = [row.text for row in chunk if isinstance(row, Example)]
        drawing = bool(writing.html) and len(drawn) < PAGE
        with using_threads(threads_for(texts, 0)):
            how = model.searching(beam, looks=drawing)
            found = model.rewrite(texts, how, writing.best)
        if drawing:
            drawn += [best[0] for best in found[: PAGE - len(drawn)]]
        rewritten = iter(found)
        for row in chunk:
            counts["rows"] += 1
            record: dict[str, Any] = {"source": row.source, "row": row.row}
            if isinstance(row, BadRow):
                counts["errors"] += 1
                record |= {"error": row.reason}
            else:
                best = next(rewritten)
                counts["cut"] += not best[0].finished
                record |= {"text": row.text} if writing.with_text else {}
                record |= _answer(best, writing.best)
            yield to_json(record) + "\n"


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

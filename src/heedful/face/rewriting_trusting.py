"""`heedful trust` on a run that rewrites: erase what each output looked at; does it change?"""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from rich.table import Table

from heedful.explain.alignment_trust import alignment_trust
from heedful.face.console import Counter, note, show, tell_data, warn, write_json
from heedful.face.remembering import names_of
from heedful.face.rewriting import Columns, sources_like
from heedful.face.spelling import brief
from heedful.learn.alignment import AlignmentFigures, mean_alignment, measure_alignment
from heedful.learn.files import write_json as write_file
from heedful.learn.layout import TRUST
from heedful.learn.model import using_threads
from heedful.learn.sequence_folder import load_sequence
from heedful.learn.sequence_model import SequenceModel
from heedful.records import BadRow, Example, HeedfulError, Rewriting
from heedful.text.one_side import read_sources
from heedful.text.options import ReadOptions


@dataclass(frozen=True)
class Erasing:
    """What to measure, and where the numbers go.

    Attributes:
        limit: sources that are measured, drawn at random.
        json: file, `-`, or None.
        seed: of the draw of sources and of random erasures.
        beam: hypotheses the search keeps; None = as the run's settings say.
    """

    limit: int
    json: str | None = None
    seed: int = 0
    beam: int | None = None


def run_alignment_trust(
    run: str, data: Sequence[str], options: ReadOptions, columns: Columns, asked: Erasing
) -> None:
    """Measure, print, write, and keep the figures in the run."""
    folder = Path(run)
    model = load_sequence(folder)
    if model.config.sequence.scope == "none":
        raise HeedfulError(f"{run} has no attention: there is no alignment to judge")
    sources, rows = _drawn(folder, data, options, columns, asked)
    with using_threads(0):
        figures = _figures(model, sources, asked.beam)
    with using_threads(1), Counter() as counter:  # one text at a time
        found = alignment_trust(
            _Rewriter(model, sources, asked.beam, counter), sources, seed=asked.seed
        )
    record: dict[str, Any] = {
        "run": run,
        "data": names_of(data),
        "rows": rows,
        "date": datetime.date.today().isoformat(),
        "erasure": found.to_json(),
        "alignment": figures.to_json(),
    }
    if asked.json != "-":
        title = f"{run} on {', '.join(record['data'])}: {found.sources:,} sources"
        show(_table(record), title)
        note(found.sentence, style="bold")
    if asked.json:
        write_json(asked.json, record)
    try:
        write_file(folder / TRUST, record)
    except OSError as error:  # a run that may only be read is measured all the same
        warn(f"{folder / TRUST} cannot be written ({error.strerror or error})")


def _drawn(
    folder: Path, data: Sequence[str], options: ReadOptions, columns: Columns, asked: Erasing
) -> tuple[list[str], int]:
    """`limit` of the sources at random, and how many there were."""
    with sources_like(folder, data, options, columns) as (files, reading, known):
        rows = list(read_sources(files, reading, known))
    tell_data((), [row for row in rows if isinstance(row, BadRow)])
    texts = [row.text for row in rows if isinstance(row, Example)]
    if not texts:
        raise HeedfulError("no source to measure; give data with texts in them")
    if len(texts) > asked.limit:
        drawn = f"{asked.limit:,} of {len(texts):,} sources are measured, drawn at random"
        note(f"{drawn}; --limit changes that")
    order = np.random.default_rng(asked.seed).permutation(len(texts))[: asked.limit]
    return [texts[i] for i in order.tolist()], len(texts)


def _figures(model: SequenceModel, sources: Sequence[str], beam: int | None) -> AlignmentFigures:
    """The shape of the alignments, averaged."""
    found = model.rewrite(sources, model.searching(beam))
    return mean_alignment([measure_alignment(best[0].weights) for best in found if best[0].attends])


class _Rewriter:
    """Rewrites one text, and counts the sources it has come by."""

    def __init__(
        self, model: SequenceModel, sources: Sequence[str], beam: int | None, counter: Counter
    ) -> None:
        self.model, self.how, self.counter = model, model.searching(beam), counter
        self.left, self.total = set(sources), len(set(sources))

    def __call__(self, source: str, /) -> Rewriting:
        if source in self.left:
            self.left.discard(source)
            self.counter("sources measured", self.total - len(self.left), self.total)
        return self.model.rewrite([source], self.how)[0][0]


def _table(record: Mapping[str, Any]) -> Table:
    erasure, shape = record["erasure"], record["alignment"]
    table = Table()
    table.add_column("what")
    table.add_column("value", justify="right")
    table.add_column("95 % interval", justify="right")
    for said, name in (
        ("outputs that change, most attended erased", "attended"),
        ("outputs that change, random others erased", "random"),
        ("difference", "difference"),
    ):
        low, high = erasure[f"{name}_interval"]
        interval = "" if low is None or low != low else f"{brief(low)} to {brief(high)}"
        table.add_row(said, _told(erasure[name]), interval)
    table.add_section()
    for said, name in (
        ("entropy (0 looks at one, 1 at all alike)", "entropy"),
        ("diagonality (1 in step; even weights .67)", "diagonality"),
        ("monotony (share of steps that do not go back)", "monotony"),
    ):
        table.add_row(said, _told(shape[name]), "")
    return table


def _told(value: float) -> str:
    return "n/a" if value != value else brief(value)

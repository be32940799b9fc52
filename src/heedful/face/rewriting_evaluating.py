"""`heedful evaluate` on a run that rewrites: figures of decoded output, leaks, some mistakes."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from rich.table import Table

from heedful.face.console import (
    cell,
    figure_text,
    interval_text,
    note,
    show,
    tell_data,
    warn,
    write_json,
)
from heedful.face.remembering import facts, names_of
from heedful.face.rewriting import Columns, pairs_like
from heedful.learn.card import exact_leaks, near_leaks
from heedful.learn.companions import read_sketch
from heedful.learn.evaluations import add_evaluation, figures_of
from heedful.learn.model import using_threads
from heedful.learn.sequence_evaluation import (
    Written,
    by_length,
    figures_of_written,
    grouped,
    seen_before,
    written_parquet,
)
from heedful.learn.sequence_folder import load_sequence
from heedful.learn.sequence_model import SequenceModel
from heedful.text.options import ReadOptions
from heedful.text.pairs import Pairs, fingerprint_of

ID = 12
SHOWN, KEPT = 5, 20
"""Mistakes that are printed, and rows of either kind that are kept with their alignments."""


@dataclass(frozen=True)
class Asked:
    """How to measure.

    Attributes:
        beam: hypotheses the search keeps; None = as the run's settings say.
        any_target: each source counts once, and any of its targets is right.
        json: file, `-`, or None.
    """

    beam: int | None = None
    any_target: bool = False
    json: str | None = None


def run_pair_evaluation(
    run: str, data: Sequence[str], options: ReadOptions, columns: Columns, asked: Asked
) -> None:
    """Rewrite all sources, and print, write and remember how good that is."""
    folder = Path(run)
    model = load_sequence(folder)
    figures_of(folder)  # damaged ones are told before the work, not after it
    given = pairs_like(folder, data, options, columns)
    tell_data(given.notes, given.bad_rows)
    written = _written(model, given, asked)
    leaks, seen = seen_before(written, read_sketch(folder), _known_as(folder))
    record = _about(folder, data, given, written) | {"beam": _beam(model, asked)}
    record |= figures_of_written(written, model.cut) | {"checks": {"leaks": leaks}}
    record["by_length"] = by_length(written, model.cut)
    if seen.any() and not seen.all():
        clean = [one for one, known in zip(written, seen.tolist(), strict=True) if not known]
        record["without_leaks"] = figures_of_written(clean, model.cut)
    chosen = {"examples": _kept(model, written, asked)}
    add_evaluation(folder, record, written_parquet(written), chosen)
    if asked.json:
        write_json(asked.json, record)
    if asked.json != "-":
        sources = "sources" if asked.any_target else "pairs"
        title = f"{run} on {', '.join(record['data'])}: {len(written):,} {sources}"
        show(_table(record), title)
        if model.config.sequence.source_unit != "character" and len(record["by_length"]) > 1:
            show(_lengths(record), "by length of the source")
        _tell_mistakes(written)
    _tell(record)


def _written(model: SequenceModel, given: Pairs, asked: Asked) -> list[Written]:
    wanted = grouped(given.pairs, any_target=asked.any_target)
    how = model.searching(asked.beam, looks=False)
    with using_threads(0):
        found = model.rewrite([pair.source for pair, _ in wanted], how)
    return [
        Written(pair, targets, best[0]) for (pair, targets), best in zip(wanted, found, strict=True)
    ]


def _beam(model: SequenceModel, asked: Asked) -> int:
    return model.config.sequence.beam if asked.beam is None else asked.beam


def _known_as(folder: Path) -> str:
    return "training and validation" if facts(folder).get("valid_rows") else "training"


def _about(
    folder: Path, data: Sequence[str], given: Pairs, written: Sequence[Written]
) -> dict[str, Any]:
    print_of = fingerprint_of(given.pairs)
    if facts(folder).get("fingerprint") == print_of:
        warn("this is the very data the model was trained on; it says nothing about new pairs")
    return {
        "id": print_of[:ID],
        "data": names_of(data),
        "rows": len(written),
        "bad_rows": len(given.bad_rows),
        "fingerprint": print_of,
        "date": datetime.date.today().isoformat(),
    }


def _kept(model: SequenceModel, written: Sequence[Written], asked: Asked) -> list[dict[str, Any]]:
    """Some mistakes, the surest first, and some that are right, with where the network looked."""
    wrong = sorted((one for one in written if not one.right), key=lambda one: -one.output.score)
    right = [one for one in written if one.right]
    order = np.random.default_rng(0).permutation(len(right))[:KEPT]
    chosen = [*wrong[:KEPT], *(right[i] for i in order.tolist())]
    with using_threads(0):
        how = model.searching(asked.beam)
        found = model.rewrite([one.pair.source for one in chosen], how)
    return [
        {
            "source": one.pair.file,
            "row": one.pair.row,
            "targets": list(one.targets),
            "right": one.right,
            "rewriting": best[0].to_json(),
        }
        for one, best in zip(chosen, found, strict=True)
    ]


FIGURES = (
    ("exact match", "exact_match"),
    ("character error rate", "character_error_rate"),
    ("token accuracy", "token_accuracy"),
    ("BLEU", "bleu"),
    ("chrF", "chrf"),
)


def _table(record: Mapping[str, Any]) -> Table:
    table = Table()
    table.add_column("metric", no_wrap=True)
    clean = record.get("without_leaks")
    headings = ["all", "95 % interval", *(["without leaks"] if clean else [])]
    for heading in headings:
        table.add_column(heading, justify="right", no_wrap=True)
    for name, key in FIGURES:
        own = [figure_text(key, record[key]), interval_text(record["intervals"], key)]
        table.add_row(name, *own, *([figure_text(key, clean[key])] if clean else []))
    return table


def _lengths(record: Mapping[str, Any]) -> Table:
    table = Table()
    for heading in ("tokens", "sources", "exact match", "BLEU", "chrF"):
        table.add_column(heading, justify="right", no_wrap=True)
    for part in record["by_length"]:
        span = f"{part['from']} to {part['to']}" if part["to"] else f"{part['from']} or more"
        figures = [figure_text(key, part[key]) for key in ("exact_match", "bleu", "chrf")]
        table.add_row(span, f"{part['count']:,}", *figures)
    return table


def _tell_mistakes(written: Sequence[Written]) -> None:
    wrong = [one for one in written if not one.right]
    for one in wrong[:SHOWN]:
        said = f"{one.pair.source} → {one.output.text}, not {' or '.join(one.targets)}"
        note(f"row {one.pair.row}: {cell(said).plain}")
    if len(wrong) > SHOWN:
        note(f"... and {len(wrong) - SHOWN:,} more that are not right to the letter")


def _tell(record: Mapping[str, Any]) -> None:
    """What a careful reader must know beside the figures."""
    note(f"sacrebleu: BLEU {record['bleu_signature']}; chrF {record['chrf_signature']}")
    if record["cut_off"]:
        warn(
            f"{record['cut_off']:,} of {record['rows']:,} outputs were cut off at the maximum "
            "length (sequence.max_length)"
        )
    for sentence in exact_leaks(record):
        warn(f"LEAK: {sentence}")
    for sentence in near_leaks(record):
        warn(sentence)

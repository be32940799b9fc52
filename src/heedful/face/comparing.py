"""`heedful compare`: several runs on the same data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from rich.table import Table

from heedful.face.console import (
    cell,
    figure_text,
    interval_text,
    note,
    show,
    tell_data,
    write_json,
)
from heedful.face.remembering import names_of, remembered
from heedful.face.stdin import taking_stdin
from heedful.learn.compare import compare
from heedful.learn.decision import Decision
from heedful.learn.evaluations import evaluations, scores_of
from heedful.learn.measures import FIGURES
from heedful.learn.paired import p_text
from heedful.learn.run import read_labels
from heedful.learn.scores import Scores
from heedful.records import HeedfulError
from heedful.text.corpus import ReadOptions, read

WIDTH = 60  # characters of a text that are shown of a row


def run_compare(
    runs: Sequence[str],
    data: Sequence[str],
    options: ReadOptions,
    json: str | None,
    limit: int,
) -> None:
    """Compare runs on data, or on the newest data that all of them were evaluated on."""
    if len(runs) < 2:
        raise HeedfulError("compare needs two runs or more; name their folders")
    if len({Path(run).resolve() for run in runs}) < len(runs):
        raise HeedfulError("a run is named twice; compare different ones")
    scored, where = _score(runs, data, options) if data else _stored(runs)
    found = compare(scored, most=limit) | {"data": where}
    if json:
        write_json(json, found)
    if json != "-":
        show(_figures(found["runs"]), f"{', '.join(where)}: {found['rows']:,} texts")
        _tell_pairs(found["pairs"])
        _show_rows(found["disagreements"], list(runs))


def _stored(runs: Sequence[str]) -> tuple[dict[str, tuple[Scores, Decision]], list[str]]:
    """What all runs said of the newest data that each was evaluated on."""
    records = [evaluations(Path(run)) for run in runs]
    shared = set.intersection(*({r["id"] for r in own} for own in records))
    newest = [record for record in records[0] if record["id"] in shared]
    if not newest:
        raise HeedfulError(
            "the runs were not evaluated on the same data; run heedful evaluate RUN DATA for "
            "each, or name the data with --data"
        )
    record = newest[-1]
    if len(newest) > 1:
        names = "; ".join(", ".join(r["data"]) for r in newest)
        note(f"compared on {', '.join(record['data'])}, the newest of: {names}")
    found = {run: (scores_of(Path(run), record), read_labels(Path(run))[1]) for run in runs}
    return found, list(record["data"])


def _score(
    runs: Sequence[str], data: Sequence[str], options: ReadOptions
) -> tuple[dict[str, tuple[Scores, Decision]], list[str]]:
    from heedful.learn.folder import load_model
    from heedful.learn.model import using_threads
    from heedful.learn.scoring import score_examples

    models = {run: load_model(run) for run in runs}
    first = Path(runs[0])
    multi_label = models[runs[0]].task == "multi-label"
    known = replace(remembered(first, options), multi_label=multi_label)
    with taking_stdin(data, known) as files:
        corpus = read(files, known)
    tell_data(corpus.notes, corpus.bad_rows)
    found = {}
    for run, model in models.items():
        with using_threads(0):
            found[run] = score_examples(model, corpus.examples, None), model.decision
    return found, names_of(data)


def _figures(runs: Mapping[str, Any]) -> Table:
    table = Table()
    table.add_column("metric")
    for name in runs:
        table.add_column(cell(name), justify="right")
    first = next(iter(runs.values()))
    for metric in FIGURES:
        if metric in first:
            table.add_row(metric, *(_cell(metric, figures) for figures in runs.values()))
    return table


def _cell(metric: str, figures: Mapping[str, Any]) -> str:
    text, around = figure_text(metric, figures[metric]), interval_text(figures["intervals"], metric)
    return f"{text} [{around}]" if around else text


def _tell_pairs(pairs: Sequence[Mapping[str, Any]]) -> None:
    for pair in pairs:
        low, high = pair["interval"]
        alone = p_text(pair["mcnemar"]["p_value"])
        several = f", {alone} before adjusting for {len(pairs)} pairs (Holm)"
        note(
            f"{pair['sentence']} Difference {pair['difference']:+.4f} [{low:+.4f}, {high:+.4f}]"
            + (several if len(pairs) > 1 else ""),
            style="",
        )


def _show_rows(found: Mapping[str, Any], runs: Sequence[str]) -> None:
    rows = found["rows"]
    note(f"they disagree on {found['count']:,} texts" + (":" if rows else ""), style="")
    if not rows:
        return
    table = Table()
    for heading in ("row", "true", *runs, "text"):
        table.add_column(cell(heading), overflow="fold")
    for row in rows:
        said = [", ".join(row["predicted"][run]) or "none" for run in runs]
        text = row["excerpt"][:WIDTH] + ("…" if len(row["excerpt"]) > WIDTH else "")
        place = f"{row['source']}, row {row['row']}"
        cells = [place, ", ".join(row["labels"]) or "none", *said, text]
        table.add_row(*map(cell, cells))
    show(table, "where they differ most")

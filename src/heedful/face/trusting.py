"""`heedful trust`: how far a run's maps may be trusted, measured on a data set."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from rich.table import Table

from heedful.explain.legend import check_methods
from heedful.explain.measure import Plan, measure
from heedful.explain.methods import check_maps
from heedful.explain.outside_file import read_maps
from heedful.explain.whole_words import reads_pieces
from heedful.face.cluster.engine import Cluster
from heedful.face.cluster.trust import hands_of
from heedful.face.console import Counter, cell, note, show, tell_data, warn, write_json
from heedful.face.remembering import names_of, remembered
from heedful.face.spelling import brief
from heedful.face.stdin import taking_stdin
from heedful.learn.files import write_json as write_file
from heedful.learn.folder import load_model
from heedful.learn.layout import TRUST
from heedful.learn.model import TextModel, using_threads
from heedful.records import Example, HeedfulError
from heedful.text.corpus import Corpus, ReadOptions, fingerprint, read


@dataclass(frozen=True)
class Asked:
    """What to measure, and where the numbers go.

    Attributes:
        methods: whose maps; empty = all.
        limit: texts that are measured, drawn at random.
        others: runs of the same settings with other seeds.
        controls: texts on which the slow methods are judged.
        map: a file of maps made elsewhere, or None.
        json: file, `-`, or None.
        seed: of the draw of texts, of random maps and permutations.
    """

    methods: tuple[str, ...]
    limit: int
    others: tuple[str, ...]
    controls: int
    map: str | None
    json: str | None
    seed: int


def run_trust(
    run: str,
    data: Sequence[str],
    options: ReadOptions,
    asked: Asked,
    cluster: Cluster | None = None,
) -> None:
    """Measure, here or on a cluster; print, write, and remember which method to show."""
    check_methods(asked.methods)
    folder = Path(run)
    model = load_model(folder)
    check_maps(model.network, asked.methods)
    others = {other: _other(model, other) for other in asked.others}
    corpus = _read(folder, data, replace(options, multi_label=model.task == "multi-label"))
    tell_data(corpus.notes, corpus.bad_rows)
    examples = _drawn(corpus.examples, asked.limit, asked.seed)
    outside = read_maps(Path(asked.map)) if asked.map else ()
    plan = Plan(asked.methods or None, outside, others, asked.controls, asked.seed)
    with using_threads(0), hands_of(run, cluster) as hands, Counter() as counter:
        found = measure(model, examples, plan, counter, hands)
    record = _about(run, data, corpus, examples) | found
    if reads_pieces(model):
        record["erased"] = "word pieces"
        note("words in these figures are word pieces: what is erased is one piece at a time")
    if asked.json != "-":
        _show(run, record)
    if asked.json:
        write_json(asked.json, record)
    _remember(folder, record)


def _remember(folder: Path, record: Mapping[str, Any]) -> None:
    """Keep the figures in the run; a run that may only be read is measured all the same."""
    try:
        write_file(folder / TRUST, {k: v for k, v in record.items() if k != "cards"})
    except OSError as error:
        warn(
            f"{folder / TRUST} cannot be written ({error.strerror or error}): heedful explain "
            "will not know which map to show"
        )


def _read(folder: Path, data: Sequence[str], options: ReadOptions) -> Corpus:
    """The texts, with their labels where the label column of training is there."""
    known = remembered(folder, options)
    with taking_stdin(data, options, lines=True, trained=known) as files:
        try:
            return read(files, known)
        except HeedfulError:
            if options.label is not None:
                raise
            return read(files, replace(known, label=None, labelled=False))


def _other(model: TextModel, run: str) -> TextModel:
    other = load_model(Path(run))
    if other.config.text != model.config.text:
        raise HeedfulError(
            f"{run} cuts texts into other tokens; --seeds takes runs of the same settings with "
            "another --seed"
        )
    if other.labels != model.labels:
        raise HeedfulError(
            f"{run} knows other classes; --seeds takes runs of the same settings and data with "
            "another --seed"
        )
    return other


def _drawn(examples: Sequence[Example], limit: int, seed: int) -> list[Example]:
    """`limit` of the texts at random, in random order.

    Rows are often sorted by class, and the slow methods are judged on the first ones.
    """
    if len(examples) > limit:
        drawn = f"{limit:,} of {len(examples):,} texts are measured, drawn at random"
        note(f"{drawn}; --limit changes that")
    order = np.random.default_rng(seed).permutation(len(examples))[:limit]
    return [examples[i] for i in order.tolist()]


def _about(
    run: str, data: Sequence[str], corpus: Corpus, examples: Sequence[Example]
) -> dict[str, Any]:
    return {
        "run": run,
        "data": names_of(data),
        "rows": len(corpus.examples),
        "fingerprint": fingerprint(examples),
        "date": datetime.date.today().isoformat(),
    }


# -- what is printed ------------------------------------------------------------------------

ERASURE = (
    ("beats all", "beats_all"),
    ("way to best", "share"),
    ("comprehens.", "comprehensiveness"),
    ("sufficiency", "sufficiency"),
)
DECISIONS = (
    ("flip, weights", "attention_flip"),
    ("flip, words", "input_flip"),
    ("tau-LOO", "tau"),
    ("RACU", "racu"),
)
"""Headings and metrics of the two tables: each is as wide as a terminal."""


def _show(run: str, record: Mapping[str, Any]) -> None:
    texts = f"{record['texts']:,} text{'' if record['texts'] == 1 else 's'}"
    show(_table(record, ERASURE), f"{run} on {', '.join(record['data'])}: {texts}, erasure")
    show(_table(record, DECISIONS), "decisions that change, agreement with leave-one-out")
    if record["plausibility"]:
        show(_rationales(record), "agreement with people's evidence")
    for line in _told(record):
        note(line, style="")


def _table(record: Mapping[str, Any], columns: Sequence[tuple[str, str]]) -> Table:
    table = Table()
    table.add_column("method", overflow="fold")  # sooner than a figure, which must not be cut
    for heading, _ in columns:
        table.add_column(heading, justify="right", no_wrap=True)
    for name, figures in record["methods"].items():
        star = "*" if name in record["slow"] else ""
        table.add_row(cell(name + star), *(_figure(figures.get(key)) for _, key in columns))
    table.add_section()
    known = record["chance"]
    table.add_row("random orders", *(_figure(known.get(key)) for _, key in columns))
    return table


def _figure(figure: Mapping[str, Any] | None) -> str:
    """`.97 ±.02`, half the width of the interval; n/a where it is not defined."""
    if figure is None:
        return ""
    if figure["value"] is None:
        return "n/a"
    if figure["low"] is None:
        return brief(figure["value"])
    return f"{brief(figure['value'])} ±{brief((figure['high'] - figure['low']) / 2)}"


def _rationales(record: Mapping[str, Any]) -> Table:
    found = record["plausibility"]
    table = Table()
    table.add_column("method", overflow="fold")
    for heading in ("AUPRC", "average precision", "token F1", "IOU F1"):
        table.add_column(heading, justify="right", no_wrap=True)
    usual = [name for name in record["methods"] if name in found and name != "random"]
    for name in (*usual, *(name for name in found if name not in usual)):
        star = "*" if name in record["slow"] else ""
        keys = ("auprc", "average_precision", "token_f1", "iou_f1")
        table.add_row(cell(name + star), *(brief(found[name][key]) for key in keys))
    return table


def _advice(method: str | None) -> str:
    if method is None:
        return (
            "which map to read is left open: that takes the contribution map, and texts whose "
            "decision hangs on words"
        )
    return (
        f"read the {method} map: of those that cost little it goes furthest to the best order found"
    )


def _told(record: Mapping[str, Any]) -> list[str]:
    """The figures of the model in sentences, and which map to read."""
    known = record["chance"]

    def value(figure: Mapping[str, Any]) -> str:
        return "n/a" if figure["value"] is None else brief(figure["value"])

    lines, agrees = [_advice(record["show"])], "gradient x input agrees with leave-one-out at tau "
    agrees += value(known["tau_ceiling"])
    inside = record["attention"]
    if inside is None:
        lines += ["no attention network: figures about attention are not defined", agrees]
    else:
        lines += [
            "uniform weights move the probability by "
            f"{value(known['uniform'])} on average, permuted ones by {value(inside['permuted'])} "
            "(median)",
            "an attention as different as a Jensen–Shannon divergence of "
            f"{value(inside['divergence'])} (bound .69) leaves the probability within .05",
            f"conicity of the states: {value(inside['conicity'])}; {agrees}",
        ]
    if record["seeds"]:
        apart = value(record["seeds"]["divergence"])
        lines.append(f"attention of runs with other seeds diverges by {apart} on average")
    if record["slow"]:
        lines.append(f"* slow, and so measured on {record['controls']} of the texts")
    return lines

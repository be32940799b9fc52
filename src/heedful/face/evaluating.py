"""`heedful evaluate`: how good a run is on labelled data."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from heedful.face.console import metrics_table, show, tell_data, warn, write_json
from heedful.face.scoring import facts, remembered
from heedful.face.stdin import taking_stdin
from heedful.learn.folder import add_evaluation, load_model
from heedful.learn.metrics import measure
from heedful.learn.model import using_threads
from heedful.text.corpus import ReadOptions, fingerprint, read


def run_evaluate(run: str, data: Sequence[str], options: ReadOptions, json: str | None) -> None:
    """Score labelled data and print, write and remember the figures."""
    folder = Path(run)
    model = load_model(folder)
    multi_label = model.task == "multi-label"
    options = replace(remembered(folder, options), multi_label=multi_label)
    with taking_stdin(data, options) as files:
        corpus = read(files, options)
    tell_data(corpus.notes, corpus.bad_rows)
    targets = model.labels.encode(corpus.examples)
    print_of = fingerprint(corpus.examples)
    trained = facts(folder).get("fingerprint")
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
        show(metrics_table({model.task: figures}), title)

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
from heedful.records import Example, HeedfulError
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
    _check_labels(corpus.examples, model.labels.names)
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


_ALIKE = (
    ("1", "pos", "positive", "true", "yes", "spam"),
    ("0", "neg", "negative", "false", "no", "ham"),
)


def _check_labels(examples: Sequence[Example], known: Sequence[str]) -> None:
    """One line about all labels that the model does not know, with a label map that may fit.

    Raises:
        HeedfulError: there is such a label.
    """
    strangers = [e for e in examples if not set(e.labels) <= set(known)]
    if not strangers:
        return
    found = sorted({label for e in strangers for label in e.labels} - set(known))
    first = strangers[0]
    raise HeedfulError(
        f"{first.source}, row {first.row}: the model does not know the label{_s(found)} "
        f"{_few(found)}; it knows {_few(known)}; map one to the other, for example --label-map "
        f"{_suggestion(found, known)}"
    )


def _s(items: Sequence[str]) -> str:
    return "s" if len(items) > 1 else ""


def _few(names: Sequence[str]) -> str:
    return ", ".join(name[:40] for name in names[:10]) + (" ..." if len(names) > 10 else "")


def _suggestion(found: Sequence[str], known: Sequence[str]) -> str:
    """`1=pos,0=neg` where it can be read off the names, else any pair as a pattern."""
    pairs = []
    for alike in _ALIKE:
        old = next((name for name in found if name.casefold() in alike), None)
        new = next((name for name in known if name.casefold() in alike), None)
        if old is not None and new is not None:
            pairs.append(f"{old}={new}")
    return ",".join(pairs or [f"{found[0][:40]}={known[0][:40]}"])

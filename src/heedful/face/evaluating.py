"""`heedful evaluate`: how good a run is on labelled data."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from heedful.explain.attribute import explain_examples
from heedful.explain.select import select_rows
from heedful.explain.whole_words import in_words
from heedful.face.console import (
    classes_table,
    figures_table,
    note,
    show,
    tell_data,
    warn,
    write_json,
)
from heedful.face.remembering import facts, names_of, remembered
from heedful.face.stdin import taking_stdin
from heedful.learn.card import exact_leaks, near_leaks
from heedful.learn.checks import evaluation_checks
from heedful.learn.companions import read_baseline, read_sketch
from heedful.learn.evaluation import evaluation_record, without_rows
from heedful.learn.evaluations import add_evaluation, figures_of
from heedful.learn.folder import load_model
from heedful.learn.measures import RIVALS
from heedful.learn.model import TextModel, using_threads
from heedful.learn.scores import to_parquet
from heedful.learn.scoring import score_examples
from heedful.text.corpus import Corpus, ReadOptions, fingerprint, read
from heedful.text.near import stands_in
from heedful.text.sketch import Sketch

ID = 12  # hexadecimal digits of the fingerprint that name an evaluation


def run_evaluate(run: str, data: Sequence[str], options: ReadOptions, json: str | None) -> None:
    """Score labelled data, and print, write and remember what comes out."""
    folder = Path(run)
    model = load_model(folder)
    figures_of(folder)  # damaged ones are told before the work, not after it
    multi_label = model.task == "multi-label"
    options = replace(remembered(folder, options), multi_label=multi_label)
    with taking_stdin(data, options) as files:
        corpus = read(files, options)
    tell_data(corpus.notes, corpus.bad_rows)
    with using_threads(0):
        scores = score_examples(model, corpus.examples, read_baseline(folder))
    record = _about(folder, data, corpus)
    found, suspects = evaluation_record(scores, model.decision)
    sketch, known = Sketch.of(corpus.examples), read_sketch(folder)
    checks = evaluation_checks(corpus, scores, sketch, known, _known_as(folder))
    record |= found | {"checks": checks}
    if known is not None:
        record["without_leaks"] = without_rows(scores, model.decision, stands_in(sketch, known))
    chosen = select_rows(scores, model.decision, suspects)
    examples = _explained(model, corpus, chosen)
    add_evaluation(folder, record, to_parquet(scores), {"examples": examples})
    if json:
        write_json(json, record)
    if json != "-":
        title = f"{run} on {', '.join(record['data'])}: {len(corpus.examples):,} texts"
        show(figures_table(record), title)
        show(classes_table(record), "class by class")
    _tell(folder, record)


def _about(folder: Path, data: Sequence[str], corpus: Corpus) -> dict[str, Any]:
    print_of = fingerprint(corpus.examples)
    if facts(folder).get("fingerprint") == print_of:
        warn("this is the very data the model was trained on; it says nothing about new texts")
    return {
        "id": print_of[:ID],
        "data": names_of(data),
        "rows": len(corpus.examples),
        "bad_rows": len(corpus.bad_rows),
        "fingerprint": print_of,
        "date": datetime.date.today().isoformat(),
    }


def _known_as(folder: Path) -> str:
    """What a run has seen: validation texts chose epoch, temperature and thresholds."""
    return "training and validation" if facts(folder).get("valid_rows") else "training"


def _explained(
    model: TextModel, corpus: Corpus, chosen: Mapping[int, Sequence[str]]
) -> list[dict[str, Any]]:
    examples = [corpus.examples[index] for index in chosen]
    with using_threads(0):
        found = explain_examples(model, examples)
        return [
            {
                "why": list(why),
                "source": example.source,
                "row": example.row,
                "explanation": in_words(model, explanation).to_json(),
            }
            for why, example, explanation in zip(chosen.values(), examples, found, strict=True)
        ]


def _tell(folder: Path, record: Mapping[str, Any]) -> None:
    """What a careful reader must know beside the figures."""
    for sentence in exact_leaks(record):
        warn(f"LEAK: {sentence}")
    for sentence in near_leaks(record):
        warn(sentence)
    clean = record.get("without_leaks")
    if clean:
        low, high = clean["intervals"]["accuracy"]
        note(
            f"without those that also stand there, on {clean['rows']:,} texts: accuracy "
            f"{clean['accuracy']:.4f} ({low:.4f} to {high:.4f}), f1 {clean['f1']:.4f}",
            style="",
        )
    for rival in RIVALS:
        if record[rival]:
            note(record[rival]["sentence"], style="")
    if record["baseline"] is None:
        note("no linear baseline is stored with this run; train it again to compare")
    found, listed = record["label_errors_found"], len(record["label_errors"])
    if found:
        labels = "1 label looks" if found == 1 else f"{found:,} labels look"
        which = f"the {listed:,} most suspicious" if listed < found else "the rows"
        note(f"{labels} wrong; heedful report {folder} shows {which}")

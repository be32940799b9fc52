"""`heedful check --label-errors`: which labels of some data are probably wrong."""

from __future__ import annotations

from typing import Any

from rich.table import Table

from heedful.face.console import cell, note, show
from heedful.learn.label_errors import Suspect, label_errors, out_of_fold
from heedful.learn.scores import excerpt
from heedful.records import HeedfulError
from heedful.text.corpus import Corpus
from heedful.text.labels import Labels

SHOWN = 20
WIDTH = 70  # characters of a text


def suspects_of(corpus: Corpus) -> list[dict[str, Any]]:
    """Rows whose label is probably wrong, the most suspicious first, judged without their label.

    The judge is the linear baseline, fitted on the other rows.

    Raises:
        HeedfulError: no labels, or too few texts.
    """
    examples = [e for e in corpus.examples if e.labels or corpus.multi_label]
    if not examples:
        raise HeedfulError("--label-errors needs labels, and no row has one; see --label")
    labels = Labels.infer(examples, corpus.multi_label)
    targets = labels.encode(examples)
    texts = [example.text for example in examples]
    note(f"looking for wrong labels among {len(texts):,} texts")
    found = label_errors(out_of_fold(texts, targets, labels.task), targets, labels.task)

    def record(suspect: Suspect) -> dict[str, Any]:
        example = examples[suspect.index]
        return {
            "source": example.source,
            "row": example.row,
            **suspect.to_json(labels.names),
            "excerpt": excerpt(example),
        }

    return [record(suspect) for suspect in found]


def show_suspects(name: str, found: list[dict[str, Any]]) -> None:
    """The first of them as a table, and what to make of it."""
    if not found:
        note(f"{name}: no label looks wrong", style="green")
        return
    table = Table()
    for heading in ("row", "label", "rather", "text"):
        table.add_column(heading, overflow="fold")
    for suspect in found[:SHOWN]:
        place = f"{suspect['source']}, row {suspect['row']}"
        given, other = (", ".join(suspect[key]) or "none" for key in ("given", "suggested"))
        text = suspect["excerpt"]
        text = text[:WIDTH].rstrip() + "…" if len(text) > WIDTH else text
        table.add_row(*map(cell, (place, given, other, text)))
    part = f"the {SHOWN} most suspicious" if len(found) > SHOWN else "the most suspicious first"
    count = "1 label looks" if len(found) == 1 else f"{len(found):,} labels look"
    show(table, f"{name}: {count} wrong; {part}")
    note(
        "a list to look through, not to delete: how many of them are right depends on the data "
        "(docs/evaluate.md); --json FILE has them all"
    )

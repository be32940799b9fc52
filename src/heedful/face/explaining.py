"""`heedful explain`: heat maps in the terminal, as a page, as JSON."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Any

from heedful.explain.attribute import explain_examples
from heedful.explain.legend import METHODS, check_methods
from heedful.explain.methods import check_maps, methods_of
from heedful.explain.trusted import trusted_examples
from heedful.explain.units import check_unit, summed
from heedful.face.console import Counter, note, stdout, tell_data, write_json, write_text
from heedful.face.remembering import remembered
from heedful.face.render import to_html, to_terminal
from heedful.face.scoring import given
from heedful.face.stdin import taking_stdin
from heedful.face.unit_table import sums_table
from heedful.learn.folder import load_model
from heedful.learn.layout import TRUST
from heedful.learn.model import TextModel, using_threads
from heedful.learn.run import read_json
from heedful.records import BadRow, Example, Explanation, HeedfulError
from heedful.text.corpus import ReadOptions, stream

FEW = 25
"""Texts up to which cards are measured unasked: that takes some seconds at most."""


@dataclass(frozen=True)
class Wanted:
    """What to show, and where.

    Attributes:
        method: the map shown first; None = what `heedful trust` found best, else contribution.
        all_methods: make every map, to switch between.
        trust: measure how far the maps may be trusted; None = for a few texts.
        unit: also sum the map per word, phrase or sentence.
        target: the class; None = the predicted one.
        html, json: files, `-`, or None.
        limit: rows of files that are explained at most.
    """

    method: str | None
    all_methods: bool
    trust: bool | None
    unit: str
    target: str | None
    html: str | None
    json: str | None
    limit: int


def run_explain(
    run: str, texts: Sequence[str], paths: Sequence[str], options: ReadOptions, wanted: Wanted
) -> None:
    """Explain texts given as arguments and rows of files."""
    check_methods([wanted.method] if wanted.method else [])
    check_unit(wanted.unit)
    if wanted.html == wanted.json == "-":
        raise HeedfulError("--html - and --json - both want standard output; give one a file")
    if not texts and not paths:
        raise HeedfulError("nothing to explain; give texts, or a file with --input")
    folder = Path(run)
    model = load_model(folder)
    if wanted.target is not None and wanted.target not in model.labels.names:
        raise HeedfulError(
            f"the model knows no class {wanted.target!r}; --class takes one of "
            f"{', '.join(model.labels.names)}"
        )
    plain = replace(options, labelled=False)
    examples = _usable(list(given(texts, plain)))
    trained = remembered(folder, plain)
    with taking_stdin(paths, plain, lines=True, trained=trained) as files:
        examples += _rows(files, plain, trained, wanted.limit)
    if not examples:
        raise HeedfulError("there is nothing left to explain; give texts with words in them")
    method = wanted.method or shown_by_default(folder)
    check_maps(model.network, [method])
    found = _explained(model, examples, wanted, method)
    if wanted.html:
        page = to_html(found, title=f"heedful: {folder.name}", method=method)
        write_text(wanted.html, page)
        if wanted.html != "-":
            note(f"{len(found):,} text{'' if len(found) == 1 else 's'} explained in {wanted.html}")
    if wanted.json:
        records = [one.to_json() | _sums(one, method, wanted) for one in found]
        write_json(wanted.json, records)
    if not wanted.html and not wanted.json:
        for explanation in found:
            stdout().print(to_terminal(explanation, method=method, target=wanted.target))
            if wanted.unit != "token":
                stdout().print(sums_table(explanation, method, wanted.target, wanted.unit))


def shown_by_default(folder: Path) -> str:
    """The map that `heedful trust` found best for this run; contribution where it was not run."""
    if not (folder / TRUST).exists():
        return "contribution"
    found = read_json(folder / TRUST)
    if not isinstance(found, dict):
        raise HeedfulError(
            f"{folder / TRUST} is damaged: it is no JSON object; run heedful trust again"
        )
    return found["show"] if found.get("show") in METHODS else "contribution"


def _explained(
    model: TextModel, examples: Sequence[Example], wanted: Wanted, method: str
) -> list[Explanation]:
    further = [method]
    if wanted.all_methods:
        further = [m for m in methods_of(model.network) if m != "random" or m == method]
    with_cards = len(examples) <= FEW if wanted.trust is None else wanted.trust
    if wanted.trust is None and not with_cards:
        note(f"no cards of trust for {len(examples):,} texts; --trust measures them")
    with using_threads(0), Counter() as counter:
        if not with_cards:
            return list(explain_examples(model, examples, wanted.target, further))
        found = []
        for explanation in trusted_examples(model, examples, wanted.target, further):
            found.append(explanation)
            counter("texts measured", len(found), len(examples))
        return found


def _sums(explanation: Explanation, method: str, wanted: Wanted) -> dict[str, Any]:
    """The map's sums per word, phrase or sentence, for JSON."""
    if wanted.unit == "token":
        return {}
    target = wanted.target or explanation.target
    units = summed(explanation, method, target, wanted.unit)
    return {"units": [unit._asdict() for unit in units]}


def _rows(
    paths: Sequence[str], options: ReadOptions, known: ReadOptions, limit: int
) -> list[Example]:
    if not paths:
        return []
    rows = _stream(paths, options, known)
    taken = list(islice(rows, limit))
    if next(rows, None) is not None:
        note(f"only the first {limit:,} rows are explained; --limit changes that")
    return _usable(taken)


def _stream(
    paths: Sequence[str], options: ReadOptions, known: ReadOptions
) -> Iterator[Example | BadRow]:
    """The rows, with their true labels where the label column of training is there."""
    try:
        return stream(paths, known)
    except HeedfulError:
        if options.label is not None:
            raise
        return stream(paths, replace(known, label=None))


def _usable(rows: Sequence[Example | BadRow]) -> list[Example]:
    tell_data((), [row for row in rows if isinstance(row, BadRow)])
    return [row for row in rows if isinstance(row, Example)]

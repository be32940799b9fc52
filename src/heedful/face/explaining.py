"""`heedful explain`: heat maps in the terminal, as a page, as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

from heedful.explain.attribute import explain_examples
from heedful.face.console import note, stdout, tell_data, write_json, write_text
from heedful.face.render import to_html, to_terminal
from heedful.face.scoring import remembered
from heedful.learn.folder import load_model
from heedful.learn.model import using_threads
from heedful.records import BadRow, Example, HeedfulError
from heedful.text.corpus import ReadOptions, stream

METHODS = ("contribution", "attention")


@dataclass(frozen=True)
class Wanted:
    """What to show, and where."""

    method: str
    target: str | None
    html: str | None
    json: str | None
    limit: int


def run_explain(
    run: str, texts: Sequence[str], paths: Sequence[str], options: ReadOptions, wanted: Wanted
) -> None:
    """Explain texts given as arguments and rows of files."""
    if wanted.method not in METHODS:
        raise HeedfulError(f"unknown method {wanted.method!r}; choose from {', '.join(METHODS)}")
    if not texts and not paths:
        raise HeedfulError("nothing to explain; give texts, or a file with --input")
    folder = Path(run)
    model = load_model(folder)
    options = replace(remembered(folder, options), labelled=False)
    examples = [Example(text, (), "argument", row) for row, text in enumerate(texts, start=1)]
    examples += _rows(paths, options, wanted.limit)
    with using_threads(0):
        found = list(explain_examples(model, examples, wanted.target))
    if wanted.html:
        page = to_html(found, title=f"heedful: {folder.name}", method=wanted.method)
        write_text(wanted.html, page)
        if wanted.html != "-":
            note(f"{len(found):,} texts explained in {wanted.html}")
    if wanted.json:
        write_json(wanted.json, [explanation.to_json() for explanation in found])
    if not wanted.html and not wanted.json:
        for explanation in found:
            stdout().print(to_terminal(explanation, method=wanted.method, target=wanted.target))


def _rows(paths: Sequence[str], options: ReadOptions, limit: int) -> list[Example]:
    if not paths:
        return []
    rows = stream(paths, options)
    taken = list(islice(rows, limit))
    if next(rows, None) is not None:
        note(f"only the first {limit:,} rows are explained; --limit changes that")
    bad = [row for row in taken if isinstance(row, BadRow)]
    tell_data((), bad)
    return [row for row in taken if isinstance(row, Example)]

"""`heedful explain`: heat maps in the terminal, as a page, as JSON."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

from heedful.explain.attribute import explain_examples
from heedful.face.console import note, stdout, tell_data, write_json, write_text
from heedful.face.remembering import remembered
from heedful.face.render import to_html, to_terminal
from heedful.face.scoring import given
from heedful.face.stdin import taking_stdin
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
    if wanted.target is not None and wanted.target not in model.labels.names:
        raise HeedfulError(
            f"the model knows no class {wanted.target!r}; --class takes one of "
            f"{', '.join(model.labels.names)}"
        )
    plain = replace(options, labelled=False)
    examples = _usable(list(given(texts, plain)))
    with taking_stdin(paths, plain, lines=True) as files:
        examples += _rows(files, plain, folder, wanted.limit)
    if not examples:
        raise HeedfulError("there is nothing left to explain; give texts with words in them")
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


def _rows(paths: Sequence[str], options: ReadOptions, run: Path, limit: int) -> list[Example]:
    if not paths:
        return []
    rows = _stream(paths, options, remembered(run, options))
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

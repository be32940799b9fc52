"""What `heedful explain` reads and what it shows, whatever has made the maps. No torch here."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any

from heedful.explain.units import check_unit, summed
from heedful.face.console import note, stdout, tell_data, write_json, write_text
from heedful.face.render import to_html, to_terminal
from heedful.face.scoring import given
from heedful.face.stdin import taking_stdin
from heedful.face.unit_table import sums_table
from heedful.records import BadRow, Example, Explanation, HeedfulError
from heedful.text.corpus import ReadOptions, stream


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
        pieces: show a number for each piece of a word, where the model reads such.
    """

    method: str | None
    all_methods: bool
    trust: bool | None
    unit: str
    target: str | None
    html: str | None
    json: str | None
    limit: int
    pieces: bool = False


def check_wanted(wanted: Wanted, texts: Sequence[str], paths: Sequence[str]) -> None:
    """Refuse what can be seen to be wrong before anything is loaded.

    Raises:
        HeedfulError: an unknown unit, two outputs for standard output, or no text.
    """
    check_unit(wanted.unit)
    if wanted.html == wanted.json == "-":
        raise HeedfulError("--html - and --json - both want standard output; give one a file")
    if not texts and not paths:
        raise HeedfulError("nothing to explain; give texts, or a file with --input")


def check_target(target: str | None, names: Sequence[str]) -> None:
    """Raise HeedfulError where a class is asked for that the model does not know."""
    if target is not None and target not in names:
        raise HeedfulError(
            f"the model knows no class {target!r}; --class takes one of {', '.join(names)}"
        )


def wanted_examples(
    texts: Sequence[str],
    paths: Sequence[str],
    options: ReadOptions,
    trained: ReadOptions,
    limit: int,
) -> list[Example]:
    """Texts given as arguments, then rows of files.

    Args:
        texts: the arguments.
        paths: the files; `-` is standard input.
        options: as the user gave them.
        trained: with the columns of training.
        limit: rows of files at most.

    Raises:
        HeedfulError: there is none that can be used.
    """
    examples = _usable(list(given(texts, options)))
    with taking_stdin(paths, options, lines=True, trained=trained) as files:
        examples += _rows(files, options, trained, limit)
    if not examples:
        raise HeedfulError("there is nothing left to explain; give texts with words in them")
    return examples


def show_explained(found: Sequence[Explanation], wanted: Wanted, name: str, method: str) -> None:
    """The maps in the terminal, or as the page and the JSON that are wanted.

    Args:
        found: the explanations.
        wanted: where to.
        name: of the model, for the page's title.
        method: the map that is shown first.
    """
    if wanted.html:
        page = to_html(found, title=f"heedful: {name}", method=method)
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

"""`heedful explain` on a run that rewrites: alignments in the terminal, as page, picture, JSON."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from heedful.face.alignment_page import alignment_html
from heedful.face.alignment_svg import alignment_svg
from heedful.face.alignment_terminal import alignment_terminal
from heedful.face.console import note, stdout, tell_data, write_json, write_text
from heedful.face.rewriting import Columns, sources_like
from heedful.face.scoring import given
from heedful.learn.files import write_bytes
from heedful.learn.model import using_threads
from heedful.learn.sequence_folder import load_sequence
from heedful.records import BadRow, Example, HeedfulError, Rewriting
from heedful.text.one_side import read_sources
from heedful.text.options import ReadOptions


@dataclass(frozen=True)
class Shown:
    """How to search, what to show and where.

    Attributes:
        html, json: files, `-`, or None.
        picture: an .svg or .png file, or None.
        limit: rows of files that are rewritten at most.
        beam: hypotheses the search keeps; None = as the run's settings say.
    """

    html: str | None = None
    json: str | None = None
    picture: str | None = None
    limit: int = 200
    beam: int | None = None


def run_alignment(
    run: str,
    texts: Sequence[str],
    paths: Sequence[str],
    options: ReadOptions,
    columns: Columns,
    shown: Shown,
) -> None:
    """Rewrite texts given as arguments and rows of files, and show where the network looked."""
    if shown.html == shown.json == "-":
        raise HeedfulError("--html - and --json - both want standard output; give one a file")
    if shown.picture is not None and Path(shown.picture).suffix.lower() not in (".svg", ".png"):
        raise HeedfulError(f"--picture {shown.picture}: name a file.svg or a file.png")
    if not texts and not paths:
        raise HeedfulError("nothing to explain; give texts, or a file with --input")
    folder = Path(run)
    model = load_sequence(folder)
    sources = _usable(list(given(texts, options)))
    sources += _rows(folder, paths, options, columns, shown.limit) if paths else []
    if not sources:
        raise HeedfulError("there is nothing left to explain; give texts with characters in them")
    if shown.picture is not None and len(sources) > 1:
        raise HeedfulError(f"--picture draws one text, and {len(sources):,} are given; see --html")
    with using_threads(0):
        found = [best[0] for best in model.rewrite(sources, model.searching(shown.beam))]
    _show(found, folder.name, shown)


def _rows(
    folder: Path, paths: Sequence[str], options: ReadOptions, columns: Columns, limit: int
) -> list[str]:
    with sources_like(folder, paths, options, columns) as (files, asked, known):
        rows = read_sources(files, asked, known)
        taken = list(islice(rows, limit))
        if next(rows, None) is not None:
            note(f"only the first {limit:,} rows are explained; --limit changes that")
    return _usable(taken)


def _usable(rows: Sequence[Example | BadRow]) -> list[str]:
    tell_data((), [row for row in rows if isinstance(row, BadRow)])
    return [row.text for row in rows if isinstance(row, Example)]


def _show(found: Sequence[Rewriting], name: str, shown: Shown) -> None:
    if shown.html:
        write_text(shown.html, alignment_html(found, title=f"heedful: {name}"))
        if shown.html != "-":
            note(f"{len(found):,} text{'' if len(found) == 1 else 's'} in {shown.html}")
    if shown.json:
        write_json(shown.json, [one.to_json() for one in found])
    if shown.picture:
        write_picture(found[0], shown.picture)
    if not (shown.html or shown.json or shown.picture):
        for one in found:
            stdout().print(alignment_terminal(one))
            stdout().print()


def write_picture(rewriting: Rewriting, path: str) -> None:
    """The map as an .svg or .png file.

    Raises:
        HeedfulError: there is no map, or the file cannot be written.
    """
    if Path(path).suffix.lower() == ".svg":
        write_text(path, alignment_svg(rewriting))
    else:
        # matplotlib takes half a second to load, and only this needs it.
        from heedful.face.plots.alignment import alignment_plot
        from heedful.face.plots.svg import to_png

        picture = to_png(alignment_plot(rewriting))
        try:
            write_bytes(Path(path), picture)
        except OSError as error:
            raise HeedfulError(f"{path} cannot be written: {error.strerror or error}") from None
    note(f"{path} written")

"""`heedful words`: the corpus seen as a whole, in the terminal, as a page, as JSON."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from heedful.explain.corpus_view import LONGEST, Told, corpus_view
from heedful.face.console import note, stderr, tell_data, warn, write_json, write_text
from heedful.face.remembering import names_of, remembered
from heedful.face.stdin import taking_stdin
from heedful.face.words_page import to_page
from heedful.face.words_tables import About, show_view
from heedful.learn.folder import load_model
from heedful.learn.model import using_threads
from heedful.records import HeedfulError
from heedful.text.corpus import Corpus, ReadOptions, read


@dataclass(frozen=True)
class Wanted:
    """What to look at, and where it goes.

    Attributes:
        against: an earlier run to compare with.
        limit: entries of a list; None: ten in the terminal, `LONGEST` elsewhere.
        min_texts: texts that must hold a word; None: as many as fit the data.
        html, json: files; `-` is stdout.
    """

    against: str | None
    limit: int | None
    min_texts: int | None
    html: str | None
    json: str | None


def run_words(run: str, data: Sequence[str], options: ReadOptions, wanted: Wanted) -> None:
    """Read the data as the run was taught to, score them, and show what they rest on."""
    if wanted.html == wanted.json == "-":
        raise HeedfulError("--html - and --json - both want standard output; give one a file")
    folder = Path(run)
    model = load_model(folder)
    other = None if wanted.against is None else load_model(Path(wanted.against))
    corpus = _read(folder, data, options)
    with using_threads(0), _progress() as told:
        view = corpus_view(
            model,
            corpus.examples,
            limit=wanted.limit or LONGEST,
            min_texts=wanted.min_texts,
            against=other,
            told=told,
        )
    if view.change and not view.change.same_classes:
        warn(f"{wanted.against} knows other classes: only the vocabularies are compared")
    other_name = None if wanted.against is None else Path(wanted.against).resolve().name
    about = About(folder.resolve().name, other_name, names_of(data))
    if wanted.html:
        write_text(wanted.html, to_page(view, about))
        if wanted.html != "-":
            note(f"{wanted.html}: {view.texts:,} texts seen as a whole, one file to mail")
    if wanted.json:
        write_json(wanted.json, about._asdict() | view.to_json())
    if not wanted.html and not wanted.json:
        show_view(view, about, wanted.limit or 10)


def _read(folder: Path, data: Sequence[str], options: ReadOptions) -> Corpus:
    """The texts; labels are not needed, so only a label column asked for is looked for."""
    plain = replace(remembered(folder, options), labelled=False, label=options.label)
    with taking_stdin(data, options, lines=True, trained=plain) as files:
        corpus = read(files, plain)
    tell_data(corpus.notes, corpus.bad_rows)
    return corpus


@contextmanager
def _progress() -> Iterator[Told | None]:
    """A bar on a terminal, nothing elsewhere."""
    console = stderr()
    if not console.is_terminal:
        yield None
        return
    columns = TextColumn("scoring"), BarColumn(), TimeRemainingColumn()
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task("scoring")
        yield lambda done, total: bar.update(task, completed=done, total=total)

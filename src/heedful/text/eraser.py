"""The ERASER layout: annotations in .jsonl files, a text a file in docs/, evidence as token spans.

DeYoung et al. 2020, "ERASER: A Benchmark to Evaluate Rationalized NLP Models". A document's
tokens are what white space separates; `start_token` is inclusive, `end_token` exclusive. The
text stays as it stands in its file, and spans of tokens become spans of its characters.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from heedful.records import BadRow, Example, HeedfulError
from heedful.text.cells import UNLABELLED, UnusableError, is_missing, label_name, read_text
from heedful.text.columns import same_split
from heedful.text.compressed import inner_name, reading
from heedful.text.encoding import find_encoding
from heedful.text.folders import decoded
from heedful.text.jsonl import objects
from heedful.text.options import ReadOptions
from heedful.text.part import Part
from heedful.text.splits import choose_split
from heedful.text.table import clip, column_list

SPLITS = {"train": "train.jsonl", "val": "val.jsonl", "test": "test.jsonl"}
KEYS = frozenset(("annotation_id", "classification", "evidences"))
DOCS = "docs"
_WORD = re.compile(r"\S+", re.ASCII)  # "white space" is ASCII there: U+00A0 and U+0085 join
_LOOKED_AT = 20

Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Annotation:
    """One row of an ERASER file.

    Attributes:
        identifier: its annotation_id.
        document: the docid of its text.
        example: text, label, and the evidence as spans of characters.
    """

    identifier: str
    document: str
    example: Example


def words(text: str) -> list[Span]:
    """The characters of each token of a document, as ERASER counts tokens."""
    return [found.span() for found in _WORD.finditer(text)]


def is_eraser(data: Path, options: ReadOptions) -> bool:
    """Whether a folder or a .jsonl file is in this layout; docs/ stands in it or beside it.

    A file whose column is named with --text or --label is a table like any other.
    """
    if data.is_dir():
        return (data / DOCS).is_dir() and any(_keys(data / n) >= KEYS for n in SPLITS.values())
    if not (inner_name(data).endswith(".jsonl") and (data.parent / DOCS).is_dir()):
        return False
    keys = _keys(data)
    named = {options.text, options.label} - {"classification"}
    return keys >= KEYS and not named & keys


def _keys(path: Path) -> set[str]:
    """The keys of the first object among the first rows."""
    if not path.is_file():
        return set()
    with reading(path):
        rows = islice(objects(path, find_encoding(path, None)), _LOOKED_AT)
        return next((set(row) for row in rows if isinstance(row, dict)), set())


def open_eraser(data: Path, options: ReadOptions) -> Part:
    """A folder or a file of annotations as a part of a corpus, in the order train, val, test.

    Raises:
        HeedfulError: without the split that is demanded.
    """
    found = {name: data / file for name, file in SPLITS.items() if (data / file).is_file()}
    splits = found if data.is_dir() else {inner_name(data).removesuffix(".jsonl"): data}
    demanded = choose_split(options, splits).split
    kept = dict(splits)
    if demanded not in (None, "all"):
        kept = {name: path for name, path in splits.items() if same_split(name, str(demanded))}
        if not kept:
            raise HeedfulError(
                f"{data} has no split {clip(demanded)}; it has {column_list(list(splits))}"
            )
    return Part(
        data.name,
        lambda: (
            row if isinstance(row, BadRow) else row.example
            for path in kept.values()
            for row in read_annotations(path, options)
        ),
        tuple(_notes(data.name, splits, kept, options)),
    )


def _notes(
    name: str, splits: Mapping[str, Path], kept: Mapping[str, Path], options: ReadOptions
) -> Iterator[str]:
    rows = {split: list(_rows(path, options)) for split, path in kept.items()}
    counts = ", ".join(f"{split} {len(found):,}" for split, found in rows.items())
    left = ", ".join(split for split in splits if split not in kept)
    yield (
        f"{name}: ERASER layout, texts in {DOCS}/, labels in classification, evidence marked; "
        f"{counts} rows" + (f", not used: {left}; --split all takes every row" if left else "")
    )
    every = [row for found in rows.values() for row in found if isinstance(row, dict)]
    if empty := sum(map(_empty, every)):
        yield f"{name}: {empty:,} evidence spans hold no token, and mark nothing"
    queries = Counter(str(row.get("query")) for row in every)
    if len(queries) > 1:
        yield f"{name}: its {len(queries):,} different queries are not read, only the documents"


def _empty(row: Mapping[str, Any]) -> int:
    """How many evidence spans end where they start."""
    try:
        return sum(entry["start_token"] == entry["end_token"] for entry in _evidences(row))
    except (UnusableError, KeyError):
        return 0  # a bad row, told as such


def _rows(path: Path, options: ReadOptions) -> Iterator[dict[str, Any] | str]:
    with reading(path):
        yield from objects(path, find_encoding(path, options.encoding))


def read_annotations(
    path: Path, options: ReadOptions | None = None
) -> Iterator[Annotation | BadRow]:
    """The rows of one file, in order; `docs/` stands beside it.

    A row is bad without its document, or with evidence that lies outside of it, reads otherwise
    than the file says, or is spread over several documents.
    """
    options = options or ReadOptions()
    for number, row in enumerate(_rows(path, options), 1):
        try:
            if isinstance(row, str):
                raise UnusableError(row)
            yield _annotation(row, path, number, options)
        except UnusableError as reason:
            yield BadRow(path.name, number, str(reason))


def _annotation(
    row: Mapping[str, Any], path: Path, number: int, options: ReadOptions
) -> Annotation:
    marked = _evidences(row)
    identifier, document = str(row.get("annotation_id")), _document(row, marked)
    file = path.parent / DOCS / document
    if Path(document).name != document or not file.is_file():
        raise UnusableError(f"its document {clip(document)} is not in {DOCS}/")
    text = read_text(decoded(file, options), options.max_characters)
    places = words(text)
    spans = {span for entry in marked if (span := _span(entry, text, places))}
    labels = _labels(row.get("classification"), options)
    example = Example(text, labels, path.name, number, tuple(sorted(spans)))
    return Annotation(identifier, document, example)


def _evidences(row: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The evidence of all groups (ways to justify the answer), one after the other."""
    groups = row.get("evidences")
    if not isinstance(groups, list) or not all(isinstance(group, list) for group in groups):
        raise UnusableError("evidences is no list of groups, [[{...}, ...], ...]")
    entries = [entry for group in groups for entry in group]
    if not all(isinstance(entry, dict) and "docid" in entry for entry in entries):
        raise UnusableError("an evidence is no object with a docid")
    return entries


def _document(row: Mapping[str, Any], marked: list[Mapping[str, Any]]) -> str:
    """The one document that the row is about: of its evidence, else of docids, else its id."""
    names = {str(entry["docid"]) for entry in marked}
    if not names and isinstance(row.get("docids"), list):
        names = {str(name) for name in row["docids"]}
    if len(names) > 1:
        raise UnusableError(f"it is about {len(names)} documents; a row here has one text")
    return names.pop() if names else str(row.get("annotation_id"))


def _span(entry: Mapping[str, Any], text: str, places: list[Span]) -> Span | None:
    """The characters from the first to the last token of an evidence; None for no token."""
    start, end, said = entry.get("start_token"), entry.get("end_token"), entry.get("text")
    if type(start) is not int or type(end) is not int:  # a bool is an int to isinstance
        raise UnusableError(f"an evidence has no start_token and end_token: {clip(entry)}")
    if not 0 <= start <= end <= len(places):
        raise UnusableError(
            f"the evidence of tokens {start} to {end} does not lie in the document, which has "
            f"{len(places):,} tokens"
        )
    first, last = (places[start][0], places[end - 1][1]) if start < end else (0, 0)
    there = " ".join(_WORD.findall(text[first:last]))
    if isinstance(said, str) and there != " ".join(_WORD.findall(said)):
        raise UnusableError(
            f"the evidence of tokens {start} to {end} is {clip(said)}, but the document has "
            f"{clip(there)} there"
        )
    return (first, last) if start < end else None


def _labels(cell: Any, options: ReadOptions) -> tuple[str, ...]:
    if is_missing(cell):
        if options.labelled:
            raise UnusableError("the label is missing")
        return ()
    name = label_name(cell)
    name = dict(options.label_map).get(name, name)
    return () if name.casefold() in UNLABELLED else (name,)

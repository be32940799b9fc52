"""The public entry to data: files, folders and named sets become examples.

`read` takes everything into memory and says aloud what it found; `stream` keeps memory flat
for prediction over large files. Nothing is dropped in silence: a row becomes an example, a
bad row with its reason, or is counted in a note.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from heedful.records import BadRow, Example, HeedfulError
from heedful.text.dataset_objects import is_dataset, splits_of
from heedful.text.holdout import split
from heedful.text.hub import is_hub_name
from heedful.text.hub_data import hub_splits
from heedful.text.labels import suggest_map
from heedful.text.options import ReadOptions
from heedful.text.part import Part
from heedful.text.parts import open_part
from heedful.text.saved import is_saved, saved_splits
from heedful.text.sources import resolve
from heedful.text.split_tables import split_parts
from heedful.text.stream import Stream
from heedful.text.table import column_list

__all__ = ["Corpus", "ReadOptions", "fingerprint", "open_stream", "read", "split", "stream"]


@dataclass(frozen=True)
class Corpus:
    """Examples and what there is to say about where they came from.

    Attributes:
        examples: the usable rows, in file order.
        bad_rows: the others.
        notes: sentences that say what was found or decided.
        multi_label: whether a row may carry several labels.
    """

    examples: tuple[Example, ...]
    bad_rows: tuple[BadRow, ...]
    notes: tuple[str, ...]
    multi_label: bool


def _parts(paths: Any, options: ReadOptions) -> Iterator[Part]:
    if isinstance(paths, str | Path) or is_dataset(paths):
        paths = [paths]
    if not paths:
        raise HeedfulError("no data given; name a file, a folder or a data set")
    for path in paths:
        try:
            yield from _opened(path, options)
        except HeedfulError as error:
            raise HeedfulError(_on_one_line(str(error))) from None


def _opened(path: Any, options: ReadOptions) -> Iterator[Part]:
    """The parts of what one name stands for, or of a Hugging Face data set."""
    if is_dataset(path):
        yield from split_parts(splits_of(path), "the data set", options)
    elif is_hub_name(path):
        yield from split_parts(hub_splits(path, options), path, options)
    else:
        found = resolve(path)
        if isinstance(found, Path) and is_saved(found):
            yield from split_parts(saved_splits(found), found.name, options)
        else:
            yield open_part(found, options)


def _on_one_line(message: str) -> str:
    """The message without what an odd file name may bring into it."""
    return " ".join(message.encode("utf-8", "backslashreplace").decode("utf-8").split("\n"))


def read(paths: Sequence[str | Path], options: ReadOptions | None = None) -> Corpus:
    """All examples of several files, folders and named sets, joined in that order.

    Args:
        paths: CSV, TSV, JSONL or Parquet files (plain, .gz or .zst), aclImdb or ERASER folders,
            `imdb.npz`, folders of Hugging Face's `save_to_disk`, or the names of data sets (`imdb`,
            `reviews`, `hf://datasets/owner/name[@revision][/split or path]`); a `Dataset` or
            `DatasetDict` will do, too.
        options: how to read them; default `ReadOptions()`.

    Raises:
        HeedfulError: a file cannot be read at all, holds nothing usable, or its columns are
            not clear; the label sets of two files have nothing in common.
    """
    options = options or ReadOptions()
    examples: list[Example] = []
    bad_rows: list[BadRow] = []
    notes: list[str] = []
    names: list[tuple[str, set[str]]] = []
    multi_label = False
    for part in _parts(paths, options):
        good, bad = _sort_out(part, options, notes)
        examples += good
        bad_rows += bad
        names.append((part.source, {label for e in good for label in e.labels}))
        multi_label = multi_label or part.multi_label
    _check_joined(names, notes if not options.labelled else None)
    notes += _label_map_notes(options, examples)
    return Corpus(tuple(examples), tuple(bad_rows), tuple(notes), multi_label)


def _sort_out(
    part: Part, options: ReadOptions, notes: list[str]
) -> tuple[list[Example], list[BadRow]]:
    """The usable examples and the bad rows of one part; `notes` grows."""
    good: list[Example] = []
    bad: list[BadRow] = []
    unlabelled = 0
    for item in part.items():
        if isinstance(item, BadRow):
            bad.append(item)
        elif options.labelled and not item.labels and not part.empty_is_an_answer:
            unlabelled += 1
        else:
            good.append(item)
    notes += part.notes
    if unlabelled:
        notes.append(f"{part.source}: {unlabelled:,} unlabelled rows are skipped")
    if not good:
        raise HeedfulError(_nothing_left(part, bad, unlabelled))
    return good, bad


def _nothing_left(part: Part, bad: list[BadRow], unlabelled: int) -> str:
    if not bad:
        return (
            f"{part.source}: all {unlabelled:,} rows are unlabelled"
            if unlabelled
            else f"{part.source} has no data rows"
        )
    also = f", and {unlabelled:,} are unlabelled" if unlabelled else ""
    return (
        f"{part.source}: none of its {len(bad) + unlabelled:,} rows can be used{also}; "
        f"row {bad[0].row}: {bad[0].reason}"
    )


def stream(
    paths: Sequence[str | Path], options: ReadOptions | None = None
) -> Iterator[Example | BadRow]:
    """The rows one by one, in exact order, in flat memory.

    Every data row of the split that is wanted gives exactly one item; an unlabelled row is an
    Example without labels. A labelled file is gone through twice, first for its label values.

    Raises:
        HeedfulError: as `read`, except that rows are not judged together.
    """
    return iter(open_stream(paths, options or ReadOptions()))


def open_stream(paths: Sequence[str | Path], options: ReadOptions) -> Stream:
    """As `stream`; the object also knows how much has been read. All parts are opened."""
    return Stream(tuple(_parts(paths, options)))


def _check_joined(names: list[tuple[str, set[str]]], notes: list[str] | None) -> None:
    """Two files with two or more labels each and none in common are hardly one corpus.

    Where labels do not matter it is only worth a note.
    """
    several = [(source, labels) for source, labels in names if len(labels) > 1]
    for i, (source, labels) in enumerate(several):
        for other, others in several[:i]:
            if labels.isdisjoint(others):
                found = (
                    f"{other} has the labels {column_list(sorted(others))}, {source} has "
                    f"{column_list(sorted(labels))}; map one "
                    f"to the other, for example --label-map {_suggest(labels, others)}"
                )
                if notes is None:
                    raise HeedfulError(found)
                notes.append(found)


def _suggest(first: set[str], second: set[str]) -> str:
    """A label map between two label sets, from names to numbers where one has them."""
    source, target = (first, second) if first & {"pos", "positive", "true"} else (second, first)
    return suggest_map(sorted(source), sorted(target))


def _label_map_notes(options: ReadOptions, examples: Iterable[Example]) -> list[str]:
    if not options.label_map:
        return []
    counts = Counter(label for example in examples for label in example.labels)
    pairs = ", ".join(f"{old} → {new}" for old, new in options.label_map)
    missing = sorted({new for _, new in options.label_map if not counts[new]})
    notes = [f"labels are mapped: {pairs}"]
    if missing:
        notes.append(f"no row has the label {', '.join(missing)} after the mapping")
    return notes


def fingerprint(examples: Iterable[Example]) -> str:
    """SHA-256 (hex) over texts and labels in order: the same data gives the same print."""
    digest = hashlib.sha256()
    for example in examples:
        for value in (example.text, *example.labels):
            data = value.encode("utf-8", "surrogatepass")
            digest.update(len(data).to_bytes(8, "big") + data)
        digest.update(b"\xff" * 8)
    return digest.hexdigest()

"""The folder tree of aclImdb: train/ and test/ with pos/, neg/ (and unsup/), a text a file."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from heedful.records import BadRow, Example, HeedfulError
from heedful.text.cells import UnusableError, read_text
from heedful.text.columns import same_split
from heedful.text.compressed import inner_name
from heedful.text.options import ReadOptions
from heedful.text.part import Part
from heedful.text.splits import choose_split
from heedful.text.table import clip, column_list

CLASSES = ("neg", "pos")
SPLITS = ("train", "valid", "test")
_TABLES = (".csv", ".tsv", ".jsonl", ".ndjson", ".json", ".parquet", ".pq", ".npz")


def _is_split(folder: Path) -> bool:
    return all((folder / name).is_dir() for name in CLASSES)


def _by_number(path: Path) -> list[tuple[int, str]]:
    """Sort key under which 2_9.txt comes before 10_3.txt, the same on every system."""
    parts = re.split(r"([0-9]+)", path.name)
    return [(int(part), "") if part.isdecimal() else (-1, part) for part in parts]


def open_folder(folder: Path, options: ReadOptions) -> Part:
    """A folder of texts as part of a corpus; the labels are `neg` and `pos`.

    Order: the splits train, valid, test; within each neg, pos, unsup; within these by number.

    Raises:
        HeedfulError: a folder without that layout, or without the split that is demanded.
    """
    splits = {folder.name: folder} if _is_split(folder) else _splits(folder)
    options = choose_split(options, splits)
    demanded = options.split
    if demanded not in (None, "all"):
        kept = {name: path for name, path in splits.items() if same_split(name, str(demanded))}
        if not kept:
            raise HeedfulError(
                f"{folder} has no split {clip(demanded)}; it has {column_list(list(splits))}"
            )
        splits = kept
    files = {name: _files(path) for name, path in splits.items()}
    root = folder.parent if _is_split(folder) else folder
    counts = ", ".join(f"{name} {len(found):,}" for name, found in files.items())
    note = f"{folder.name}: a folder of texts (aclImdb layout), labels neg and pos; {counts} files"
    if len(files) > 1:
        note += "; --split picks one of them"
    every = [path for found in files.values() for path in found]
    if not every:
        raise HeedfulError(f"{folder} has no .txt files in its neg and pos folders")
    return Part(folder.name, lambda: _items(every, root, options), (note,))


def _splits(folder: Path) -> dict[str, Path]:
    found = {n: folder / n for n in SPLITS if _is_split(folder / n)}
    if found:
        return found
    tables = sorted(p.name for p in folder.iterdir() if inner_name(p).endswith(_TABLES))
    hint = f"; it holds {column_list(tables)}: name a file of it" if tables else ""
    raise HeedfulError(
        f"{folder} is a folder without pos/ and neg/, or train/ and test/ with them{hint}"
    )


def _files(folder: Path) -> list[Path]:
    found: list[Path] = []
    for name in (*CLASSES, "unsup"):
        if (folder / name).is_dir():
            texts = [p for p in (folder / name).iterdir() if p.suffix == ".txt" and p.is_file()]
            found += sorted(texts, key=_by_number)
    return found


def _items(files: list[Path], root: Path, options: ReadOptions) -> Iterator[Example | BadRow]:
    mapping = dict(options.label_map)
    for path in files:
        source = path.relative_to(root).as_posix()
        folder = path.parent.name
        labels = () if folder == "unsup" else (mapping.get(folder, folder),)
        try:
            text = read_text(decoded(path, options), options.max_characters)
        except UnusableError as reason:
            yield BadRow(source, 1, str(reason))
        else:
            yield Example(text, labels, source, 1)


def decoded(path: Path, options: ReadOptions) -> str:
    """The text in a file of its own.

    Raises:
        UnusableError: it cannot be read, or is not in that encoding.
        HeedfulError: the encoding is unknown.
    """
    try:
        return path.read_bytes().decode(options.encoding or "utf-8-sig")
    except UnicodeError:
        raise UnusableError("the text is not UTF-8 (--encoding sets another encoding)") from None
    except LookupError:
        raise HeedfulError(f"encoding {clip(options.encoding)} is unknown") from None
    except OSError as error:
        raise UnusableError(f"the file cannot be read: {error.strerror}") from None

"""Keras' `imdb.npz`: reviews as lists of word ranks, turned back into words."""

from __future__ import annotations

import json
import math
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.lib import format as npy

from heedful.records import BadRow, Example, HeedfulError
from heedful.text.cells import UNLABELLED, UnusableError, read_text
from heedful.text.columns import same_split
from heedful.text.compressed import one_line, reading
from heedful.text.options import ReadOptions
from heedful.text.part import Part
from heedful.text.safe_pickle import RefusedError, load_integer_lists
from heedful.text.splits import choose_split
from heedful.text.table import clip

SPLITS = ("train", "test")
UNKNOWN = "?"
_LARGEST = 1 << 30


def keras_ids(ranks: list[int], options: ReadOptions) -> list[int]:
    """The ids that `keras.datasets.imdb.load_data` gives for stored ranks.

    The start id is put in front, `index_from` is added to each rank, and every id that is not
    below `num_words` becomes `oov_char`. Without `num_words` Keras also hides the one largest
    id of the file; here every word stays.
    """
    ids = [options.start_char, *(rank + options.index_from for rank in ranks)]
    if options.num_words is None:
        return ids
    return [i if i < options.num_words else options.oov_char for i in ids]


def words_of(ids: list[int], words: Mapping[int, str], options: ReadOptions) -> str:
    """The words of Keras ids: the start mark vanishes, an unknown word becomes `?`."""
    body = ids[1:]
    known = (
        words.get(i - options.index_from, UNKNOWN) if i != options.oov_char else UNKNOWN
        for i in body
    )
    return " ".join(known)


def open_npz(path: Path, options: ReadOptions) -> Part:
    """`imdb.npz` with its word index beside it as part of a corpus.

    Raises:
        HeedfulError: no word index, no archive, a member missing or of another form, a pickle
            that holds anything but lists of whole numbers.
    """
    if options.num_words is not None and options.num_words < 1:
        raise HeedfulError(f"--num-words is {options.num_words}; it must be at least 1")
    options = choose_split(options, SPLITS)
    words = _word_index(path)
    wanted = [
        split
        for split in SPLITS
        if options.split in (None, "all") or same_split(split, str(options.split))
    ]
    if not wanted:
        raise HeedfulError(
            f"{path.name} has no split {clip(options.split)}; it has {', '.join(SPLITS)}"
        )
    data = _load(path, wanted)
    counts = ", ".join(f"{split} {len(ranks):,}" for split, (ranks, _) in data.items())
    note = (
        f"{path.name}: Keras ids turned back into words (start {options.start_char}, unknown "
        f"{options.oov_char} written {UNKNOWN}, offset {options.index_from}, "
        f"num_words {options.num_words or 'all'}); {counts} rows"
    )
    if len(data) > 1:
        note += "; --split picks one of them"
    return Part(path.name, lambda: _items(path.name, data, words, options), (note,))


def _items(
    name: str,
    data: dict[str, tuple[list[list[int]], list[str]]],
    words: Mapping[int, str],
    options: ReadOptions,
) -> Iterator[Example | BadRow]:
    mapping = dict(options.label_map)
    for split, (reviews, labels) in data.items():
        source = f"{name}/{split}"
        for row, (ranks, label) in enumerate(zip(reviews, labels, strict=True), 1):
            text = words_of(keras_ids(ranks, options), words, options)
            mapped = mapping.get(label, label)
            try:
                text = read_text(text, options.max_characters)
            except UnusableError as reason:
                yield BadRow(source, row, str(reason))
            else:
                found = () if mapped.casefold() in UNLABELLED else (mapped,)
                yield Example(text, found, source, row)


def _word_index(path: Path) -> dict[int, str]:
    """Rank → word, from `<name>_word_index.json` beside the file."""
    beside = path.with_name(f"{path.name.split('.')[0]}_word_index.json")
    if not beside.exists():
        raise HeedfulError(f"{path.name} holds numbers only; put {beside.name} beside it")
    with reading(beside):
        try:
            index = json.loads(beside.read_bytes())
        except (ValueError, RecursionError) as error:
            raise HeedfulError(f"{beside.name} is not JSON: {one_line(error)}") from None
    if not isinstance(index, dict) or not all(type(rank) is int for rank in index.values()):
        raise HeedfulError(f"{beside.name} must map words to whole numbers")
    return {rank: word for word, rank in index.items()}


def _load(path: Path, splits: list[str]) -> dict[str, tuple[list[list[int]], list[str]]]:
    data = {}
    with reading(path):
        try:
            with zipfile.ZipFile(path) as archive:
                for split in splits:
                    reviews = _reviews(archive, f"x_{split}.npy")
                    labels = _labels(archive, f"y_{split}.npy")
                    if len(reviews) != len(labels):
                        raise RefusedError(f"{len(reviews)} reviews have {len(labels)} labels")
                    data[split] = (reviews, labels)
        except (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError) as error:
            raise HeedfulError(f"{path.name} is a damaged archive: {one_line(error)}") from None
        except RefusedError as error:
            raise HeedfulError(f"{path.name} is refused: {one_line(error)}") from None
    return data


def _open(archive: zipfile.ZipFile, name: str) -> tuple[IO[bytes], tuple[int, ...], np.dtype[Any]]:
    """A member after its header, with the array's shape and type."""
    if name not in archive.namelist():
        raise RefusedError(f"it has no {name}, as Keras' imdb.npz has")
    if archive.getinfo(name).file_size > _LARGEST:
        raise RefusedError(f"{name} is larger than a gigabyte")
    file = archive.open(name)
    try:
        version = npy.read_magic(file)
        read = npy.read_array_header_1_0 if version == (1, 0) else npy.read_array_header_2_0
        shape, _, dtype = read(file)
    except (ValueError, TypeError, SyntaxError, EOFError, RecursionError) as error:
        raise RefusedError(f"{name} is no NumPy array: {one_line(error)}") from None
    if len(shape) != 1:
        raise RefusedError(f"{name} has {len(shape)} axes where one belongs")
    return file, shape, dtype


def _reviews(archive: zipfile.ZipFile, name: str) -> list[list[int]]:
    file, shape, dtype = _open(archive, name)
    with file:
        if not dtype.hasobject:
            raise RefusedError(f"{name} does not hold lists of word ranks")
        reviews = load_integer_lists(file.read())
    if len(reviews) != shape[0]:
        raise RefusedError(f"{name} holds {len(reviews)} reviews and claims {shape[0]}")
    return reviews


def _labels(archive: zipfile.ZipFile, name: str) -> list[str]:
    file, shape, dtype = _open(archive, name)
    with file:
        if dtype.hasobject or dtype.kind not in "iub":
            raise RefusedError(f"{name} does not hold whole numbers")
        data = file.read()
    if len(data) != math.prod(shape) * dtype.itemsize:
        raise RefusedError(f"{name} is cut short")
    return [str(int(value)) for value in np.frombuffer(data, dtype=dtype)]

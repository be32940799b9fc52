"""Word vectors out and in: word2vec files, and gensim's `KeyedVectors`.

gensim's own files (`KeyedVectors.save`) are pickles, which can run code as they are opened, so
they are neither read nor written here.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from heedful.records import HeedfulError

_SPACE = frozenset(" \t\n\r\v\f")
_BINARY = ".bin"
_TEXT = (".txt", ".vec")


def keyed_vectors(words: Sequence[str], table: NDArray[np.float32]) -> Any:
    """gensim's `KeyedVectors` of words and their vectors (words, E).

    Raises:
        HeedfulError: gensim is not installed.
    """
    if find_spec("gensim") is None:
        raise HeedfulError(
            "KeyedVectors are gensim's, which is not installed: pip install 'heedful[vectors]'"
        )
    from gensim.models import KeyedVectors

    found = KeyedVectors(table.shape[1])
    found.add_vectors(list(words), table)
    return found


def check_word2vec(path: Path) -> None:
    """Raise HeedfulError for a name that says nothing of the form, or is no file's."""
    if path.suffix.lower() not in (_BINARY, *_TEXT):
        raise HeedfulError(
            f"{path}: end it in .bin (word2vec binary), or in .txt or .vec (word2vec text)"
        )
    if path.exists() and not path.is_file():
        raise HeedfulError(f"{path} is no file; name a file for the word vectors")


def write_word2vec(
    file: IO[bytes], words: Sequence[str], table: NDArray[np.float32], *, binary: bool
) -> list[str]:
    """A word2vec file, which gensim and `--vectors` read; numbers as exact as they are.

    Args:
        file: to write to.
        words: distinct.
        table: (words, E).
        binary: the binary form, else the text form.

    Returns:
        The words that are left out: the format has no way to write white space in a word.
    """
    kept = [i for i, word in enumerate(words) if word and _SPACE.isdisjoint(word)]
    file.write(f"{len(kept)} {table.shape[1]}\n".encode())
    for i in kept:
        file.write(words[i].encode("utf-8", "replace") + b" ")
        row = np.asarray(table[i], "<f4")
        numbers = row.tobytes() if binary else " ".join(f"{x:.9g}" for x in row.tolist()).encode()
        file.write(numbers + b"\n")
    known = set(kept)
    return [word for i, word in enumerate(words) if i not in known]


def is_binary(path: Path) -> bool:
    """Whether a name asks for word2vec's binary form."""
    return path.suffix.lower() == _BINARY


@contextmanager
def as_vectors_file(vectors: Any) -> Iterator[str]:
    """Where the vectors of a `KeyedVectors` (or anything like it) lie as a file, for a while.

    Raises:
        HeedfulError: it is none.
    """
    words, table = getattr(vectors, "index_to_key", None), getattr(vectors, "vectors", None)
    if words is None or not isinstance(table, np.ndarray) or len(words) != len(table):
        raise HeedfulError(
            f"vectors is a {type(vectors).__name__}; pass a file's name or gensim's KeyedVectors "
            "(of a model: model.wv)"
        )
    if not len(words):
        raise HeedfulError("vectors holds no words")
    with tempfile.TemporaryDirectory(prefix="heedful-") as folder:
        path = Path(folder) / "vectors.bin"
        with path.open("wb") as file:
            write_word2vec(file, [str(word) for word in words], table, binary=True)
        yield str(path)

"""`heedful embed --vocabulary`: the word vectors of a run as a word2vec file."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path

from heedful.face.console import note
from heedful.face.output.asked import Output
from heedful.face.scoring import refuse_to_lose_input
from heedful.learn.embedding import vocabulary_vectors
from heedful.learn.files import write_bytes
from heedful.learn.model import TextModel
from heedful.records import HeedfulError
from heedful.text.keyed import check_word2vec, is_binary, write_word2vec


def check_words(path: Path, output: Output, paths: Sequence[str]) -> None:
    """Refuses what cannot be written, or would take the place of another file.

    Args:
        path: the file of word vectors.
        output: where other vectors go.
        paths: the input.

    Raises:
        HeedfulError: such a name.
    """
    check_word2vec(path)
    refuse_to_lose_input(Output(str(path), "csv"), paths, "--vocabulary")
    if path.absolute() == Path(output.path).absolute():
        raise HeedfulError(f"{path} is --output as well; give --vocabulary another name")


def write_words(model: TextModel, path: Path) -> None:
    """Write the file, and tell of it.

    Raises:
        HeedfulError: the model has no attention network.
    """
    words, table = vocabulary_vectors(model)
    buffer = io.BytesIO()
    left_out = write_word2vec(buffer, words, table, binary=is_binary(path))
    write_bytes(path, buffer.getvalue())
    count = len(words) - len(left_out)
    note(f"{count:,} words with vectors of {table.shape[1]} numbers in {path}")
    if left_out:
        note(f"{len(left_out):,} words hold white space, for which the format has no place")

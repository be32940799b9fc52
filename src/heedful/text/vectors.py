"""Ready-made word vectors to an embedding table, read for the words of a vocabulary only.

The kind of file is found from its content, not its name, each plain or gzip-compressed:
GloVe text (word and numbers on each line), word2vec text and fastText `.vec` (the same after
a line with the number of words and the width), and word2vec binary (that line, then word,
space and little-endian 32-bit floats). The file is streamed: memory grows with the
vocabulary, never with the file.
"""

from __future__ import annotations

import gzip
import io
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, NamedTuple

import numpy as np

from heedful.records import HeedfulError
from heedful.text.vocab import PAD, RESERVED, UNK, Vocabulary

_GZIP = b"\x1f\x8b"
_ZIP = b"PK\x03\x04"
_PICKLE = b"\x80"  # begins what pickle has written since 2003, and nothing else here
_FASTTEXT_BIN = (793712314).to_bytes(4, "little")  # magic number of a fastText model
_LONGEST_LINE = 1 << 20
_LONGEST_WORD = 4_096
_WIDEST = 16_384
_LOOK = 4_096
_CHUNK = 1 << 20
# Bytes that text does not hold; four bytes of float nearly always do somewhere in a page.
_NOT_TEXT = bytes(set(range(32)) - {9, 10, 13})


@dataclass(frozen=True, eq=False)
class Vectors:
    """An embedding table for a vocabulary.

    Attributes:
        table: float32 (V, E), by id. Words without a vector are drawn at random with the
            variance of the found ones; the PAD row is zero.
        found: how many words of the vocabulary have a vector.
        coverage_types: their share of the vocabulary's words (reserved ids aside), 0 to 1.
        coverage_tokens: their share of the running words of the corpus, unknown ones
            included; None when no counts were given.
        known: bool (V,), which rows come from the file.
    """

    table: np.ndarray
    found: int
    coverage_types: float
    coverage_tokens: float | None
    known: np.ndarray

    def __str__(self) -> str:
        running = self.coverage_tokens
        share = "" if running is None else f", {100 * running:.1f} % of the running words"
        return (
            f"vectors of width {self.table.shape[1]} for {self.found:,} words: "
            f"{100 * self.coverage_types:.1f} % of the vocabulary{share}; the others start at "
            "random"
        )


class _Entry(NamedTuple):
    word: bytes
    numbers: bytes  # as they stand in the file
    place: int  # line, or word of a binary file


@dataclass
class _Wanted:
    """The rows that are looked for, and how well each has been found."""

    exact: dict[bytes, int] = field(default_factory=dict)
    lower: dict[bytes, list[int]] = field(default_factory=dict)

    @classmethod
    def of(cls, vocabulary: Vocabulary) -> _Wanted:
        wanted = cls()
        for i, word in enumerate(vocabulary.tokens):
            if i < len(RESERVED):
                continue
            wanted.exact[word.encode("utf-8", "replace")] = i
            if word.lower() != word:
                low = word.lower().encode("utf-8", "replace")
                wanted.lower.setdefault(low, []).append(i)
        return wanted


def load(
    path: Path, vocabulary: Vocabulary, seed: int, counts: np.ndarray | None = None
) -> Vectors:
    """The vectors of the vocabulary's words: each as it is spelled, else in lower case.

    Missing words are drawn uniformly from -s*sqrt(3) to s*sqrt(3), where s is the root mean
    square of the found numbers: their variance is then that of the found vectors.

    Args:
        path: the vectors file.
        vocabulary: the words to look for.
        seed: of the random rows.
        counts: (V,), how often each id occurs in the corpus; UNK stands for unknown words.

    Raises:
        HeedfulError: for a file that cannot be read or is malformed, with the line; lines of
            words that are not wanted are checked for their width only. Also when no word of
            the vocabulary is in the file.
    """
    try:
        with path.open("rb") as raw:
            return _load(raw, path, vocabulary, seed, counts)
    except (gzip.BadGzipFile, zlib.error, EOFError) as error:
        raise HeedfulError(f"{path}: damaged gzip file ({error}); fetch it again") from None
    except OSError as error:
        raise HeedfulError(f"{path}: cannot be read ({error.strerror or error})") from None


def _load(
    raw: BinaryIO, path: Path, vocabulary: Vocabulary, seed: int, counts: np.ndarray | None
) -> Vectors:
    start = raw.read(len(_GZIP))
    raw.seek(0)
    stream = io.BufferedReader(gzip.GzipFile(fileobj=raw)) if start == _GZIP else raw
    reader = _open(stream, path)
    table = np.zeros((len(vocabulary), reader.width), np.float32)
    quality = _fill(table, reader, _Wanted.of(vocabulary))
    known = quality > 0
    if not known.any():
        raise HeedfulError(
            f"{path}: none of the {len(vocabulary) - len(RESERVED)} words of the vocabulary is in "
            "it; take vectors of the texts' language"
        )
    return filled_up(table, known, seed, counts)


def filled_up(
    table: np.ndarray, known: np.ndarray, seed: int, counts: np.ndarray | None = None
) -> Vectors:
    """Rows for the words without a vector, drawn at random as `load` says.

    Args:
        table: float32 (V, E), changed in place.
        known: bool (V,), the rows that are vectors; one at least.
        seed: of the random rows.
        counts: (V,), how often each id occurs in the corpus.
    """
    spread = float(np.sqrt(np.mean(np.square(table[known], dtype=np.float64)) * 3))
    drawn = np.random.default_rng(seed).uniform(-1, 1, table.shape) * spread
    table[~known] = drawn[~known]
    table[PAD] = 0
    found = int(known.sum())
    share = None if counts is None else _share(counts, known)
    return Vectors(table, found, found / (len(table) - len(RESERVED)), share, known)


def _share(counts: np.ndarray, known: np.ndarray) -> float:
    if counts.shape != known.shape:
        raise ValueError(f"counts has shape {counts.shape}, expected {known.shape}")
    running = counts[len(RESERVED) :].sum() + counts[UNK]
    return float(counts[known].sum() / max(running, 1))


def _fill(table: np.ndarray, reader: _Reader, wanted: _Wanted) -> np.ndarray:
    """Writes found vectors; per row 2 = found as spelled, 1 = in lower case, 0 = missing.

    A word that stands twice in the file keeps its first vector.
    """
    quality = np.zeros(len(table), np.int8)
    for entry in reader.entries():
        exact, lower = wanted.exact.get(entry.word), wanted.lower.get(entry.word)
        if exact is None and lower is None:
            continue
        numbers = reader.parse(entry)
        if exact is not None and quality[exact] < 2:
            table[exact], quality[exact] = numbers, 2
        for row in lower or ():
            if quality[row] < 1:
                table[row], quality[row] = numbers, 1
    return quality


class _Reader:
    """A vectors file of one kind: its width, its entries, and how to read their numbers."""

    unit = "line"

    def __init__(self, stream: BinaryIO, path: Path, count: int | None, width: int) -> None:
        self.stream, self.path, self.count, self.width = stream, path, count, width

    def entries(self) -> Iterator[_Entry]:
        raise NotImplementedError

    def numbers(self, entry: _Entry) -> np.ndarray:
        raise NotImplementedError

    def parse(self, entry: _Entry) -> np.ndarray:
        """The numbers of an entry, float32 (E,)."""
        try:
            numbers = self.numbers(entry)
        except ValueError:
            raise self.fault(entry.place, "holds something that is not a number") from None
        if not np.isfinite(numbers).all():
            raise self.fault(entry.place, "holds a number that is infinite or undefined")
        return numbers

    def fault(self, place: int, what: str) -> HeedfulError:
        return HeedfulError(f"{self.path}, {self.unit} {place}: {what}; mend or fetch it again")


class _Text(_Reader):
    """GloVe (no header), word2vec text and fastText .vec."""

    def entries(self) -> Iterator[_Entry]:
        first = place = 1 if self.count is None else 2
        seen = 0
        while line := self.stream.readline(_LONGEST_LINE):
            line = line.rstrip()
            if line:
                seen += 1
                yield self._entry(line, place)
            place += 1
        if self.count is not None and seen != self.count:
            raise HeedfulError(
                f"{self.path}, line {first - 1}: announces {self.count} words, and the file holds "
                f"{seen}; fetch it again, or correct that line"
            )

    def _entry(self, line: bytes, place: int) -> _Entry:
        fields = line.split(None, 1)
        if line.count(b" ") == self.width and len(fields) == 2:
            return _Entry(fields[0], fields[1], place)
        # Other white space, or a word that itself holds spaces (GloVe 840B has some).
        parts = line.rsplit(None, self.width)
        extra = parts[0].split()[1:]
        if len(parts) != self.width + 1 or (extra and all(map(_is_number, extra))):
            has = len(line.split()) - 1
            raise self.fault(place, f"has {has} numbers where {self.width} are expected")
        return _Entry(parts[0], b" ".join(parts[1:]), place)

    def numbers(self, entry: _Entry) -> np.ndarray:
        numbers = np.array([float(part) for part in entry.numbers.split()], np.float32)
        if len(numbers) != self.width:
            raise self.fault(
                entry.place, f"has {len(numbers)} numbers where {self.width} are expected"
            )
        return numbers


class _Binary(_Reader):
    """word2vec binary."""

    unit = "word"

    def entries(self) -> Iterator[_Entry]:
        size = 4 * self.width
        held, at = b"", 0
        for place in range(1, (self.count or 0) + 1):
            if len(held) - at < _LONGEST_WORD + size:
                held, at = held[at:] + self.stream.read(_CHUNK + size), 0
            space = held.find(b" ", at, at + _LONGEST_WORD)
            if space < 0 or len(held) < space + 1 + size:
                raise self.fault(place, f"the file ends or breaks here, of {self.count} words")
            # Some writers end each entry with a line feed.
            word = held[at:space].lstrip(b"\n")
            at = space + 1 + size
            yield _Entry(word, held[space + 1 : at], place)

    def numbers(self, entry: _Entry) -> np.ndarray:
        return np.frombuffer(entry.numbers, "<f4")


def _open(stream: BinaryIO, path: Path) -> _Reader:
    """The reader for this content, the stream standing at the first entry."""
    start = _peek(stream)
    if not start.strip():
        raise HeedfulError(f"{path}: the file is empty; fetch it again")
    if start.startswith(_FASTTEXT_BIN):
        raise HeedfulError(
            f"{path}: a fastText .bin model, which heedful does not read; take the .vec file that "
            "is published beside it"
        )
    if start.startswith(_PICKLE):
        raise HeedfulError(
            f"{path}: a pickle, such as gensim's .kv, which can run code as it is opened; in "
            "Python, if you trust it: KeyedVectors.load(FILE).save_word2vec_format('words.bin', "
            "binary=True), and take words.bin"
        )
    if start.startswith(_ZIP):
        raise HeedfulError(f"{path}: a zip archive; unpack it and name the file inside")
    line = start.split(b"\n", 1)[0]
    header = line.split()
    if len(header) == 2 and all(part.isdigit() for part in header):
        count, width = (int(part) for part in header)
        if not 1 <= width <= _WIDEST or not count:
            raise HeedfulError(f"{path}, line 1: {count} words of {width} numbers; fetch it again")
        stream.readline(_LONGEST_LINE)
        kind = _Text if _is_text(start[len(line) :]) else _Binary
        return kind(stream, path, count, width)
    fields = _first_line(stream, path).split()
    width = len(fields) - 1
    numeric = all(map(_is_number, fields[1:]))
    if not _is_text(start) or not numeric or not 1 <= width <= _WIDEST:
        raise HeedfulError(
            f"{path}, line 1: not a word followed by numbers; known are GloVe text, word2vec text "
            "and binary, and fastText .vec"
        )
    return _Text(stream, path, None, width)


def _peek(stream: BinaryIO) -> bytes:
    start = stream.read(_LOOK)
    stream.seek(0)
    return start


def _first_line(stream: BinaryIO, path: Path) -> bytes:
    line = stream.readline(_LONGEST_LINE)
    stream.seek(0)
    if len(line) == _LONGEST_LINE:
        raise HeedfulError(f"{path}, line 1: longer than {_LONGEST_LINE} bytes; not a vectors file")
    return line


def _is_number(part: bytes) -> bool:
    try:
        float(part)
    except ValueError:
        return False
    return True


def _is_text(page: bytes) -> bool:
    return not page.translate(None, delete=bytes(set(range(256)) - set(_NOT_TEXT)))

from __future__ import annotations

import gzip
import os
from pathlib import Path

import numpy as np
import pytest

from heedful.config import TextConfig
from heedful.records import HeedfulError
from heedful.text.tokenize import Tokenizer
from heedful.text.vectors import load
from heedful.text.vocab import PAD, UNK, Vocabulary, fit

WORDS = {"film": [1.0, -2.0, 0.5], "the": [0.25, 0.0, 4.0], "ça": [3.0, 3.0, -3.0]}
VOCABULARY = Vocabulary(["the", "film", "ça", "missing"])


def _lines(end: str = "\n") -> str:
    return "".join(f"{word} {' '.join(map(str, row))}{end}" for word, row in WORDS.items())


def _binary(feed: bytes) -> bytes:
    entries = [
        word.encode() + b" " + np.array(row, "<f4").tobytes() + feed for word, row in WORDS.items()
    ]
    return b"3 3\n" + b"".join(entries)


FORMS = {
    "glove": _lines().encode(),
    "glove, no last line end": _lines().encode().rstrip(),
    "windows line ends": _lines("\r\n").encode(),
    "tabs": _lines().replace(" ", "\t").encode(),
    "word2vec text": b"3 3\n" + _lines().encode(),
    "fasttext vec": b"3 3\n" + _lines(" \n").encode(),
    "word2vec binary": _binary(b""),
    "word2vec binary with line feeds": _binary(b"\n"),
}


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("form", FORMS)
def test_every_form_gives_the_same_table(tmp_path: Path, form: str, packed: bool) -> None:
    path = tmp_path / "some.dat"
    path.write_bytes(gzip.compress(FORMS[form]) if packed else FORMS[form])
    vectors = load(path, VOCABULARY, seed=1)
    assert vectors.table.dtype == np.float32 and vectors.table.shape == (8, 3)
    np.testing.assert_array_equal(vectors.table[4:7], [WORDS["the"], WORDS["film"], WORDS["ça"]])
    assert vectors.known.tolist() == [False] * 4 + [True] * 3 + [False]
    assert (vectors.found, vectors.coverage_types) == (3, 0.75)
    assert vectors.coverage_tokens is None


def test_missing_rows_are_seeded_and_as_spread_as_the_found(tmp_path: Path) -> None:
    path = tmp_path / "v.txt"
    path.write_text("a " + "0.5 -0.5 " * 50 + "\n")
    vocabulary = Vocabulary(["a", *(f"w{i}" for i in range(400))])
    first, again, other = (load(path, vocabulary, seed).table for seed in (3, 3, 4))
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first[5:], other[5:])
    assert not first[PAD].any() and first[UNK].any()
    drawn = first[5:]
    assert np.abs(drawn).max() <= 0.5 * np.sqrt(3)
    assert drawn.std() == pytest.approx(0.5, rel=0.01)
    assert drawn.mean() == pytest.approx(0, abs=0.01)


def test_coverage_of_running_words_counts_the_unknown(tmp_path: Path) -> None:
    path = tmp_path / "v.txt"
    path.write_bytes(FORMS["glove"])
    counts = np.array([1000, 10, 1000, 1000, 20, 30, 40, 100])
    assert load(path, VOCABULARY, 0, counts).coverage_tokens == pytest.approx(90 / 200)
    with pytest.raises(ValueError, match="shape"):
        load(path, VOCABULARY, 0, counts[1:])


def test_as_spelled_first_then_lower_case(tmp_path: Path) -> None:
    path = tmp_path / "v.txt"
    path.write_text("film 1\nFilm 2\nParis 3\nend 4\nend 5\n")
    vectors = load(path, Vocabulary(["Film", "FILM", "film", "paris", "END", "end"]), seed=0)
    assert vectors.table[[4, 5, 6, 8, 9], 0].tolist() == [2, 1, 1, 4, 4]
    assert not vectors.known[7]
    flipped = tmp_path / "w.txt"
    flipped.write_text("Film 2\nfilm 1\n")
    assert load(flipped, Vocabulary(["Film"]), seed=0).table[4, 0] == 2


def test_words_that_hold_spaces_do_not_confuse_the_width(tmp_path: Path) -> None:
    path = tmp_path / "v.txt"
    path.write_text("the 1 2\n. . . 3 4\nfilm 5 6\n")
    assert load(path, VOCABULARY, 0).table[5].tolist() == [5, 6]


def test_reserved_names_in_the_file_are_ordinary_words(tmp_path: Path) -> None:
    path = tmp_path / "v.txt"
    path.write_text("<unk> 7\nthe 1\n<pad> 9\n")
    vectors = load(path, Vocabulary(["the", "<pad>"]), 0)
    assert vectors.table[PAD, 0] == 0 and not vectors.known[:4].any()
    assert vectors.table[5, 0] == 9


MALFORMED = {
    "empty": (b"", r"empty"),
    "blank": (b"\n \n", r"empty"),
    "too narrow": (b"the 1 2 3\nfilm 4 5\n", r"line 2: has 2 numbers where 3 are expected"),
    "too wide": (b"a 1 2\nfilm 4 5 6\n", r"line 2: has 3 numbers where 2 are expected"),
    "too wide after a header": (b"2 2\nthe 1 2\nb 4 5 6\n", r"line 3: has 3 numbers where 2"),
    "word in the numbers": (b"a 1 2\nthe 4 x\n", r"line 2: holds something that is not a number"),
    "undefined number": (b"the 1 2\nfilm nan 2\n", r"line 2: .*infinite or undefined"),
    "not vectors": (b"text,label\nfine film,1\n", r"line 1: not a word followed by numbers"),
    "fewer words than said": (b"5 2\nthe 1 2\n", r"line 1: announces 5 words, .* holds 1"),
    "fastText bin": ((793712314).to_bytes(4, "little") + b"\x0c" * 50, r"fastText \.bin.*\.vec"),
    "zip": (b"PK\x03\x04rest", r"unpack"),
    "binary junk": (bytes(range(256)) * 20, r"line 1: not a word"),
    "cut binary": (_binary(b"")[:-2], r"word 3: the file ends or breaks here, of 3"),
    "binary without a space": (b"2 3\n" + b"\x01" * 9000, r"word 1"),
    "no width": (b"2 0\nthe\n", r"line 1: 2 words of 0 numbers"),
    "cut gzip": (gzip.compress(_lines().encode())[:-12], r"damaged gzip"),
    "none of the words": (b"un 1 2\ndeux 2 3\n", r"none of the 4 words"),
}


@pytest.mark.parametrize("case", MALFORMED)
def test_malformed_files_are_named_with_the_place(tmp_path: Path, case: str) -> None:
    content, message = MALFORMED[case]
    path = tmp_path / "bad.vec"
    path.write_bytes(content)
    with pytest.raises(HeedfulError, match=message) as caught:
        load(path, VOCABULARY, 0)
    assert str(path) in str(caught.value) and "\n" not in str(caught.value)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "none.txt"):
        with pytest.raises(HeedfulError, match="cannot be read"):
            load(path, VOCABULARY, 0)


def _data(name: str) -> Path:
    beside = Path(__file__).resolve().parents[1] / ".." / "shared" / "data"
    path = Path(os.environ.get("HEEDFUL_DATA", beside)) / name
    if not path.exists():
        pytest.skip(f"{path} is absent: real data is not part of the project")
    return path


def test_glove_covers_three_quarters_of_reviews() -> None:
    path = _data("glove/glove.6B.100d.top2717.txt")
    with _data("imdb/train.tsv").open(encoding="utf-8", newline="\n") as rows:
        texts = [row.split("\t")[5] for _, row in zip(range(2_001), rows, strict=False)][1:]
    config = TextConfig()
    vocabulary, encoded = fit(texts, Tokenizer(config), config)
    counts = np.bincount(encoded.ids, minlength=len(vocabulary))
    vectors = load(path, vocabulary, 0, counts)
    assert vectors.table.shape == (len(vocabulary), 100)
    assert 2_000 < vectors.found <= 2_717
    assert vectors.coverage_tokens == pytest.approx(0.78, abs=0.04)
    first = path.read_text(encoding="utf-8").split("\n", 1)[0].split()
    row = vectors.table[vocabulary.id(first[0])]
    np.testing.assert_array_equal(row, np.array(first[1:], np.float32))


def test_what_was_found_is_said_in_a_sentence(tmp_path: Path) -> None:
    path = tmp_path / "v.txt"
    path.write_text("good 1 2 3\nbad 4 5 6\n", encoding="utf-8")
    words = Vocabulary(["good", "bad", "ugly", "odd"])
    found = load(path, words, 0, np.array([0, 0, 0, 0, 6, 2, 1, 1]))
    assert str(found) == (
        "vectors of width 3 for 2 words: 50.0 % of the vocabulary, 80.0 % of the running words; "
        "the others start at random"
    )

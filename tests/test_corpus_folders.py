"""The aclImdb folder tree, imdb.npz, and named data sets."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from heedful.records import Example, HeedfulError
from heedful.text import sources
from heedful.text.corpus import ReadOptions, read
from heedful.text.npz import keras_ids
from heedful.text.safe_pickle import RefusedError, load_integer_lists
from malformed_cases import GOOD_NPZ, WORDS, npz, ranks


def tree(root: Path) -> Path:
    names = {"train": ("pos", "neg", "unsup"), "test": ("pos", "neg")}
    for split, folders in names.items():
        for folder in folders:
            (root / split / folder).mkdir(parents=True)
            for number in (10, 2, 1):
                name = root / split / folder / f"{number}_7.txt"
                name.write_text(f"{split} {folder} {number}")
    (root / "README").write_text("not a text")
    (root / "train" / "pos" / "notes.md").write_text("not a text")
    return root


def test_order_labels_and_sources_of_the_tree(tmp_path: Path) -> None:
    corpus = read([tree(tmp_path / "aclImdb")])
    assert [e.text for e in corpus.examples] == [
        f"{split} {folder} {n}"
        for split in ("train", "test")
        for folder in ("neg", "pos")
        for n in (1, 2, 10)
    ]
    first = corpus.examples[0]
    assert (first.source, first.row, first.labels) == ("train/neg/1_7.txt", 1, ("neg",))
    assert any("3 unlabelled rows are skipped" in note for note in corpus.notes)


def test_splits_of_the_tree(tmp_path: Path) -> None:
    root = tree(tmp_path / "aclImdb")
    picked = read([root], ReadOptions(split="test")).examples
    assert picked == read([root / "test"]).examples
    assert {e.source.split("/")[0] for e in picked} == {"test"}
    with pytest.raises(HeedfulError, match="no split 'valid'; it has train, test"):
        read([root], ReadOptions(split="valid"))
    assert len(read([root / "train"], ReadOptions(labelled=False)).examples) == 9
    mapped = read([root], ReadOptions(label_map=(("pos", "1"), ("neg", "0"))))
    assert {e.labels for e in mapped.examples} == {("1",), ("0",)}


def test_a_folder_of_tables_is_not_guessed(tmp_path: Path) -> None:
    (tmp_path / "train.csv").write_text("text,label\na,b\n")
    with pytest.raises(HeedfulError, match=r"pos/ and neg/.*it holds train.csv: name a file"):
        read([tmp_path])


def keras_file(folder: Path, data: bytes = GOOD_NPZ) -> Path:
    path = folder / "imdb.npz"
    path.write_bytes(data)
    (folder / "imdb_word_index.json").write_text(json.dumps(WORDS))
    return path


def test_ranks_become_words_again(tmp_path: Path) -> None:
    corpus = read([keras_file(tmp_path)])
    expected = ["the film", "fine dull"] * 2
    assert [e.text for e in corpus.examples] == expected
    assert [(e.source, e.row, e.labels) for e in corpus.examples] == [
        ("imdb.npz/train", 1, ("0",)),
        ("imdb.npz/train", 2, ("1",)),
        ("imdb.npz/test", 1, ("0",)),
        ("imdb.npz/test", 2, ("1",)),
    ]


@pytest.mark.parametrize(
    ("options", "texts"),
    [
        # ids are rank + 3; below 6 are the ranks 1 and 2
        (ReadOptions(split="train", num_words=6), ["the film", "? ?"]),
        # with index_from 0, oov 2 hides rank 2: Keras cannot tell them apart either
        (ReadOptions(split="train", index_from=0), ["the ?", "fine dull"]),
        (ReadOptions(split="train", index_from=0, num_words=4, oov_char=9), ["the film", "fine ?"]),
        (ReadOptions(split="test"), ["the film", "fine dull"]),
    ],
)
def test_keras_options(options: ReadOptions, texts: list[str], tmp_path: Path) -> None:
    assert [e.text for e in read([keras_file(tmp_path)], options).examples] == texts


@pytest.mark.parametrize(
    "options",
    [
        ReadOptions(num_words=100),
        ReadOptions(num_words=5),
        ReadOptions(num_words=6, start_char=7, oov_char=0, index_from=1),
        ReadOptions(num_words=1, index_from=0),
    ],
)
def test_ids_equal_those_of_keras(
    options: ReadOptions, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ours = [keras_ids(review, options) for review in REVIEWS]
    assert sorted(ours) == sorted(by_keras(options, tmp_path, monkeypatch))


def test_without_num_words_keras_hides_its_largest_id(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Keras compares with `<` against the largest id itself; here every word stays."""
    largest = 4 + ReadOptions().index_from
    ours = [keras_ids(review, ReadOptions()) for review in REVIEWS]
    hidden = [[2 if i == largest else i for i in ids] for ids in ours]
    assert ours != hidden
    assert sorted(hidden) == sorted(by_keras(ReadOptions(), tmp_path, monkeypatch))


REVIEWS = [[1, 2, 3], [4, 4, 1, 2], [2]]


def by_keras(
    options: ReadOptions, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> list[list[int]]:
    """The training ids that Keras reads from the same file; it shuffles them."""
    imdb = pytest.importorskip("keras.src.datasets.imdb", reason="Keras is not installed")
    path = keras_file(folder, npz(ranks(*REVIEWS), y=(0, 1, 1)))
    monkeypatch.setattr(imdb, "get_file", lambda *_, **__: str(path))
    (ids, _), _ = imdb.load_data(
        num_words=options.num_words,
        start_char=options.start_char,
        oov_char=options.oov_char,
        index_from=options.index_from,
    )
    return [[int(i) for i in review] for review in ids]


def test_only_lists_of_integers_are_unpickled() -> None:
    array = ranks([1, 2], [3])
    for protocol in range(2, 6):
        assert load_integer_lists(_pickle(array, protocol)) == [[1, 2], [3]]
    for bad in (ranks([1], "a"), ranks([1], [2.0]), np.array([1, 2]), [[1]], {"a": 1}):
        with pytest.raises(RefusedError):
            load_integer_lists(_pickle(bad, 4))


def _pickle(value: object, protocol: int) -> bytes:
    import pickle

    return pickle.dumps(value, protocol)


def test_names_that_are_no_data_sets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("reviews:x", "reviews:0:1", "reviews:5:-1", "reviews:1:2:3", "imdb:valid", "nope"):
        with pytest.raises(HeedfulError):
            read([name])
    with pytest.raises(HeedfulError, match="data sets imdb and reviews"):
        read(["a\0b"])


def test_generated_reviews_are_asked_for_by_size_and_seed(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[int, int]] = []

    class Generator:
        @staticmethod
        def generate(n: int, seed: int) -> list[Example]:
            asked.append((n, seed))
            return [Example(f"text {i}", (str(i % 2),), "reviews", i + 1) for i in range(n)]

    monkeypatch.setattr(sources, "import_module", lambda name: Generator)
    corpora = [read([n]) for n in ("reviews", "reviews:train", "reviews:test", "reviews:7:3")]
    assert [len(c.examples) for c in corpora] == [2000, 2000, 500, 7]
    assert asked[0] == asked[1] and asked[3] == (7, 3)
    assert asked[0][1] != asked[2][1]

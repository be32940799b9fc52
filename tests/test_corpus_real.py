"""The published files of real data sets, where they are at hand."""

from __future__ import annotations

from collections import Counter

import pytest

from heedful.records import HeedfulError
from heedful.text.corpus import Corpus, ReadOptions, read
from heedful.text.normalise import normalise
from heedful.text.quality import check
from real_data import real

FORMS = "imdb_forms"

pytestmark = pytest.mark.slow


def counts(corpus: Corpus) -> dict[str, int]:
    return dict(Counter(label for e in corpus.examples for label in e.labels))


def test_trec() -> None:
    corpus = read([real("trec/train.tsv")])
    assert counts(corpus) == {
        "ENTY": 1250,
        "HUM": 1223,
        "DESC": 1162,
        "NUM": 896,
        "LOC": 835,
        "ABBR": 86,
    }
    assert not corpus.bad_rows and not corpus.multi_label


def test_movie_reviews() -> None:
    path = real("mr/all.tsv")
    corpus = read([path])
    assert counts(corpus) == {"0": 5331, "1": 5331}
    lines = path.read_text(encoding="utf-8").split("\n")[1:-1]
    assert [e.text for e in corpus.examples] == [line.split("\t")[1] for line in lines]


def test_goemotions_has_several_labels() -> None:
    corpus = read([real("goemotions/train.tsv")])
    assert corpus.multi_label and len(corpus.examples) == 43_410
    found = counts(corpus)
    assert len(found) == 28 and found["27"] == 14_219 and min(found.values()) == 77
    assert any("separated by ','" in note for note in corpus.notes)


def test_kaggle_training_file_is_unescaped() -> None:
    path = real(f"{FORMS}/labeledTrainData.tsv")
    corpus = read([path])
    assert len(corpus.examples) == 300 and not corpus.bad_rows
    line = path.read_text(encoding="utf-8").split("\n")[1]
    assert corpus.examples[0].text == line.split("\t")[2][1:-1].replace('\\"', '"')
    assert not any('\\"' in e.text for e in corpus.examples)


def test_kaggle_test_file_has_its_labels_in_the_ids() -> None:
    path = real(f"{FORMS}/testData.tsv")
    corpus = read([path])
    ratings = [
        int(line.split("\t")[0].strip('"').split("_")[1])
        for line in path.read_text(encoding="utf-8").split("\n")[1:-1]
    ]
    assert [e.labels[0] for e in corpus.examples] == [str(int(r >= 7)) for r in ratings]


def test_imdb_master() -> None:
    path = real(f"{FORMS}/imdb_master.csv")
    corpus = read([path])
    assert set(counts(corpus)) == {"pos", "neg"} and len(corpus.examples) == 600
    assert any("100 unlabelled rows are skipped" in note for note in corpus.notes)
    assert any("Windows-1252" in note for note in corpus.notes)
    assert len(read([path], ReadOptions(split="test")).examples) == 300
    assert len(read([path], ReadOptions(labelled=False)).examples) == 700


def test_training_on_both_kaggle_files_leaks_into_the_test() -> None:
    training = [real(f"{FORMS}/labeledTrainData.tsv"), real(f"{FORMS}/imdb_master.csv")]
    with pytest.raises(HeedfulError, match="--label-map pos=1,neg=0"):
        read(training)
    options = ReadOptions(label_map=(("pos", "1"), ("neg", "0")))
    joined = read(training, options)
    assert counts(joined).keys() == {"0", "1"}
    quality = check({"train": joined, "test": read([real(f"{FORMS}/testData.tsv")])})
    assert quality.leaks[0].second_rows == 300
    assert quality.splits["train"].duplicates >= 300
    clean = check({"train": read(training[:1]), "test": read([real(f"{FORMS}/testData.tsv")])})
    assert clean.leaks[0].second_rows <= 3


def test_the_folder_tree_agrees_with_its_file_names() -> None:
    corpus = read([real(f"{FORMS}/aclImdb")])
    assert len(corpus.examples) == 120
    for example in corpus.examples:
        rating = int(example.source.removesuffix(".txt").rsplit("_", 1)[1])
        assert example.labels == ("pos" if rating >= 7 else "neg",)


def test_word_ranks_give_the_same_reviews_as_the_table() -> None:
    """Decoded ids, in file order, hold mostly the words of the reviews they were made from."""
    npz = read([real(f"{FORMS}/imdb.npz")], ReadOptions(split="test"))
    table = read([real(f"{FORMS}/testData.tsv")])
    texts = {normalise(e.text) for e in table.examples}
    words = [set(text.split()) for text in texts]
    for example in npz.examples[:20]:
        own = set(example.text.split()) - {"?"}
        best = max(len(own & other) / len(own | other) for other in words)
        assert best > 0.5, example.text[:100]


@pytest.mark.slow
def test_imdb_whole() -> None:
    train, test = read([real("imdb/train.tsv")]), read([real("imdb/test.tsv")])
    for corpus in (train, test):
        assert counts(corpus) == {"0": 12_500, "1": 12_500} and not corpus.bad_rows
    quality = check({"train": train, "test": test})
    assert quality.leaks[0].texts == 123 and quality.leaks[0].conflicts == 0
    lengths = quality.splits["train"].lengths
    assert (lengths.median, lengths.p90, lengths.p95, lengths.max) == (174, 458, 598, 2470)
    unlabelled = read([real("imdb/unsup.tsv")], ReadOptions(labelled=False))
    assert len(unlabelled.examples) == 50_000 and counts(unlabelled) == {}

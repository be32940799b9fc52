"""Columns, splits, unlabelled rows and label forms are found, or asked for."""

from __future__ import annotations

import json
from pathlib import Path

import polars as pl
import pytest

from heedful.records import BadRow, Example, HeedfulError
from heedful.text.corpus import ReadOptions, read, stream


def write(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(text)
    return path


def labels(path: Path, options: ReadOptions | None = None) -> list[tuple[str, ...]]:
    return [e.labels for e in read([path], options).examples]


@pytest.mark.parametrize(
    ("header", "row", "text", "label"),
    [
        ("label,fine,text", "NUM,date,When was it", "When was it", "NUM"),
        ("split,label,id,rating,text", "train,0,1,3,words", "words", "0"),
        ("id,sentiment,review", "5,1,words", "words", "1"),
        ("Class,Comment Text", "spam,buy now", "buy now", "spam"),
        (",type,review,label,file", "0,train,words,pos,1.txt", "words", "pos"),
        ("title,text,category", "a title,words,x", "words", "x"),
        ("target,tweet", "4,words", "words", "4"),
    ],
)
def test_columns_are_found_by_name(
    header: str, row: str, text: str, label: str, tmp_path: Path
) -> None:
    path = write(tmp_path, "a.csv", f"{header}\n{row}\n")
    example = read([path]).examples[0]
    assert (example.text, example.labels) == (text, (label,))


def test_columns_are_found_by_content(tmp_path: Path) -> None:
    rows = "".join(f"{i},some longer words number {i},{'yn'[i % 2]}\n" for i in range(30))
    example = read([write(tmp_path, "a.csv", "nr,what,verdict\n" + rows)]).examples[4]
    assert (example.text, example.labels) == ("some longer words number 4", ("y",))


def test_unclear_columns_are_listed(tmp_path: Path) -> None:
    rows = "".join(f"one text here {i},other text {i},{i % 2},{i % 3}\n" for i in range(30))
    path = write(tmp_path, "a.csv", "alpha,beta,gamma,delta\n" + rows)
    with pytest.raises(HeedfulError, match=r"alpha, beta, gamma, delta; say --text COL --label"):
        read([path])
    with pytest.raises(HeedfulError, match="several columns may be the label"):
        read([path], ReadOptions(text="alpha"))
    assert labels(path, ReadOptions(text="beta", label="delta"))[2] == ("2",)
    with pytest.raises(HeedfulError, match=r"no column 'epsilon' \(--label\)"):
        read([path], ReadOptions(text="beta", label="epsilon"))
    with pytest.raises(HeedfulError, match="for both the text and"):
        read([path], ReadOptions(text="beta", label="beta"))


def test_a_file_without_a_header(tmp_path: Path) -> None:
    path = write(tmp_path, "a.tsv", "pos\ta fine film it was\nneg\tdull stuff\npos\tgreat\n" * 3)
    corpus = read([path])
    assert len(corpus.examples) == 9 and corpus.examples[0].text == "a fine film it was"
    assert "no header line" in corpus.notes[0]
    numbered = write(tmp_path, "b.csv", "2,some words\n1,other words\n2,more words\n")
    assert labels(numbered, ReadOptions(text="2", label="1")) == [("2",), ("1",), ("2",)]
    rows = ["question\thow is it so", "comment\tit is like that, I would say"]
    rows += ["question\twhy is it not so", "question\tand so on and on it goes"]
    named = write(tmp_path, "c.tsv", "\n".join(rows))
    assert len(read([named]).examples) == 4


def test_one_column_of_texts(tmp_path: Path) -> None:
    path = write(tmp_path, "a.csv", "text\nfirst, with a comma\nsecond\n")
    texts = [e.text for e in read([path], ReadOptions(labelled=False)).examples]
    assert texts == ["first, with a comma", "second"]
    with pytest.raises(HeedfulError, match="no column looks like a label"):
        read([path])
    # Without a header the first text must not be taken for one.
    for first, taken in (("a fine film", True), ("opinion", False), ("utterance", False)):
        bare = write(tmp_path, "b.txt", f"{first}\nand more of it\nmore still\n")
        found = [e.text for e in read([bare], ReadOptions(labelled=False)).examples]
        assert (found[0] == first) is taken and len(found) == 2 + taken
    words = write(tmp_path, "c.txt", "good\nbad\n")
    assert len(read([words], ReadOptions(labelled=False)).examples) == 2


def test_splits_are_kept_and_named_or_picked(tmp_path: Path) -> None:
    body = "train,fine,1\ntrain,dull,0\nTest,great,1\nvalidation,poor,0\n"
    path = write(tmp_path, "a.csv", "split,text,label\n" + body)
    corpus = read([path])
    assert len(corpus.examples) == 4
    assert any("train 2, Test 1, validation 1" in note for note in corpus.notes)
    for demanded, rows in (("train", [1, 2]), ("test", [3]), ("dev", [4]), ("all", [1, 2, 3, 4])):
        assert [e.row for e in read([path], ReadOptions(split=demanded)).examples] == rows
        assert [i.row for i in stream([path], ReadOptions(split=demanded))] == rows
    plain = write(tmp_path, "b.csv", "text,label\nfine,1\n")
    with pytest.raises(HeedfulError, match="no split column"):
        read([plain], ReadOptions(split="train"))
    only = write(tmp_path, "c.csv", "set,text,label\ntrain,fine,1\n")
    with pytest.raises(HeedfulError, match="no rows of split 'test'; its splits are train"):
        read([only], ReadOptions(split="test"))


def test_a_type_column_of_something_else_is_no_split(tmp_path: Path) -> None:
    path = write(tmp_path, "a.csv", "type,text,label\nfilm,fine,1\nbook,dull,0\n")
    with pytest.raises(HeedfulError, match="no split column"):
        read([path], ReadOptions(split="train"))


def test_unlabelled_rows_are_skipped_and_counted(tmp_path: Path) -> None:
    body = "train,fine,pos\ntrain,dull,neg\ntrain,who knows,unsup\n"
    path = write(tmp_path, "a.csv", "type,text,label\n" + body)
    corpus = read([path])
    assert [e.row for e in corpus.examples] == [1, 2]
    assert "a.csv: 1 unlabelled rows are skipped" in corpus.notes
    everything = read([path], ReadOptions(labelled=False)).examples
    assert [e.labels for e in everything] == [("pos",), ("neg",), ()]


def test_minus_one_is_unlabelled_only_where_it_fills_its_split(tmp_path: Path) -> None:
    with_split = "split,text,label\ntrain,a b,0\ntrain,c d,1\nunsup,e f,-1\n"
    assert labels(write(tmp_path, "a.csv", with_split)) == [("0",), ("1",)]
    three = write(tmp_path, "b.csv", "text,label\na b,0\nc d,1\ne f,-1\n")
    corpus = read([three])
    assert [e.labels for e in corpus.examples] == [("0",), ("1",), ("-1",)]
    assert any("-1 is kept as a class" in note for note in corpus.notes)
    mapped = ReadOptions(label_map=(("-1", "unlabelled"),))
    assert labels(three, mapped) == [("0",), ("1",)]
    alone = write(tmp_path, "c.csv", "text,label\na b,-1\nc d,-1\n")
    with pytest.raises(HeedfulError, match="all 2 rows are unlabelled"):
        read([alone])
    assert labels(alone, ReadOptions(labelled=False)) == [(), ()]


def test_ratings_in_ids_are_labels_where_there_is_no_label(tmp_path: Path) -> None:
    path = write(tmp_path, "a.tsv", 'id\treview\n"1_10"\t"a"\n"2_7"\t"b"\n"3_4"\t"c"\n"4_0"\t"d"\n')
    corpus = read([path])
    assert [e.labels[0] for e in corpus.examples] == ["1", "1", "0", "0"]
    assert any("read from the rating in the id" in note for note in corpus.notes)
    middling = write(tmp_path, "b.tsv", "id\treview\n1_10\ta\n2_5\tb\n")
    assert [b.row for b in read([middling]).bad_rows] == [2]
    plain = write(tmp_path, "c.tsv", "id\treview\n" + "1_9\tgood\n" * 2000 + "17\tb\n")
    with pytest.raises(HeedfulError, match="'17' does not"):
        read([plain])
    assert labels(plain, ReadOptions(labelled=False))[0] == ()


def test_several_labels_in_a_cell(tmp_path: Path) -> None:
    path = write(tmp_path, "a.tsv", "label_ids\ttext\n2,10\tone\n2\ttwo\n10,3\tthree\n3\tfour\n")
    corpus = read([path])
    assert corpus.multi_label
    assert any("several labels (separated by ',')" in note for note in corpus.notes)
    assert [e.labels for e in corpus.examples] == [("10", "2"), ("2",), ("10", "3"), ("3",)]
    single = ReadOptions(multi_label=False)
    assert labels(path, single)[0] == ("2,10",)
    topics = write(
        tmp_path, "b.tsv", "label\ttext\nArts, Crafts\tone\nSport\ttwo\nArts, Crafts\tx\n"
    )
    assert not read([topics]).multi_label
    assert labels(topics, ReadOptions(multi_label=True))[0] == ("Arts", "Crafts")
    bars = write(tmp_path, "d.tsv", "label\ttext\na|b\tone\na|b\ttwo\n")
    assert labels(bars) == [("a|b",), ("a|b",)]
    assert labels(bars, ReadOptions(multi_label=True)) == [("a", "b"), ("a", "b")]
    slashes = write(tmp_path, "c.tsv", "label\ttext\na/b\tone\nb\ttwo\n")
    assert labels(slashes, ReadOptions(label_separator="/")) == [("a", "b"), ("b",)]


def test_lists_as_labels(tmp_path: Path) -> None:
    rows = [("one", ["b", "a", "b"]), ("two", []), ("three", ["c"])]
    lines = "\n".join(json.dumps({"text": t, "labels": c}) for t, c in rows)
    expected = [("a", "b"), (), ("c",)]
    path = write(tmp_path, "a.jsonl", lines + "\n")
    corpus = read([path])
    assert corpus.multi_label and [e.labels for e in corpus.examples] == expected
    frame = pl.DataFrame({"text": [t for t, _ in rows], "labels": [c for _, c in rows]})
    frame.write_parquet(tmp_path / "a.parquet")
    assert labels(tmp_path / "a.parquet") == expected
    bad = read([path], ReadOptions(multi_label=False)).bad_rows
    assert [b.row for b in bad] == [1, 2]


@pytest.mark.parametrize(
    ("values", "kind", "expected"),
    [
        ([0, 1], pl.Int8, ["0", "1"]),
        ([True, False], pl.Boolean, ["true", "false"]),
        (["a", "b"], pl.Categorical, ["a", "b"]),
        (["a", "b"], pl.Enum(["a", "b"]), ["a", "b"]),
        ([0.0, 1.5], pl.Float64, ["0", "1.5"]),
    ],
)
def test_typed_labels(
    values: list[object], kind: object, expected: list[str], tmp_path: Path
) -> None:
    frame = pl.DataFrame({"text": ["x y", "z w"], "label": pl.Series(values).cast(kind)})  # type: ignore[arg-type]
    frame.write_parquet(tmp_path / "a.parquet")
    assert labels(tmp_path / "a.parquet") == [(name,) for name in expected]


def test_joined_files_need_common_labels(tmp_path: Path) -> None:
    one = write(tmp_path, "a.csv", "text,label\nfine,1\ndull,0\n")
    two = write(tmp_path, "b.csv", "text,label\ngreat,pos\npoor,neg\n")
    with pytest.raises(HeedfulError, match=r"--label-map pos=1,neg=0"):
        read([one, two])
    with pytest.raises(HeedfulError, match=r"--label-map pos=1,neg=0"):
        read([two, one])
    corpus = read([one, two], ReadOptions(label_map=(("pos", "1"), ("neg", "0"))))
    assert [(e.source, e.row, e.labels) for e in corpus.examples] == [
        ("a.csv", 1, ("1",)),
        ("a.csv", 2, ("0",)),
        ("b.csv", 1, ("1",)),
        ("b.csv", 2, ("0",)),
    ]
    assert "labels are mapped: pos → 1, neg → 0" in corpus.notes
    good, bad = (write(tmp_path, f"{n}.csv", f"text,label\nx y,{n}\n") for n in ("good", "bad"))
    assert len(read([good, bad]).examples) == 2


def test_no_data_at_all() -> None:
    with pytest.raises(HeedfulError, match="no data given"):
        read([])


def test_stream_of_several_files_with_a_bad_row(tmp_path: Path) -> None:
    one = write(tmp_path, "a.csv", "text,label\nfine,1\n,0\n")
    items = list(stream([one, one]))
    assert [type(i) for i in items] == [Example, BadRow, Example, BadRow]

"""Every format and compression gives the same examples; encodings and quoting are found."""

from __future__ import annotations

import csv
import gzip
import io
import json
import random
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from heedful.records import Example, HeedfulError
from heedful.text.corpus import ReadOptions, fingerprint, read, stream
from thorough import examples

ROWS = [
    ("A fine, quiet film", "pos"),
    ('She said "no" twice', "neg"),
    ("Two\nlines", "pos"),
    ("Ünïcode – 漢字 \x85 and 🎬", "neg"),
    ("plain", "neg"),
]


def as_csv(rows: list[tuple[str, str]], delimiter: str = ",") -> bytes:
    out = io.StringIO()
    writer = csv.writer(out, delimiter=delimiter, lineterminator="\n")
    writer.writerows([("text", "label"), *rows])
    return out.getvalue().encode()


def as_jsonl(rows: list[tuple[str, str]]) -> bytes:
    return "".join(json.dumps({"text": t, "label": c}) + "\n" for t, c in rows).encode()


def as_parquet(rows: list[tuple[str, str]]) -> bytes:
    out = io.BytesIO()
    pl.DataFrame(rows, schema=["text", "label"], orient="row").write_parquet(out)
    return out.getvalue()


WRITERS: dict[str, Callable[[list[tuple[str, str]]], bytes]] = {
    "csv": as_csv,
    "tsv": lambda rows: as_csv(rows, "\t"),
    "jsonl": as_jsonl,
    "parquet": as_parquet,
}
PACKERS: dict[str, Callable[[bytes], bytes]] = {
    "": bytes,
    ".gz": gzip.compress,
    ".zst": zstandard.ZstdCompressor().compress,
}


@pytest.mark.parametrize("packer", PACKERS)
@pytest.mark.parametrize("writer", WRITERS)
def test_every_format_gives_the_same_examples(writer: str, packer: str, tmp_path: Path) -> None:
    path = tmp_path / f"a.{writer}{packer}"
    path.write_bytes(PACKERS[packer](WRITERS[writer](ROWS)))
    corpus = read([path])
    expected = [Example(t, (c,), path.name, i) for i, (t, c) in enumerate(ROWS, 1)]
    assert list(corpus.examples) == expected
    assert corpus.bad_rows == () and corpus.multi_label is False
    assert list(stream([path])) == expected
    assert any("label in column 'label'" in note for note in corpus.notes)


def test_members_and_frames_that_follow_each_other_are_read_on(tmp_path: Path) -> None:
    data = as_csv(ROWS)
    halves = data[:30], data[30:]
    for suffix in (".gz", ".zst"):
        path = tmp_path / f"a.csv{suffix}"
        path.write_bytes(b"".join(PACKERS[suffix](half) for half in halves))
        assert len(read([path]).examples) == len(ROWS)


TEXTS = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\0\r\ufeff"), min_size=1
).filter(lambda t: t.strip() and t not in ("nan", "NaN", "<NA>"))


@settings(max_examples=examples(60), deadline=None)
@given(texts=st.lists(TEXTS, min_size=1, max_size=6), writer=st.sampled_from(sorted(WRITERS)))
def test_what_a_writer_writes_is_read_back(
    tmp_path_factory: pytest.TempPathFactory, texts: list[str], writer: str
) -> None:
    path = tmp_path_factory.mktemp("t") / f"a.{writer}"
    # One row shows that quotes are syntax; a lone bare quote in a cell could mean either.
    rows = [('He said "so", and left', "a"), *((text, "b") for text in texts)]
    path.write_bytes(WRITERS[writer](rows))
    assert [e.text for e in read([path]).examples] == [text for text, _ in rows]


@pytest.mark.parametrize(
    ("encoding", "spoken"),
    [
        ("utf-8", "UTF-8"),
        ("utf-8-sig", "byte-order mark"),
        ("utf-16", "UTF-16"),
        ("cp1252", "Windows-1252"),
        ("utf-32", "utf-32"),
    ],
)
@pytest.mark.parametrize("extension", ["csv", "jsonl"])
def test_the_encoding_is_found_and_said(
    encoding: str, spoken: str, extension: str, tmp_path: Path
) -> None:
    path = tmp_path / f"a.{extension}"
    text = "café “quoted” – done"
    raw = f"text,label\n{text},pos\n"
    if extension == "jsonl":
        raw = json.dumps({"text": text, "label": "pos"}, ensure_ascii=False) + "\n"
    path.write_bytes(raw.encode(encoding))
    corpus = read([path])
    assert corpus.examples[0].text == text
    assert spoken in corpus.notes[0]


def test_one_bad_byte_does_not_make_a_utf8_file_latin(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    good = "".join(f"ünï {i},pos\n" for i in range(20))
    path.write_bytes(f"text,label\n{good}".encode() + b"caf\xe9,pos\n")
    corpus = read([path])
    assert len(corpus.examples) == 20
    assert [(b.row, b.reason) for b in corpus.bad_rows] == [
        (21, "the text holds bytes that cannot be decoded")
    ]
    latin = read([path], ReadOptions(encoding="latin-1"))
    assert latin.examples[20].text == "café" and not latin.bad_rows


def test_a_demanded_utf8_is_kept_to(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes("text,label\nfine,pos\ncafé,neg\n".encode("latin-1"))
    assert read([path]).examples[1].text == "café"
    strict = read([path], ReadOptions(encoding="utf-8"))
    assert len(strict.examples) == 1 and len(strict.bad_rows) == 1
    with pytest.raises(HeedfulError, match="encoding 'klingon' is unknown"):
        read([path], ReadOptions(encoding="klingon"))


def test_quotes_without_syntax_stay(tmp_path: Path) -> None:
    """A TSV without quoting: cells start with, hold and end with bare quotes."""
    texts = ['"Foo" is bad', 'he said "yes"', 'open "quote', '"', "next \x85 line", "plain"]
    path = tmp_path / "a.tsv"
    path.write_text("label\ttext\n" + "".join(f"{i % 2}\t{t}\n" for i, t in enumerate(texts)))
    corpus = read([path])
    assert [e.text for e in corpus.examples] == texts
    assert "no quoting" in corpus.notes[0]


def test_quotes_far_below_decide_too(tmp_path: Path) -> None:
    path = tmp_path / "a.tsv"
    filler = "".join(f"0\tplain words {i} {'x' * 100}\n" for i in range(12_000))
    path.write_text("label\ttext\n" + filler + '1\t"Foo" is bad\n1\t"Bar" is "good\n')
    corpus = read([path])
    assert [e.text for e in corpus.examples[-2:]] == ['"Foo" is bad', '"Bar" is "good']


def test_quotes_escaped_by_a_backslash(tmp_path: Path) -> None:
    path = tmp_path / "a.tsv"
    path.write_text(
        'id\tsentiment\treview\n"1_9"\t1\t"a \\"b\\" c"\n"2_2"\t0\t"path C:\\dir, \\"x\\""\n'
    )
    corpus = read([path])
    assert [e.text for e in corpus.examples] == ['a "b" c', 'path C:\\dir, "x"']
    assert "escaped by a backslash" in corpus.notes[0]


def test_a_stray_quote_does_not_swallow_the_rest(tmp_path: Path) -> None:
    rows = "".join(f'"row ""{i}"" here",pos\n' for i in range(50))
    path = tmp_path / "a.csv"
    path.write_text(
        'text,label\n"good one",neg\n"open,neg\n' + rows + '"open again,neg\nlast,neg\n'
    )
    corpus = read([path])
    assert len(corpus.examples) == 52
    assert [b.row for b in corpus.bad_rows] == [2, 53]


@pytest.mark.parametrize("mark", [",", "\t", ";", "|"])
@pytest.mark.parametrize("extension", ["csv", "tsv"])
def test_the_delimiter_is_found_whatever_the_name(
    mark: str, extension: str, tmp_path: Path
) -> None:
    path = tmp_path / f"a.{extension}"
    path.write_text(f"text{mark}label\nfine film{mark}pos\ndull film{mark}neg\n")
    assert [e.labels for e in read([path]).examples] == [("pos",), ("neg",)]


def test_a_given_delimiter(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("text^label\nfine, film^pos\n")
    assert read([path], ReadOptions(delimiter="^")).examples[0].text == "fine, film"
    path.write_text("text\tlabel\nfine, film\tpos\n")
    for spelled in ("\t", "\\t", "tab"):
        assert read([path], ReadOptions(delimiter=spelled)).examples[0].text == "fine, film"
    for bad in ("", "ab", '"', "\n"):
        with pytest.raises(HeedfulError, match="--delimiter"):
            read([path], ReadOptions(delimiter=bad))


def test_bad_rows_say_where_and_why(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text(
        "text,label\n"
        "fine,pos\n"  # 1
        "one,pos,more\n"  # 2
        ",pos\n"  # 3
        "NaN,pos\n"  # 4
        "word,\n"  # 5
        "nul \0,pos\n"  # 6
        f"{'x' * 101},pos\n"  # 7
        "text,label\n"  # 8
        "dull,neg\n"  # 9
    )
    corpus = read([path], ReadOptions(max_characters=100))
    assert [(e.row, e.text) for e in corpus.examples] == [(1, "fine"), (9, "dull")]
    assert {b.row: b.reason for b in corpus.bad_rows} == {
        2: "it has 3 cells where 2 belong",
        3: "the text is missing",
        4: "the text is missing",
        5: "the label is missing",
        6: "the text holds a NUL byte",
        7: "the text has 101 characters, more than --max-characters 100",
        8: "it repeats the header line",
    }
    items = list(stream([path], ReadOptions(max_characters=100, labelled=False)))
    assert [item.row for item in items] == list(range(1, 10))
    assert isinstance(items[4], Example) and items[4].labels == ()


def test_parquet_slices_keep_the_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("heedful.text.parquet.SLICE", 7)
    path = tmp_path / "a.parquet"
    texts = [f"text {i}" for i in range(40)]
    pl.DataFrame({"text": texts, "label": [i % 2 for i in range(40)]}).write_parquet(path)
    assert [e.text for e in stream([path])] == texts


def test_the_fingerprint_sees_texts_labels_and_order(tmp_path: Path) -> None:
    a, b = Example("one", ("x",)), Example("two", ("y",))
    prints = {
        fingerprint(examples)
        for examples in (
            [a, b],
            [b, a],
            [a],
            [Example("one"), b],
            [Example("onex"), b],
            [Example("one", ("xtwo",)), Example("", ("y",))],
            [],
        )
    }
    assert len(prints) == 7
    assert fingerprint([Example("one", ("x",))]) != fingerprint([Example("one"), Example("x")])
    assert fingerprint([a, b]) == fingerprint([Example("one", ("x",), "f", 9), b])
    assert fingerprint([]) == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


def test_stream_keeps_memory_flat(tmp_path: Path) -> None:
    import tracemalloc

    path = tmp_path / "a.csv"
    word = "word " * 40
    with path.open("w") as file:
        file.write("text\n")
        for i in range(50_000):
            file.write(f"{word}{random.Random(i).random()}\n")
    tracemalloc.start()
    assert sum(1 for _ in stream([path], ReadOptions(labelled=False))) == 50_000
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 15_000_000 < path.stat().st_size * 2

"""Pairs of texts: reading, splitting by source, and what is wrong with them."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import polars
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from heedful.records import BadRow, HeedfulError
from heedful.text import findings
from heedful.text.normalise import key
from heedful.text.options import ReadOptions
from heedful.text.pair_quality import check_pairs
from heedful.text.pairs import Pair, Pairs, fingerprint_of, read_pairs, split_by_source
from malformed_cases import CASES
from real_data import real
from thorough import examples

ROWS = [("Go.", "Ve."), ("Go.", "Vete."), ("He said 5, no?", 'Dijo "cinco", ¿no?')]


def _texts(pairs: Pairs) -> list[tuple[str, str]]:
    return [(pair.source, pair.target) for pair in pairs.pairs]


def _write(folder: Path, name: str, header: tuple[str, ...] = ("english", "spanish")) -> Path:
    path = folder / name
    table = polars.DataFrame(ROWS, schema=list(header), orient="row")
    if name.endswith(".parquet"):
        table.write_parquet(path)
    elif name.endswith(".jsonl"):
        table.write_ndjson(path)
    elif name.endswith(".csv"):
        table.write_csv(path)
    else:
        lines = "".join("\t".join(row) + "\n" for row in (header, *ROWS) if row)
        path.write_bytes(gzip.compress(lines.encode()) if name.endswith(".gz") else lines.encode())
    return path


@pytest.mark.parametrize("name", ["a.csv", "a.tsv", "a.jsonl", "a.parquet", "a.tsv.gz"])
def test_every_format_gives_the_same_pairs(tmp_path: Path, name: str) -> None:
    path = _write(tmp_path, name)
    for columns in ((), ("english", "spanish"), ("English", None), (None, "spanish")):
        found = read_pairs(path, *columns)
        assert _texts(found) == ROWS
        assert found.bad_rows == ()
        assert found.pairs[2] == Pair(*ROWS[2], file=name, row=3)
    turned = read_pairs(path, "spanish", "english")
    assert _texts(turned) == [(target, source) for source, target in ROWS]
    assert "source in column 'spanish', target in column 'english'" in turned.notes[0]


def test_a_file_without_header(tmp_path: Path) -> None:
    path = tmp_path / "spa.txt"
    # No cell comes again, and none is a number: only the marks tell that this is no header.
    path.write_text("I ran.\tCorrí.\nStop!\t¡Para!\n", encoding="utf-8")
    expected = [("I ran.", "Corrí."), ("Stop!", "¡Para!")]
    for columns in ((), ("1", "2"), ("1", None)):
        found = read_pairs(path, *columns)
        assert _texts(found) == expected
        assert "no header line" in found.notes[0]
    assert _texts(read_pairs(path, "2", "1"))[0] == ("Corrí.", "I ran.")
    with pytest.raises(HeedfulError, match=r"no column 'english' \(--source\)"):
        read_pairs(path, "english", "spanish")


def test_a_header_is_found(tmp_path: Path) -> None:
    path = tmp_path / "a.tsv"
    path.write_text("Frage\tAntwort\nWer?\tIch.\n")
    assert _texts(read_pairs(path)) == [("Wer?", "Ich.")]
    # The name that is given stands in the first line, though it comes again below.
    path.write_text("in\tout\nin\tdans\n")
    assert _texts(read_pairs(path, "in", "out")) == [("in", "dans")]
    # Told that there is none, or that there is one, nothing is guessed.
    assert len(read_pairs(path, options=ReadOptions(header=False)).pairs) == 2
    path.write_text("8:25 !\t08:25\n8:26 !\t08:26\n")
    assert len(read_pairs(path).pairs) == 2
    assert len(read_pairs(path, options=ReadOptions(header=True)).pairs) == 1


def test_known_names_among_others(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("id,target,note,source\n1,b,x,a\n2,d,y,c\n")
    assert _texts(read_pairs(path)) == [("a", "b"), ("c", "d")]


def test_bad_rows_are_named(tmp_path: Path) -> None:
    path = tmp_path / "a.tsv"
    path.write_text("source\ttarget\na\tb\n\tb\na\t \none\nc\td\n")
    found = read_pairs(path)
    assert _texts(found) == [("a", "b"), ("c", "d")]
    assert found.bad_rows == (
        BadRow("a.tsv", 2, "the source is missing"),
        BadRow("a.tsv", 3, "the target is missing"),
        BadRow("a.tsv", 4, "it has 1 cells where 2 belong"),
    )
    assert found.pairs[1].row == 5
    (tmp_path / "b.jsonl").write_text('{"source": "a", "target": 1430}\n{"source": "a"}\n')
    with pytest.raises(HeedfulError, match="none of its 2 rows is a pair.*not a string but 1430"):
        read_pairs(tmp_path / "b.jsonl")


def test_what_is_not_clear_ends_in_one_line(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("x,y,z\na a,b b,c c\n")
    for columns, message in (
        ((), "not clear which columns.*the columns are x, y, z; say --source COL --target COL"),
        (("x",), "not clear"),
        (("x", "x"), "taken for both"),
        (("x", "w"), "no column 'w'"),
    ):
        with pytest.raises(HeedfulError, match=message):
            read_pairs(path, *columns)
    for wrong in (tmp_path, tmp_path / "none.csv", []):
        with pytest.raises(HeedfulError):
            read_pairs(wrong)


def test_generated_pairs_either_way_round() -> None:
    one = read_pairs("clock:20:3", "human", "military")
    two = read_pairs("clock:20:3", "military")
    assert _texts(two) == [(target, source) for source, target in _texts(one)]
    with pytest.raises(HeedfulError, match="they are human and military"):
        read_pairs("clock:20:3", "human", "human")
    joined = read_pairs(["clock:20:3", "clock:5:4"])
    assert len(joined.pairs) == 25 and len(joined.notes) == 2


def test_the_print_of_the_data() -> None:
    one = [Pair("a", "b"), Pair("c", "d")]
    assert fingerprint_of(one) == fingerprint_of([Pair("a", "b", "x", 1), Pair("c", "d", "x", 2)])
    assert (
        len({fingerprint_of(p) for p in (one, one[::-1], one[:1], [Pair("ab", ""), one[1]])}) == 4
    )


sources = st.lists(st.sampled_from(["Go.", "go", "Go!", "Stop", "a", "b b", "c", "☺"]), min_size=4)


@settings(max_examples=examples(60), deadline=None)
@given(sources, st.floats(0.05, 0.95), st.integers(0, 5))
def test_a_source_never_lies_on_both_sides(texts: list[str], share: float, seed: int) -> None:
    pairs = [Pair(text, str(i), "f", i) for i, text in enumerate(texts)]
    if len({key(text) for text in texts}) < 2:
        with pytest.raises(HeedfulError, match="cannot be split"):
            split_by_source(pairs, share, seed)
        return
    kept, held = split_by_source(pairs, share, seed)
    assert kept and held
    assert sorted(kept + held, key=lambda pair: pair.row) == pairs
    assert not {key(p.source) for p in kept} & {key(p.source) for p in held}
    assert (kept, held) == split_by_source(pairs, share, seed)


def test_the_share_and_the_seed_of_a_split() -> None:
    pairs = [Pair(str(i), "x") for i in range(200)]
    kept, held = split_by_source(pairs, 0.1, 0)
    assert (len(kept), len(held)) == (180, 20)
    assert split_by_source(pairs, 0.1, 1)[1] != held
    assert [int(p.source) for p in held] == sorted(int(p.source) for p in held)


TRAIN = Pairs(
    tuple(
        Pair(*row, "train.tsv", i)
        for i, row in enumerate(
            [
                ("noon", "12:00"),  # 1
                ("Noon ", "12:00"),  # 2: repeats 1
                ("noon", "00:00"),  # 3: contradicts 1
                ("5:30 pm", "17:30"),  # 4
                ("5.30 pm", "17:30"),  # 5: other marks than 4
                ("cafe\u0301", "cafe\u0301"),  # 6: unchanged
            ],
            1,
        )
    ),
    (BadRow("train.tsv", 7, "the target is missing"),),
)
TEST = Pairs((Pair("NOON", "00:00", "test.tsv", 1), Pair("café", "x", "test.tsv", 2)))
NEW = Pairs((Pair("5-30 pm", "17:30", "new.tsv", 1),))


def test_one_split_counted_by_hand() -> None:
    found = check_pairs({"train": TRAIN}).splits["train"]
    assert (found.rows, found.sources, found.identical_rows, found.unchanged) == (6, 4, 1, 1)
    assert (found.conflicts, found.bad_rows) == (1, 1)
    assert found.conflict_pairs == (
        findings.Pair("train.tsv, row 1", "train.tsv, row 3", ("12:00",), ("00:00",)),
    )
    assert found.near_duplicates == 1
    assert [(p.first, p.second) for p in found.near_pairs] == [
        ("train.tsv, row 4", "train.tsv, row 5")
    ]
    assert (found.source_lengths.max, found.target_lengths.mean) == (7, 5.0)
    assert found.bad_row_reasons == ("train.tsv, row 7: the target is missing",)


def test_leaks_counted_by_hand() -> None:
    quality = check_pairs({"train": TRAIN, "test": TEST, "new": NEW})
    leak = quality.leaks[0]
    assert (leak.first, leak.second, leak.texts) == ("train", "test", 2)
    assert (leak.first_rows, leak.second_rows) == (4, 2)
    # A source speaks by its first row: noon is 12:00, and café is another x.
    assert leak.conflicts == 2
    assert [(k.second, k.texts, k.near) for k in quality.leaks[1:]] == [
        ("new", 0, 1),
        ("new", 0, 0),
    ]
    values = quality.to_json()
    assert json.loads(json.dumps(values)) == values


def test_no_pairs_at_all() -> None:
    quality = check_pairs({"a": Pairs(()), "b": TEST})
    assert quality.splits["a"].rows == quality.splits["a"].sources == 0
    assert quality.leaks[0].texts == 0


def test_the_clocks_real_leaks() -> None:
    folder = real("time24h")
    train, test = (read_pairs(folder / name) for name in ("train.tsv", "test.tsv"))
    (leak,) = check_pairs({"train": train, "test": test}).leaks
    assert (leak.texts, leak.second_rows, leak.conflicts) == (11, 11, 11)


@pytest.mark.slow
def test_all_sentence_pairs() -> None:
    found = read_pairs(real("spa-eng") / "spa.txt")
    assert (len(found.pairs), len(found.bad_rows)) == (118_964, 0)
    assert "no header line" in found.notes[0]
    kept, held = split_by_source(found.pairs, 0.02, 0)
    assert len(held) == pytest.approx(0.02 * 118_964, abs=2)
    quality = check_pairs({"train": Pairs(tuple(kept)), "test": Pairs(tuple(held))})
    assert quality.leaks[0].texts == 0
    assert quality.splits["train"].identical_rows == 1  # but for case


@pytest.mark.slow
@pytest.mark.parametrize("columns", [(), ("text", "label")], ids=["found", "named"])
def test_odd_files_give_pairs_or_one_line(
    tmp_path_factory: pytest.TempPathFactory, columns: tuple[str, ...]
) -> None:
    read = 0
    for name, build, _ in CASES:
        try:
            found = read_pairs(build(tmp_path_factory.mktemp("odd")), *columns)
        except HeedfulError as error:
            message = str(error)
            assert message and "\n" not in message and len(message) < 1200, name
            message.encode("utf-8")
            continue
        read += 1
        assert found.pairs and all(p.source.strip() and p.target.strip() for p in found.pairs)
        assert all(p.file and p.row >= 1 for p in found.pairs)
        assert all(row.reason and "\n" not in row.reason for row in found.bad_rows)
    assert read > 50

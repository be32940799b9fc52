"""ERASER data read, and its predictions written and read: spans, splits, round trips."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from command_line import TINY, heedful
from heedful.explain.eraser import (
    document_scores,
    from_eraser,
    read_predictions,
    to_eraser,
    token_scores,
    write_predictions,
)
from heedful.explain.rationale import judge_rationales
from heedful.records import BadRow, HeedfulError, Token
from heedful.text.corpus import ReadOptions, read
from heedful.text.eraser import read_annotations, words
from made_explanations import binary, words_of
from real_data import real

TEXT = "a dull  film\nbut\tit 's\u00a0fun to see ,\r\nreally .\n"
#       0 1     2    3   4  5        6  7   8  9      10


def span(start: int, end: int, text: object = None, document: str = "d1.txt") -> dict:
    said = {} if text is None else {"text": text}
    return {"docid": document, "start_token": start, "end_token": end} | said


def row(*spans: dict, name: str = "d1.txt", label: object = "NEG", **more: object) -> dict:
    """Every span in a group of its own, as in the movie reviews."""
    base = {"annotation_id": name, "classification": label, "query": "?"}
    return base | {"evidences": [[s] for s in spans]} | more


def folder(root: Path, **files: list[dict | str]) -> Path:
    (root / "docs").mkdir(parents=True)
    (root / "docs" / "d1.txt").write_bytes(TEXT.encode())
    for number in range(2, 9):
        (root / "docs" / f"d{number}.txt").write_text(f"film number {number} is good\n")
    for name, rows in files.items():
        lines = [r if isinstance(r, str) else json.dumps(r) for r in rows]
        (root / f"{name}.jsonl").write_text("\n".join(lines) + "\n")
    return root


def plain(*numbers: int) -> list[dict]:
    names = [f"d{n}.txt" for n in numbers]
    return [
        row(span(3, 5, "is good", n), name=n, label=("NEG", "POS")[i % 2])
        for i, n in enumerate(names)
    ]


def only(root: Path, *rows: dict | str) -> str:
    """The reason why the first of the rows is bad."""
    folder(root, test=[*rows, *plain(2, 3)])
    bad = read([root]).bad_rows
    assert [(b.source, b.row) for b in bad] == [("test.jsonl", 1)]
    return bad[0].reason


def test_token_spans_become_the_characters_of_the_text_as_it_stands(tmp_path):
    spans = [span(8, 11, ", really ."), span(1, 3, "dull film"), span(3, 3, ""), span(1, 3)]
    root = folder(tmp_path / "movies", train=[row(*spans)], val=plain(2), test=plain(3))
    first, *others = read([root]).examples
    assert first.text == TEXT
    assert [first.text[a:b] for a, b in first.gold] == ["dull  film", ",\r\nreally ."]
    assert (first.labels, first.source, first.row) == (("NEG",), "train.jsonl", 1)
    assert [e.source for e in others] == ["val.jsonl", "test.jsonl"]
    assert any("1 evidence spans hold no token" in note for note in read([root]).notes)


def test_only_ascii_white_space_parts_tokens():
    assert [TEXT[a:b] for a, b in words(TEXT)][5] == "'s\u00a0fun"


def test_splits_by_every_name_they_go_by(tmp_path):
    root = folder(tmp_path / "m", train=plain(2, 3), val=plain(4, 5), test=plain(6, 7))
    for name in ("val", "valid", "validation", "dev"):
        assert {e.source for e in read([root], ReadOptions(split=name)).examples} == {"val.jsonl"}
    usual = read([root], ReadOptions(usual_split="train"))
    assert {e.source for e in usual.examples} == {"train.jsonl"}
    assert "not used: val, test; --split all" in usual.notes[0]
    with pytest.raises(HeedfulError, match="no split 'other'; it has train, val, test"):
        read([root], ReadOptions(split="other"))


def test_a_file_alone_finds_its_documents_beside_it(tmp_path):
    root = folder(tmp_path, other=plain(2, 3))
    examples = read([root / "other.jsonl"]).examples
    assert [e.text for e in examples] == ["film number 2 is good\n", "film number 3 is good\n"]
    mapped = read([root / "other.jsonl"], ReadOptions(label_map=(("NEG", "bad"),)))
    assert [e.labels for e in mapped.examples] == [("bad",), ("POS",)]
    with pytest.raises(HeedfulError, match="no split 'test'; it has other"):
        read([root / "other.jsonl"], ReadOptions(split="test"))


def test_named_columns_read_the_file_as_a_table(tmp_path):
    root = folder(tmp_path, train=[r | {"query": f"q{i}"} for i, r in enumerate(plain(2, 3))])
    table = read([root / "train.jsonl"], ReadOptions(text="query", label="classification"))
    assert [e.text for e in table.examples] == ["q0", "q1"]
    kept = read([root / "train.jsonl"], ReadOptions(text="review", label="classification"))
    assert kept.examples[0].gold, "a column of other data, which a run remembers"
    assert any("2 different queries are not read" in note for note in kept.notes)


def test_files_that_only_look_alike_are_tables(tmp_path):
    (tmp_path / "docs").mkdir()
    (tmp_path / "train.jsonl").write_text('{"text": "one", "label": "a"}\n' * 2)
    assert read([tmp_path / "train.jsonl"]).examples[0].text == "one"
    with pytest.raises(HeedfulError, match="name a file"):
        read([tmp_path])
    apart = folder(tmp_path / "m", train=plain(2)) / "train.jsonl"
    apart = apart.rename(tmp_path / "m" / "docs" / "train.jsonl")
    options = ReadOptions(text="annotation_id", label="classification")
    assert read([apart], options).examples[0].text == "d2.txt", "no docs/ beside it"


def test_several_groups_and_none(tmp_path):
    groups = {"evidences": [[span(0, 1), span(2, 3)], [], [span(1, 2)]]}
    bare = row(name="d2.txt") | {"evidences": []}
    named = row(name="id-3", docids=["d3.txt"]) | {"evidences": []}
    root = folder(tmp_path, test=[row() | groups, bare, named])
    first, second, third = read([root]).examples
    assert [first.text[a:b] for a, b in first.gold] == ["a", "dull", "film"]
    assert second.gold == third.gold == ()
    assert third.text == "film number 3 is good\n"
    found = list(read_annotations(root / "test.jsonl"))
    assert [(a.identifier, a.document) for a in found][2] == ("id-3", "d3.txt")


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        (row(span(0, 1, document="gone.txt")), "document 'gone.txt' is not in docs/"),
        (row(span(0, 1, document="../test.jsonl")), "'../test.jsonl' is not in docs/"),
        (row(name="gone"), "document 'gone' is not in docs/"),
        (row(span(9, 12)), "tokens 9 to 12 does not lie in the document, which has 11 tokens"),
        (row(span(-1, -1)), "tokens -1 to -1 does not lie"),
        (row(span(3, 2)), "tokens 3 to 2 does not lie"),
        (row(span(1, 3, "dull movie")), "is 'dull movie', but the document has 'dull film'"),
        (row(span(2, 2, "film")), "is 'film', but the document has ''"),
        (row({"docid": "d1.txt"}), "no start_token and end_token"),
        (row(span(True, 2)), "no start_token and end_token"),
        (row({"start_token": 1}), "no object with a docid"),
        (row() | {"evidences": [span(0, 1)]}, "no list of groups"),
        (row() | {"evidences": None}, "no list of groups"),
        (row(span(0, 1), span(0, 1, document="d2.txt")), "about 2 documents"),
        (row(span(0, 1), label=None), "the label is missing"),
        (row(span(0, 1), label=["x"]), "cannot be a label"),
        ("{oops", "it is not JSON"),
    ],
)
def test_what_is_wrong_with_a_row(tmp_path, bad, reason):
    assert reason in only(tmp_path / "m", bad)


def test_a_document_that_is_no_text(tmp_path):
    root = folder(tmp_path, test=plain(2, 3, 4))
    (root / "docs" / "d2.txt").write_bytes(b"film \xff\n")
    (root / "docs" / "d3.txt").write_bytes(b" \n")
    reasons = [bad.reason for bad in read([root]).bad_rows]
    assert "not UTF-8" in reasons[0] and "the text is missing" in reasons[1]
    with pytest.raises(HeedfulError, match="none of its 3 rows can be used"):
        read([root], ReadOptions(max_characters=3))


def test_without_labels_rows_are_kept_for_predicting(tmp_path):
    root = folder(tmp_path, test=[row(span(0, 1), label=None), *plain(2)])
    assert [e.labels for e in read([root], ReadOptions(labelled=False)).examples] == [(), ("NEG",)]


def test_train_evaluate_and_explain_take_the_folder(tmp_path):
    root = folder(tmp_path / "m", train=plain(*[2, 3] * 20), val=plain(4, 5), test=plain(6, 7))
    ran = heedful("train", root, "--valid", root, "--out", tmp_path / "run", *TINY)
    assert ran.code == 0, ran.err
    assert "40 texts to train on, 2 to validate" in ran.err
    judged = heedful("evaluate", tmp_path / "run", root, "--json", "-")
    assert judged.json()["rows"] == 2
    shown = heedful("explain", tmp_path / "run", "--input", root / "test.jsonl", "--json", "-")
    assert shown.json()[0]["gold"] == [[14, 21]]
    assert heedful("check", root).code == 0


def test_scores_of_document_tokens_by_hand():
    text = "it's a well-made film ."
    tokens = words_of(text)  # it ' s | a | well - made | film | .
    values = [1, 2, 3, 0.5, 10, 20, 30, -1, 7]
    assert document_scores(words(text), tokens, values) == [6, 0.5, 60, -1, 7]
    read_ = document_scores(words(text), tokens[:4], values[:4])
    assert read_ == [6, 0.5, 0.5, 0.5, 0.5]
    assert document_scores(words(text), (), ()) == [0.0] * 5
    back = token_scores(words(text), tokens, [6, 0.5, 60, -1, 7])
    assert back == (2, 2, 2, 0.5, 20, 20, 20, -1, 7)
    spaces = tuple(Token(c, i, i + 1) for i, c in enumerate("a b"))
    assert token_scores(words("a b"), spaces, [3, 4]) == (3, 3, 4)
    assert document_scores(words("a b"), spaces, [3, 100, 4]) == [3, 4]


@given(
    st.text("ab'- .\n", min_size=1, max_size=40).filter(str.strip),
    st.integers(0, 2**31),
    st.integers(0, 3),
)
def test_scores_come_back(text, seed, unread):
    places, tokens = words(text), words_of(text)
    tokens = tokens[: len(tokens) - unread]
    soft = np.random.default_rng(seed).normal(size=len(places)).tolist()
    there = document_scores(places, tokens, token_scores(places, tokens, soft))
    assert len(there) == len(places)
    read_ = [any(a <= t.start < b for t in tokens) for a, b in places]
    kept = [s for s, known in zip(soft, read_, strict=True) if known]
    lowest = min(kept, default=0.0)
    expected = [s if known else lowest for s, known in zip(soft, read_, strict=True)]
    assert there == pytest.approx(expected)


EXPLAINED = binary(
    "it's not a well-made film .", [0.1, 0.2, 0.3, -2, 0, 1, 1, 1.5, 0.25, 0], gold=((5, 8),)
)


def test_a_line_as_the_scorer_wants_it():
    line = to_eraser(EXPLAINED, "contribution", "id-1", "d.txt", share=1 / 3)
    assert json.loads(json.dumps(line)) == {
        "annotation_id": "id-1",
        "rationales": [
            {
                "docid": "d.txt",
                "hard_rationale_predictions": [
                    {"start_token": 0, "end_token": 1},
                    {"start_token": 3, "end_token": 4},
                ],
                "soft_rationale_predictions": pytest.approx([0.6, -2, 0, 3.5, 0.25, 0]),
            }
        ],
        "classification": "positive",
        "classification_scores": EXPLAINED.prediction.probabilities,
    }
    with pytest.raises(HeedfulError, match="id-1 has no 'lime' map of its predicted class"):
        to_eraser(EXPLAINED, "lime", "id-1", "d.txt", share=0.3)


def test_written_read_and_judged_as_a_map_from_outside(tmp_path):
    line = to_eraser(EXPLAINED, "contribution", "id-1", "d.txt", share=0.4)
    write_predictions(tmp_path / "out.jsonl", [line])
    (again,) = read_predictions(tmp_path / "out.jsonl")
    assert again == line
    outside = from_eraser(again, EXPLAINED, "theirs")
    assert EXPLAINED.maps == {} and list(outside.maps) == ["theirs"]
    assert set(outside.maps["theirs"]) == {"positive"}
    redone = to_eraser(outside, "theirs", "id-1", "d.txt", share=0.4)
    ours, theirs = (x["rationales"][0]["soft_rationale_predictions"] for x in (line, redone))
    assert theirs == pytest.approx(ours)
    assert (
        redone["rationales"][0]["hard_rationale_predictions"]
        == (line["rationales"][0]["hard_rationale_predictions"])
    )
    judged = judge_rationales([outside], ["theirs"])
    assert judged["theirs"].texts == 1


def test_spans_alone_are_a_map_too():
    hard = [{"start_token": 1, "end_token": 2}]
    line = {
        "annotation_id": "a",
        "rationales": [{"docid": "d", "hard_rationale_predictions": hard}],
    }
    found = from_eraser(line, EXPLAINED, "spans")
    assert found.maps["spans"]["positive"] == (0, 0, 0, 1, 0, 0, 0, 0, 0, 0)
    assert judge_rationales([found], ["spans"])["spans"].average_precision == 1
    both = from_eraser({**line, "classification": "negative"}, found, "spans")
    assert set(both.maps["spans"]) == {"positive", "negative"}


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"rationales": None}, "no list of one document's rationale"),
        ({"rationales": [{}, {}]}, "no list of one document's rationale"),
        ({"rationales": [{}]}, "neither soft_rationale_predictions nor spans"),
        ({"rationales": [{"soft_rationale_predictions": [1.0]}]}, "1 scores for a document of 6"),
        ({"rationales": [{"soft_rationale_predictions": "x"}]}, "no scores for a document of 6"),
        ({"rationales": [{"soft_rationale_predictions": [math.nan] * 6}]}, "no finite number"),
        ({"rationales": [{"soft_rationale_predictions": [True] * 6}]}, "no finite number"),
        (
            {"rationales": [{"hard_rationale_predictions": [span(5, 7)]}]},
            "tokens 5 to 7 do not lie in a document of 6",
        ),
        ({"classification": "other"}, "the model knows no class 'other'"),
    ],
)
def test_lines_that_are_no_predictions(change, reason):
    line = to_eraser(EXPLAINED, "attention", "id-1", "d.txt", share=0.4) | change
    with pytest.raises(HeedfulError, match=f"prediction of 'id-1': .*{reason}"):
        from_eraser(line, EXPLAINED, "theirs")


def test_a_file_that_holds_no_predictions(tmp_path):
    path = tmp_path / "x.jsonl"
    path.write_text('{"annotation_id": "a"}\n{"id": 3}\n')
    with pytest.raises(HeedfulError, match="row 2: annotation_id is missing"):
        list(read_predictions(path))
    path.write_text("oops\n")
    with pytest.raises(HeedfulError, match="row 1: it is not JSON"):
        list(read_predictions(path))
    with pytest.raises(HeedfulError, match="cannot be written"):
        write_predictions(path / "below", [])


def test_a_text_that_was_cut_ends_low():
    cut = replace(EXPLAINED, tokens=EXPLAINED.tokens[:4], attention=EXPLAINED.attention[:4])
    soft = to_eraser(cut, "attention", "a", "d", 0.5)["rationales"][0]["soft_rationale_predictions"]
    assert len(soft) == 6 and soft[2:] == [min(soft[:2])] * 4


@pytest.mark.slow
def test_the_movie_reviews_span_by_span():
    root = real("eraser_movies")
    corpus = read([root])
    assert corpus.bad_rows == () and len(corpus.examples) == 1999
    right = total = 0
    for name in ("train", "val", "test"):
        lines = (root / f"{name}.jsonl").read_text("utf-8").split("\n")[:-1]
        for line, found in zip(lines, read_annotations(root / f"{name}.jsonl"), strict=True):
            assert not isinstance(found, BadRow)
            raw = [e for group in json.loads(line)["evidences"] for e in group]
            text, gold = found.example.text, found.example.gold
            places = {len(text[:a].split()): " ".join(text[a:b].split()) for a, b in gold}
            total += len(raw)
            right += sum(places.get(e["start_token"], "") == e["text"] for e in raw)
            assert len(gold) == sum(e["text"] != "" for e in raw)
            assert "".join(found.example.labels)[:3].lower() == found.identifier[:3]
    assert (right, total) == (17_462, 17_462)

"""Work for a cluster, without one: how it is cut, named, kept, gone on with, and refused.

What Ray does is done here by a stand-in that hands cells to workers in this process, in a seeded
disorder; tests/test_cluster_ray.py has the real thing.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path, PurePosixPath

import polars as pl
import pytest

from command_line import Ran, heedful
from heedful.explain.measure import Plan, measure
from heedful.explain.portion import measured
from heedful.face import scorer, scoring
from heedful.face.cluster import driving, flow, journal, places, predict, units
from heedful.face.cluster.engine import Cluster, asked_cluster
from heedful.face.cluster.explain import Maps, explained
from heedful.face.cluster.look import look_at
from heedful.face.cluster.quiet import _Ours
from heedful.face.cluster.shipping import packed
from heedful.face.cluster.store import Disk, store_at
from heedful.records import BadRow, Example, HeedfulError
from made_models import random_model

ODD = ["", "\u202e\U0001f469\u200d\U0001f469 e\u0301 漢字", " ", None, "one"]


# -- how work is cut and named ----------------------------------------------------------------


def rows(*lengths: int) -> list[Example]:
    return [Example("x" * length, (), "f", number) for number, length in enumerate(lengths, 1)]


def test_units_are_the_local_pieces_in_eights(monkeypatch):
    monkeypatch.setattr(scoring, "CHUNK_TEXTS", 2)
    given = rows(*[1] * 35)
    found = list(units.cut(given, 4, 0, lambda: 0.5))
    assert [unit.number for unit in found] == [0, 1, 2]
    assert [len(unit.pieces) for unit in found] == [8, 8, 2]
    pieces = [list(piece) for unit in found for piece in unit.pieces]
    assert pieces == list(scoring.chunks(given))
    assert [unit.before for unit in found] == [0, 16, 32]
    assert {(unit.input, unit.share) for unit in found} == {(4, 0.5)}


def test_characters_before_are_counted_up_to_what_matters():
    many = scorer.MANY_CHARACTERS
    opened = []

    def rows_of(name: str, *lengths: int) -> Iterator[Example | BadRow]:
        opened.append(name)
        yield from rows(*lengths)
        yield BadRow("f", 9, "too long")

    inputs = [rows_of("a", 3, 4), rows_of("b"), rows_of("c", many, 5), rows_of("d", 6)]
    assert units.starts(inputs) == [0, 7, 7, many]
    assert opened == ["a", "b", "c"], "what comes after so many is not read"


def test_names_sort_as_rows_do():
    for inputs in (1, 7, 100_000, 2_000_001):
        numbers = [(0, 0), (0, 1), (0, 10), (inputs // 2, 3), (inputs - 1, 0), (inputs - 1, 99_999)]
        numbers = sorted(set(numbers))
        names = [units.file_name(*number, inputs) for number in numbers]
        assert names == sorted(names) and len(set(names)) == len(names)


def test_maps_and_portions_are_cut_where_local_batches_end():
    examples = tuple(rows(*range(1, 601)))
    for cards, sizes in ((False, [256, 256, 88]), (True, [64] * 9 + [24])):
        parts = Maps(examples, None, (), cards).parts()
        assert [len(part.examples) for part in parts] == sizes
        assert tuple(e for part in parts for e in part.examples) == examples


# -- inputs --------------------------------------------------------------------------------------


def test_inputs_are_files_folders_and_patterns_sorted(tmp_path):
    for name in ("b.csv", "a.csv.gz", ".hidden.csv", "_SUCCESS", "notes.md", "c.parquet"):
        (tmp_path / name).write_text("x")
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "d.csv").write_text("xyz")

    def names(*inputs: object) -> list[str]:
        return [Path(place.name).name for place in places.expanded(list(map(str, inputs)))]

    assert names(tmp_path) == ["a.csv.gz", "b.csv", "c.parquet"]
    assert names(tmp_path / "*.csv*") == ["a.csv.gz", "b.csv"]
    assert names(tmp_path / "**" / "*.csv") == ["b.csv", "d.csv"]
    assert names(tmp_path / "c.parquet", tmp_path / "b.csv", "reviews:5:1") == [
        "c.parquet", "b.csv", "reviews:5:1",
    ]  # fmt: skip
    assert places.expanded([str(tmp_path / "sub")])[0].size == 3


@pytest.mark.parametrize("name", ["-", "nothing-here.csv", "nothing-*.csv"])
def test_inputs_that_are_not_there(name, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(HeedfulError, match=r"standard input|does not exist|no file is called"):
        places.expanded([name])


def test_a_star_does_not_reach_over_a_slash():
    pattern = PurePosixPath("bucket/x/*.parquet")
    assert places.fits(PurePosixPath("bucket/x/a.parquet"), pattern)
    assert not places.fits(PurePosixPath("bucket/x/y/a.parquet"), pattern)
    assert not places.fits(PurePosixPath("other/x/a.parquet"), pattern)


# -- flags ---------------------------------------------------------------------------------------


def test_flags_of_a_cluster(monkeypatch):
    monkeypatch.setattr("heedful.face.cluster.engine.find_spec", lambda name: name)
    assert asked_cluster("local", None, None) is None
    for address in ("auto", "10.0.0.1:6379", "head.example:6379", "[::1]:6379", None):
        assert asked_cluster("ray", 3, address) == Cluster(3, address)
    for arguments, word in (
        (("spark", None, None), "none of local, ray"),
        (("local", 2, None), "--workers is for a cluster"),
        (("local", None, "auto"), "--address is for a cluster"),
        (("ray", 0, None), "--workers 0"),
        (("ray", -1, "auto"), "--workers -1"),
        (("ray", None, "http://x:1"), "neither HOST:PORT nor auto"),
        (("ray", None, "host"), "neither"),
    ):
        with pytest.raises(HeedfulError, match=word):
            asked_cluster(*arguments)


NO_ARROW = pytest.mark.skipif(find_spec("pyarrow") is None, reason="addresses need pyarrow")


@pytest.mark.parametrize(
    "output", ["", "/", "..", "x/..", pytest.param("file:///", marks=NO_ARROW)]
)
def test_results_need_a_folder_with_a_name(output):
    with pytest.raises(HeedfulError, match="names no folder"):
        store_at(output)


def test_without_ray_one_line_says_what_to_install(monkeypatch, tmp_path):
    monkeypatch.setattr("heedful.face.cluster.engine.find_spec", lambda name: None)
    for command in (
        ("predict", "run", "--input", "x.csv"),
        ("explain", "run"),
        ("trust", "r", "x"),
    ):
        said = heedful(*command, "--engine", "ray").refusal()
        assert "pip install 'heedful[ray]'" in said


# -- the journal ------------------------------------------------------------------------------


def test_the_journal_says_which_inputs_are_whole(tmp_path):
    kept = journal.Journal({"run": "x"}, 3)
    for input, number in ((0, 0), (0, 1), (1, 1)):
        kept.add(input, number, 10, 1)
    kept.add(0, 1, 10, 1)  # a unit may be told twice
    kept.ends = {0: 2, 1: 2, 2: 0}
    again = journal.read_journal(json.dumps(kept.to_json()).encode(), "there")
    assert again == kept and (again.rows, again.errors) == (30, 3)
    assert [again.finished(n) for n in range(3)] == [True, False, True]
    for damage in (b"", b"[]", b"{}", b'{"format": 9}', json.dumps(kept.to_json())[:-9].encode()):
        with pytest.raises(HeedfulError, match="damaged"):
            journal.read_journal(damage, "there")


def test_a_folder_appears_whole_and_goes_on_where_it_was_broken_off(tmp_path):
    store = Disk(tmp_path / "out")
    store.path.mkdir()
    (store.path / "part-00000-000009.parquet").write_text("old")
    (source := tmp_path / "file").write_text("new")
    for name in ("part-00000-000000.parquet", "part-00000-000001.parquet"):
        store.put(name, source)
    store.put(".half", source)
    store.save({"a": 1})
    assert store.listed() == ["part-00000-000009.parquet"], "the old ones until all is there"
    names = ["part-00000-000000.parquet", "part-00000-000001.parquet"]
    store.finish(names)
    assert sorted(store.listed()) == names
    assert not store.parts.exists()
    store.finish(names)  # killed just after it had its name
    assert sorted(store.listed()) == names
    with pytest.raises(HeedfulError, match="1 of 3 files .* every node of the cluster sees"):
        store.finish([*names, "part-00001-000000.parquet"])
    assert sorted(store.listed()) == names


# -- scored as locally --------------------------------------------------------------------------


@pytest.fixture
def by_hand(monkeypatch) -> list[int]:
    """Cells go through workers of this process, in disorder; [n] = only so many come back."""
    only: list[int] = []

    def flowing(jobs: Sequence[bytes], asked: flow.Flow, workers: int) -> Iterator[bytes]:
        found = [asked.worker(*asked.arguments) for _ in range(workers)]
        read = asked.read or (lambda job: iter([job]))
        cells = [cell for job in jobs for cell in read(job, *asked.options)]
        random.Random(1).shuffle(cells)
        for number, cell in enumerate(cells):
            if only and number >= only[0]:
                raise HeedfulError("the cluster has given up: the plug was pulled")
            yield found[number % workers](cell)

    @contextmanager
    def cluster(asked: Cluster) -> Iterator[int]:
        yield asked.workers or 1

    def columns_of(given: Sequence[places.Place], options: object) -> tuple[str, ...]:
        seen = look_at(given, options)
        for one in seen:
            if one.error:
                raise HeedfulError(one.error)
        return tuple(dict.fromkeys(name for one in seen for name in one.columns))

    monkeypatch.setattr("heedful.face.cluster.engine.find_spec", lambda name: name)
    monkeypatch.setattr(driving, "flowing", flowing)
    monkeypatch.setattr(predict, "cluster", cluster)
    monkeypatch.setattr(predict, "columns_of", columns_of)
    monkeypatch.setattr(scoring, "CHUNK_TEXTS", 3)
    monkeypatch.setattr(units, "MANY_CHARACTERS", 300)
    monkeypatch.setattr("heedful.face.cluster.scoring.MANY_CHARACTERS", 300)
    monkeypatch.setattr(scorer, "MANY_CHARACTERS", 300)
    return only


@pytest.fixture
def texts(tmp_path) -> Path:
    """Several inputs: two tables in other formats, one of a single row, one whose rows are bad."""
    folder = tmp_path / "in"
    folder.mkdir()
    words = ["a fine film", "a dreadful second half", *ODD, "so long " * 9] * 9
    pl.DataFrame({"text": words, "id": range(len(words))}).write_parquet(folder / "a.parquet")
    (folder / "b.csv").write_text('id,text\n7,"one, ""two"""\n', encoding="utf-8")
    lines = [json.dumps({"text": text, "more": [1]}) for text in words[:9]]
    (folder / "c.jsonl").write_text("\n".join(lines) + "\n")
    (folder / "d.csv").write_text("text\n" + '""\n' * 4)
    return folder


def both(run: Path, folder: Path, *flags: str, out: str = "out") -> tuple[pl.DataFrame, Ran]:
    """What the cluster writes, after it was compared with what the local engine does."""
    given = [part for file in sorted(folder.iterdir()) for part in ("--input", str(file))]
    local = folder.parent / "local.parquet"
    assert heedful("predict", run, *given, "--output", local, *flags).code == 0
    cluster = ("--engine", "ray", "--workers", "2", "--output", folder.parent / out)
    ran = heedful("predict", run, "--input", folder, *cluster, *flags)
    assert ran.code == 0, ran.err
    found = pl.read_parquet(folder.parent / out)
    expected = pl.read_parquet(local)
    assert found.schema == expected.schema and found.equals(expected)
    return found, ran


def test_the_folder_is_the_local_file_in_pieces(by_hand, binary, texts):
    found, ran = both(binary, texts)
    assert len(found) == 86
    bad = [False, False, True, False, True, True, False, False]
    assert found["error"].is_not_null().to_list()[:8] == bad
    names = sorted(path.name for path in (texts.parent / "out").iterdir())
    assert names[:2] == ["part-00000-000000.parquet", "part-00000-000001.parquet"]
    assert "86 rows" in ran.err
    both(binary, texts, "--keep-columns", "--no-text")  # replaces what lies there


def test_what_was_broken_off_is_gone_on_with(by_hand, binary, texts):
    by_hand.append(4)
    out = texts.parent / "out"
    command = ("predict", binary, "--input", texts, "--engine", "ray", "--output", out)
    ran = heedful(*command)
    assert "the plug was pulled" in ran.refusal() and "--resume" in ran.err
    assert not out.exists(), "nothing under its name before all is there"
    before = json.loads((texts.parent / ".out.parts" / "journal.json").read_bytes())
    assert before["units"] and not before["complete"]
    by_hand.clear()
    other = heedful(*command, "--resume", "--no-text").refusal()
    assert "with-text" in other or "with_text" in other
    ran = heedful(*command, "--resume")
    assert ran.code == 0 and "rows are done already" in ran.err
    both(binary, texts, out="again")
    assert pl.read_parquet(out).equals(pl.read_parquet(texts.parent / "again"))
    assert "leave out --resume" in heedful(*command, "--resume").refusal()


def test_an_input_that_cannot_be_read_is_told_before_work_begins(by_hand, binary, texts):
    (texts / "aa.csv").write_text("")
    command = ("predict", binary, "--input", texts, "--engine", "ray")
    ran = heedful(*command, "--output", texts.parent / "out")
    assert ran.refusal() == "heedful: aa.csv is empty"
    assert {path.name for path in texts.parent.iterdir()} == {"in"}, "nothing is left"


def test_what_a_cluster_does_not_write(by_hand, binary, texts):
    command = ("predict", binary, "--engine", "ray")
    (texts.parent / "note").mkdir()
    (texts.parent / "note" / "dear.txt").write_text("diary")
    for flags, word in (
        (("a text", "--output", "o"), "predicts files"),
        (("--input", texts), "say --output FOLDER"),
        (("--input", texts, "--output", "o", "--format", "csv"), "folder of Parquet files"),
        (("--input", texts, "--output", texts), "which --engine ray has not written"),
        (("--input", texts, "--output", texts.parent / "note"), "dear.txt"),
        (("--input", texts, "--output", texts / "a.parquet"), "is a file"),
        (("--input", "-", "--output", "o"), "standard input"),
    ):
        assert word in heedful(*command, *flags).refusal()
    assert (texts / "a.parquet").stat().st_size and (texts.parent / "note" / "dear.txt").exists()


def test_no_rows_are_a_file_without_rows(by_hand, binary, tmp_path):
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.csv").write_text("text,split\none,train\n")
    found, _ = both(binary, tmp_path / "in", "--split", "train")
    assert len(found) == 1


def test_a_run_travels_without_what_no_prediction_needs(binary):
    files = packed(str(binary)).files
    assert {"config.json", "model.safetensors", "tokenizer.json"} <= set(files)
    assert not {"baseline.safetensors", "sketch.safetensors", "validation.parquet"} & set(files)


# -- explained and measured in portions -------------------------------------------------------


def test_maps_in_parts_are_the_maps_of_the_whole(monkeypatch):
    model = random_model()
    examples = tuple(Example(f"w{i} w{i + 1} w39 and", (), "f", i) for i in range(9))
    for cards in (False, True):
        for module in ("face.cluster.explain", "explain.attribute"):
            monkeypatch.setattr(import_module(f"heedful.{module}"), "CHUNK", 4)
        for module in ("face.cluster.explain", "explain.trusted"):
            monkeypatch.setattr(import_module(f"heedful.{module}"), "TOGETHER", 2)
        maps = Maps(examples[: 3 if cards else 9], None, ("leave-one-out",), cards)
        parts = [one for part in maps.parts() for one in explained(model, part)]
        assert parts == list(explained(model, maps)) and len(parts) == len(maps.examples)


def test_figures_of_trust_do_not_hang_on_who_measures(monkeypatch):
    model = random_model()
    for module in ("trust", "portion"):
        monkeypatch.setattr(import_module(f"heedful.explain.{module}"), "TOGETHER", 2)
    examples = [Example(f"w{i} w{i + 7} w{i + 9}", ("a",), "f", i) for i in range(5)]
    examples = [Example(e.text, (model.labels.names[0],), "f", e.row) for e in examples]
    plan = Plan(methods=("contribution", "attention", "lime"), controls=3)
    shared: list[int] = []

    def hands(portions):
        for portion in portions:
            for part in portion.parts():
                shared.append(len(part.examples))
                yield from measured(model, part)

    def silent(*_: object) -> None: ...

    ours = measure(model, examples, plan, silent)
    assert json.dumps(measure(model, examples, plan, silent, hands)) == json.dumps(ours)
    assert shared == [2, 2, 1, 2, 1], "all texts, then those under the slow controls"


def test_rays_threads_write_nothing(capsys):
    import sys
    import threading

    def speak() -> None:
        _Ours(sys.stdout).write("hello\n")

    for name in ("ray_listen_error_messages", "rich"):
        thread = threading.Thread(target=speak, name=name)
        thread.start()
        thread.join()
    assert capsys.readouterr().out == "hello\n"

"""Networks that rewrite, from the command line: trained, measured, shown, judged, refused."""

from __future__ import annotations

import csv
import json
import re
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import polars
import pytest
from sacrebleu.metrics.chrf import CHRF

import heedful as package
import made_rewritings
from command_line import heedful
from drawn import texts
from heedful.config import Config, ModelConfig, SequenceConfig
from heedful.face import rewriting_demo, scoring
from heedful.face.output import parts
from heedful.face.plots.alignment import alignment_plot
from heedful.face.plots.svg import to_png
from heedful.face.rewriting_demo import SETTINGS
from heedful.face.rewriting_plots import write_pictures
from heedful.learn.alignment import measure_alignment
from heedful.learn.checkpoint import Store
from heedful.learn.estimator import TextClassifier
from heedful.learn.sequence_describe import describe_sequence
from heedful.learn.sequence_evaluation import Written, by_length
from heedful.learn.sequence_model import SequenceModel
from heedful.records import HeedfulError, Rewriting, Token
from heedful.text.pair import Pair
from heedful.text.sequence import SequenceTokenizer
from made_transducers import network

SMALL = {
    "sequence.source_unit": "character",
    "sequence.target_unit": "character",
    "sequence.units": 24,
    "sequence.readout": 16,
    "sequence.target_embedding": 8,
    "sequence.tied": False,
    "sequence.start": "zero",
    "sequence.rare": 1,
    "model.embedding": 8,
    "model.hidden": 12,
    "model.attention_width": 8,
    "train.threads": 1,
    "model.embedding_dropout": 0.0,
    "sequence.decoder_dropout": 0.0,
    "sequence.label_smoothing": 0.0,
    "train.batch_size": 32,
    "train.epochs": 10,
    "train.learning_rate": 0.04,
    "train.average": 0.9,
    "train.validation": 0.1,
}
SET = tuple(part for key, value in SMALL.items() for part in ("--set", f"{key}={value}"))
ROWS = 400
STAGES = ("Embed", "Encode", "Attend", "Decode", "Write")
COLUMNS = ("--source", "given", "--target", "wanted")


def words(rows: int, seed: int) -> list[tuple[str, str]]:
    """Short words and the same backwards."""
    random = np.random.default_rng(seed)
    made = ["".join(random.choice(list("abcdef"), random.integers(2, 4))) for _ in range(rows)]
    return [(word, word[::-1]) for word in made]


def table(path: Path, rows: list[tuple[str, str]], header: tuple[str, str] | None) -> Path:
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file, delimiter="\t").writerows([*([header] if header else []), *rows])
    return path


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("rewriting")


@pytest.fixture(scope="module")
def run(folder: Path) -> Path:
    data = table(folder / "train.tsv", words(ROWS, 0), ("given", "wanted"))
    ran = heedful("train", data, "--out", folder / "run", *COLUMNS, *SET)
    assert ran.code == 0, ran.err
    assert "10 distinct characters in the sources" in ran.err
    assert "token accuracy" in ran.err
    return folder / "run"


@pytest.fixture(scope="module")
def test(folder: Path) -> tuple[Path, list[tuple[str, str]]]:
    """Held-out words, one of them with a target that nobody could guess."""
    known = {word for word, _ in words(ROWS, 0)}
    rows = [pair for pair in words(200, 1) if pair[0] not in known][:20]
    assert len(rows) == 20
    rows[3] = (rows[3][0], "zz")
    return table(folder / "test.tsv", rows, ("given", "wanted")), rows


def written(run: Path, sources: list[str]) -> list[str]:
    return [line["output"] for line in heedful("translate", run, *sources).lines()]


def test_tables_and_resuming(run: Path, test, tmp_path: Path, monkeypatch) -> None:
    data, _ = test
    monkeypatch.setattr(scoring, "CHUNK_TEXTS", 8)
    monkeypatch.setattr(parts, "EVERY", 0.0)
    asked = ("translate", run, "--input", data, "--best", 2, "--output")
    for name in ("a.jsonl", "a.csv", "a.parquet"):
        assert heedful(*asked, tmp_path / name).code == 0
    told = [json.loads(line) for line in (tmp_path / "a.jsonl").read_text().splitlines()]
    found = polars.read_parquet(tmp_path / "a.parquet").to_dicts()
    assert [row | {"best": json.loads(row["best"])} for row in found] == [
        line | {"error": None} for line in told
    ]
    with (tmp_path / "a.csv").open(newline="") as file:
        texts = list(csv.DictReader(file))
    assert [float(row["score"]) for row in texts] == [line["score"] for line in told]
    assert {row["finished"] for row in texts} <= {"true", "false"}
    calls, real = iter(range(9)), SequenceModel.rewrite

    def stop(self: SequenceModel, *given: object) -> object:
        if next(calls) == 1:
            raise KeyboardInterrupt
        return real(self, *given)

    with monkeypatch.context() as patch:
        patch.setattr(SequenceModel, "rewrite", stop)
        assert heedful(*asked, tmp_path / "b.csv").code == 130
    resumed = (*asked, tmp_path / "b.csv", "--resume")
    assert "--beam was not given and is 3" in heedful(*resumed, "--beam", 3).refusal()
    assert "--html needs every text" in heedful(*resumed, "--html", tmp_path / "x").refusal()
    assert "8 rows are done already" in heedful(*resumed).err
    assert (tmp_path / "b.csv").read_bytes() == (tmp_path / "a.csv").read_bytes()


def test_figures_are_those_of_decoded_output(run: Path, test) -> None:
    data, rows = test
    ran = heedful("evaluate", run, data, "--json", "-")
    found = ran.json()
    outputs = written(run, [source for source, _ in rows])
    right = [output == target for output, (_, target) in zip(outputs, rows, strict=True)]
    assert found["exact_match"] == np.mean(right) >= 0.5
    assert not right[3]
    wanted = [target for _, target in rows]
    assert found["chrf"] == CHRF().corpus_score(outputs, [wanted]).score
    assert found["chrf_signature"].startswith("nrefs:1|") and "version:" in ran.err
    low, high = found["intervals"]["exact_match"]
    assert low <= found["exact_match"] <= high
    assert [(part["from"], part["to"], part["count"]) for part in found["by_length"]] == [
        (0, 5, 20)
    ]
    assert found["checks"]["leaks"][0]["second_rows"] == 0
    assert "without_leaks" not in found
    stored = json.loads((run / "metrics.json").read_text())["evaluations"]
    assert found["id"] in [one["id"] for one in stored]
    frame = polars.read_parquet(run / "evaluations" / f"{found['id']}.parquet")
    assert frame["output"].to_list() == outputs
    assert frame["right"].to_list() == right
    card = (run / "README.md").read_text()
    assert f"whole sequences right {100 * np.mean(right):.2f} %" in card
    shown = heedful("evaluate", run, data)
    assert "exact match" in shown.out
    assert f"{rows[3][0]} → {outputs[3]}, not zz" in shown.err
    assert "figures" not in shown.out  # no table of a classifier


def test_leaks_and_several_targets(run: Path, folder: Path) -> None:
    old, new = words(ROWS, 0)[0], ("dcabdcab", "bacdbacd")
    rows = [old, new, (new[0], "x"), ("ab", "ba"), ("ab", "y")]
    data = table(folder / "leaks.tsv", rows, ("given", "wanted"))
    by_row = heedful("evaluate", run, data, "--json", "-").json()
    assert by_row["rows"] == 5
    any_target = heedful("evaluate", run, data, "--any-target", "--json", "-")
    found = any_target.json()
    assert found["rows"] == 3
    assert found["exact"] >= by_row["exact"]
    assert re.search(
        r"LEAK: [12] of 3 texts of leaks.tsv also stand in the training", any_target.err
    )
    assert found["without_leaks"]["count"] < 3


def test_long_and_short_sources_are_told_apart() -> None:
    def one(source: str, output: str, target: str) -> Written:
        tokens = tuple(Token(c, i, i + 1) for i, c in enumerate(source))
        said = Rewriting(source, output, 0.0, 0.0, tokens, (), (), (), True)
        return Written(Pair(source, target), (target,), said)

    written = [one("abc", "x", "x"), one("abcde", "y", "x"), one("abcdef", "x", "x")]
    found = by_length([*written, one("z" * 33, "a", "b")], list)
    assert [(part["from"], part["to"]) for part in found] == [(0, 5), (6, 10), (21, None)]
    assert [(part["count"], part["exact_match"]) for part in found] == [(2, 0.5), (1, 1), (1, 0)]


def test_a_wider_beam_finds_no_worse(run: Path) -> None:
    one, *_ = heedful("translate", run, "abcd", "--beam", 1).lines()
    many, *_ = heedful("translate", run, "abcd", "--best", 3, "--no-text").lines()
    assert many["score"] >= one["score"] - 1e-6
    scores = [answer["score"] for answer in many["best"]]
    assert len(scores) == 3
    assert scores == sorted(scores, reverse=True)
    assert many["best"][0]["output"] == many["output"]
    assert "text" in one and "text" not in many


def test_sources_come_from_lines_tables_and_headless_files(run: Path, folder: Path, test) -> None:
    data, rows = test
    expected = written(run, [source for source, _ in rows])
    lines = "".join(f"{source}\n" for source, _ in rows).encode()
    piped = heedful("translate", run, "--input", "-", stdin=lines)
    assert [line["output"] for line in piped.lines()] == expected
    out = folder / "out.jsonl"
    page = folder / "page.html"
    ran = heedful("predict", run, "--input", data, "--output", out)
    assert ran.code == 0, ran.err
    assert [json.loads(line)["output"] for line in out.read_text().splitlines()] == expected
    headless = table(folder / "headless.tsv", rows, None)
    ran = heedful("translate", run, "--input", headless, "--source", 1, "--html", page)
    assert [line["output"] for line in ran.lines()] == expected
    assert "<title>heedful: run</title>" in page.read_text()
    mixed = heedful("translate", run, "ab", " ", "cd").lines()
    assert [("output" in line, line.get("error")) for line in mixed] == [
        (True, None), (False, "the text is missing"), (True, None)
    ]  # fmt: skip


def test_alignments_in_the_terminal_as_page_picture_and_json(run: Path, folder: Path) -> None:
    shown = heedful("explain", run, "abcd")
    output = written(run, ["abcd"])[0]
    assert f"abcd → {output}" in shown.out
    records = heedful("explain", run, "abcd", "ba", "--json", "-").json()
    first = Rewriting.from_json(records[0])
    assert first.text == output
    assert [len(row) for row in first.weights] == [4] * len(output)
    # It learnt to write backwards, so it must look at the end first.
    places = np.array(first.weights) @ np.arange(4)
    assert places[0] > places[-1]
    for name, start in (("map.svg", b"<svg"), ("map.png", b"\x89PNG")):
        ran = heedful("explain", run, "abcd", "--picture", folder / name)
        assert ran.code == 0, ran.err
        assert (folder / name).read_bytes().lstrip().startswith(start)
    heedful("explain", run, "abcd", "--html", folder / "explained.html")
    assert "<title>heedful: run</title>" in (folder / "explained.html").read_text()
    two = heedful("explain", run, "a", "b", "--picture", folder / "two.svg")
    assert "--picture draws one text, and 2 are given" in two.refusal()
    assert (
        "name a file.svg or a file.png"
        in heedful("explain", run, "a", "--picture", folder / "map.gif").refusal()
    )


def test_trust_report_and_info(run: Path, test) -> None:
    data, rows = test
    heedful("evaluate", run, data, "--json", run.parent / "unused.json")
    (run / "trust.json").unlink(missing_ok=True)
    assert heedful("report", run).code == 0
    assert "not measured yet" in (run / "report.html").read_text()
    again = heedful("trust", run, data, "--limit", 6, "--json", run.parent / "trust.json")
    assert again.code == 0, again.err
    found = json.loads((run.parent / "trust.json").read_text())
    assert found["rows"] == 20
    assert found["erasure"]["sources"] == 6
    assert found["erasure"]["attended"] > found["erasure"]["random"]
    sources = [source for source, _ in rows]
    order = np.random.default_rng(0).permutation(20)[:6]
    shapes = heedful("explain", run, *(sources[i] for i in order), "--json", "-").json()
    entropies = [measure_alignment(one["weights"]).entropy for one in shapes]
    assert found["alignment"]["entropy"] == pytest.approx(np.mean(entropies))
    assert found["erasure"]["sentence"] in again.err
    assert "diagonality" in again.out
    heedful("report", run)
    page = (run / "report.html").read_text()
    assert "On 20 pairs of test.tsv" in page
    assert "What was wanted" in page and "zz" in page
    told = heedful("info", run).out
    weights = sum(p.numel() for p in package.load(run).model_.network.parameters())
    assert f"{weights:,}" in told
    assert "GRU, fed the context" in told and "(B, U, 24)" in told
    assert "exact match" in told


def test_info_draws_the_network(run: Path, tmp_path: Path) -> None:
    """The picture says what the table says, layer by layer, and its sum is all that was learnt."""
    file = tmp_path / "net.svg"
    ran = heedful("info", run, "--graph", file, "--json", "-")
    assert ran.code == 0, ran.err
    said = texts(ElementTree.fromstring(file.read_text("utf-8")))
    assert [x for x in said if x in STAGES] == [*STAGES]
    for layer in ran.json()["layers"]:
        assert f"{layer['parameters']:,} parameters" in said
    learnt = sum(p.numel() for p in package.load(run).model_.network.parameters())
    assert f"{learnt:,} parameters; B texts of T tokens, U written" in said
    start = said.index("query:")
    assert said[start : start + 5] == [
        *("query:", "decoder's state", "attention", "weights", "(B, U, T), sum 1")
    ]
    assert {"gives (B, U, 24) contexts", "text, token by token"} <= set(said)


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"scope": "local-p", "local_reach": 3}, "(B, U, 7) weights, (B, U, 8) contexts"),
        ({"scope": "none", "start": "final"}, "(B, U, 8) contexts"),
        ({"source_window": 6, "window_step": 2}, "(B, U, T) weights, (B, U, 8) contexts"),
    ],
)
def test_layers_hold_all_that_is_learnt(settings: dict[str, object], says: str) -> None:
    made = network(**settings, m_encoder="bilstm")
    sequence = SequenceConfig(
        source_unit="character", units=8, readout=6, target_embedding=6, **settings
    )
    config = Config(model=ModelConfig(attention="additive", encoder="bilstm"), sequence=sequence)
    tokenizer = SequenceTokenizer.fit(["abcdefg"], "character", False, 100, 1)
    layers = describe_sequence(SequenceModel(config, tokenizer, tokenizer, made))
    assert sum(layer.parameters for layer in layers) == sum(p.numel() for p in made.parameters())
    (attend,) = [layer for layer in layers if layer.stage == "attend"]
    assert attend.shape == says
    (encode,) = [layer for layer in layers if layer.stage == "encode"]
    assert ("windows of 6, 2 apart" in encode.what) == ("source_window" in settings)


def test_the_pictures_of_a_report_are_those_of_its_page(run: Path, tmp_path: Path, test) -> None:
    """A number for each map of the page; what cannot be drawn is named and the rest drawn."""
    outputs = written(run, [source for source, _ in test[1]])
    right = next(pair for pair, said in zip(test[1], outputs, strict=True) if said == pair[1])
    few = table(tmp_path / "few.tsv", [right, test[1][3]], ("given", "wanted"))
    heedful("evaluate", run, few, "--json", tmp_path / "unused.json")
    ran = heedful("report", run, "--html", tmp_path / "page.html", "--png", tmp_path / "png")
    assert ran.code == 0, ran.err
    newest = json.loads((run / "metrics.json").read_text())["evaluations"][-1]["id"]
    shown = json.loads((run / "evaluations" / f"{newest}.json").read_text())["examples"]
    assert sorted(one["right"] for one in shown) == [False, True]
    names = {"curves.png", *(f"alignment-{i}.png" for i in range(1, len(shown) + 1))}
    assert {path.name for path in (tmp_path / "png").iterdir()} == names
    assert f"{len(names)} plots in" in ran.err and "left out" not in ran.err
    wrong = next(Rewriting.from_json(one["rewriting"]) for one in shown if not one["right"])
    expected = to_png(alignment_plot(wrong, "alignment-1"))
    assert (tmp_path / "png" / "alignment-1.png").read_bytes() == expected
    write_pictures(tmp_path / "some", run, [made_rewritings.SILENT, made_rewritings.CLOCK])
    assert {path.name for path in (tmp_path / "some").iterdir()} == {
        "curves.png", "alignment-2.png"
    }  # fmt: skip
    (tmp_path / "file").write_text("")
    with pytest.raises(HeedfulError, match="cannot be written"):
        write_pictures(tmp_path / "file", run, [])


def test_python(run: Path) -> None:
    model = package.load(run)
    assert isinstance(model, package.SequenceTransducer)
    assert model.predict(["abc"])[0] == written(run, ["abc"])[0]
    one, several = package.explain(model, "abc"), package.explain(model, ["abc", "d"])
    assert isinstance(one, Rewriting)
    assert [type(found) for found in several] == [Rewriting] * 2
    assert one == several[0] or one.text == several[0].text
    with pytest.raises(HeedfulError, match="has no classes"):
        package.explain(model, "abc", target="a")
    assert not isinstance(model, TextClassifier)
    assert len(package.__all__) == 10


def test_an_interrupted_training_goes_on_to_the_same_weights(
    run: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data, out = folder / "train.tsv", folder / "cut"
    arguments = ("train", data, "--out", out, *COLUMNS, *SET, "--set", "train.epochs=2")
    keep = Store.save_epoch
    kept: list[object] = []

    def stop_after_two(self: Store, snapshot: object) -> None:
        keep(self, snapshot)
        kept.append(snapshot)
        if len(kept) == 2:
            raise KeyboardInterrupt

    monkeypatch.setattr(Store, "save_epoch", stop_after_two)
    ran = heedful(*arguments)
    assert ran.code == 130, ran.err
    monkeypatch.undo()
    assert "begun with other settings" in heedful(*arguments, "--seed", 5, "--resume").refusal()
    resumed = heedful(*arguments, "--resume")
    assert resumed.code == 0, resumed.err
    assert "resuming at epoch 2" in resumed.err
    whole = heedful(*(folder / "whole" if part == out else part for part in arguments))
    assert whole.code == 0
    files = [(folder / name / "model.safetensors").read_bytes() for name in ("cut", "whole")]
    assert files[0] == files[1]
    assert "already holds a finished run" in heedful(*arguments).refusal()
    assert "already finished" in heedful(*arguments, "--resume").err


def test_own_validation_data_are_compared_with_the_training_data(folder: Path) -> None:
    train = table(folder / "few.tsv", words(30, 3), ("given", "wanted"))
    valid = table(folder / "valid.tsv", words(30, 3)[:5], ("given", "wanted"))
    out = folder / "own"
    ran = heedful(
        "train", train, "--valid", valid, "--out", out, *COLUMNS, *SET, "--set", "train.epochs=1"
    )
    assert ran.code == 0, ran.err
    assert "LEAK: 5 of 5 validation texts" in ran.err
    data = json.loads((out / "config.json").read_text())["data"]
    assert (data["train_rows"], data["valid_rows"]) == (30, 5)
    assert data["read"] == {"source": "given", "target": "wanted"}


def test_check_speaks_of_pairs(folder: Path) -> None:
    data = table(folder / "odd.tsv", [("a b", "x"), ("a b", "y"), ("c", "c")], ("given", "wanted"))
    ran = heedful("check", data, *COLUMNS, "--test", folder / "odd.tsv", "--json", "-")
    found = ran.json()
    assert found["splits"]["train"]["conflicts"] == 1
    assert found["splits"]["train"]["unchanged"] == 1
    assert found["leaks"][0]["second_rows"] == 3
    shown = heedful("check", data, *COLUMNS)
    assert "sources with several targets" in shown.out
    assert "the targets x and y" in shown.err
    assert "clock: 60 generated pairs" in heedful("check", "clock:60:1").err


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("train", "{data}", *COLUMNS, "--preset", "default"), "is for labelled texts; pairs take"),
        (("train", "{data}", *COLUMNS, "--label", "x"), "--label means nothing for pairs"),
        (("train", "{data}", *COLUMNS, "--baseline"), "--baseline means nothing for pairs"),
        (
            ("train", "{data}", *COLUMNS, "--set", "evidence.orders=1"),
            "evidence.orders has no part",
        ),
        (("train", "{data}", *COLUMNS, "--set", "train.optimizer=lazy-adam"), "is adam or adamw"),
        (("train", "{data}", "--source", "no"), "has no column 'no' (--source)"),
        (("train", "{data}", "--source", "given", "--target", "given"), "is taken for both"),
        (("train", "reviews:20:1", *COLUMNS), "does not exist; give a file of pairs"),
        (("train", "clock:0:1"), "is no data set; use clock"),
    ],
)
def test_training_that_cannot_be_is_refused(folder: Path, run: Path, arguments, says: str) -> None:
    out, data = folder / "never", str(folder / "train.tsv")
    given = [part.replace("{data}", data) for part in arguments]
    assert says in heedful(*given, "--out", out).refusal()
    assert not out.exists()


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("evaluate", "{run}", "{data}", "--label", "x"), "--label means nothing for a run that"),
        (("explain", "{run}", "a", "--class", "x"), "--class means nothing for a run that"),
        (("explain", "{run}", "a", "--method", "lime"), "--method means nothing"),
        (("explain", "{run}"), "nothing to explain"),
        (("translate", "{run}"), "nothing to rewrite"),
        (("translate", "{run}", "a", "--html", "-"), "both want standard output"),
        (("translate", "{run}", "--input", "nowhere.tsv"), "nowhere.tsv does not exist"),
        (("translate", "{run}", "--input", "{data}", "--source", "no"), "has no column 'no'"),
        (("trust", "{run}", "{data}", "--seeds", "{run}"), "--seeds means nothing"),
        (("report", "{run}", "--data", "x"), "holds no evaluation 'x'"),
        (("info", "{run}", "--graph", "x.png"), "--graph x.png: the network is drawn as SVG"),
        (("words", "{run}", "{data}"), "the run rewrites sequences and has no classes"),
        (("decide", "{run}"), "the run rewrites sequences and has no classes"),
    ],
)
def test_what_a_run_that_rewrites_cannot_do_is_refused(
    folder: Path, run: Path, arguments, says: str
) -> None:
    names = {"{run}": str(run), "{data}": str(folder / "train.tsv")}
    assert says in heedful(*(names.get(part, part) for part in arguments)).refusal()


def test_a_classifier_refuses_what_is_about_pairs(binary: Path) -> None:
    assert (
        "is a classifier's run; it rewrites nothing" in heedful("translate", binary, "a").refusal()
    )
    ran = heedful("evaluate", binary, "reviews:10:1", "--beam", 2)
    assert "--beam means nothing for a classifier's run" in ran.refusal()
    ran = heedful("explain", binary, "a", "--picture", "a.svg")
    assert "--picture means nothing for a classifier's run" in ran.refusal()


def test_the_demo_rewrites_times(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """One quick pass: what it shows is drawn, counted and written, right or wrong."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(rewriting_demo, "TIMES", "clock:200:1")
    monkeypatch.setattr(rewriting_demo, "SETTINGS", SETTINGS | {"train.epochs": 1})
    assert rewriting_demo.rewrite_times(tmp_path) == 0
    shown = capsys.readouterr()
    assert "quarter after 3 pm → " in shown.out
    assert "0 of 30 other times" in shown.err
    page = (tmp_path / "alignments.html").read_text()
    assert page.count("quarter after 3 pm") >= 1
    assert (tmp_path / "clock" / "config.json").exists()


def test_a_name_between_colons_is_no_emoji(run: Path, folder: Path) -> None:
    data = table(folder / "of:new:ones.tsv", [("ab", "ba")], ("given", "wanted"))
    assert "of:new:ones.tsv" in heedful("evaluate", run, data).out

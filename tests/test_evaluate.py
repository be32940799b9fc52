"""`heedful evaluate`, `report`, `decide` and `compare`, as a user runs them."""

from __future__ import annotations

import json
import os
import random
import re
import shutil
import subprocess
import sys
from pathlib import Path
from unittest.mock import patch

import numpy as np
import polars as pl
import pytest
from safetensors.numpy import load, save
from sklearn import metrics as oracle

from command_line import ALONE, TINY, heedful, strict
from heedful.learn.evaluations import evaluations, scores_of
from heedful.learn.folder import load_model
from trained_runs import text_about, write

TEST = "reviews:90:8"
SRC = str(Path(__file__).parents[1] / "src")


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A binary run that nobody evaluates (the shared one is)."""
    run = tmp_path_factory.mktemp("trained") / "run"
    ran = heedful("train", "reviews:120:3", "--out", run, *TINY)
    assert ran.code == 0, ran.err
    return run


@pytest.fixture(scope="module")
def evaluated(trained: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same, evaluated on other reviews."""
    run = Path(shutil.copytree(trained, tmp_path_factory.mktemp("evaluated") / "run"))
    ran = heedful("evaluate", run, TEST)
    assert ran.code == 0, ran.err
    return run


@pytest.fixture(scope="module")
def unmeasured(trained: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, str]:
    """What `report` says of a run before any evaluation, and its page."""
    page = tmp_path_factory.mktemp("unmeasured") / "page.html"
    ran = heedful("report", trained, "--html", page)
    assert ran.code == 0, ran.err
    return ran.err, page.read_text()


@pytest.fixture(scope="module")
def reported(evaluated: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The page of the evaluated run, and the folder of its plots."""
    place = tmp_path_factory.mktemp("reported")
    page, plots = place / "page.html", place / "png"
    assert heedful("report", evaluated, "--html", page, "--png", plots).code == 0
    return page, plots


@pytest.fixture
def run(evaluated: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(evaluated, tmp_path / "run"))


def record_of(run: Path) -> dict:
    return strict((run / "metrics.json").read_text())["evaluations"][-1]


# --- what training leaves behind -----------------------------------------------------------


def test_a_report_before_any_evaluation_shows_the_validation_texts(
    trained: Path, unmeasured: tuple[str, str]
) -> None:
    said, shown = unmeasured
    assert "not evaluated yet" in said
    for part in ("Not evaluated yet.", "Validation figures with their 95 % intervals",
                 "The linear baseline is right on", "Confusion: true", "ROC curve"):  # fmt: skip
        assert part in shown, part
    found = strict((trained / "metrics.json").read_text())["validation"]["accuracy"]
    assert f"<strong>{100 * found:.1f}\u202f%</strong>" in shown


def test_training_keeps_what_judging_needs(trained: Path) -> None:
    names = {path.name for path in trained.iterdir()}
    assert names >= {"validation.parquet", "baseline.safetensors", "sketch.safetensors",
                     "checks.json", "README.md"}  # fmt: skip
    checks = strict((trained / "checks.json").read_text())
    assert checks["splits"]["training"]["rows"] == 108
    assert checks["splits"]["validation"]["rows"] == 12
    from heedful.text.corpus import read

    # lengths and unknown words are those of the same texts read by the stored model
    model, examples = load_model(trained), read(["reviews:120:3"]).examples
    encoded = model.encode([e.text for e in examples])
    tokens = sum(
        checks["lengths"][k]["mean"] * n for k, n in (("training", 108), ("validation", 12))
    )
    assert tokens == pytest.approx(encoded.lengths.sum())
    shares = [checks["unknown_tokens"][k] for k in ("training", "validation")]
    read_of = [checks["lengths"][k]["mean"] * n for k, n in (("training", 108), ("validation", 12))]
    unknown = sum(share * count for share, count in zip(shares, read_of, strict=True))
    assert unknown == pytest.approx(encoded.unknown.sum())
    assert pl.read_parquet(trained / "validation.parquet").height == 12
    config = strict((trained / "config.json").read_text())
    assert 0.2 <= config["decision"]["temperature"] <= 5


def test_the_stored_weights_are_the_calibrated_ones(trained: Path) -> None:
    """The figures of validation are those of the model that is stored, temperature included."""
    stored = strict((trained / "metrics.json").read_text())["validation"]
    table = pl.read_parquet(trained / "validation.parquet")
    yes = np.array(table["probabilities"].to_list())[:, 1]
    truth = [names[0] == "positive" for names in table["labels"].to_list()]
    assert stored["loss"] == pytest.approx(oracle.log_loss(truth, yes), abs=1e-5)


def test_the_baseline_can_be_left_out(tmp_path: Path) -> None:
    run = tmp_path / "run"
    assert heedful("train", "reviews:60:3", "--out", run, "--no-baseline", *TINY).code == 0
    assert not (run / "baseline.safetensors").exists()
    ran = heedful("evaluate", run, TEST)
    assert ran.code == 0
    assert "no linear baseline" in ran.err
    assert record_of(run)["baseline"] is None


# --- evaluate ------------------------------------------------------------------------------


def test_the_record_is_what_the_scores_say(evaluated: Path) -> None:
    """Every number can be recomputed by others from the Parquet file."""
    record = record_of(evaluated)
    table = pl.read_parquet(evaluated / "evaluations" / f"{record['id']}.parquet")
    assert table.height == record["rows"] == 90
    truth = np.array([names[0] == "positive" for names in table["labels"].to_list()], int)
    for column, figures in (
        ("probabilities", record),
        ("baseline", record["baseline"]),
        ("uniform", record["uniform"]),
    ):
        p = np.array(table[column].to_list())[:, 1]
        guess = (p > 0.5).astype(int)
        expected = {
            "accuracy": oracle.accuracy_score(truth, guess),
            "balanced_accuracy": oracle.balanced_accuracy_score(truth, guess),
            "f1": oracle.f1_score(truth, guess, zero_division=0),
            "auc": oracle.roc_auc_score(truth, p),
            "average_precision": oracle.average_precision_score(truth, p),
            "mcc": oracle.matthews_corrcoef(truth, guess),
            "brier": oracle.brier_score_loss(truth, p),
            "loss": oracle.log_loss(truth, p),
        }
        for name, value in expected.items():
            assert figures[name] == pytest.approx(value, abs=1e-5), (column, name)
            if name in figures["intervals"]:
                low, high = figures["intervals"][name]
                assert low - 1e-9 <= figures[name] <= high + 1e-9
    said = [names[0] == "positive" for names in table["predicted"].to_list()]
    confusion = oracle.confusion_matrix(truth, said)
    assert record["confusion"] == confusion.tolist()
    right = (np.array(said) == truth).sum()
    both = record["baseline"]["mcnemar"]
    assert both["both"] + both["second_only"] == right
    assert sum(b["count"] for b in record["calibration"]) == 90
    assert sum(s["rows"] for s in record["slices"]["length"]) == 90


def test_probabilities_are_those_of_predict(evaluated: Path, tmp_path: Path) -> None:
    from heedful.text.corpus import read

    texts = [e.text for e in read([TEST]).examples[:5]]
    predicted = heedful("predict", evaluated, *texts).lines()
    table = pl.read_parquet(evaluated / "evaluations" / f"{record_of(evaluated)['id']}.parquet")
    for line, stored in zip(predicted, table["probabilities"].to_list()[:5], strict=True):
        assert list(line["probabilities"].values()) == pytest.approx(stored, abs=1e-5)


def test_the_same_data_again_replaces_the_record(run: Path) -> None:
    before = record_of(run)
    assert heedful("evaluate", run, TEST).code == 0
    assert len(evaluations(run)) == 1
    assert record_of(run) == before, "the same data give the same record"
    assert heedful("evaluate", run, "reviews:40:9").code == 0
    assert [r["rows"] for r in evaluations(run)] == [90, 40]


def test_the_card_is_filled_and_the_users_text_kept(run: Path) -> None:
    card = run / "README.md"
    card.write_text(card.read_text() + "\nMade for the archive.\n")
    assert heedful("evaluate", run, "reviews:40:9").code == 0
    text = card.read_text()
    assert "Made for the archive." in text
    assert "reviews:40:9 (40 texts)" in text and f"{TEST} (90 texts)" in text
    low, high = record_of(run)["intervals"]["accuracy"]
    assert f"[{low:.4f}, {high:.4f}]" in text
    card.write_text("all my own")
    assert heedful("evaluate", run, "reviews:40:7").code == 0
    assert card.read_text() == "all my own"


def test_some_texts_are_kept_with_their_maps(evaluated: Path) -> None:
    record = record_of(evaluated)
    kept = strict((evaluated / "evaluations" / f"{record['id']}.json").read_text())["examples"]
    reasons = {why for item in kept for why in item["why"]}
    assert {"mistake", "close", "random"} <= reasons
    for item in kept:
        found = item["explanation"]
        wrong = found["label"] != found["prediction"]["labels"]
        assert wrong == ("mistake" in item["why"]) or "mistake" not in item["why"]
        total = sum(t["contributions"]["positive"] for t in found["tokens"])
        assert total + found["base"]["positive"] == pytest.approx(
            found["logits"]["positive"], abs=1e-4
        )
    surest = [i for i in kept if "mistake" in i["why"]]
    assert all(
        i["explanation"]["label"] != i["explanation"]["prediction"]["labels"] for i in surest
    )


def test_a_run_of_an_older_heedful_is_still_evaluated(run: Path) -> None:
    for name in ("validation.parquet", "baseline.safetensors", "sketch.safetensors", "checks.json"):
        (run / name).unlink()
    config = json.loads((run / "config.json").read_text())
    del config["decision"]
    (run / "config.json").write_text(json.dumps(config))
    ran = heedful("evaluate", run, "reviews:40:9")
    assert ran.code == 0, ran.err
    assert record_of(run)["checks"]["leaks"] == []
    assert heedful("report", run).code == 0
    assert "keeps no validation scores" in heedful("decide", run).refusal()


def test_texts_of_the_training_data_are_counted(trained: Path, tmp_path: Path) -> None:
    from heedful.text.corpus import read

    known = read(["reviews:120:3"]).examples[:3]
    strange = read(["reviews:40:9"]).examples[:4]
    rows = [("text", "label"), *((e.text.upper(), e.labels[0]) for e in [*known, *strange])]
    run = Path(shutil.copytree(trained, tmp_path / "run"))
    ran = heedful("evaluate", run, write(tmp_path / "d.csv", rows))
    assert "LEAK: 3 of 7 texts of d.csv also stand in the training and validation data" in ran.err
    (leak,) = record_of(run)["checks"]["leaks"]
    assert [pair["second"] for pair in leak["pairs"]] == [f"d.csv, row {i}" for i in (1, 2, 3)]
    assert [pair["first"] for pair in leak["pairs"]] == [
        f"{example.source}, row {example.row}" for example in known
    ]


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        ("multi_label", "tags.jsonl"),
        # tests/test_report.py and test_plots.py have its parts
        pytest.param("multi_class", "topics.csv", marks=pytest.mark.slow),
    ],
)
def test_multi_class_and_multi_label(
    kind: str, name: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    trained = request.getfixturevalue(kind)
    run = Path(shutil.copytree(trained, tmp_path / "run"))
    ran = heedful("evaluate", run, trained.parent / name, "--json", tmp_path / "r.json")
    assert ran.code == 0, ran.err
    record = strict((tmp_path / "r.json").read_text())
    assert set(record["per_class"]) == set(load_model(run).labels.names)
    scores = scores_of(run, record)
    assert (record["confusion"] is None) == (scores.task == "multi-label")
    assert heedful("report", run).code == 0
    page = (run / "report.html").read_text()
    assert all(label in page for label in record["per_class"])


@pytest.mark.parametrize(
    "damage", ["scores", "examples", "baseline", "sketch", "metrics", "checks"]
)
def test_a_damaged_part_is_named(run: Path, damage: str) -> None:
    name = record_of(run)["id"]
    files = {
        "scores": f"evaluations/{name}.parquet",
        "examples": f"evaluations/{name}.json",
        "baseline": "baseline.safetensors",
        "sketch": "sketch.safetensors",
        "metrics": "metrics.json",
        "checks": "checks.json",
    }
    (run / files[damage]).write_bytes(b"{ no")
    command = ("evaluate", run, TEST) if damage in ("baseline", "sketch") else ("report", run)
    said = heedful(*command).refusal()
    assert files[damage] in said


def test_hashes_of_another_version_are_named(run: Path) -> None:
    path = run / "sketch.safetensors"
    path.write_bytes(save(load(path.read_bytes()) | {"version": np.array([0], np.uint8)}))
    said = heedful("evaluate", run, TEST).refusal()
    assert str(path) in said and "another version" in said


@pytest.mark.parametrize("content", ["[1, 2]", "null", '{"evaluations": [{"id": 3}]}', "{ no"])
def test_damaged_figures_are_told_before_anything_is_changed(run: Path, content: str) -> None:
    (run / "metrics.json").write_text(content)
    before = {path: path.read_bytes() for path in sorted(run.rglob("*")) if path.is_file()}
    for command in (
        ("evaluate", run, "reviews:40:9"),
        ("decide", run, "--aim", "f1"),
        ("report", run),
        ("info", run),
        ("compare", run, run.parent),
    ):
        ran = heedful(*command)
        assert "metrics.json" in ran.refusal()
        assert ran.out == ""
    assert {p: p.read_bytes() for p in sorted(run.rglob("*")) if p.is_file()} == before


@pytest.mark.parametrize("name", ["checks.json", "history.jsonl"])
@pytest.mark.parametrize("content", ["[1, 2]", "null", "{ no"])
def test_a_part_of_the_report_of_another_shape_is_named(run: Path, name: str, content: str) -> None:
    (run / name).write_text(content + "\n")
    assert name in heedful("report", run).refusal()


def test_a_lost_metrics_file_is_no_hindrance_to_a_decision(run: Path) -> None:
    (run / "metrics.json").unlink()
    assert heedful("decide", run, "--aim", "f1").code == 0
    assert load_model(run).decision.aim == "f1"
    assert heedful("info", run).code == 0


def test_damaged_examples_are_named_once(run: Path) -> None:
    path = run / "evaluations" / f"{record_of(run)['id']}.json"
    path.write_bytes(path.read_bytes()[:99])
    said = heedful("report", run).refusal()
    assert said.count(str(path)) == 1
    assert "HeedfulError" not in said


def test_evaluations_that_end_at_once_lose_nothing(trained: Path, tmp_path: Path) -> None:
    run = Path(shutil.copytree(trained, tmp_path / "run"))
    script = (
        "import sys, pathlib\n"
        "from heedful.learn import evaluations as e\n"
        "run, who = pathlib.Path(sys.argv[1]), sys.argv[2]\n"
        "for i in range(12):\n"
        "    record = {'id': f'{who}{i}', 'data': [who], 'rows': 1, 'fingerprint': who}\n"
        "    e.add_evaluation(run, record, b'', {'examples': []})\n"
    )
    command = [sys.executable, "-c", script, str(run)]
    both = [subprocess.Popen([*command, who], env=os.environ | {"PYTHONPATH": SRC}) for who in "ab"]
    assert [process.wait() for process in both] == [0, 0]
    assert len(evaluations(run)) == 24


def test_data_are_called_by_their_name(run: Path, tmp_path: Path, monkeypatch) -> None:
    rows = (json.dumps({"text": f"fine {i}", "label": "positive"}) for i in range(3))
    table = "\n".join(rows).encode()
    assert heedful("evaluate", run, "-", stdin=table).code == 0
    assert record_of(run)["data"] == ["standard input"]
    folder = tmp_path / "reviews of mine" / "test"
    for kind in ("pos", "neg"):
        (folder / kind).mkdir(parents=True)
        (folder / kind / "0_9.txt").write_text(f"a {kind} film")
    monkeypatch.chdir(tmp_path / "reviews of mine")
    ran = heedful("evaluate", run, ".", "--label-map", "pos=positive,neg=negative")
    assert ran.code == 0, ran.err
    assert record_of(run)["data"] == ["reviews of mine"]


def test_the_classification_report_is_printed(multi_class: Path, tmp_path: Path) -> None:
    run = Path(shutil.copytree(multi_class, tmp_path / "run"))
    out = heedful("evaluate", run, multi_class.parent / "topics.csv").out
    scores = scores_of(run, record_of(run))
    names = scores.labels.names
    said = [names.index(chosen) for (chosen,) in scores.predicted]
    expected = oracle.classification_report(
        scores.targets, said, target_names=names, output_dict=True, zero_division=0
    )
    rows = {}
    for line in out.splitlines():
        first, *others = [part.strip() for part in line.strip("│").split("│")]
        rows[first] = others
    for name in names:
        figures = expected[name]
        shares = [f"{figures[key]:.4f}" for key in ("precision", "recall", "f1-score")]
        assert rows[name] == [*shares, f"{figures['support']:.0f}"]
    macro = expected["macro avg"]
    shares = [f"{macro[key]:.4f}" for key in ("precision", "recall", "f1-score")]
    assert rows["macro average"] == [*shares, ""]


# --- the leaking Kaggle pair ---------------------------------------------------------------


@pytest.mark.slow
def test_a_leak_stands_in_the_first_lines_of_the_report(real_data: Path, tmp_path: Path) -> None:
    forms, run = real_data / "imdb_forms", tmp_path / "run"
    pair = (forms / "labeledTrainData.tsv", forms / "imdb_master.csv")
    map_ = ("--label-map", "pos=1,neg=0", "--split", "all")
    ran = heedful("train", *pair, "--out", run, *map_, *ALONE, *TINY)
    assert ran.code == 0, ran.err
    ran = heedful("evaluate", run, forms / "testData.tsv")
    assert ran.code == 0, ran.err
    assert "LEAK" in ran.err
    assert heedful("report", run).code == 0
    page = (run / "report.html").read_text()
    body = re.sub(r"<[^>]+>", " ", page.partition("<body>")[2])
    words = " ".join(body.split())
    assert "300 of 300" in words[:600], words[:600]
    assert words.index("300 of 300") < words.lower().index("accuracy")


# --- report --------------------------------------------------------------------------------


def test_a_report_before_any_evaluation_tells_how_to_measure(unmeasured: tuple[str, str]) -> None:
    assert "heedful evaluate" in unmeasured[1]


@pytest.mark.slow
def test_the_same_folder_gives_the_same_page(
    evaluated: Path, reported: tuple[Path, Path], tmp_path: Path
) -> None:
    assert heedful("report", evaluated, "--html", tmp_path / "again.html").code == 0
    assert (tmp_path / "again.html").read_bytes() == reported[0].read_bytes()


def test_plots_as_png(reported: tuple[Path, Path]) -> None:
    files = sorted(reported[1].iterdir())
    assert {"confusion", "roc"} <= {path.stem for path in files}
    assert all(path.read_bytes().startswith(b"\x89PNG") for path in files)


def test_an_older_evaluation_can_be_asked_for(run: Path, tmp_path: Path) -> None:
    assert heedful("evaluate", run, "reviews:40:9").code == 0
    page = tmp_path / "p.html"
    assert heedful("report", run, "--html", page, "--data", TEST).code == 0
    assert TEST in page.read_text()
    said = heedful("report", run, "--data", "nothing.csv").refusal()
    assert TEST in said and "reviews:40:9" in said


# --- decide --------------------------------------------------------------------------------


def test_a_threshold_is_chosen_on_validation_and_used_everywhere(run: Path) -> None:
    table = pl.read_parquet(run / "validation.parquet")
    yes = np.array(table["probabilities"].to_list())[:, 1]
    truth = np.array([names[0] == "positive" for names in table["labels"].to_list()])
    ran = heedful("decide", run, "--aim", "recall=0.99", "--json", "-")
    assert ran.code == 0, ran.err
    limit = ran.json()["decision"]["thresholds"][1]
    assert (yes[truth] > limit).all(), "every positive validation text is found"
    assert limit > np.sort(yes[truth])[0] - 0.5
    assert "evaluate again" in ran.err
    config = strict((run / "config.json").read_text())
    assert config["decision"]["aim"] == "recall=0.99"
    from heedful import explain, load
    from heedful.text.corpus import read

    texts = [e.text for e in read([TEST]).examples]
    classifier = load(run)
    p = classifier.predict_proba(texts)[:, 1]
    expected = ["positive" if x > limit else "negative" for x in p]
    assert (classifier.predict(texts) == expected).all()
    lines = heedful("predict", run, *texts[:20]).lines()
    assert [line["label"] for line in lines] == expected[:20]
    found = explain(classifier, texts[0])
    assert (found.prediction.label, found.target) == (expected[0], expected[0])
    assert heedful("evaluate", run, TEST).code == 0
    record = record_of(run)
    assert record["tp"] + record["fp"] == sum(x == "positive" for x in expected)
    assert heedful("decide", run, "--aim", "none").code == 0
    assert strict((run / "config.json").read_text())["decision"]["thresholds"] is None


def test_without_an_aim_nothing_changes(run: Path) -> None:
    before = (run / "config.json").read_bytes()
    ran = heedful("decide", run)
    assert ran.code == 0 and "at one half" in ran.out
    assert (run / "config.json").read_bytes() == before


def test_explain_is_the_function_whatever_was_loaded_first() -> None:
    """In this process, which has torch; heedful itself is loaded anew, and put back."""
    with patch.dict(sys.modules):
        for name in [name for name in sys.modules if name.partition(".")[0] == "heedful"]:
            del sys.modules[name]
        import heedful.explain.select  # noqa: F401
        from heedful import explain

        assert explain.__code__.co_name == "explain"


def test_decide_refuses(multi_class: Path, run: Path) -> None:
    assert "most probable class" in heedful("decide", multi_class, "--aim", "f1").refusal()
    assert "precision" in heedful("decide", run, "--aim", "speed").refusal()
    assert (run / "config.json").exists()


def test_a_threshold_per_label(multi_label: Path, tmp_path: Path) -> None:
    run = Path(shutil.copytree(multi_label, tmp_path / "tags"))
    ran = heedful("decide", run, "--aim", "f1", "--json", "-")
    assert len(ran.json()["decision"]["thresholds"]) == 3
    rules = list(ran.json()["validation"].values())
    assert rules[-1]["f1"] >= rules[0]["f1"]


def test_two_labels_are_no_binary_task(tmp_path: Path) -> None:
    rows = [{"text": f"{'good' * a} {'long' * b} film {i}", "label": ["good"] * a + ["long"] * b}
            for i in range(60) for a, b in [(i % 2, i // 2 % 2)]]  # fmt: skip
    (tmp_path / "tags.jsonl").write_text("\n".join(map(json.dumps, rows)))
    ran = heedful("train", tmp_path / "tags.jsonl", "--out", tmp_path / "run", *TINY)
    assert ran.code == 0, ran.err
    ran = heedful("decide", tmp_path / "run", "--aim", " precision = 0.90")
    assert ran.code == 0, ran.err
    assert "now decides at a threshold per label (precision=0.9)" in ran.err
    assert all(f"│ {label} " in ran.out for label in ("good", "long"))


def test_a_label_without_validation_texts_says_why_its_threshold_stays(
    multi_label: Path, tmp_path: Path
) -> None:
    run = Path(shutil.copytree(multi_label, tmp_path / "tags"))
    path = run / "validation.parquet"
    never = load_model(run).labels.names[1]
    rest = pl.col("labels").list.set_difference(pl.lit([never]))
    pl.read_parquet(path).with_columns(rest).write_parquet(path)
    ran = heedful("decide", run, "--aim", "f1")
    assert f"no validation text has the label {never}" in ran.err
    assert load_model(run).decision.thresholds[1] == 0.5


def test_two_labels_that_do_not_exclude_each_other_have_a_threshold_each(tmp_path: Path) -> None:
    draw = random.Random(7)
    sets = [["food"], ["space"], [], ["food", "space"]] * 20
    rows = [json.dumps({"text": text_about(s, draw), "label": s}) for s in sets]
    (tmp_path / "two.jsonl").write_text("\n".join(rows))
    run = tmp_path / "two"
    assert heedful("train", tmp_path / "two.jsonl", "--out", run, *TINY).code == 0
    ran = heedful("decide", run, "--aim", "recall=0.9")
    assert "at a threshold per label (recall=0.9)" in ran.err
    for name, value in zip(("food", "space"), load_model(run).decision.thresholds, strict=True):
        assert re.search(rf"{name}\s*│\s*{value:.3f}", ran.out)


def test_only_figures_of_another_rule_are_called_old(run: Path) -> None:
    assert "old rule" in heedful("decide", run, "--aim", "f1").err
    assert heedful("evaluate", run, TEST).code == 0
    assert "old rule" not in heedful("decide", run, "--aim", "f1").err


# --- labels that look wrong ---------------------------------------------------------------


def test_check_lists_planted_label_errors(tmp_path: Path) -> None:
    draw, names = random.Random(3), ["food", "space", "sport"]
    truth = [names[i % 3] for i in range(600)]
    given = list(truth)
    for row in (10, 55, 99):
        given[row] = names[(names.index(truth[row]) + 1) % 3]
    rows = [(text_about([n], draw), g) for n, g in zip(truth, given, strict=True)]
    data = write(tmp_path / "flipped.csv", [("text", "label"), *rows])
    ran = heedful("check", data, "--label-errors", "--json", "-")
    assert ran.code == 0, ran.err
    found = ran.json()["label_errors"]["train"]
    assert {suspect["row"] for suspect in found[:3]} == {11, 56, 100}
    for suspect in found[:3]:
        row = suspect["row"] - 1
        assert (suspect["given"], suspect["suggested"]) == ([given[row]], [truth[row]])
        assert suspect["excerpt"] == rows[row][0]
    shown = heedful("check", data, "--label-errors")
    assert f"{len(found)} labels look wrong" in shown.out and "flipped.csv, row 11" in shown.out
    assert "label_errors" not in heedful("check", data, "--json", "-").json()
    bare = write(tmp_path / "bare.csv", [("text",), ("a text",), ("another",)])
    assert "needs labels" in heedful("check", bare, "--label-errors").refusal()


# --- compare -------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def other(evaluated: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A second run on the same reviews, evaluated on the same others."""
    run = tmp_path_factory.mktemp("other") / "other"
    settings = ("--attention", "uniform", "--seed", "5", "--set", "train.epochs=4")
    ran = heedful("train", "reviews:120:3", "--out", run, *TINY, *settings)
    assert ran.code == 0, ran.err
    assert heedful("evaluate", run, TEST).code == 0
    return run


def test_compare_goes_by_the_rule_that_a_run_has_now(run: Path, other: Path) -> None:
    table = pl.read_parquet(run / "evaluations" / f"{record_of(run)['id']}.parquet")
    assert heedful("decide", run, "--aim", "recall=1").code == 0
    limit = strict((run / "config.json").read_text())["decision"]["thresholds"][1]
    now = ["positive" if p[1] > limit else "negative" for p in table["probabilities"].to_list()]
    assert now != [names[0] for names in table["predicted"].to_list()], "the rule has changed"
    found = heedful("compare", run, other, "--json", "-", "--limit", 90).json()
    assert found["runs"][str(run)]["tp"] + found["runs"][str(run)]["fp"] == now.count("positive")
    for row in found["disagreements"]["rows"]:
        assert row["predicted"][str(run)] == [now[row["row"] - 1]]
    theirs = pl.read_parquet(other / "evaluations" / f"{record_of(other)['id']}.parquet")
    said = [names[0] for names in theirs["predicted"].to_list()]
    assert found["disagreements"]["count"] == sum(a != b for a, b in zip(now, said, strict=True))


def test_two_runs_on_the_data_both_were_evaluated_on(evaluated: Path, other: Path) -> None:
    found = heedful("compare", evaluated, other, "--json", "-").json()
    tables = [
        pl.read_parquet(r / "evaluations" / f"{record_of(r)['id']}.parquet")
        for r in (evaluated, other)
    ]
    said = [[names[0] for names in table["predicted"].to_list()] for table in tables]
    true = [names[0] for names in tables[0]["labels"].to_list()]
    test = found["pairs"][0]["mcnemar"]
    rows = list(zip(*said, true, strict=True))
    assert test["first_only"] == sum(a == t != b for a, b, t in rows)
    assert test["second_only"] == sum(b == t != a for a, b, t in rows)
    assert found["disagreements"]["count"] == sum(a != b for a, b, _ in rows)
    for name in (evaluated, other):
        assert found["runs"][str(name)]["accuracy"] == record_of(name)["accuracy"]
    shown = heedful("compare", evaluated, other)
    assert "they disagree on" in shown.err and "accuracy" in shown.out


def test_data_can_be_named(evaluated: Path, other: Path) -> None:
    found = heedful("compare", evaluated, other, "--data", "reviews:40:2", "--json", "-").json()
    assert found["rows"] == 40 and found["data"] == ["reviews:40:2"]
    assert len(evaluations(evaluated)) == 1, "comparing keeps nothing"


def test_three_runs_are_compared_in_pairs(evaluated: Path, other: Path, tmp_path: Path) -> None:
    third = Path(shutil.copytree(other, tmp_path / "third"))
    found = heedful("compare", evaluated, other, third, "--json", "-").json()
    assert len(found["pairs"]) == 3
    same = found["pairs"][-1]
    assert same["difference"] == 0 and same["mcnemar"]["p_value"] == 1
    assert all(pair["p_adjusted"] >= pair["mcnemar"]["p_value"] for pair in found["pairs"])


def test_compare_refuses(evaluated: Path, multi_class: Path, tmp_path: Path) -> None:
    assert "two runs or more" in heedful("compare", evaluated).refusal()
    assert "named twice" in heedful("compare", evaluated, evaluated).refusal()
    fresh = Path(shutil.copytree(evaluated, tmp_path / "fresh"))
    (fresh / "metrics.json").write_text("{}")
    assert "not evaluated on the same data" in heedful("compare", evaluated, fresh).refusal()
    said = heedful("compare", evaluated, multi_class, "--data", TEST).refusal()
    assert "unknown label" in said or "only runs of one task" in said


def test_rows_with_square_brackets_are_shown_as_they_are(multi_class: Path, tmp_path: Path) -> None:
    draw = random.Random(5)
    rows = [(f"[red]{text_about([n], draw)}[/red]", n) for n in ["food", "space", "sport"] * 4]
    data = write(tmp_path / "b.csv", [("body text", "kind"), *rows])
    copies = [Path(shutil.copytree(multi_class, tmp_path / name)) for name in ("a", "b")]
    flipped = copies[1] / "config.json"
    config = json.loads(flipped.read_text())
    config["id2label"] = {"0": "space", "1": "food", "2": "sports"}
    flipped.write_text(json.dumps(config))
    assert heedful("evaluate", copies[0], data).code == 0
    assert "only runs of one task" in heedful("compare", *copies, "--data", data).refusal()


LABELS = ("[red]rich[/red]", "[bold", "back\\[i]slash", "new\nline", "tab\tbed", "e\x1b[31msc")
SEEN = ("[red]rich[/red]", "[bold", "back\\[i]slash", "new␊line", "tab␉bed", "e␛[31msc")


def test_names_stand_in_tables_and_notes_as_they_are(tmp_path: Path) -> None:
    draw = random.Random(11)
    words = [f"word{i}" for i in range(len(LABELS))]
    rows = [
        json.dumps({"text": f"{words[i]} {draw.choice('abcdefgh')} {n}", "label": [LABELS[i]]})
        for n in range(12)
        for i in range(len(LABELS))
    ]
    data = tmp_path / "odd.jsonl"
    data.write_text("\n".join(rows))
    runs = [tmp_path / name for name in ("[b]one", "two")]
    for seed, run in enumerate(runs):
        own = ("--multi-label", "--seed", seed, *ALONE, *TINY)
        ran = heedful("train", data, "--out", run, *own)
        assert ran.code == 0, ran.err
    said = {
        "check": heedful("check", data).out,
        "info": heedful("info", runs[0]).out,
        "decide": heedful("decide", runs[0], "--aim", "f1").out,
    }
    for command, text in said.items():
        for name in SEEN:
            assert name in text, (command, name)
        assert "\x1b" not in text, command
    compared = heedful("compare", *runs, "--data", data)
    assert compared.code == 0, compared.err
    assert "[b]one" in compared.out

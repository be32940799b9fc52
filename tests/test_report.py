"""The report says what was measured, warns before it boasts, and lets nothing out of a text."""

from __future__ import annotations

import hashlib
import html
import json
import math
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import replace
from html.parser import HTMLParser
from itertools import pairwise
from typing import Any

import pytest
from sklearn.metrics import recall_score

from heedful.face.report import examples as report_examples
from heedful.face.report.examples import fitting
from heedful.face.report.numbers import count, interval, number, share
from heedful.face.report.page import Report, Selected, to_report
from heedful.records import Explanation, HeedfulError
from made_explanations import ALL, HEBREW, REVIEW, binary, many_classes
from made_report import PLOT_STYLE, leaky, reviews, still, topics

HOSTILE = "</script><img src=x onerror=alert(1)>\"'&\u202e\0\ud800\r{{ 7*7 }}"
VOID = {"meta", "input", "br", "img", "hr", "link"}


class Page(HTMLParser):
    """A page as a browser sees it: its tags, its visible text, its tables."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.text: list[str] = []
        self.tables: list[list[list[str]]] = []
        self.feed(source)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)
        if tag == "table":
            self.tables.append([])
        if tag in ("tr", "caption"):
            self.tables[-1].append([])
        if tag in ("th", "td", "caption"):
            self.tables[-1][-1].append("")

    def handle_endtag(self, tag: str) -> None:
        while self.open and self.open.pop() != tag:
            pass

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] in ("script", "style"):
            return
        self.text.append(data)
        if "table" in self.open:
            cell = self.open[len(self.open) - self.open[::-1].index("table") :]
            if {"th", "td", "caption"} & set(cell) and "details" not in cell:
                self.tables[-1][-1][-1] += data.strip() + " "

    def table(self, caption: str) -> Iterator[list[str]]:
        """The rows of the table with that caption, first the headings."""
        for (named, *_), *rows in self.tables:
            if named.strip() == caption:
                yield from ([cell.strip() for cell in row] for row in rows)

    def shown(self) -> str:
        return " ".join(" ".join(self.text).split())


def page_of(report: Report) -> Page:
    return Page(to_report(report, PLOT_STYLE))


def with_record(report: Report, **changes: Any) -> Report:
    return replace(report, record={**(report.record or {}), **changes})


def bare() -> Report:
    config = {"task": "binary", "id2label": {"0": "no", "1": "yes"}}
    return Report("r", config, {}, None, None, (), (), "")


# ----- order and warnings -----


def test_the_parts_stand_in_their_order() -> None:
    source = to_report(leaky())
    marks = [
        "class=alarm",
        "<h1>",
        "class=big",
        "class=sentence",
        "id=figures",
        "id=plots",
        "id=examples",
        "id=data",
        "id=network",
    ]
    places = [source.index(mark) for mark in marks]
    assert places == sorted(places)


def test_a_leak_is_told_before_any_figure_with_file_and_row() -> None:
    source = to_report(leaky())
    line = "53 of 361 evaluated texts stand in the training data: every figure below flatters the"
    assert source.index(line) < source.index("<h1>") < source.index("class=big")
    first = next(p for p in leaky().record["checks"]["leaks"][0]["pairs"])
    rows = Page(source).tables[0]
    assert [cell.strip() for cell in rows[2]][:3:2] == [first["first"], first["second"]]
    assert "role=alert" not in to_report(reviews())


def test_a_small_leak_flatters_a_little_and_a_near_one_is_told_too() -> None:
    leak = {
        "first": "validation",
        "second": "test",
        "second_rows": 0,
        "near": 3,
        "near_pairs": [
            {
                "first": "a.csv, row 7",
                "second": "b.csv, row 11",
                "similarity": 0.91,
                "first_labels": ["x"],
                "second_labels": [],
            }
        ],
    }
    report = with_record(reviews(), rows=307, checks={"leaks": [leak]})
    shown = page_of(report).shown()
    assert "3 of 307 test texts almost stand in the validation data" in shown
    assert "flatters the model a little" in shown
    assert "b.csv, row 11 (none) 91.0" in shown
    loud = with_record(reviews(), rows=299, checks={"leaks": [leak]})
    assert "flatters the model a little" not in page_of(loud).shown()


def test_the_figures_without_the_leaked_texts_stand_in_the_warning() -> None:
    leak = {"first": "training", "second": "evaluated", "second_rows": 31, "near": 5}
    clean = {
        "rows": 276,
        "accuracy": 0.8123,
        "f1": 0.7,
        "intervals": {"accuracy": [0.77, 0.8512], "f1": [0.61, 0.79]},
    }
    report = with_record(reviews(), rows=307, checks={"leaks": [leak]}, without_leaks=clean)
    source = to_report(report)
    shown = page_of(report).shown()
    assert "31 of 307 evaluated texts stand in the training data, 5 more almost:" in shown
    assert source.count("role=alert") == 1, "one leak, one warning"
    told = (
        "Without these 31 texts, on 276: accuracy 81.2\u202f% (77.0 to 85.1\u202f%), "
        "F1 70.0\u202f% (61.0 to 79.0\u202f%)."
    )
    assert source.index(told) < source.index("<h1>")
    gone = with_record(reviews(), rows=31, checks={"leaks": [leak]}, without_leaks=None)
    assert "No text is left to judge the model by" in page_of(gone).shown()


def test_before_any_evaluation_the_validation_texts_are_judged_and_named() -> None:
    record = reviews().record | {"accuracy": 0.7654, "rows": 101}
    report = replace(reviews(), record=None, examples=(), validation=record)
    page = page_of(report)
    shown = page.shown()
    assert "Not evaluated yet." in shown and "76.5 %" in shown
    assert "Measured on 101 texts held out for validation" in shown
    assert record["baseline"]["sentence"] in shown
    head, *_ = page.table("Validation figures with their 95 % intervals")
    assert head == ["", "network", "linear baseline", "uniform attention"]
    assert len(list(page.table("Each class against the rest"))) == 3
    assert "evaluated on" not in shown and "no interval" not in shown


def test_whose_f1_it_is_is_told() -> None:
    slices = {"length": [{"name": "1 to 10", "rows": 7, "accuracy": 0.625, "f1": 0.5}]}
    for report, name in ((reviews(), "F1 (class positive)"), (topics(13), "F1 (mean of classes)")):
        page = page_of(with_record(report, slices=slices))
        head, _ = page.table("Results by length of the text")
        assert head[-1] == name
        assert page.shown().count(name) == 3, "among the large figures, in the table, by length"


def test_a_model_measured_on_its_own_training_data_is_said_to_be() -> None:
    trained = reviews().config["data"]["fingerprint"]
    source = to_report(with_record(reviews(), fingerprint=trained))
    assert source.index("the very texts the model was trained on") < source.index("<h1>")


def test_without_a_record_leaks_between_training_and_validation_come_first() -> None:
    leak = {"first": "training", "second": "validation", "second_rows": 17}
    report = replace(reviews(), record=None, checks={"leaks": [leak]}, examples=())
    source = to_report(report)
    line = "17 of 101 validation texts stand in the training data"
    assert source.index(line) < source.index("<h1>")


# ----- figures in their places -----


def test_the_figures_of_a_class_stand_in_its_row() -> None:
    report = topics(13)
    head, *rows = page_of(report).table("Each class against the rest")
    values = {row[0]: dict(zip(head, row, strict=True)) for row in rows}
    assert list(values) == report.classes
    truth, guess = [], []
    for true, line in enumerate(report.record["confusion"]):
        for said, times in enumerate(line):
            truth += [true] * times
            guess += [said] * times
    recalls = recall_score(truth, guess, average=None, zero_division=0)
    for name, recall in zip(report.classes, recalls, strict=True):
        assert values[name]["recall"] == share(float(recall)), name
        assert values[name]["texts"] == str(truth.count(report.classes.index(name)))


def test_network_baseline_and_uniform_stand_side_by_side() -> None:
    report = reviews()
    record = report.record
    rows = page_of(report).table("Figures with their 95 % intervals")
    head, accuracy, *_ = rows
    assert head == ["", "network", "linear baseline", "uniform attention"]
    own, linear = share(record["accuracy"]), share(record["baseline"]["accuracy"])
    assert accuracy[1].startswith(own) and accuracy[2].startswith(linear) and own != linear
    low, high = (share(x) for x in record["intervals"]["accuracy"])
    assert low[:4] in accuracy[1] and accuracy[1].endswith(high)
    assert record["baseline"]["sentence"] in page_of(report).shown()


def test_a_baseline_without_a_sentence_gets_one() -> None:
    def said(accuracy: float) -> str:
        report = with_record(reviews(), accuracy=0.81, baseline={"accuracy": accuracy})
        return page_of(report).shown()

    assert "The linear baseline gets 78.0 %, 3.0 points below the network." in said(0.78)
    assert "The linear baseline gets 83.0 %, 2.0 points above the network." in said(0.83)


def test_uniform_attention_is_judged_in_a_sentence() -> None:
    def said(accuracy: float) -> str:
        report = with_record(reviews(), accuracy=0.81, uniform={"accuracy": accuracy})
        return page_of(report).shown()

    assert "accuracy is 78.0 %, 3.0 points less" in said(0.78)
    assert "accuracy is 83.0 %, 2.0 points more" in said(0.83)
    assert "the same: what was learned" in said(0.8102)


def test_confusions_are_counted_the_right_way_round() -> None:
    confusion = [[0] * 13 for _ in range(13)]
    confusion[3][7], confusion[3][3] = 5, 9
    rows = list(
        page_of(with_record(topics(13), confusion=confusion)).table("Most frequent confusions")
    )
    assert rows[1:] == [["topic 03", "topic 07", "5 of 14"]]


def test_a_bar_is_as_long_as_its_share() -> None:
    slices = {
        "length": [{"name": "1 to 10", "rows": 7, "accuracy": 0.625, "interval": [0.5, 0.75]}]
    }
    source = to_report(with_record(reviews(), slices=slices))
    assert 'width:62.5%"></i><i class=between style="left:50.0%;width:25.0%"' in source


def test_numbers_are_spelt_for_people() -> None:
    assert share(0.87312) == "87.3\u202f%"
    assert [share(x) for x in (0.9999, 1.0, 0.0, 0.0004)] == [
        "99.99\u202f%",
        "100\u202f%",
        "0\u202f%",
        "0.04\u202f%",
    ]
    assert number(-0.12) == "−0.120" and number(-0.0001) == "0.000"
    assert count(25000) == "25,000" and count(1234.5) == "1,234.5"
    assert interval([0.8, 0.9], share) == "80.0 to 90.0\u202f%"
    for nothing in (None, math.nan, math.inf, "x", True, []):
        assert share(nothing) == number(nothing) == count(nothing) == "n/a"
        assert interval(nothing, share) == interval([0.1, nothing], share) == ""


# ----- what is missing is said -----


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"record": None, "examples": ()}, "Not evaluated yet."),
        ({"record": None, "examples": ()}, "heedful evaluate my-run DATA"),
        ({"checks": None}, "What the checks found"),
        ({"checks": None, "record": None}, "The data was not checked"),
        ({"examples": ()}, "No texts were stored"),
        ({"plots": ()}, "Figures"),
        ({"graph": ""}, "No picture of the network was drawn"),
        ({"metrics": {}}, "Training ended"),
    ],
)
def test_a_missing_piece_is_named(changes: dict[str, Any], said: str) -> None:
    assert said in page_of(replace(reviews(), **changes)).shown()


@pytest.mark.parametrize(
    ("key", "said"),
    [
        ("baseline", "a linear model was not measured here"),
        ("uniform", "uniform attention was not measured here"),
        ("per_class", "Figures of the single classes were not stored"),
    ],
)
def test_a_missing_part_of_a_record_is_named(key: str, said: str) -> None:
    assert said in page_of(with_record(reviews(), **{key: None})).shown()
    assert said not in page_of(reviews()).shown()


@pytest.mark.parametrize("key", sorted(reviews().record))
def test_a_record_without_any_one_key_still_makes_a_page(key: str) -> None:
    record = {k: v for k, v in reviews().record.items() if k != key}
    assert "id=network" in to_report(replace(reviews(), record=record))


def test_almost_nothing_still_makes_a_page() -> None:
    shown = page_of(bare()).shown()
    assert "Not evaluated yet" in shown and "Nothing was stored about its training" in shown
    assert "id=network" in to_report(replace(bare(), record={}))
    with pytest.raises(HeedfulError, match="id2label is damaged"):
        to_report(replace(bare(), config={}))


def test_what_is_not_a_number_is_shown_as_such() -> None:
    record = {"accuracy": None, "f1": math.nan, "auc": math.inf, "loss": None, "rows": 3}
    rows = list(page_of(replace(reviews(), record=record)).table("Figures"))
    assert [row[1] for row in rows[1:]] == ["n/a"] * 4
    assert "nan" not in re.sub(
        r"financ\w+", "", page_of(with_record(reviews(), **record)).shown().lower()
    )


def test_old_and_newer_checks_are_both_understood() -> None:
    training = dict(reviews().checks["splits"]["training"])
    for key in ("near_duplicates", "near_conflicts"):
        training.pop(key, None)
    old = replace(reviews(), record=None, checks={"splits": {"training": training}, "news": [1]})
    names = [row[0] for row in page_of(old).table("What the checks found")]
    assert not any("near" in name for name in names)
    near = {**training, "near_duplicates": 19, "surprise": {"a": 1}}
    newer = replace(old, checks={"splits": {"training": near}})
    rows = {row[0]: row for row in page_of(newer).table("What the checks found")}
    assert rows["near duplicates texts that nearly repeat another"][1] == "19"


def test_lengths_and_unknown_words_stand_under_their_own_split() -> None:
    lengths = {"training": {"median": 11.0}, "validation": {"median": 13.0}}
    split = reviews().checks["splits"]["training"]
    checks = {
        "splits": {"training": split, "validation": split},
        "lengths": lengths,
        "unknown_tokens": 0.25,
    }
    rows = {
        row[0]: row
        for row in page_of(replace(reviews(), checks=checks)).table("What the checks found")
    }
    mine = reviews().record["checks"]["lengths"]["median"]
    assert rows["median tokens of the model's own tokens"][1:] == ["11", "13", f"{mine:.0f}"]
    unknown = rows["unknown words tokens that the vocabulary does not hold"]
    assert unknown[1:] == ["25.0\u202f%", "n/a", "3.7\u202f%"]


def test_one_table_of_lengths_is_that_of_the_training_data() -> None:
    split = reviews().checks["splits"]["training"]
    checks = {"splits": {"training": split, "validation": split}, "lengths": {"median": 11.0}}
    report = replace(reviews(), checks=checks, record=None)
    rows = {row[0]: row for row in page_of(report).table("What the checks found")}
    assert rows["median tokens of the model's own tokens"][1:] == ["11", "n/a"]


# ----- nothing gets out -----


def hostile(value: Any) -> Any:
    """The same structure with every text made hostile."""
    if isinstance(value, str):
        return HOSTILE + value
    if isinstance(value, Mapping):
        return {key: hostile(inner) for key, inner in value.items()}
    return [hostile(inner) for inner in value] if isinstance(value, list) else value


def renamed(explanation: Explanation) -> Explanation:
    """The classes of an explanation with hostile names, and a hostile text."""

    def table(values: dict[str, Any]) -> dict[str, Any]:
        return {HOSTILE + name: value for name, value in values.items()}

    prediction = explanation.prediction
    said = replace(
        prediction,
        labels=tuple(HOSTILE + x for x in prediction.labels),
        probabilities=table(prediction.probabilities),
    )
    return replace(
        explanation,
        text=explanation.text + HOSTILE,
        prediction=said,
        target=HOSTILE + explanation.target,
        contributions=table(explanation.contributions),
        base=table(explanation.base),
        logits=table(explanation.logits),
        error=table(explanation.error),
        label=tuple(HOSTILE + x for x in explanation.label),
    )


def test_hostile_names_and_texts_stay_text() -> None:
    kind = leaky()
    config = hostile(kind.config) | {"task": "binary"}
    record = hostile(kind.record)
    record["per_class"] = {HOSTILE + name: x for name, x in kind.record["per_class"].items()}
    record["checks"]["split"]["labels"] = {HOSTILE: 3}
    examples = tuple(
        Selected((*one.why, HOSTILE), HOSTILE, one.row, renamed(one.explanation))
        for one in kind.examples
    )
    checks = {"splits": {HOSTILE: hostile(kind.checks["splits"]["training"])}}
    plots = [("p", HOSTILE, "<svg><desc>a &lt;img&gt;</desc></svg>")]
    source = to_report(Report(HOSTILE, config, kind.metrics, record, checks, examples, plots, ""))
    source.encode("utf-8")
    kindly = Page(to_report(replace(kind, plots=plots, graph="")))
    page = Page(source)
    assert {tag for tag, _ in page.tags} <= {tag for tag, _ in kindly.tags}
    names = {name for _, values in kindly.tags for name in values} | {"style", "data-c"}
    assert {name for _, values in page.tags for name in values} <= names
    assert source.count("<script") == source.count("</script>") == 3
    assert "onerror" not in str(page.tags).replace("onerror=alert(1)", "")
    assert "49" not in page.shown().split("{{ 7*7 }}")[0][-20:]


def test_the_data_for_the_script_survives_hostile_names() -> None:
    source = to_report(replace(reviews(), examples=[Selected((HOSTILE,), "a", 1, renamed(REVIEW))]))
    data = source.split("id=packed>")[1].split("</script>")[0]
    assert not set("<>&\u2028") & set(data)
    assert json.loads(data)["classes"][-1] == f"{HOSTILE}positive"


def test_the_report_asks_nothing_of_anybody() -> None:
    source = to_report(leaky(), PLOT_STYLE).replace("http://www.w3.org/2000/svg", "")
    assert not re.search(r"https?://|//[a-z]|url\(|@import|<link|<img|<iframe|\bsrc=", source)
    policy = (
        "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:"
    )
    assert f'http-equiv="Content-Security-Policy" content="{policy}"' in source


# ----- the texts -----


def test_every_text_stands_once_with_file_and_row_under_its_first_reason() -> None:
    report = reviews()
    source = to_report(report)
    assert source.count("<article") == len(report.examples)
    first, second = report.examples[0], next(x for x in report.examples if x.why == ("close",))
    mistakes, close = source.index('data-why="mistake"'), source.index('data-why="close"')
    assert mistakes < source.index(f"{first.source}, row {first.row}<") < close
    assert close < source.index(f"{second.source}, row {second.row}<")
    assert sorted(maps(source)) == sorted(x.explanation.text for x in report.examples)


def test_texts_in_any_order_are_numbered_as_they_stand() -> None:
    turned = replace(reviews(), examples=reviews().examples[::-1])
    numbers = [int(x) for x in re.findall(r"<article id=t(\d+)>", to_report(turned))]
    assert numbers == list(range(1, len(turned.examples) + 1))


def maps(source: str) -> list[str]:
    """The texts under the heat maps, without their tags."""
    found = re.findall(r'lang="">(.*?)</div>', source, re.DOTALL)
    return [html.unescape(re.sub(r"<[^>]*>", "", text)) for text in found]


def test_a_doubtful_label_is_told_with_what_is_suggested() -> None:
    record = {
        "label_errors": [
            {
                "source": "a.csv",
                "row": 7,
                "given": ["negative"],
                "suggested": ["positive"],
                "score": 0.5,
            }
        ],
        "label_errors_found": 41,
    }
    report = replace(
        with_record(reviews(), **record),
        examples=[
            Selected(("mistake", "label error"), "a.csv", 7, REVIEW),
            Selected(("mistake",), "a.csv", 8, REVIEW),
        ],
    )
    source = to_report(report)
    assert source.count("The label is doubtful; suggested: <bdi>positive</bdi>") == 1
    assert "Probable label errors: the 1 most suspicious of 41" in source
    assert "All 0 probable" not in source
    assert "Also among" not in source and "These texts stand in the groups above" in source


def test_all_kinds_of_texts_can_be_shown() -> None:
    odd = [Selected((), "a.csv", row, e) for row, e in enumerate((*ALL, HEBREW), 1)]
    source = to_report(replace(reviews(), examples=odd))
    assert "Chosen as: other" in source
    assert maps(source) == [one.explanation.text for one in odd]
    broken = replace(REVIEW, attention=(math.nan,) * len(REVIEW.tokens))
    with pytest.raises(HeedfulError, match="attention, token 1 is nan"):
        to_report(replace(reviews(), examples=[Selected(("mistake",), "a", 1, broken)]))


def test_with_many_classes_each_text_keeps_those_that_matter(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    names = [f"c{i:02d}" for i in range(97)]
    text = "one two three"
    values = {name: [i / 97, 0.0, 0.1] for i, name in enumerate(names)}
    one = replace(many_classes(text, values, "c03"), label=("c05",))
    assert fitting([one]) == [one]
    assert "There are many classes" not in page_of(topics(13)).shown()
    monkeypatch.setattr(report_examples, "MOST", 3 * 7)
    (kept,) = fitting([one])
    assert set(kept.contributions) == {"c03", "c05", "c96", "c95", "c94", "c93", "c92"}
    report = replace(topics(13), examples=[Selected(("close",), "a", 1, one)])
    assert "There are many classes" in page_of(report).shown()


@pytest.mark.slow
def test_a_page_of_long_reviews_stays_small() -> None:
    """The 90 longest test reviews of IMDB have 1,330 tokens on average."""
    words = " ".join(f"word{i % 997} and the film" for i in range(333))
    values = [math.sin(i) ** 5 for i in range(1332)]
    many = [Selected(("random",), "t.tsv", row, binary(words, values)) for row in range(1, 91)]
    size = len(to_report(replace(reviews(), examples=many)).encode())
    assert 1_000_000 < size < 3_000_000


# ----- the rest -----


def test_how_it_decides_is_told() -> None:
    decision = {"temperature": 1.31, "thresholds": [0.625, 0.375], "aim": "f1"}
    shown = page_of(with_record(reviews(), decision=decision)).shown()
    assert (
        "positive where its probability is above 0.375, chosen on the validation data for the aim"
        in shown
    )
    assert "temperature 1.31" in shown
    several = page_of(
        with_record(topics(11, "multi-label"), decision={"thresholds": [0.25] * 11})
    ).shown()
    assert "(topic 00 0.250, topic 01 0.250" in several


def test_plots_say_in_words_what_they_show() -> None:
    assert (
        "In words A rising line from 0 to 1, with an area of 0.93 & more."
        in page_of(reviews()).shown()
    )


def test_tables_have_captions_and_headings_with_a_scope() -> None:
    page = page_of(topics(29))
    tags = [tag for tag, _ in page.tags]
    assert tags.count("table") == tags.count("caption") > 5
    assert all(values.get("scope") in ("row", "col") for tag, values in page.tags if tag == "th")
    ids = [values["id"] for _, values in page.tags if "id" in values]
    assert len(ids) == len(set(ids))


def test_headings_leave_out_no_level() -> None:
    levels = [int(tag[1]) for tag, _ in page_of(reviews()).tags if re.fullmatch(r"h\d", tag)]
    assert levels[0] == 1 and levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))


def test_the_same_report_gives_the_same_bytes() -> None:
    """In another process, too, where sets and dictionaries are hashed otherwise."""
    script = (
        "import hashlib; from made_report import still;"
        "from heedful.face.report.page import to_report;"
        "print(hashlib.sha256(to_report(still()).encode()).hexdigest())"
    )
    own = hashlib.sha256(to_report(still()).encode()).hexdigest()
    assert run(script, "1").strip() == own


def test_a_report_needs_neither_torch_nor_scikit_learn() -> None:
    script = (
        "from heedful.face.report.page import to_report;"
        "print([m for m in ('torch', 'sklearn', 'matplotlib', 'polars') if m in sys.modules])"
    )
    assert run(script, "0").strip() == "[]"


def run(script: str, seed: str) -> str:
    return subprocess.run(
        [sys.executable, "-c", f"import sys; sys.path[:] = {sys.path!r}; {script}"],
        env={"PYTHONHASHSEED": seed, "OMP_NUM_THREADS": "1"},
        capture_output=True,
        check=True,
        text=True,
    ).stdout

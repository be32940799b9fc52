"""`heedful words`, as a user runs it: terminal, page, JSON, bad input."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from command_line import ALONE, heedful, strict
from heedful.explain.corpus_records import ClassView, CorpusView, Positions, Pull, Share, Snippet
from heedful.explain.corpus_view import corpus_view
from heedful.face.words_page import to_page
from heedful.face.words_tables import About
from heedful.learn.folder import load_model
from heedful.text.corpus import read
from heedful.text.generate.review_words import DISLIKES, LIKES, NEGATIVE, POSITIVE
from real_data import real
from trained_runs import write

TEST = "reviews:80:9"


@pytest.fixture(scope="module")
def learned(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run that has understood the built-in reviews."""
    run = tmp_path_factory.mktemp("learned") / "run"
    settings = ("model.embedding=24", "model.encoder=token", "train.epochs=8", "train.threads=1",
                "train.learning_rate=0.01", "train.batch_size=32")  # fmt: skip
    sets = [part for setting in settings for part in ("--set", setting)]
    ran = heedful("train", "reviews:1000:1", "--out", run, "--no-baseline", *ALONE, *sets)
    assert ran.code == 0, ran.err
    return run


def test_the_planted_words_come_out_on_top(learned: Path) -> None:
    view = corpus_view(load_model(learned), read(["reviews:300:5"]).examples)
    sides = {"positive": (POSITIVE, LIKES), "negative": (NEGATIVE, DISLIKES)}
    for name, (adjectives, verbs) in sides.items():
        planted = {word for words in adjectives.values() for word in words} | set(verbs)
        top = [pull.text for pull in view.classes[name].words[:12]]
        assert sum(word in planted for word in top) >= 10, (name, top)
        assert all(pull.decided > 0.5 for pull in view.classes[name].words[:12])


def test_the_terminal_says_every_part(binary: Path) -> None:
    ran = heedful("words", binary, TEST, "--against", binary, "--limit", 3)
    assert ran.code == 0, ran.err
    for part in ("80 texts", "negative: ", "words that speak for it", "say more than their words",
                 "pull", "padding", "where texts are read", "rank correlation", ": 1.000",
                 "decided differently: 0 texts (0 %)", "knows 0 words",
                 "no word changed"):  # fmt: skip
        assert part in ran.out, part
    assert "speak against it" not in ran.out, "the other class's words, mirrored"
    assert max(map(len, ran.out.splitlines())) < 200


def test_json_holds_everything(multi_class: Path, tmp_path: Path) -> None:
    data = write(
        tmp_path / "new.csv", [["body text"], *[[f"bread and moon {i % 4}"] for i in range(9)]]
    )
    found = heedful("words", multi_class, data, "--json", "-", "--min-texts", 1).json()
    assert {"run", "against", "data", "texts", "tokens", "task", "language", "min_texts", "classes",
            "shares", "positions", "change"} == set(found)  # fmt: skip
    assert (found["texts"], found["task"], found["change"]) == (9, "multi-class", None)
    assert found["data"] == ["new.csv"] and found["run"] == "topics"
    assert set(found["classes"]) == {"food", "space", "sports"}
    pull = found["classes"]["food"]["words"][0]
    assert set(pull) == {"text", "total", "mean", "per_text", "strength", "occurrences", "texts",
                         "share", "decided", "parts", "examples"}  # fmt: skip
    assert set(pull["examples"][0]) == {"source", "row", "before", "match", "after", "value"}
    file = tmp_path / "words.json"
    assert heedful("words", multi_class, data, "--json", file, "--min-texts", 1).code == 0
    assert strict(file.read_text()) == found


@pytest.mark.parametrize("name", ["multi_class", "multi_label"])
def test_other_tasks_show_what_speaks_against(
    request: pytest.FixtureRequest, name: str, tmp_path: Path
) -> None:
    run = request.getfixturevalue(name)
    rows = [
        [f"moon star {word}"] for word in ("goal", "bread", "soup", "ball", "the") for _ in "ab"
    ]
    column = "body text" if name == "multi_class" else "text"
    data = write(tmp_path / "new.csv", [[column], *rows])
    ran = heedful("words", run, data)
    assert ran.code == 0, ran.err
    assert "words that speak against it" in ran.out
    page = tmp_path / "page.html"
    ran = heedful("words", run, data, "--html", page)
    assert ran.code == 0 and ran.out == ""
    assert "Words that speak against it" in page.read_text()


def test_other_classes_are_told(binary: Path, multi_class: Path, tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    ran = heedful("words", binary, TEST, "--against", multi_class, "--html", page)
    assert ran.code == 0 and "knows other classes" in ran.err
    assert "only their vocabularies" in page.read_text()
    ran = heedful("words", binary, TEST, "--against", multi_class)
    assert ran.code == 0 and "only reviews knows" in ran.out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("nowhere", TEST), "does not exist"),
        (("RUN", TEST, "--against", "nowhere"), "does not exist"),
        (("RUN", "nothing.csv"), "nothing.csv"),
        (("RUN", "EMPTY"), "no data rows"),
        (("RUN", TEST, "--limit", 0), "limit"),
        (("RUN", TEST, "--json", "-", "--html", "-"), "standard output"),
    ],
)
def test_bad_input(
    binary: Path, tmp_path: Path, arguments: tuple[object, ...], said: str
) -> None:  # fmt: skip
    empty = tmp_path / "empty.csv"
    empty.write_text("text,label\n")
    places = {"RUN": binary, "EMPTY": empty}
    assert said in heedful("words", *(places.get(a, a) for a in arguments)).refusal()


def test_a_text_of_nothing(binary: Path, tmp_path: Path) -> None:
    data = write(tmp_path / "one.csv", [["text"], ["great"], ["zzz"]])
    page = tmp_path / "page.html"
    assert heedful("words", binary, data, "--html", page).code == 0
    assert "No text has 20 tokens" in page.read_text()
    ran = heedful("words", binary, data)
    assert ran.code == 0 and "too few to tell" in ran.out


def hostile() -> CorpusView:
    nasty = "<script>alert('x')</script> \"&\" \x1b[31m\u202e"
    spot = Snippet(f"{nasty}.csv", 1, nasty, nasty, nasty, 0.5)
    pull = Pull(nasty, 1.0, 0.5, 0.5, 0.6, 2, 2, 0.5, 1.0, 0.2, (spot, replace(spot, value=-0.2)))
    one = ClassView(2, (pull,), (pull,), (), ())
    positions = Positions(0, 20, (), (), (), (), (), ())
    shares = (Share("content", 8, 1.0, 1.0, 1.0), Share("padding", 3, 0.0, 0.0, 0.0))
    classes = {nasty: one, "other": one}
    return CorpusView(2, 8, "multi-class", "en", 2, classes, shares, positions)


def test_the_page_escapes_everything_and_is_the_same_again() -> None:
    about = About("<b>run</b>", None, ["<i>data</i>"])
    page = to_page(hostile(), about)
    assert page == to_page(hostile(), about)
    assert "<script>alert" not in page and "<b>run" not in page and "<i>data" not in page
    assert "&lt;script&gt;alert" in page
    assert "http" not in page.replace("http-equiv", "")


def test_the_page_is_the_same_for_the_same_data(binary: Path, tmp_path: Path) -> None:
    pages = [tmp_path / "one.html", tmp_path / "two.html"]
    for page in pages:
        assert heedful("words", binary, TEST, "--against", binary, "--html", page).code == 0
    assert pages[0].read_bytes() == pages[1].read_bytes()


@pytest.mark.slow
def test_real_reviews(learned: Path) -> None:
    ran = heedful("words", learned, real("imdb/test.tsv"), "--json", "-", "--limit", 5)
    assert ran.json()["texts"] == 25_000

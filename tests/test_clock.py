"""The language of the clock: each form means one time, by a grammar that the generator ignores."""

from __future__ import annotations

import itertools
import random
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from heedful.records import HeedfulError
from heedful.text.generate import clock
from heedful.text.generate.clock import generate, part_of, write
from heedful.text.generate.clock_forms import FORMS, HELD_OUT, Form
from heedful.text.generate.clock_oracle import read_time
from heedful.text.generate.clock_words import in_words, number
from heedful.text.pairs import read_pairs
from heedful.text.sources import resolve, resolve_pairs
from real_data import real

# Written down by hand, one line for each rule.
MEANT = {
    "8:25": "08:25",
    "t23.11": "23:11",
    "15h30": "15:30",
    "0305 hours": "03:05",
    "7": "07:00",
    "seven": "07:00",
    "12.43 a.m": "00:43",
    "12:15PM": "12:15",
    "3 p.m.": "15:00",
    "twelve am": "00:00",
    "six hours and fifty five am": "06:55",
    "two hours and zero p.m.": "14:00",
    "ten o'clock twenty nine after noon": "22:29",
    "5 o'clock in the evening": "17:00",
    "48 min before 10 a.m": "09:12",
    "23 min after 20 p.m.": "20:23",
    "four after 0 at midnight": "00:04",
    "20 before 1 p.m.": "12:40",
    "18 before 12 after noon": "23:42",
    "sixty before 2 am": "01:00",
    "quarter after 3 pm": "15:15",
    "a Quarter to  three in the afternoon": "14:45",
    "quater past nine before noon": "09:15",
    "half past twelve a.m.": "00:30",
    "halfway to one p.m": "12:30",
    "twenty-one minutes past eleven at night": "23:21",
    "five past two at night": "02:05",
    "three fifteen pm": "15:15",
    "three oh five pm": "15:05",
    "twenty twenty one": "20:21",
    "twenty one": "21:00",
    "noon": "12:00",
    "12 midnight": "00:00",
    "ten till midnight": "23:50",
    "half past noon": "12:30",
    "four before noon": "11:56",
    "noon hours and five": "12:05",
    "quarter before noon": "11:45",
    "quarter before noon before noon": "11:45",
    "5:30 before noon": "05:30",
}
REFUSED = (
    *("", "tea time", "25:00", "8:60", "61 after 3 pm", "3 pm pm", "t", "pm", "noon pm noon"),
    *(
        "halfway to noon p.m",
        "20 after 13 am",
        "5 in the evening at noon",
        "midnight pm",
        "6 at noon",
    ),
    *("3 o'clock 60 pm", "²:30", "٣:30", "7 at night", "half", "quarter before"),
)


@pytest.mark.parametrize(("text", "time"), MEANT.items())
def test_forms_read_by_hand(text: str, time: str) -> None:
    assert read_time(text) == time


@pytest.mark.parametrize("text", REFUSED)
def test_what_is_not_of_the_language_is_refused(text: str) -> None:
    with pytest.raises(HeedfulError, match=r"means (no time|several times)"):
        read_time(text)


def test_numbers_are_spelled() -> None:
    assert [in_words(n) for n in (0, 13, 40, 59, 60)] == [
        *("zero", "thirteen", "forty", "fifty nine", "sixty")
    ]
    assert in_words(21, "-") == "twenty-one"
    assert [number(in_words(n)) for n in range(61)] == list(range(61))


def _wordings(form: Form, time: int) -> Iterator[str]:
    """Every text that `write` can give."""
    counts: list[int] = []

    def first(words: tuple[str, ...]) -> str:
        counts.append(len(words))
        return words[0]

    write(form, time, first)
    for chosen in itertools.product(*map(range, counts)):
        picks = iter(chosen)
        yield write(form, time, lambda words, picks=picks: words[next(picks)])


def _spelled(time: int) -> str:
    return f"{time // 60:02}:{time % 60:02}"


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.name)
def test_each_form_is_read_back(form: Form) -> None:
    rng = random.Random(form.name)
    times = [time for time in range(clock.TIMES) if form.fits(time)]
    for time in times if len(times) < 50 else times[:: len(times) // 47]:
        text = write(form, time, rng.choice)
        assert read_time(text) == _spelled(time), text


@pytest.mark.slow
def test_all_wordings_of_all_forms_at_all_times_are_read_back() -> None:
    held, others = set[str](), set[str]()
    for form in FORMS:
        for time in filter(form.fits, range(clock.TIMES)):
            found = set(_wordings(form, time))
            assert {read_time(text) for text in found} == {_spelled(time)}
            (held if form.name in HELD_OUT else others).update(found)
    assert len(held) + len(others) > 1_500_000
    assert not held & others


def test_a_sample_of_each_part() -> None:
    parts = {part: generate(1_500, 3, part) for part in ("train", "test", "new")}
    texts = {part: {pair.source for pair in pairs} for part, pairs in parts.items()}
    assert [len(found) for found in texts.values()] == [1_500] * 3
    assert not texts["train"] & texts["test"]
    assert not texts["new"] & (texts["train"] | texts["test"])
    assert all(part_of(text) == part for part in ("train", "test") for text in texts[part])
    for pair in itertools.chain(*parts.values()):
        assert read_time(pair.source) == pair.target
    assert [pair.row for pair in parts["train"]] == list(range(1, 1_501))
    # What is held out is new in how it is put together, not in its characters.
    known = set("".join(texts["train"]))
    assert set("".join(texts["new"])) <= known
    assert {name for form in FORMS if (name := form.name) in HELD_OUT} == set(HELD_OUT)
    assert len({form.name for form in FORMS}) == len(FORMS)


def test_nothing_is_before_a_marked_twelve() -> None:
    """`18 before 12 p.m.` is 11:42 to some and 23:42 to others."""
    forms = [form for form in FORMS if form.anchor == "next"]
    assert len(forms) == 5
    for form in forms:
        hours = {time // 60 for time in range(clock.TIMES) if form.fits(time)}
        assert hours == set(range(24)) - {11, 23}


def test_a_fifth_of_the_forms_is_for_testing() -> None:
    share = Counter(part_of(f"{i}") for i in range(5_000))["test"] / 5_000
    assert share == pytest.approx(0.2, abs=0.02)


def test_more_forms_than_there_are(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "FORMS", [form for form in FORMS if form.name == "hour"])
    monkeypatch.setattr(clock, "_ENDLESS", 500)
    hours = generate(15, 0)
    assert len({pair.source for pair in hours}) == 15
    with pytest.raises(HeedfulError, match="forms in this part, not 25"):
        generate(25, 0)


def test_named_data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    sizes = [len(resolve_pairs(name)) for name in ("clock:test", "clock:new", "clock:7:5")]
    assert sizes == [2_000, 1_000, 7]
    assert resolve_pairs("clock:7:5") == tuple(generate(7, 5))
    for wrong in ("clock:x", "clock:0:1", "clock:7", "clock:7:-1"):
        with pytest.raises(HeedfulError, match="is no data set"):
            resolve_pairs(wrong)
    with pytest.raises(HeedfulError, match="--source human --target military"):
        resolve("clock:test")
    Path("clock").write_text("a\tb\n")
    assert resolve_pairs("clock") == Path("clock") == resolve("clock")


def test_the_tutorials_data_agree_but_for_noon() -> None:
    """Choco31415's rows: where the grammar differs, a row contradicts another, or itself."""
    folder = real("time24h")
    pairs = read_pairs([folder / "train.tsv", folder / "test.tsv"]).pairs
    kinds = Counter(_kind(pair.source, pair.target) for pair in pairs)
    assert kinds == {
        "agrees": 9_923,
        "noon is midnight": 73,
        "noon with a contrary mark": 3,
        "before twelve pm": 1,
    }
    targets: dict[str, set[str]] = {}
    for pair in pairs:
        targets.setdefault(pair.source, set()).add(pair.target)
    contradictory = {text: found for text, found in targets.items() if len(found) > 1}
    assert len(contradictory) == 19
    assert all(read_time(text) in found for text, found in contradictory.items())


def _kind(text: str, target: str) -> str:
    try:
        time = read_time(text)
    except HeedfulError:
        time = ""
    if time == target:
        return "agrees"
    if "noon" in text:
        marked = text.endswith(("am", "p.m", "at midnight"))
        return "noon with a contrary mark" if marked else "noon is midnight"
    return "before twelve pm" if "before twelve pm" in text else "other"

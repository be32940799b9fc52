"""Small runs that several tests share, trained once through the command line."""

from __future__ import annotations

import csv
import json
import random
from collections.abc import Sequence
from pathlib import Path

import pytest

from command_line import TINY, heedful

WORDS = {
    "food": ["bread", "butter", "cheese", "soup"],
    "space": ["moon", "star", "orbit", "rocket"],
    "sport": ["ball", "goal", "team", "match"],
}
FILLER = ["the", "a", "of", "we", "saw", "one", "some", "more", "again", "today"]


def write(path: Path, rows: Sequence[Sequence[object]]) -> Path:
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows(rows)
    return path


def text_about(names: Sequence[str], draw: random.Random) -> str:
    words = [draw.choice(WORDS[name]) for name in names for _ in range(2)]
    words += draw.choices(FILLER, k=draw.randint(2, 6))
    draw.shuffle(words)
    return " ".join(words)


@pytest.fixture(scope="session")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cli")


@pytest.fixture(scope="session")
def multi_class(place: Path) -> Path:
    """A run on three classes, from columns with names of their own."""
    draw = random.Random(0)
    rows = [(text_about([name], draw), name) for name in [*WORDS] * 40]
    data = write(place / "topics.csv", [("body text", "kind"), *rows])
    columns = ("--text", "body text", "--label", "kind")
    map_ = ("--label-map", "sport=sports")
    ran = heedful("train", data, "--out", place / "topics", *columns, *map_, *TINY)
    assert ran.code == 0, ran.err
    return place / "topics"


@pytest.fixture(scope="session")
def multi_label(place: Path) -> Path:
    """A run on texts with none to three labels."""
    draw = random.Random(1)
    names = sorted(WORDS)
    sets = [[n for bit, n in enumerate(names) if i >> bit & 1] for i in range(8)] * 15
    rows = [json.dumps({"text": text_about(s, draw), "label": s}) for s in sets]
    (place / "tags.jsonl").write_text("\n".join(rows) + "\n")
    ran = heedful("train", place / "tags.jsonl", "--out", place / "tags", *TINY)
    assert ran.code == 0, ran.err
    return place / "tags"


@pytest.fixture(scope="session")
def binary(place: Path) -> Path:
    ran = heedful("train", "reviews:120:3", "--out", place / "reviews", *TINY)
    assert ran.code == 0, ran.err
    return place / "reviews"

"""Near duplicates: time and memory of `heedful check`, and recall on edited copies.

    python bench/duplicates.py --data DATA

The first table is `heedful check FILES [--test FILE]` on real data and on made corpora that are as
bad as can be for a search of near duplicates, each in a process of its own. For the second, reviews
drawn from IMDB's training file are edited, and an edited copy counts as found when it is a leak
(equal after `normalise`) or a near leak of the untouched file. Tables go to stdout, the numbers to
bench/results/duplicates.json.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import random
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from heedful.records import Example
from heedful.text.corpus import ReadOptions, read
from heedful.text.near import distinct, near_across, shared
from heedful.text.shingles import jaccard
from heedful.text.sketch import Sketch

RESULTS = Path(__file__).parent / "results"
MADE = 100_000
PLANTED = 1_000
WORDS = [f"w{i}" for i in range(5_000)]
REAL = {
    "imdb": ["imdb/train.tsv", "imdb/unsup.tsv", "--test", "imdb/test.tsv"],
    "trec": ["trec/train.tsv", "--test", "trec/test.tsv"],
    "goemotions": ["goemotions/train.tsv", "--test", "goemotions/test.tsv"],
    "mr": ["mr/all.tsv"],
}


@dataclass(frozen=True)
class Cost:
    """One row of the first table; rows and duplicates over all splits."""

    name: str
    texts: int
    seconds: float
    cpu_seconds: float
    peak_mib: int
    duplicates: int
    near_duplicates: int
    leaks: int
    near_leaks: int


@dataclass(frozen=True)
class Recall:
    """One row of the second table: the share of planted copies that were found."""

    edit: str
    similarity: float
    same: float
    near: float


def cost(name: str, arguments: list[str]) -> Cost:
    """Run `heedful check` once."""
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / "quality.json"
        command = [sys.executable, "-m", "heedful", "check", *arguments, "--json", str(target)]
        started = time.monotonic()
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.monotonic() - started
        if status:
            raise SystemExit(f"heedful check failed on {name}")
        found = json.loads(target.read_text())
    splits = list(found["splits"].values())
    return Cost(
        name,
        sum(split["rows"] for split in splits),
        round(seconds, 1),
        round(usage.ru_utime + usage.ru_stime, 1),
        usage.ru_maxrss // 1024,
        sum(split["duplicates"] for split in splits),
        sum(split["near_duplicates"] for split in splits),
        sum(leak["second_rows"] for leak in found["leaks"]),
        sum(leak["near"] for leak in found["leaks"]),
    )


def form(draw: random.Random) -> str:
    """A text of 150 words, all but six of them always the same."""
    text = [f"f{i}" for i in range(150)]
    for place in draw.sample(range(150), 6):
        text[place] = draw.choice(WORDS)
    return " ".join(text)


def passage(draw: random.Random) -> str:
    """A text of 170 words, of which the last 80 are always the same."""
    return " ".join(draw.choices(WORDS, k=90) + [f"p{i}" for i in range(80)])


def made() -> Iterator[tuple[str, Callable[[random.Random], str]]]:
    """Corpora in which a large part of all texts falls into one bucket."""
    yield "one text", lambda _: "always the same text of a few words"
    yield "one form", form
    yield "a common passage", passage


def costs(data: Path) -> Iterator[Cost]:
    """Real data, then what was made to be slow: three quarters to train on, the rest to test."""
    for name, arguments in REAL.items():
        places = [a if a.startswith("--") else str(data / a) for a in arguments]
        yield cost(name, [*places, "--split", "all"] if name == "imdb" else places)
    for name, write in made():
        draw = random.Random(0)
        with tempfile.TemporaryDirectory() as folder:
            parts = {"train": MADE * 3 // 4, "test": MADE // 4}
            for part, rows in parts.items():
                lines = [json.dumps({"text": write(draw), "label": i % 2}) for i in range(rows)]
                Path(folder, f"{part}.jsonl").write_text("\n".join(lines))
            yield cost(name, [f"{folder}/train.jsonl", "--test", f"{folder}/test.jsonl"])


def every(n: int, change: Callable[[str, random.Random], str]) -> Callable[..., str]:
    """Change one word in n, drawn by lot."""

    def edit(text: str, draw: random.Random, _: Sequence[str]) -> str:
        words = text.split(" ")
        for place in draw.sample(range(len(words)), max(1, round(len(words) / n))):
            words[place] = change(words[place], draw)
        return " ".join(words)

    return edit


def mistyped(word: str, draw: random.Random) -> str:
    """The word with a letter doubled."""
    place = draw.randrange(len(word) + 1)
    return word[:place] + word[max(0, place - 1) : place] + word[place:] if word else "x"


def add_sentence(text: str, draw: random.Random, others: Sequence[str]) -> str:
    """A sentence of another review at the end."""
    return f"{text} {draw.choice(re.split(r'[.!?] ', draw.choice(others)))}."


def marked_up(text: str, draw: random.Random, _: Sequence[str]) -> str:
    """Upper case, and a break in HTML after each sentence."""
    return text.upper().replace(". ", ".<br /><br />")


def shuffled(text: str, draw: random.Random, _: Sequence[str]) -> str:
    """The sentences in another order."""
    sentences = re.split(r"(?<=[.!?]) ", text)
    draw.shuffle(sentences)
    return " ".join(sentences)


def first_part(share: float) -> Callable[..., str]:
    """The beginning of a text."""

    def edit(text: str, draw: random.Random, _: Sequence[str]) -> str:
        words = text.split(" ")
        return " ".join(words[: round(share * len(words))])

    return edit


def edits() -> dict[str, Callable[..., str]]:
    """What is done to the copies."""

    def other_word(_: str, draw: random.Random) -> str:
        return draw.choice(WORDS)

    return {
        "upper case and HTML breaks": marked_up,
        **{f"one word in {n} changed": every(n, other_word) for n in (100, 50, 20, 10, 5)},
        "one word in 50 mistyped": every(50, mistyped),
        "a sentence added": add_sentence,
        "sentences shuffled": shuffled,
        **{f"first {share:.0%} kept": first_part(share) for share in (0.75, 0.6, 0.4)},
    }


def recall(data: Path) -> Iterator[Recall]:
    """Edit each of some reviews, and look for them among all training reviews."""
    examples = read([data / "imdb/train.tsv"], ReadOptions(labelled=False)).examples
    whole = Sketch.of(examples)
    texts = distinct(whole)
    chosen = [examples[i].text for i in random.Random(0).sample(texts.first.tolist(), PLANTED)]
    for name, edit in edits().items():
        draw = random.Random(1)
        copies = [edit(text, draw, chosen) for text in chosen]
        planted = Sketch.of(Example(copy, (), "", i) for i, copy in enumerate(copies))
        found = distinct(planted)
        same = np.isin(found.group, shared(texts, found)[1])
        near = np.isin(found.group, near_across(whole, texts, planted, found).second) & ~same
        pairs = list(zip(chosen, copies, strict=True))
        similarity = float(np.median([jaccard(*pair) for pair in pairs]))
        shares = (round(float(each.mean()), 4) for each in (same, near))
        yield Recall(name, round(similarity, 2), *shares)


def tables(found: Sequence[Cost], recalls: Sequence[Recall]) -> str:
    """Markdown."""
    lines = [
        "| | texts | s | CPU s | peak, MiB | duplicates | near duplicates | leaks | near leaks |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    lines += [
        f"| {c.name} | {c.texts:,} | {c.seconds} | {c.cpu_seconds} | {c.peak_mib:,} | "
        f"{c.duplicates:,} | {c.near_duplicates:,} | {c.leaks:,} | {c.near_leaks:,} |"
        for c in found
    ]
    lines += ["", "| edit | similarity, median | same | near | found |", "|---|---|---|---|---|"]
    lines += [
        f"| {r.edit} | {r.similarity:.2f} | {r.same:.1%} | {r.near:.1%} | {r.same + r.near:.1%} |"
        for r in recalls
    ]
    return "\n".join(lines)


def main() -> None:
    """Read the arguments, run, print, write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help="folder of the data sets")
    options = parser.parse_args()
    recalls = list(recall(options.data))
    found = list(costs(options.data))
    print(tables(found, recalls))
    facts = {
        "date": datetime.now(UTC).date().isoformat(),
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        "command": "python bench/duplicates.py --data DATA",
        "costs": [asdict(each) for each in found],
        "recall": [asdict(each) for each in recalls],
    }
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "duplicates.json").write_text(json.dumps(facts, indent=2) + "\n")


if __name__ == "__main__":
    main()

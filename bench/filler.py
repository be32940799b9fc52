"""Times hidden in long filler: does a network that reads in windows still find them?

Pairs of the built-in clock, once bare and once with hundreds of characters of other text around
the time: sentences of the built-in reviews, without those that name a number, a part of the day or
a fraction, the time at a random place among them. The same network with the same training learns
from either, and is measured on `clock:test` pairs, with other filler:

- bare: the time alone, read as a whole;
- window: with filler, read in windows (`sequence.source_window`), looked at everywhere;
- whole: with filler, read as a whole;
- window, local-p: the same, looked at in a foretold window (`sequence.scope=local-p`).

    python bench/filler.py --ways window bare --epochs 75        # docs/rewrite.md; also 25
    python bench/filler.py --pairs 300 --test 100 --epochs 1     # whether it works

One thread. Prints a table, writes bench/results/filler.json; processor seconds of training.
"""

from __future__ import annotations

import argparse
import json
import random
import re
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

import contest
import torch

from heedful.learn.bootstrap import mean_interval
from heedful.learn.transducer import SequenceTransducer
from heedful.text.generate import clock, reviews
from heedful.text.generate.clock_words import WORDS
from heedful.text.pair import Pair

LEAST, MOST = 150, 250
"""Characters of filler around a time, to the end of the sentence that reaches so many."""
TIME = re.compile(
    rf"\d|\b(?:{WORDS}|quarter|quater|half|halfway|noon|midnight|morning|afternoon|evening|night|"
    r"hours?|minutes?|[ap]\.?m|o'clock|oh|first|second|third|fourth|fifth|sixth)\b",
    re.IGNORECASE,
)
"""What could be taken for a time or a part of one."""
NETWORK = {
    "sequence.feeds": "token",
    "sequence.target_embedding": 16,
    "sequence.readout": 32,
    "model.attention_width": 32,
    "train.batch_size": 32,
    "train.learning_rate": 5e-3,
    "train.threads": 1,
}
"""What all ways change of the preset `clock`."""
WINDOW = {"sequence.source_window": 48, "sequence.window_step": 24}
FORETOLD = {"sequence.scope": "local-p", "sequence.local_reach": 24, "sequence.start": "final"}
WAYS: dict[str, tuple[bool, dict[str, Any]]] = {
    "bare": (False, {}),
    "window": (True, WINDOW),
    "whole": (True, {}),
    "window, local-p": (True, WINDOW | FORETOLD),
}
"""By name: whether there is filler, and settings."""


@dataclass(frozen=True)
class Task:
    """What is learnt and measured: pairs, and how often training goes through them."""

    train: Sequence[Pair]
    test: Sequence[Pair]
    epochs: int
    seed: int


def sentences(seed: int) -> Iterator[str]:
    """Endless sentences of generated reviews that name no time."""
    for part in count():
        for review in reviews.generate(1000, seed + 1000 * part):
            for sentence in re.findall(r"[^.!?]+[.!?]+", review.text):
                if not TIME.search(sentence):
                    yield sentence.strip()


def surrounded(pairs: Sequence[Pair], seed: int) -> list[Pair]:
    """The same targets, each source among about LEAST to MOST characters of filler."""
    draw, said, made = random.Random(seed), sentences(seed), []
    for pair in pairs:
        wanted, parts = draw.randint(LEAST, MOST), list[str]()
        while sum(map(len, parts)) + len(parts) < wanted:
            parts.append(next(said))
        parts.insert(draw.randint(0, len(parts)), pair.source)
        made.append(Pair(" ".join(parts), pair.target, pair.file, pair.row))
    return made


def measured(way: str, task: Task) -> dict[str, Any]:
    """Train one network; exact match on the test pairs, a 95 % interval, processor seconds."""
    filled, settings = WAYS[way]
    train, test = task.train, task.test
    if filled:
        train, test = surrounded(train, 2 * task.seed), surrounded(test, 2 * task.seed + 1)
    own = NETWORK | settings | {"train.epochs": task.epochs}
    network = SequenceTransducer("clock", settings=own, seed=task.seed, verbose=True)
    started = time.process_time()
    network.fit([pair.source for pair in train], [pair.target for pair in train])
    seconds = time.process_time() - started
    written = network.predict([pair.source for pair in test])
    right = written == [pair.target for pair in test]
    return {
        "characters": sum(len(pair.source) for pair in test) / len(test),
        "settings": settings,
        "exact_match": float(right.mean()),
        "interval": mean_interval(right.astype(float)),
        "epoch": max(network.history_, key=lambda e: e.valid["accuracy"]).epoch,
        "train_cpu_seconds": round(seconds, 1),
    }


def main() -> None:
    """Read the arguments; run, print, write."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--pairs", type=int, default=5000, help="to learn from")
    parser.add_argument("--test", type=int, default=1000, help="pairs to measure on")
    parser.add_argument("--epochs", type=int, default=25)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--ways", nargs="+", choices=WAYS, default=list(WAYS), metavar="WAY")
    parser.add_argument("--json", type=Path, default=contest.BENCH / "results" / "filler.json")
    options = parser.parse_args()
    torch.set_num_threads(1)
    train = clock.generate(options.pairs, options.seed)
    test = clock.generate(options.test, options.seed + 1, "test")
    task = Task(train, test, options.epochs, options.seed)
    asked = {name: getattr(options, name) for name in ("pairs", "test", "epochs", "seed")}
    facts = {"machine": contest.machine(), "threads": 1, **asked, "network": NETWORK}
    found = {}
    for way in options.ways:
        found[way] = measured(way, task)
        # After each, so that a broken-off run has its first rows.
        options.json.write_text(json.dumps(facts | {"ways": found}, indent=1) + "\n", "utf-8")
    head = ("way", "characters", "exact match", "95 % interval", "training, CPU s")
    rows = [
        [way, f"{one['characters']:.0f}", f"{100 * one['exact_match']:.1f} %",
         " to ".join(f"{100 * edge:.1f}" for edge in one["interval"]),
         f"{one['train_cpu_seconds']:.0f}"]
        for way, one in found.items()
    ]  # fmt: skip
    print(contest.table(head, rows))


if __name__ == "__main__":
    main()

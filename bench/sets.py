"""The data sets of the benchmarks against peers, as lists of texts and of label lists.

Standard library only: the peers' environment has no heedful. All sets are tab separated without
quoting and may hold U+0085, so rows end at a line feed and nowhere else.
"""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

SETS = ("imdb", "trec", "mr", "goemotions")
_COLUMNS = {"goemotions": ("text", "label_ids")}
FOLDS_SEED = 2005  # of the ten folds of MR: fixed, so that all contenders get the same


@dataclass(frozen=True)
class Part:
    """Texts and the labels of each."""

    texts: list[str]
    labels: list[list[str]]

    def chosen(self, rows: Sequence[int]) -> Part:
        """These rows, in this order."""
        return Part([self.texts[i] for i in rows], [self.labels[i] for i in rows])

    def limited(self, limit: int, seed: int = 0) -> Part:
        """So many rows by chance (0 = all), shuffled in any case: files are sorted by class."""
        rows = random.Random(seed).sample(range(len(self.texts)), len(self.texts))
        return self.chosen(rows[:limit] if limit else rows)


@dataclass(frozen=True)
class Round:
    """One training part and one test part.

    Attributes:
        many: a text may have several labels.
        classes: all label names.
    """

    train: Part
    test: Part
    many: bool
    classes: list[str]

    def save(self, path: Path) -> None:
        """As JSON, for a contender's process."""
        path.write_text(json.dumps(asdict(self)), encoding="utf-8")


def load(path: str | Path) -> Round:
    """The inverse of `save`."""
    found = json.loads(Path(path).read_text(encoding="utf-8"))
    return Round(Part(**found["train"]), Part(**found["test"]), found["many"], found["classes"])


def read(path: Path) -> Part:
    """A file of the data folder."""
    names = _COLUMNS.get(path.parent.name, ("text", "label"))
    head, *rows = path.read_text(encoding="utf-8").rstrip("\n").split("\n")
    text, label = (head.split("\t").index(name) for name in names)
    cells = [row.split("\t") for row in rows]
    return Part([c[text] for c in cells], [c[label].split(",") for c in cells])


def folds(count: int, parts: int = 10, seed: int = FOLDS_SEED) -> list[list[int]]:
    """The rows of each fold: disjoint, together all, sizes that differ by one at most."""
    order = random.Random(seed).sample(range(count), count)
    return [order[start::parts] for start in range(parts)]


def rounds(data: Path, name: str, limit: int = 0, most: int = 0) -> list[Round]:
    """One round, or the ten folds of MR (the first `most` of them).

    `limit` cuts the training and the test part of each round by chance.
    """
    many = name == "goemotions"
    if name == "mr":
        whole = read(data / "mr" / "all.tsv")
        held = folds(len(whole.texts))
        pairs = []
        for rows in held[: most or len(held)]:
            out = set(rows)
            kept = [i for i in range(len(whole.texts)) if i not in out]
            pairs.append((whole.chosen(kept), whole.chosen(rows)))
    else:
        pairs = [(read(data / name / "train.tsv"), read(data / name / "test.tsv"))]
    result = []
    for train, test in pairs:
        names = sorted({label for labels in train.labels + test.labels for label in labels})
        whole_round = Round(train.limited(limit), test.limited(limit), many, names)
        result.append(_without_unseen(whole_round) if limit else whole_round)
    return result


def _without_unseen(given: Round) -> Round:
    """A small sample may lack a class in training: no contender is asked about it."""
    seen = {label for labels in given.train.labels for label in labels}
    rows = [i for i, labels in enumerate(given.test.labels) if set(labels) <= seen]
    return replace(given, test=given.test.chosen(rows), classes=sorted(seen))

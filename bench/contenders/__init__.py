"""The text classifiers that compete, by name.

A name is `KIND`, or `KIND:DETAIL,KEY=VALUE,...`: see each kind's module. Modules are imported when
a contender is asked for, so that each environment holds only its own libraries.
"""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Any, Protocol

KINDS = {
    "heedful": "heedful_model",
    "sklearn": "linear",
    "nbsvm": "linear",
    "fasttext": "fasttext_model",
    "spacy": "spacy_model",
}
LINEAR = ("sklearn:uni", "sklearn:bi", "nbsvm")
PEERS = (*LINEAR, "fasttext:2", "fasttext:3", "spacy:bow", "spacy:cnn", "spacy:ensemble")


class Contender(Protocol):
    """A classifier from raw text to labels.

    Where a text has many labels it decides at one half unless its module says otherwise.
    """

    libraries: tuple[str, ...]
    seeded: bool  # whether another seed gives another model

    def fit(self, texts: list[str], labels: list[list[str]], many: bool) -> dict[str, Any]:
        """Train; returns facts worth noting, such as the epochs run."""

    def predict(self, texts: list[str]) -> list[list[str]]:
        """The labels of each text."""

    def save(self, folder: Path) -> None:
        """Write all that scoring needs."""

    def load(self, folder: Path) -> None:
        """The inverse of `save`."""


def parse(name: str) -> tuple[str, str, dict[str, str]]:
    """`KIND:DETAIL,KEY=VALUE,...` in its parts."""
    kind, _, rest = name.partition(":")
    detail, *pairs = rest.split(",")
    if kind not in KINDS or not all("=" in pair for pair in pairs):
        raise SystemExit(f"unknown contender {name!r}; kinds are {', '.join(KINDS)}")
    return kind, detail, dict(pair.split("=", 1) for pair in pairs)


def create(name: str, seed: int = 0) -> Contender:
    """The contender of a name, not trained yet."""
    kind, detail, settings = parse(name)
    module = import_module(f"contenders.{KINDS[kind]}")
    contender: Contender = module.create(kind, detail, settings, seed)
    return contender


def size_of(folder: Path) -> int:
    """Bytes of all files in a folder."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())

"""fastText: `fasttext:N` with N-grams of words up to that length (settings: dim, epoch, lr).

Lower-cased, punctuation set apart, as fastText's own scripts prepare these data sets; that and the
file it trains from are part of the time. 20 dimensions and 10 passes at a rate of .5 unless said
otherwise; classes by softmax, or one against the rest where a text has many labels.
"""

from __future__ import annotations

import os
import re
import tempfile
from pathlib import Path
from typing import Any

import fasttext

MARK = "__label__"
_APART = re.compile(r"([^\w\s'])")
_BREAK = re.compile(r"<br\s*/?>")


def prepared(text: str) -> str:
    """One line of lower-case words and marks."""
    return " ".join(_APART.sub(r" \1 ", _BREAK.sub(" ", text.lower())).split())


def _threads() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 1


class FastText:
    """fastText's supervised mode. With more than one thread it is not repeatable."""

    libraries = ("fasttext", "numpy")
    seeded = True

    def __init__(self, ngrams: int, settings: dict[str, str], seed: int) -> None:
        self.settings = {
            "wordNgrams": ngrams,
            "dim": int(settings.get("dim", 20)),
            "epoch": int(settings.get("epoch", 10)),
            "lr": float(settings.get("lr", 0.5)),
            "seed": seed,
        }
        self.model: Any = None
        self.many = False

    def fit(self, texts: list[str], labels: list[list[str]], many: bool) -> dict[str, Any]:
        self.many = many
        with tempfile.NamedTemporaryFile("w", suffix=".txt", encoding="utf-8") as file:
            for text, names in zip(texts, labels, strict=True):
                marks = " ".join(MARK + name for name in names)
                file.write(f"{marks} {prepared(text)}\n")
            file.flush()
            self.model = fasttext.train_supervised(
                file.name,
                loss="ova" if many else "softmax",
                thread=_threads(),
                verbose=0,
                **self.settings,
            )
        return {"settings": self.settings}

    def predict(self, texts: list[str]) -> list[list[str]]:
        lines = [prepared(text) for text in texts]
        most, least = (-1, 0.5) if self.many else (1, 0.0)
        found, _ = self.model.predict(lines, k=most, threshold=least)
        return [[name.removeprefix(MARK) for name in names] for names in found]

    def save(self, folder: Path) -> None:
        self.model.save_model(str(folder / "model.bin"))
        (folder / "many").write_text(str(self.many))

    def load(self, folder: Path) -> None:
        self.model = fasttext.load_model(str(folder / "model.bin"))
        self.many = (folder / "many").read_text() == "True"


def create(kind: str, detail: str, settings: dict[str, str], seed: int) -> FastText:
    """`fasttext:N`."""
    del kind
    return FastText(int(detail or 2), settings, seed)

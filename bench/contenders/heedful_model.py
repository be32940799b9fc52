"""heedful through its scikit-learn face: `heedful:PRESET,key=value,...`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import heedful


class Heedful:
    """A preset of heedful's."""

    libraries = ("heedful", "torch", "numpy")
    seeded = True

    def __init__(self, preset: str, settings: dict[str, str], seed: int) -> None:
        self.model = heedful.TextClassifier(preset=preset, settings=settings or None, seed=seed)
        self.many = False

    def fit(self, texts: list[str], labels: list[list[str]], many: bool) -> dict[str, Any]:
        self.many = many
        self.model.fit(texts, labels if many else [names[0] for names in labels])
        return {"epochs": len(self.model.history_)}

    def predict(self, texts: list[str]) -> list[list[str]]:
        found = self.model.predict(texts)
        return [[str(n) for n in x] if self.many else [str(x)] for x in found]

    def save(self, folder: Path) -> None:
        self.model.save(folder)

    def load(self, folder: Path) -> None:
        self.model = heedful.load(folder)
        self.many = self.model.model_.task == "multi-label"


def create(kind: str, detail: str, settings: dict[str, str], seed: int) -> Heedful:
    """`heedful:PRESET`."""
    del kind
    return Heedful(detail or "default", settings, seed)

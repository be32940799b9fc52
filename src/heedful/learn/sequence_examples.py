"""Pairs that a run which rewrites keeps, for people who want to try it."""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from heedful.learn.layout import EXAMPLES
from heedful.records import HeedfulError
from heedful.text.pair import Pair

COUNT, LONGEST = 8, 200
"""How many are kept, and how many characters a source or target may have."""


def examples_json(train: Sequence[Pair], valid: Sequence[Pair]) -> bytes:
    """Some short pairs with different sources, drawn from the validation data if there are any."""
    short: dict[str, str] = {}
    for pair in valid or train:
        if pair.source.strip() and max(len(pair.source), len(pair.target)) <= LONGEST:
            short.setdefault(pair.source, pair.target)
    chosen = random.Random(0).sample(list(short.items()), min(COUNT, len(short)))
    pairs = [{"source": source, "target": target} for source, target in chosen]
    return (json.dumps({"pairs": pairs}, indent=2) + "\n").encode()


def read_examples(folder: Path) -> list[tuple[str, str]]:
    """Sources with their targets; none where the run keeps none.

    Raises:
        HeedfulError: damaged.
    """
    path = folder / EXAMPLES
    if not path.exists():
        return []
    try:
        pairs: list[Any] = json.loads(path.read_text(encoding="utf-8"))["pairs"]
        found = [(one["source"], one["target"]) for one in pairs]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise HeedfulError(f"{path} is damaged ({error!r}); train the run again") from None
    if not all(isinstance(text, str) for pair in found for text in pair):
        raise HeedfulError(f"{path} is damaged: a pair is no two texts; train the run again")
    return found

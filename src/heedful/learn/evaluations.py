"""The evaluations that a run folder keeps: figures, scores of every text, texts explained."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from heedful.learn.card import MARKER, model_card
from heedful.learn.files import write_bytes, write_json
from heedful.learn.layout import CARD, CONFIG, EVALUATIONS, METRICS
from heedful.learn.run import SEQUENCE, read_json, read_labels
from heedful.learn.scores import Scores, read_scores
from heedful.learn.sequence_card import sequence_card
from heedful.records import HeedfulError


def add_evaluation(
    folder: Path, record: Mapping[str, Any], scores: bytes, examples: Mapping[str, Any]
) -> None:
    """Keep what an evaluation found, in the place of an older one of the same data.

    Args:
        folder: the run.
        record: its figures; `id` names its files.
        scores: what was said of every text, as Parquet.
        examples: some texts, explained.
    """
    name = record["id"]
    write_bytes(folder / EVALUATIONS / f"{name}.parquet", scores)
    write_json(folder / EVALUATIONS / f"{name}.json", examples)
    with _alone(folder):
        figures = figures_of(folder)
        others = [old for old in figures.get("evaluations", []) if old["id"] != name]
        figures |= {"evaluations": [*others, dict(record)]}
        write_json(folder / METRICS, figures)
        renew_card(folder)


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """One process at a time: two that read, add and write at once would lose one addition."""
    try:
        import fcntl
    except ImportError:  # no such locks on Windows
        yield
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)  # and with it the lock


def renew_card(folder: Path) -> None:
    """Write the model card anew, unless its owner has taken the marker out."""
    path, figures = folder / CARD, figures_of(folder)
    old = path.read_text(encoding="utf-8", errors="replace") if path.exists() else ""
    if old and MARKER not in old:
        return
    config = read_json(folder / CONFIG)
    make = sequence_card if config.get("task") == SEQUENCE else model_card
    card = make(folder.resolve().name, config, figures, old)
    write_bytes(path, card.encode("utf-8", "replace"))


def evaluations(folder: Path) -> list[dict[str, Any]]:
    """The records of metrics.json that have scores beside them, oldest first.

    Raises:
        HeedfulError: metrics.json is damaged.
    """
    records = figures_of(folder).get("evaluations", [])
    return [r for r in records if (folder / EVALUATIONS / f"{r['id']}.parquet").is_file()]


def figures_of(folder: Path) -> dict[str, Any]:
    """What metrics.json holds; nothing where it is missing.

    Raises:
        HeedfulError: damaged.
    """
    path = folder / METRICS
    if not path.exists():
        return {}
    figures = read_json(path)
    if not isinstance(figures, dict):
        raise HeedfulError(f"{path} is damaged: it holds no table")
    records = figures.get("evaluations", [])
    if not isinstance(records, list) or not all(map(_is_record, records)):
        raise HeedfulError(f"{path} is damaged: its evaluations are no list of records")
    if not isinstance(figures.get("validation") or {}, dict):
        raise HeedfulError(f"{path} is damaged: its validation figures are no table")
    return figures


def _is_record(found: Any) -> bool:
    """Whether it says at least which data it is about, which every command asks first."""
    kinds = {"id": str, "data": list, "rows": int, "fingerprint": str}
    return isinstance(found, dict) and all(isinstance(found.get(k), v) for k, v in kinds.items())


def scores_of(folder: Path, record: Mapping[str, Any]) -> Scores:
    """What the run said of every text of an evaluation.

    Raises:
        HeedfulError: missing or damaged.
    """
    labels, _ = read_labels(folder)
    return read_scores(folder / EVALUATIONS / f"{record['id']}.parquet", labels)


def examples_of(folder: Path, record: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The explained texts of an evaluation; none where the file is missing.

    Raises:
        HeedfulError: damaged.
    """
    path = folder / EVALUATIONS / f"{record['id']}.json"
    if not path.exists():
        return []
    found = read_json(path)
    if not isinstance(found, dict) or not isinstance(found.get("examples"), list):
        raise HeedfulError(f"{path} is damaged: it holds no examples")
    return list(found["examples"])

"""How good a network that rewrites is on pairs: figures with intervals, and without leaks."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from heedful.learn.bootstrap import mean_interval
from heedful.learn.sequence_metrics import measure_sequences
from heedful.records import Rewriting
from heedful.text.near import stands_in
from heedful.text.pair import Pair
from heedful.text.pair_quality import sketch_of
from heedful.text.quality import leak
from heedful.text.sketch import Sketch

EDGES = (5, 10, 15, 20)
"""Most tokens of a source, group by group; the last group is open."""


@dataclass(frozen=True)
class Written:
    """One source, what it was to become, and what it became.

    Attributes:
        pair: the source, where it stands, and its first target.
        targets: all of its targets that count.
        output: the best rewriting.
    """

    pair: Pair
    targets: tuple[str, ...]
    output: Rewriting

    @property
    def right(self) -> bool:
        """Whether the output is a target to the letter."""
        return self.output.text in self.targets


def grouped(pairs: Sequence[Pair], *, any_target: bool) -> list[tuple[Pair, tuple[str, ...]]]:
    """Each pair with its target; or each source once, with all of its targets."""
    if not any_target:
        return [(pair, (pair.target,)) for pair in pairs]
    found: dict[str, tuple[Pair, dict[str, None]]] = {}
    for pair in pairs:
        found.setdefault(pair.source, (pair, {}))[1][pair.target] = None
    return [(pair, tuple(targets)) for pair, targets in found.values()]


def figures_of_written(
    written: Sequence[Written], tokens: Callable[[str], Sequence[str]]
) -> dict[str, Any]:
    """All figures, the interval of the exact match, and how many outputs were cut off."""
    texts = [one.output.text for one in written]
    found = measure_sequences(texts, [one.targets for one in written], tokens).to_json()
    right = np.array([one.right for one in written], np.float64)
    return found | {
        "intervals": {"exact_match": list(mean_interval(right))},
        "cut_off": sum(not one.output.finished for one in written),
    }


def by_length(
    written: Sequence[Written], tokens: Callable[[str], Sequence[str]]
) -> list[dict[str, Any]]:
    """The main figures of short and long sources: tokens `from` and `to`, and what they reach."""
    lengths = np.array([len(one.output.source_tokens) for one in written], np.int64)
    found = []
    for low, high in zip((0, *(edge + 1 for edge in EDGES)), (*EDGES, None), strict=True):
        within = (lengths >= low) & (lengths <= (high or lengths.max(initial=0)))
        part = [one for one, inside in zip(written, within.tolist(), strict=True) if inside]
        if part:
            figures = figures_of_written(part, tokens)
            kept = {key: figures[key] for key in ("count", "exact_match", "bleu", "chrf")}
            found.append({"from": low, "to": high, **kept})
    return found


def seen_before(
    written: Sequence[Written], known: Sketch | None, known_as: str
) -> tuple[list[dict[str, Any]], NDArray[np.bool_]]:
    """What the sources share with those the run has seen, and which of them (N,) do."""
    if known is None:
        return [], np.zeros(len(written), np.bool_)
    sketch = sketch_of([one.pair for one in written])
    return [leak(known_as, known, "evaluated", sketch).to_json()], stands_in(sketch, known)


def written_parquet(written: Sequence[Written]) -> bytes:
    """Every row as Parquet: where it stands, source, target, output, score, whether it is right."""
    import polars

    columns = {
        "source": [one.pair.file for one in written],
        "row": [one.pair.row for one in written],
        "text": [one.pair.source for one in written],
        "target": [list(one.targets) for one in written],
        "output": [one.output.text for one in written],
        "score": [one.output.score for one in written],
        "log_probability": [one.output.log_probability for one in written],
        "finished": [one.output.finished for one in written],
        "right": [one.right for one in written],
    }
    stream = io.BytesIO()
    polars.DataFrame(columns).write_parquet(stream)
    return stream.getvalue()

"""The classes of a task, in one fixed order, and examples as targets."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from heedful.records import Example, HeedfulError, Task
from heedful.text.table import clip, column_list


@dataclass(frozen=True)
class Labels:
    """The classes and the kind of task.

    Attributes:
        names: in order of their numbers when all are numbers, else alphabetically.
        task: `binary`, `multi-class` or `multi-label`.
    """

    names: tuple[str, ...]
    task: Task

    @classmethod
    def infer(cls, examples: Iterable[Example], multi_label: bool) -> Labels:
        """The classes that occur in examples.

        Raises:
            HeedfulError: no label at all, or only one class.
        """
        found = {label for example in examples for label in example.labels}
        if not found:
            raise HeedfulError("no row has a label; name the label column with --label COL")
        if len(found) == 1:
            raise HeedfulError(
                f"every row has the label {clip(found.pop())}; a classifier needs two classes or "
                "more (is --label the right column?)"
            )
        names = tuple(sorted(found, key=_order(found)))
        if multi_label:
            return cls(names, "multi-label")
        return cls(names, "binary" if len(names) == 2 else "multi-class")

    def encode(self, examples: Sequence[Example]) -> NDArray[Any]:
        """Targets of examples.

        Returns:
            (N,) int64 class positions; for multi-label (N, C) float32 of 0 and 1, where a row
            without labels is all zero.

        Raises:
            HeedfulError: labels that are not among `names`, with a label map that may fit; or
                not exactly one label in a single-label task. Names file and row.
        """
        self._check_known(examples)
        place = {name: i for i, name in enumerate(self.names)}
        if self.task == "multi-label":
            targets = np.zeros((len(examples), len(self.names)), dtype=np.float32)
            for row, example in enumerate(examples):
                for label in example.labels:
                    targets[row, place[label]] = 1.0
            return targets
        return np.array([self._single(place, example) for example in examples], dtype=np.int64)

    def decode(self, targets: NDArray[Any]) -> list[tuple[str, ...]]:
        """The names that targets or decisions stand for: the inverse of `encode`."""
        if self.task == "multi-label":
            return [tuple(self.names[c] for c in np.flatnonzero(row).tolist()) for row in targets]
        return [(self.names[c],) for c in targets.tolist()]

    def _single(self, place: dict[str, int], example: Example) -> int:
        if len(example.labels) != 1:
            raise HeedfulError(
                f"{example.source}, row {example.row}: it has {len(example.labels)} labels where "
                "one belongs"
            )
        return place[example.labels[0]]

    def _check_known(self, examples: Sequence[Example]) -> None:
        known = set(self.names)
        strangers = [example for example in examples if not known.issuperset(example.labels)]
        if not strangers:
            return
        found = sorted({label for example in strangers for label in example.labels} - known)
        raise HeedfulError(
            f"{strangers[0].source}, row {strangers[0].row}: unknown label"
            f"{'s' if len(found) > 1 else ''} {column_list(found)}; known are "
            f"{column_list(self.names)}; map one to the other, for example --label-map "
            f"{suggest_map(found, self.names)}"
        )


_ALIKE = (
    ("1", "pos", "positive", "true", "yes", "spam"),
    ("0", "neg", "negative", "false", "no", "ham"),
)


def suggest_map(found: Sequence[str], known: Sequence[str]) -> str:
    """`pos=1,neg=0` where it can be read off the names, else any pair as a pattern."""
    pairs = []
    for alike in _ALIKE:
        old = next((name for name in found if name.casefold() in alike), None)
        new = next((name for name in known if name.casefold() in alike), None)
        if old is not None and new is not None:
            pairs.append(f"{old}={new}")
    return ",".join(pairs or [f"{found[0][:40]}={known[0][:40]}"])


def _number(name: str) -> float | None:
    try:
        value = float(name)
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def _order(names: set[str]) -> Any:
    """A sort key: by number when every name is one; equal numbers such as 1, 01 by name."""
    numbers = {name: _number(name) for name in names}
    if None in numbers.values():
        return lambda name: name
    return lambda name: (numbers[name], name)

"""Everything that a report shows, as plain records from a run folder."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from heedful.records import Explanation, HeedfulError


@dataclass(frozen=True)
class Selected:
    """A text that was chosen to be looked at.

    Attributes:
        why: what it was chosen as: `mistake`, `close`, `random`, `label error`; one or more.
        source, row: where it stands; the first data row is 1.
        explanation: the decision, with the true labels.
    """

    why: tuple[str, ...]
    source: str
    row: int
    explanation: Explanation


@dataclass(frozen=True)
class Report:
    """Everything that the page shows.

    Attributes:
        name: of the run folder.
        config: config.json.
        metrics: metrics.json: `validation`, `best_epoch`, `evaluations`.
        record: the evaluation shown; None = not evaluated yet.
        checks: checks.json: the state of the training and validation data.
        examples: texts with their explanations, in the order in which they are shown.
        plots: name, title and inline SVG of each.
        graph: inline SVG of the network; empty = none.
        validation: what an evaluation would say of the validation texts; None = not known. It
            stands in for a record that is not there yet.
    """

    name: str
    config: Mapping[str, Any]
    metrics: Mapping[str, Any]
    record: Mapping[str, Any] | None
    checks: Mapping[str, Any] | None
    examples: Sequence[Selected]
    plots: Sequence[tuple[str, str, str]]
    graph: str
    validation: Mapping[str, Any] | None = None

    @property
    def shown(self) -> Mapping[str, Any]:
        """The record whose figures the page shows: of the evaluation, else of validation."""
        return (self.validation if self.record is None else self.record) or {}

    @property
    def task(self) -> str:
        """binary, multi-class or multi-label."""
        return str(self.config.get("task", ""))

    @property
    def classes(self) -> list[str]:
        """The names of the classes, in class order.

        Raises:
            HeedfulError: config.json does not hold them.
        """
        try:
            id2label = self.config["id2label"]
            return [str(id2label[str(i)]) for i in range(len(id2label))]
        except (KeyError, TypeError) as error:
            raise HeedfulError(
                f"config.json of {self.name}: id2label is damaged ({error!r}); a report needs "
                "the names of the classes, train again"
            ) from None


def part(values: Mapping[str, Any] | None, *keys: str) -> Mapping[str, Any]:
    """A table inside tables; empty where it, or one on the way, is missing or no table."""
    found: Any = values
    for key in keys:
        found = found.get(key) if isinstance(found, Mapping) else None
    return found if isinstance(found, Mapping) else {}


def items(values: Mapping[str, Any] | None, key: str) -> list[Any]:
    """A list inside a table; empty where it is missing or no list."""
    found = (values or {}).get(key)
    return list(found) if isinstance(found, list | tuple) else []

"""How far a map may be trusted, in the terminal: a sentence and aligned rows, no colour needed."""

from __future__ import annotations

from collections.abc import Iterator

from rich.table import Table
from rich.text import Text

from heedful.face.controls import harmless
from heedful.face.heat import Method
from heedful.face.trust_rows import MEASURES, about, rows_of
from heedful.records import Explanation

ARROWS = {"higher": "↑", "lower": "↓"}
"""First word of what is better, to the sign before a row."""


def card_lines(explanation: Explanation, method: Method, target: str) -> Iterator[Text | Table]:
    """The card of this method, nothing where it was not measured.

    Args:
        target: the class whose map stands above.
    """
    trust = explanation.trust.get(method)
    if trust is None:
        return
    yield Text()
    line = Text(f"{'✓' if trust.trusted else '!'} {harmless(trust.sentence)}", style="bold")
    yield line.append(f"  ({harmless(about(trust, target))})", "not bold dim")
    grid = Table.grid(padding=(0, 2, 0, 0))
    for row in rows_of(explanation, method):
        label, better, _ = MEASURES[row.key]
        arrow = ARROWS.get(better.split()[0], " ")
        note = ", ".join(part[2:] for part in row.numbers.split("  "))  # without the marks
        said = Text(row.says).append(f" ({note})" if note else "", "dim")
        grid.add_row(Text(f"{arrow} {label}", "dim"), said)
    yield grid
    yield Text("↑ higher is better, ↓ lower is better", "dim")

"""A map summed per word, phrase or sentence, in the terminal: the strongest pieces first."""

from __future__ import annotations

from rich.table import Table

from heedful.explain.units import summed
from heedful.face.console import cell
from heedful.face.heat import target_of
from heedful.face.spelling import signed
from heedful.records import Explanation

MOST = 10
WIDTH = 60  # characters of a piece that are shown


def sums_table(explanation: Explanation, method: str, target: str | None, unit: str) -> Table:
    """The strongest pieces of a text, by the size of their sums.

    Raises:
        HeedfulError: an unknown unit or class, or a map that was not made.
    """
    pieces = summed(explanation, method, target_of(explanation, target), unit)
    table = Table()
    table.add_column("sum", justify="right", no_wrap=True)
    table.add_column(unit, overflow="fold")
    for piece in sorted(pieces, key=lambda piece: (-abs(piece.value), piece.start))[:MOST]:
        if piece.text.strip():
            short = piece.text if len(piece.text) <= WIDTH else piece.text[: WIDTH - 1] + "…"
            table.add_row(signed(piece.value), cell(short))
    return table

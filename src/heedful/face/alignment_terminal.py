"""An alignment in the terminal: input across, output down, a block of colour for each weight.

Each block holds its weight as a number too, so that a pipe, NO_COLOR or fewer than 256 colours
lose nothing. Characters stand over their columns; words stand on stairs, each with a line down to
its column. A map that is too wide is broken into bands.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, RenderResult
from rich.style import Style
from rich.text import Text

from heedful.face.alignment import (
    SHADES,
    checked,
    drawable,
    heading,
    number_of,
    outputs_of,
    remarks,
    shade_of,
    shades,
    sources_of,
    sureness,
)
from heedful.face.alignment_bands import Band, Grid, clipped, grid_of, padded
from heedful.face.alignment_folds import fold_remark, folded
from heedful.face.colours import TERMINAL, readable
from heedful.face.controls import harmless
from heedful.records import Rewriting

ASCII = str.maketrans(dict(zip("│·␣…↵⇥‹›⋯", "|._~nt<>~", strict=True)) | {"→": "->"})
"""What stands for our own signs where the terminal has ASCII only."""
ALL = "#"
"""The digit of a weight that rounds to ten tenths."""


@dataclass(frozen=True, slots=True)
class AlignmentMap:
    """A rich renderable: what became of what, the map, its scale."""

    record: Rewriting
    width: int | None
    colour: bool

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        rich_enough = console.color_system in {"256", "truecolor"} and not console.no_color
        options = options.update(width=min(self.width or options.max_width, options.max_width))
        page = Page(self.colour and rich_enough, options.max_width, options.encoding)
        for line in _lines(self.record, page):
            yield from console.render(line, options)


@dataclass(frozen=True, slots=True)
class Page:
    """What is drawn on: whether it has colours, its columns, its character encoding."""

    colour: bool
    width: int
    encoding: str

    def says(self, text: str) -> str:
        """The text in characters that this page has."""
        if self.encoding.startswith("utf"):
            return text
        own = text.translate(ASCII)
        return own.encode(self.encoding, "replace").decode(self.encoding)


def alignment_terminal(
    rewriting: Rewriting, *, width: int | None = None, colour: bool = True
) -> AlignmentMap:
    """An alignment to print with rich: `Console().print(alignment_terminal(rewriting))`.

    Args:
        rewriting: what to draw.
        width: columns; None = the console's.
        colour: False leaves the numbers alone, as also happens on a console with fewer than
            256 colours, with NO_COLOR, and in a pipe.

    Raises:
        HeedfulError: not a rewriting.
    """
    checked([rewriting])
    return AlignmentMap(rewriting, width, colour)


def _lines(record: Rewriting, page: Page) -> Iterator[Text]:
    head = Text(page.says(harmless(heading(record))), style="bold", overflow="fold")
    yield head.append(f"  ({sureness(record)})", "not bold dim")
    for remark in remarks(record):
        yield Text(remark, style="italic")
    if not drawable(record):
        return
    if folds := fold_remark(record):
        yield Text(page.says(folds), style="italic")
    record = folded(record)
    rows = [page.says(label) for label in outputs_of(record)]
    rows = [clipped(label, max(4, page.width // 4)) for label in rows]
    margin = max(map(cell_len, rows)) + 1
    names = [page.says(label) for label in sources_of(record)]
    grid = grid_of(names, max(8, page.width - margin - 1))
    for band in grid.bands:
        yield Text()
        yield from _band(record, page, grid, band, rows, margin)
    yield Text()
    yield _scale(page, grid)


def _band(
    record: Rewriting, page: Page, grid: Grid, band: Band, rows: list[str], margin: int
) -> Iterator[Text]:
    if len(grid.bands) > 1:
        where = f"{band.first + 1} to {band.last} of {len(grid.labels)}"
        yield Text(f"source tokens {where}", style="dim")
    yield from _head(page, grid, band, margin)
    side = page.says("│")
    for label, weights in zip(rows, record.weights, strict=True):
        line = Text(padded(label, margin), style="bold", no_wrap=True).append(side, "not bold dim")
        for weight in weights[band.first : band.last]:
            line.append(*_block(weight, page, grid.cell))
        yield line


def _head(page: Page, grid: Grid, band: Band, margin: int) -> Iterator[Text]:
    """The labels of the columns, over them."""
    start, labels = " " * (margin + 1), grid.labels[band.first : band.last]
    if not grid.stairs:
        names = "".join(padded(label, grid.cell) for label in labels)
        yield Text(start + names, style="bold", no_wrap=True)
        return
    bar = page.says("│")
    for i, label in enumerate(labels):
        line = Text(start + padded(bar, grid.cell) * i, style="dim", no_wrap=True)
        room = page.width - line.cell_len
        yield line.append(clipped(label, room), "not dim bold")


def _block(weight: float, page: Page, cell: int) -> tuple[str, Style]:
    """One weight: its number on its colour."""
    shade = shade_of(weight)
    if shade == 0:
        return padded(page.says("·"), cell), Style(dim=True, bold=False)
    number = number_of(weight) if cell > 2 else str(shade) if shade < SHADES else ALL
    text = padded(number if cell < 4 else f"{number:>3}", cell)
    if not page.colour:
        return text, Style(bold=False)
    background = shades(TERMINAL)[shade - 1]
    return text, Style(color=readable(background), bgcolor=background, bold=False)


def _scale(page: Page, grid: Grid) -> Text:
    line = Text("0 ", no_wrap=False)
    if page.colour:
        for colour in shades(TERMINAL):
            line.append(" ", Style(bgcolor=colour))
        line.append(" 1  ")
    else:
        line = Text("0 to 1  ")
    few = page.says("·")
    unit = "" if grid.cell > 2 else f", in tenths ({ALL} = 1)"
    return line.append(f"attention{unit}; {few} below .05; rows sum to 1", "dim")

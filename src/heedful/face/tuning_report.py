"""The report of a search: a page, the same as Markdown, and as JSON."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from markupsafe import Markup
from rich.table import Table as Shown

from heedful.face.console import cell, to_json
from heedful.face.plots.draw import plot_style, to_svg
from heedful.face.plots.tuning import tuning_plots
from heedful.face.report.table import Cell, Table
from heedful.face.report.table import text as plain
from heedful.face.templates import filled, styles
from heedful.face.theme import theme_css
from heedful.face.tuning_place import REPORT
from heedful.face.tuning_said import gained, sentences
from heedful.learn.files import write_bytes
from heedful.learn.tune.rows import Row, figure, settings_text
from heedful.learn.tune.tuned import Tuned

__all__ = ["best_table", "sentences", "write_report"]

MOST = 20
"""Trials in the tables; report.json has them all."""
_HEAD = ("trial", "state", "value", "against {}", "folds", "s a fold", "changed from {}")


def write_report(folder: Path, tuned: Tuned, command: str) -> None:
    """report.html, report.md and report.json."""
    record = to_json(tuned.to_json() | {"command": command}, indent=2) + "\n"
    write_bytes(folder / "report.json", record.encode("utf-8", "surrogatepass"))
    write_bytes(folder / "report.md", markdown(tuned, command).encode("utf-8", "replace"))
    page = to_page(tuned, command, folder.resolve().name)
    write_bytes(folder / REPORT, page.encode("utf-8", "replace"))


def best_rows(tuned: Tuned) -> list[Row]:
    """The best trials that all folds have judged, then those that went furthest before the end."""
    order = sorted(tuned.rows, key=lambda r: (r.folds, r.value or 0.0), reverse=True)
    shown = [row for row in order if row.value is not None][:MOST]
    return shown if tuned.default in shown else [*shown[: MOST - 1], tuned.default]


def cells(row: Row, tuned: Tuned) -> list[str]:
    """What stands in a row of every table."""
    name = f"{row.number}" + (f" ({row.name})" if row.name else "")
    value = "–" if row.value is None else figure(row.value, tuned.metric).partition(" ")[2]
    gain = "–" if row.gain is None else gained(row.gain)
    changed = settings_text(row.changed) or "nothing"
    return [name, row.state, value, gain, str(row.folds), f"{row.seconds:.0f}", changed]


def head(tuned: Tuned) -> list[str]:
    """What stands above each table."""
    return [name.format(tuned.preset) for name in _HEAD]


def best_table(tuned: Tuned, most: int = 5) -> Shown:
    """The best few, for the terminal; what they changed stands in the lines about them."""
    table = Shown()
    for number, heading in enumerate(head(tuned)[:-1]):
        numeric = 2 <= number <= 5
        table.add_column(heading, justify="right" if numeric else "left", no_wrap=numeric)
    for row in best_rows(tuned)[:most]:
        table.add_row(*map(cell, cells(row, tuned)[:-1]))
    return table


def markdown(tuned: Tuned, command: str) -> str:
    """The report as Markdown."""
    lines = ["# Search for settings", "", f"Data: {tuned.profile}. {tuned.rounds}.", ""]
    lines += [f"- {sentence}" for sentence in sentences(tuned)]
    lines += ["", "```sh", command, "```", "", "## The best trials", ""]
    lines += [f"| {' | '.join(head(tuned))} |", "|" + "---|" * len(_HEAD)]
    for row in best_rows(tuned):
        lines.append("| " + " | ".join(c.replace("|", "\\|") for c in cells(row, tuned)) + " |")
    if tuned.importance:
        lines += ["", "## What mattered", "", "| setting | importance |", "|---|---|"]
        lines += [f"| {name} | {share:.2f} |" for name, share in tuned.importance.items()]
    return "\n".join(lines) + "\n"


def to_page(tuned: Tuned, command: str, name: str) -> str:
    """The report as one self-contained page. The same search gives the same bytes."""
    plots = tuning_plots(tuned)
    values: dict[str, Any] = {
        "name": name,
        "preset": tuned.preset,
        "lead": f"{tuned.profile}. {tuned.rounds}.",
        "big": _big(tuned),
        "sentences": sentences(tuned),
        "command": command,
        "plots": [{"title": p.title, "alt": p.alt, "svg": Markup(to_svg(p))} for p in plots],
        "table_of_trials": _table(tuned),
        "settings": Table(
            f"The winner’s settings, where they differ from those of {tuned.preset}",
            ("setting", "value"),
            [
                (plain(k), plain(settings_text({k: v}).partition("=")[2]))
                for k, v in tuned.winner.changed.items()
            ],
            texts=True,
        ),
        "style": Markup(theme_css() + plot_style()) + styles("map.css", "report.css", "tune.css"),
        "theme": styles("theme.js"),
        "script": styles("report.js"),
    }
    return filled("tune.html", values)


def _big(tuned: Tuned) -> list[dict[str, str]]:
    rows = ((tuned.preset, tuned.default), ("winner", tuned.winner))
    found = [
        {
            "name": name,
            "value": figure(row.value or 0.0, tuned.metric).partition(" ")[2],
            "note": f"{tuned.metric}, trial {row.number}",
        }
        for name, row in rows
    ]
    if tuned.confirmed is not None:
        gain = gained(tuned.confirmed)
        found.append(
            {"name": f"winner − {tuned.preset}, confirmed", "value": gain, "note": "fresh texts"}
        )
    return found


def _table(tuned: Tuned) -> Table:
    rows = [[Cell(text) for text in cells(row, tuned)] for row in best_rows(tuned)]
    shown = f", the first {MOST} of {len(tuned.rows)}" if len(tuned.rows) > MOST else ""
    return Table(f"The best trials{shown}", head(tuned), rows, texts=True)

"""One self-contained page about a run: what it is worth, where it errs, what it rests on.

It is built from plain records, asks nothing of anybody, and without scripts shows everything
but the other views of the heat maps. No torch here.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from html import unescape
from typing import Any

from markupsafe import Markup

from heedful.face.report.about import about
from heedful.face.report.alarms import alarms
from heedful.face.report.checks import checks
from heedful.face.report.data import Report, Selected, part
from heedful.face.report.examples import examples
from heedful.face.report.figures import figures
from heedful.face.report.head import head
from heedful.face.templates import filled, styles
from heedful.face.theme import theme_css

__all__ = ["Report", "Selected", "to_report"]


def to_report(report: Report, plot_style: str = "") -> str:
    """The whole page. The same report gives the same bytes.

    Args:
        report: what to show.
        plot_style: style rules that give the plots' custom properties their values.

    Raises:
        HeedfulError: an explanation with numbers that cannot be drawn, or classes without names.
    """
    values: dict[str, Any] = {
        "name": report.name,
        "evaluated": report.record is not None,
        "measured": report.record is not None or report.validation is not None,
        "attends": part(report.config, "model").get("encoder") != "none",
        "alarms": alarms(report),
        "head": head(report),
        "figures": figures(report),
        "plots": _plots(report.plots),
        "examples": examples(report),
        "checks": checks(report),
        "about": about(report),
        "graph": Markup(report.graph),
        "style": Markup(theme_css() + plot_style) + styles("map.css", "trust.css", "report.css"),
        "theme": styles("theme.js"),
        "script": styles("trust.js", "revealed.js", "map.js", "report.js"),
    }
    return filled("report.html", values)


def _plots(plots: Sequence[tuple[str, str, str]]) -> list[dict[str, Any]]:
    """Each with the description that its SVG carries, to be read as text, too."""
    return [
        {"name": name, "title": title, "svg": Markup(svg), "alt": _described(svg)}
        for name, title, svg in plots
    ]


def _described(svg: str) -> str:
    found = re.search(r"<desc\b[^>]*>(.*?)</desc>", svg, re.DOTALL)
    return unescape(found[1]).strip() if found else ""

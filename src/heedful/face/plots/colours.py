"""The colours of pictures as CSS custom properties: six that stay apart, and the page's own.

The six follow Okabe and Ito (2008), whose colours stay apart for the colour-blind, darkened or
lightened until each stands out from the paper (WCAG 2.2 asks 3 of a line, these have 4.5).
Lines differ in dash and marker as well, areas in hatch: no picture needs its colours.
"""

from __future__ import annotations

from heedful.face.colours import DARK, LIGHT, Theme

SERIES = 6
"""How many colours there are for lines and areas."""

_LIGHT_SERIES = ("#0072b2", "#c85200", "#00805d", "#a8508a", "#7a6000", "#6f4fb0")
_DARK_SERIES = ("#56b4e9", "#f0883e", "#2fc296", "#e08fc0", "#e6c34a", "#b9a5f5")


def colours(theme: Theme) -> dict[str, str]:
    """Role to #rrggbb: paper, ink, soft, grid, right and wrong (areas), 1 to 6 (series)."""
    dark = theme is DARK
    series = _DARK_SERIES if dark else _LIGHT_SERIES
    return {
        "paper": theme.paper,
        "ink": theme.ink,
        "soft": theme.soft,
        "grid": "#3a3c46" if dark else "#d9dbe3",
        "right": theme.pro[-1],
        "wrong": theme.con[-1],
        **{str(number): colour for number, colour in enumerate(series, 1)},
    }


DRAWN = colours(LIGHT)
"""What pictures are drawn in; in an SVG these are the fallbacks."""


def variable(role: str) -> str:
    """A role as CSS: the page's custom property, or else the light colour."""
    return f"var(--plot-{role},{DRAWN[role]})"


def plot_style() -> str:
    """The custom properties of all pictures, light and dark; paper is always light."""
    light, dark = _properties(LIGHT), _properties(DARK)
    return (
        f":root{{{light}}}\n@media (prefers-color-scheme:dark){{:root{{{dark}}}}}\n"
        f"@media print{{:root{{{light}}}}}\n"
    )


def _properties(theme: Theme) -> str:
    return ";".join(f"--plot-{role}:{value}" for role, value in colours(theme).items())

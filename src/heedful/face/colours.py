"""The colours of a heat map: diverging blue and orange, a plum scale for attention.

Blue and orange stay apart for the common kinds of colour blindness. Ramps are mixed in
OKLab (Ottosson 2020), where equal steps look equal; contrast is WCAG 2.2's ratio.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

STEPS = 6
"""Steps of colour on each side of zero; zero itself has none."""

Rgb = tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class Theme:
    """Colours as #rrggbb.

    Attributes:
        paper, ink: background and text of a map.
        soft: text that stands back.
        pro, con, heat: per kind, the stops that a ramp runs through, weakest first.
    """

    paper: str
    ink: str
    soft: str
    pro: tuple[str, ...]
    con: tuple[str, ...]
    heat: tuple[str, ...]

    def ramp(self, kind: str, steps: int = STEPS) -> tuple[str, ...]:
        """`steps` backgrounds, weakest first. `kind` is pro (for), con (against) or heat."""
        stops = {"pro": self.pro, "con": self.con, "heat": self.heat}[kind]
        return tuple(_along(stops, step / steps) for step in range(1, steps + 1))


LIGHT = Theme(
    paper="#ffffff",
    ink="#1c1d22",
    soft="#5b5e69",
    pro=("#ffffff", "#a9cbf5", "#5fa0ea"),
    con=("#ffffff", "#fbcb93", "#ef9535"),
    heat=("#ffffff", "#dcb8ea", "#bd80d8"),
)
DARK = Theme(
    paper="#17181c",
    ink="#f1f1f4",
    soft="#a6a9b5",
    pro=("#17181c", "#1f4577", "#2e6cba"),
    con=("#17181c", "#6a3c10", "#a6580c"),
    heat=("#17181c", "#553066", "#874aa3"),
)
# A terminal does not say whether its background is dark or light. The weak end of this ramp
# is a middling grey, which stands back on both, and strength shows as saturation.
TERMINAL = Theme(
    paper="#000000",
    ink="#ffffff",
    soft="#808080",
    pro=("#5a5f69", "#456aa3", "#1a6fe2"),
    con=("#69615a", "#a97440", "#ff8f0a"),
    heat=("#625c66", "#7c5592", "#a244d6"),
)


def contrast(first: str, second: str) -> float:
    """WCAG contrast ratio of two colours, 1 (the same) to 21 (black on white)."""
    low, high = sorted((_luminance(first), _luminance(second)))
    return (high + 0.05) / (low + 0.05)


def readable(background: str) -> str:
    """White where it is easy to read (4.5), else black, which then is (>= 4.58)."""
    return "#ffffff" if contrast("#ffffff", background) >= 4.5 else "#000000"


def blend(top: str, alpha: float, paper: str) -> str:
    """What a half-transparent colour looks like on a background (sRGB, as browsers do)."""
    mixed = [alpha * a + (1 - alpha) * b for a, b in zip(_rgb(top), _rgb(paper), strict=True)]
    return _hex((mixed[0], mixed[1], mixed[2]))


def _along(stops: tuple[str, ...], position: float) -> str:
    """The colour at `position` (0..1) of a line through evenly spaced stops."""
    place = position * (len(stops) - 1)
    index = min(int(place), len(stops) - 2)
    low, high = list(pairwise(stops))[index]
    share = place - index
    ends = zip(_to_oklab(_rgb(low)), _to_oklab(_rgb(high)), strict=True)
    lightness, a, b = (x + (y - x) * share for x, y in ends)
    return _hex(_from_oklab((lightness, a, b)))


def _rgb(colour: str) -> Rgb:
    red, green, blue = (int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5))
    return red, green, blue


def _hex(rgb: Rgb) -> str:
    return "#" + "".join(f"{round(255 * min(1.0, max(0.0, x))):02x}" for x in rgb)


def _linear(x: float) -> float:
    return x / 12.92 if x <= 0.04045 else float(((x + 0.055) / 1.055) ** 2.4)


def _gamma(x: float) -> float:
    return 12.92 * x if x <= 0.0031308 else float(1.055 * x ** (1 / 2.4) - 0.055)


def _luminance(colour: str) -> float:
    red, green, blue = (_linear(x) for x in _rgb(colour))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _to_oklab(rgb: Rgb) -> Rgb:
    r, g, b = (_linear(x) for x in rgb)
    long = (0.4122214708 * r + 0.5363325363 * g + 0.0514459929 * b) ** (1 / 3)
    medium = (0.2119034982 * r + 0.6806995451 * g + 0.1073969566 * b) ** (1 / 3)
    short = (0.0883024619 * r + 0.2817188376 * g + 0.6299787005 * b) ** (1 / 3)
    return (
        0.2104542553 * long + 0.7936177850 * medium - 0.0040720468 * short,
        1.9779984951 * long - 2.4285922050 * medium + 0.4505937099 * short,
        0.0259040371 * long + 0.7827717662 * medium - 0.8086757660 * short,
    )


def _from_oklab(lab: Rgb) -> Rgb:
    lightness, a, b = lab
    long = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3
    medium = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3
    short = (lightness - 0.0894841775 * a - 1.2914855480 * b) ** 3
    return (
        _gamma(4.0767416621 * long - 3.3077115913 * medium + 0.2309699292 * short),
        _gamma(-1.2684380046 * long + 2.6097574011 * medium - 0.3413193965 * short),
        _gamma(-0.0041960863 * long - 0.7034186147 * medium + 1.7076147010 * short),
    )

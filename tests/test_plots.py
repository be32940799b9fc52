"""All pictures of a report: fit for a page, repeatable, readable, whatever the data."""

from __future__ import annotations

import io
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
import pytest
from PIL import Image

from drawn import root, svg_of, texts
from heedful.face.colours import DARK, LIGHT, blend, contrast
from heedful.face.plots.colours import colours
from heedful.face.plots.draw import (
    Plot,
    draw_all,
    plot_style,
    roc,
    standalone,
    to_png,
    to_svg,
)
from heedful.face.plots.frame import thinned
from heedful.face.plots.names import short
from made_scores import (
    HOSTILE,
    TASKS,
    TASKS_OF_MANY,
    everything,
    history,
    many,
    record,
    scored,
    tags,
    two,
)

SRC = Path(__file__).parents[1] / "src"


@pytest.fixture(scope="module", params=TASKS, ids=["binary", "multi-class", "multi-label", "100"])
def drawn(request: Any) -> list[Plot]:
    return everything(*request.param)


# --- every picture -------------------------------------------------------------------------


def test_a_task_gets_the_pictures_that_make_sense_for_it() -> None:
    def given(task: str) -> str:
        names = HOSTILE[:2] if task == "binary" else HOSTILE
        return " ".join(plot.name for plot in everything(task, names))

    assert given("binary") == (
        "confusion roc precision-recall threshold scores calibration lengths curves counts"
    )
    assert given("multi-class") == (
        "confusion per-class roc precision-recall scores calibration lengths curves counts"
    )
    assert given("multi-label") == (
        "per-class roc precision-recall threshold scores calibration lengths curves counts"
    )


def test_svgs_stand_together_in_a_page(drawn: list[Plot]) -> None:
    ids, used = [], set()
    for plot in drawn:
        svg = svg_of(plot)
        tree = root(plot)
        own = [x.attrib["id"] for x in tree.iter() if "id" in x.attrib]
        assert all(name == plot.name or name.startswith(f"{plot.name}-") for name in own)
        ids += own
        used |= set(re.findall(r'(?:url\(|href=")#([^)"]+)', svg))
        assert tree.attrib["role"] == "img"
        labels = [tree.find(f".//*[@id='{x}']") for x in tree.attrib["aria-labelledby"].split()]
        assert [x.text for x in labels if x is not None] == [plot.title, plot.alt]
    assert len(ids) == len(set(ids))
    assert used <= set(ids)


def test_nothing_comes_from_outside_and_nothing_reaches_out(drawn: list[Plot]) -> None:
    for plot in drawn:
        svg = svg_of(plot)
        assert svg.startswith('<svg xmlns="http://www.w3.org/2000/svg"')
        assert svg.count("http:") == 1
        for word in (
            "<?xml",
            "<!DOCTYPE",
            "<metadata",
            "<style",
            "<script",
            "font-family",
            "xlink",
        ):
            assert word not in svg, word


def test_every_colour_is_a_property_of_the_palette(drawn: list[Plot]) -> None:
    fallback = colours(LIGHT)
    for plot in drawn:
        for element in root(plot).iter():
            for key, value in element.attrib.items():
                for role, colour in re.findall(r"var\(--plot-(\w+),(#\w+)\)", value):
                    assert fallback[role] == colour
                bare = re.sub(r"var\([^)]*\)", "", value)
                assert not re.search(r"#[0-9a-fA-F]{6}\b|rgb\(", bare), (plot.name, key, value)
                if key in ("fill", "stroke"):
                    assert re.fullmatch(r"none|var\(.*\)|url\(#.*\)", value), value


def test_names_are_shown_as_they_are(drawn: list[Plot]) -> None:
    shown = {plot.name: texts(root(plot)) for plot in drawn}
    if "confusion" in shown and "_hidden" in shown["confusion"]:
        for name in ('<script>&"', "שלום עולם", "🎉 party", "_hidden", "$x$ and $y$", "#0072b2"):
            assert shown["confusion"].count(name) == 2
            assert name in shown["per-class"]
        assert "a\ufffdb\ufffd" in shown["confusion"]


@pytest.mark.slow
def test_the_same_numbers_give_the_same_bytes() -> None:
    again = everything.__wrapped__("binary", HOSTILE[:2])
    for one, other in zip(everything("binary", HOSTILE[:2]), again, strict=True):
        svg, png = to_svg(one), to_png(one, dpi=50)
        assert (to_svg(one), to_png(one, dpi=50)) == (svg, png), "drawing leaves no trace"
        assert (to_svg(other), to_png(other, dpi=50)) == (svg, png)


def test_the_users_own_settings_change_nothing_and_stay() -> None:
    before = to_svg(roc(*two(), "binary", ("a", "b")))
    with mpl.rc_context({"lines.linewidth": 9, "axes.spines.left": False, "axes.grid": True}):
        assert to_svg(roc(*two(), "binary", ("a", "b"))) == before
        assert mpl.rcParams["lines.linewidth"] == 9


def test_no_window_system_is_loaded() -> None:
    code = (
        "import sys; from heedful.face.plots.draw import lengths, to_svg, to_png\n"
        "import numpy as np\n"
        "plot = lengths(np.arange(9), 5); to_svg(plot); to_png(plot)\n"
        "assert 'matplotlib.pyplot' not in sys.modules and 'torch' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True, env={"PYTHONPATH": str(SRC)})


def test_a_png_has_its_size_on_white() -> None:
    plot = roc(*two(), "binary", ("a", "b"))
    width, height = (72 * x for x in plot.figure.get_size_inches())
    for dpi in (72, 150):
        image = Image.open(io.BytesIO(to_png(plot, dpi=dpi)))
        assert image.size == pytest.approx((width * dpi / 72, height * dpi / 72), abs=1)
        assert image.convert("RGBA").getpixel((0, 0)) == (255, 255, 255, 255)


def test_a_file_of_its_own_needs_no_properties() -> None:
    alone = standalone(to_svg(roc(*two(), "binary", ("a", "b"))))
    assert "var(" not in alone
    assert 'fill="#ffffff"' in alone and 'stroke="#0072b2"' in alone


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
def test_the_palette_is_readable(theme: Any) -> None:
    palette = colours(theme)
    for number in "123456":
        assert contrast(palette[number], theme.paper) >= 4.5
    for role in ("right", "wrong"):
        for step in range(1, 11):
            cell = blend(palette[role], step / 10, theme.paper)
            assert contrast(palette["ink"], cell) >= 4.5, "numbers stand on it"
    assert contrast(palette["soft"], theme.paper) >= 4.5
    style = plot_style()
    for role, colour in palette.items():
        assert f"--plot-{role}:{colour}" in style


@pytest.mark.parametrize(
    "task", ["binary", *(pytest.param(t, marks=pytest.mark.slow) for t in TASKS_OF_MANY)]
)
def test_pictures_of_25000_rows_are_small(task: str) -> None:
    names = ("neg", "pos") if task == "binary" else tuple(f"class {i}" for i in range(28))
    make = {"binary": lambda _, n: two(n), "multi-class": many, "multi-label": tags}[task]
    given = scored(task, names, *make(len(names), 25_000))
    for plot in draw_all(given, record(task, names), history(9), 3, 31):
        assert len(to_svg(plot).encode()) < 25_000, plot.name


def test_thinning_keeps_the_line() -> None:
    x = np.linspace(0, 1, 25_001)
    y = np.sin(9 * x) / 2
    few_x, few_y = thinned(x, y, 0.001)
    assert len(few_x) < 100
    assert np.abs(np.interp(x, few_x, few_y) - y).max() < 0.001 * np.hypot(1, 4.5)


def test_thinning_keeps_gaps() -> None:
    y = np.array([0.0, 0.1, 0.2, np.nan, 0.4, 0.5, 0.6])
    kept_x, kept_y = thinned(np.arange(7.0), y)
    assert kept_x.tolist() == [0, 2, 3, 4, 6]
    assert np.isnan(kept_y).tolist() == [False, False, True, False, False]


def test_long_names_keep_both_ends() -> None:
    assert short("abcdefghijklmnopqrstuvwxyz", 9) == "abcd…wxyz"
    assert short("e\u0301" * 9, 5) == "e\u0301" * 2 + "…" + "e\u0301" * 2
    assert short("a\n b") == "a b"
    assert short("\u202eevil") == "\ufffdevil"
    assert short("") == "(empty)"


# --- little data ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("task", "rows"),
    [
        *(("multi-class", 1), ("multi-label", 2)),
        *(pytest.param("binary", rows, marks=pytest.mark.slow) for rows in (1, 13)),
    ],
)
def test_constant_probabilities_and_few_rows(task: Any, rows: int) -> None:
    names = ("a", "b") if task == "binary" else ("a", "b", "c")
    shape = (rows, len(names))
    probabilities = np.full(shape, 0.5, np.float32)
    targets = np.zeros(shape, np.float32) if task == "multi-label" else np.arange(rows) % len(names)
    given = scored(task, names, probabilities, targets)
    for plot in draw_all(given, record(task, names), history(1), 1, None):
        assert root(plot) is not None
        assert "nan" not in svg_of(plot), plot.name


def test_without_rows_only_training_is_drawn() -> None:
    nothing = scored("binary", ("a", "b"), np.zeros((0, 2), np.float32), np.zeros(0, np.int64))
    plots = draw_all(nothing, record("binary", ("a", "b")), history(2), 1, None)
    assert [plot.name for plot in plots] == ["curves", "counts"]

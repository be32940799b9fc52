"""The pictures of a report: the right numbers at the right places, safe to put into a page."""

from __future__ import annotations

import functools
import io
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
import pytest
from PIL import Image
from sklearn.metrics import (
    auc,
    average_precision_score,
    precision_recall_fscore_support,
    roc_auc_score,
    roc_curve,
)

from drawn import SVG, markers, pixel, placed, points, root, svg_of, texts
from heedful.face.colours import DARK, LIGHT, blend, contrast
from heedful.face.plots import (
    Plot,
    calibration,
    confusion,
    counts,
    curves,
    draw_all,
    lengths,
    per_class,
    plot_style,
    precision_recall,
    roc,
    scores,
    standalone,
    threshold,
    to_png,
    to_svg,
)
from heedful.face.plots_colours import colours
from heedful.face.plots_frame import thinned
from heedful.face.plots_names import short
from heedful.face.plots_threshold import at_thresholds
from heedful.learn.scores import Scores
from heedful.text.labels import Labels

SRC = Path(__file__).parents[1] / "src"
HOSTILE = (
    '<script>&"',
    "שלום עולם",
    "🎉 party",
    "_hidden",
    "$x$ and $y$",
    "#0072b2",
    "a\x00b\ud800",
)
PRIMES = ((101, 2, 3), (5, 103, 7), (11, 13, 107))
BINS = [
    {"low": 0.0, "high": 0.5, "count": 0, "confidence": None, "accuracy": None},
    {"low": 0.5, "high": 0.8, "count": 3, "confidence": 0.6, "accuracy": 0.7},
    {"low": 0.8, "high": 1.0, "count": 7, "confidence": 0.9, "accuracy": 0.6},
]


def history(epochs: int) -> list[dict[str, Any]]:
    """Losses 1/2, 1/3, ... in training and 1, 2/2, 3/3 + ... in validation."""
    return [
        {
            "epoch": e,
            "train": {"loss": 1 / (e + 1), "auc": 0.5, "tp": 3 * e, "fp": 1, "tn": 2, "fn": e},
            "valid": {"loss": 0.5 + 0.1 * abs(e - 3), "auc": 0.25, "tp": 5, "fp": 7, "tn": 11,
                      "fn": 13},
        }
        for e in range(1, epochs + 1)
    ]  # fmt: skip


def two(rows: int = 997, seed: int = 0) -> tuple[Any, Any]:
    """Probabilities and targets of a binary task."""
    draw = np.random.default_rng(seed)
    targets = (draw.random(rows) < 0.3).astype(np.int64)
    p = 1 / (1 + np.exp(-draw.normal(0, 1.5, rows) - 2 * targets + 1))
    return np.stack([1 - p, p], axis=1).astype(np.float32), targets


def many(classes: int, rows: int, seed: int = 0) -> tuple[Any, Any]:
    draw = np.random.default_rng(seed)
    targets = draw.integers(classes, size=rows)
    z = np.exp(draw.normal(0, 1, (rows, classes)) + 2 * np.eye(classes)[targets])
    return (z / z.sum(axis=1, keepdims=True)).astype(np.float32), targets


def tags(classes: int, rows: int, seed: int = 0) -> tuple[Any, Any]:
    draw = np.random.default_rng(seed)
    targets = (draw.random((rows, classes)) < 0.2).astype(np.float32)
    return (1 / (1 + np.exp(-draw.normal(-1, 1, (rows, classes)) - 2 * targets))).astype(
        np.float32
    ), targets


def scored(task: Any, names: tuple[str, ...], probabilities: Any, targets: Any) -> Scores:
    n = len(targets)
    tokens = np.random.default_rng(1).integers(0, 60, n)
    zeros = np.zeros(n, np.int64)
    labels = Labels(names, task)
    return Scores(labels, ("a",) * n, zeros, ("",) * n, targets, ((),) * n, tokens, zeros, zeros,
                  probabilities)  # fmt: skip


def record(task: str, names: tuple[str, ...], thresholds: list[float] | None = None) -> Any:
    figures = {"precision": 0.5, "recall": None, "f1": 0.25, "support": 3}
    matrix = np.arange(len(names) ** 2).reshape(len(names), -1).tolist()
    return {
        "confusion": None if task == "multi-label" else matrix,
        "calibration": BINS,
        "per_class": dict.fromkeys(names, figures),
        "decision": {"thresholds": thresholds},
    }


@functools.cache
def everything(task: Any, names: tuple[str, ...], rows: int = 211) -> list[Plot]:
    """All pictures of a task."""
    made = {
        "binary": lambda: two(rows),
        "multi-class": lambda: many(len(names), rows),
        "multi-label": lambda: tags(len(names), rows),
    }[task]()
    return draw_all(scored(task, names, *made), record(task, names), history(5), 3, 31)


HUNDRED = tuple(f"a topic with a long name, number {i}" for i in range(100))
TASKS_OF_MANY = ("multi-class", "multi-label")
TASKS = [
    ("binary", HOSTILE[:2]),
    ("multi-class", HOSTILE),
    ("multi-label", HOSTILE),
    ("multi-class", HUNDRED),
]


@pytest.fixture(scope="module", params=TASKS, ids=["binary", "multi-class", "multi-label", "100"])
def drawn(request: Any) -> list[Plot]:
    return everything(*request.param)


# --- every picture -------------------------------------------------------------------------


def test_a_task_gets_the_pictures_that_make_sense_for_it() -> None:
    def given(task: str) -> str:
        names = HOSTILE[:2] if task == "binary" else HOSTILE
        return " ".join(plot.name for plot in everything(task, names))

    assert given("binary") == (
        "curves counts confusion roc precision-recall threshold scores calibration lengths"
    )
    assert given("multi-class") == (
        "curves counts confusion roc precision-recall scores calibration per-class lengths"
    )
    assert given("multi-label") == (
        "curves counts roc precision-recall threshold scores calibration per-class lengths"
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


def test_the_same_numbers_give_the_same_bytes() -> None:
    again = everything.__wrapped__("binary", HOSTILE[:2])
    for one, other in zip(everything("binary", HOSTILE[:2]), again, strict=True):
        svg, png = to_svg(one), to_png(one)
        assert (to_svg(one), to_png(one)) == (svg, png), "drawing leaves no trace"
        assert (to_svg(other), to_png(other)) == (svg, png)


def test_the_users_own_settings_change_nothing_and_stay() -> None:
    before = to_svg(roc(*two(), "binary", ("a", "b")))
    with mpl.rc_context({"lines.linewidth": 9, "axes.spines.left": False, "axes.grid": True}):
        assert to_svg(roc(*two(), "binary", ("a", "b"))) == before
        assert mpl.rcParams["lines.linewidth"] == 9


def test_no_window_system_is_loaded() -> None:
    code = (
        "import sys; from heedful.face.plots import lengths, to_svg, to_png\n"
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


# --- training ------------------------------------------------------------------------------


def test_the_kept_epoch_is_marked_in_every_panel() -> None:
    plot = curves(history(7), 3)
    svg = root(plot)
    lines = [points(x.attrib["d"]) for x in svg.iter(f"{SVG}path") if x.get("stroke-dasharray")]
    for axes in plot.figure.axes:
        if not axes.get_visible():
            continue
        x, _ = pixel(axes, 3, 0)
        upright = [
            p for p in lines if len({round(a) for a, _ in p}) == 1 and abs(p[0][0] - x) < 0.2
        ]
        assert upright, axes.get_title(loc="left")
    assert "kept epoch (3)" in texts(svg)
    assert "0.500" in texts(svg), "its validation loss"
    assert "kept epoch 3 with validation loss 0.500, auc 0.250" in plot.alt


def test_every_figure_has_its_two_curves_at_their_values() -> None:
    plot = curves(history(7), 3)
    loss = plot.figure.axes[0]
    assert [axes.get_title(loc="left") for axes in plot.figure.axes] == ["loss (nats)", "AUC"]
    _, training, validation = loss.lines
    assert training.get_ydata() == pytest.approx([1 / (e + 1) for e in range(1, 8)])
    assert validation.get_ydata() == pytest.approx([0.7, 0.6, 0.5, 0.6, 0.7, 0.8, 0.9])
    spots = markers(root(plot))
    for e in range(1, 8):
        assert any(pixel(loss, e, 1 / (e + 1)) == pytest.approx(at, abs=0.11) for at in spots)


def test_counts_are_shares_of_their_own_part() -> None:
    plot = counts(history(2), 1)
    hits = plot.figure.axes[0]
    assert hits.lines[1].get_ydata() == pytest.approx([3 / 7, 6 / 11])
    assert hits.lines[2].get_ydata() == pytest.approx([5 / 36, 5 / 36])


def test_one_epoch_no_validation_and_gaps() -> None:
    alone = [{"epoch": 1, "train": {"loss": 0.5}, "valid": {}}]
    plot = curves(alone, 1)
    assert "training loss 0.500" in plot.alt
    assert "validation" not in texts(root(plot))
    gap = history(3)
    gap[1]["valid"]["loss"] = None
    gap[2]["valid"]["auc"] = float("nan")
    axes = curves(gap, 1).figure.axes
    assert np.isnan(axes[0].lines[2].get_ydata()).tolist() == [False, True, False]
    assert np.isnan(axes[1].lines[2].get_ydata()).tolist() == [False, False, True]


def test_an_unknown_figure_is_drawn_too() -> None:
    plot = curves([{"epoch": 1, "train": {"loss": 1.0, "my_figure": 2.0}}], 1)
    assert "my figure" in texts(root(plot))


# --- classes -------------------------------------------------------------------------------


def test_each_count_stands_in_the_row_of_its_true_class() -> None:
    plot = confusion(PRIMES, ("one", "two", "three"))
    svg, axes = root(plot), plot.figure.axes[0]
    where = {text: (x, y) for x, y, text in placed(svg)}
    for row, counts_ in enumerate(PRIMES):
        for column, count in enumerate(counts_):
            x, y = pixel(axes, column, row)
            assert where[str(count)] == pytest.approx((x, y), abs=12)
    assert axes.get_ylabel() == "true class"
    assert axes.get_xlabel() == "predicted class"
    assert [t.get_text() for t in axes.get_yticklabels()] == ["one", "two", "three"]
    assert "95 %" in where and "4 %" in where, "101 of 106, 5 of 115"
    assert "311 of 352" in plot.alt and "three taken for two, 13 times" in plot.alt


def test_right_cells_are_blue_and_wrong_ones_orange() -> None:
    plot = confusion([[7, 3], [0, 5]], ("no", "yes"))
    axes = plot.figure.axes[0]
    cells = {
        (x.get("fill") or "")[11:16]: points(x.attrib["d"])
        for x in root(plot).iter(f"{SVG}path")
        if "opacity" in x.attrib
    }
    (wrong,) = [p for role, p in cells.items() if role == "wrong"]
    middle = np.mean(wrong[:4], axis=0)
    assert middle == pytest.approx(pixel(axes, 1, 0), abs=0.2)


def test_of_too_many_classes_the_most_confused_are_shown() -> None:
    matrix = np.diag(np.full(100, 17))
    matrix[83, 97] = 5
    matrix[3, 2] = 1
    plot = confusion(matrix.tolist(), [f"c{i}" for i in range(100)])
    shown = texts(root(plot))
    assert "the 40 of 100 classes with the most mistakes" in shown
    assert {"c83", "c97", "c2", "c3"} <= set(shown)
    assert "23" in shown, "5 of 22, in per cent of the whole class"
    assert "40 of 100 classes are shown" in plot.alt


def test_classes_are_sorted_by_f1_and_what_is_missing_comes_last() -> None:
    given = {
        "low": {"f1": 0.2, "precision": 0.1, "recall": 0.9, "support": 7},
        "none": {"f1": None, "precision": None, "recall": None, "support": 0},
        "high": {"f1": 0.8, "precision": 0.7, "recall": 0.9, "support": 1013},
    }
    plot = per_class(given)
    axes = plot.figure.axes[0]
    assert [t.get_text() for t in axes.get_yticklabels()] == ["high", "low", "none"]
    svg = root(plot)
    assert "1,013" in texts(svg)
    for value, row in ((0.8, 0), (0.2, 1), (0.7, 0), (0.1, 1), (0.9, 1)):
        at = pixel(axes, value, row)
        assert any(spot == pytest.approx(at, abs=0.11) for spot in markers(svg))


# --- thresholds ----------------------------------------------------------------------------


def test_the_operating_point_is_scikit_learns_point_at_the_threshold() -> None:
    probabilities, targets = two()
    chosen = 0.3
    plot = roc(probabilities, targets, "binary", ("no", "yes"), [0.7, chosen])
    fpr, tpr, at = roc_curve(targets, probabilities[:, 1], drop_intermediate=False)
    place = np.flatnonzero(at > chosen)[-1]
    svg, axes = root(plot), plot.figure.axes[0]
    spot = pixel(axes, fpr[place], tpr[place])
    assert any(x == pytest.approx(spot, abs=0.11) for x in markers(svg))
    area = roc_auc_score(targets, probabilities[:, 1])
    assert f"yes: AUC {area:.3f}" in texts(svg)
    line = axes.lines[0]
    x, y = line.get_xdata(), line.get_ydata()
    assert auc(x, y) == pytest.approx(area, abs=0.001), "no 0/1 decisions: the whole curve"
    assert len(x) > 30


def test_without_a_threshold_the_point_is_at_one_half() -> None:
    probabilities, targets = two()
    axes = roc(probabilities, targets, "binary", ("no", "yes")).figure.axes[0]
    said = probabilities[:, 1] > 0.5
    ((x,), (y,)) = axes.lines[1].get_data()
    assert (x, y) == (said[targets == 0].mean(), said[targets == 1].mean())


def test_precision_against_recall_has_the_base_rate() -> None:
    probabilities, targets = two()
    plot = precision_recall(probabilities, targets, "binary", ("no", "yes"), [0.4, 0.6])
    p, r, _, _ = precision_recall_fscore_support(
        targets, probabilities[:, 1] > 0.6, average="binary"
    )
    axes = plot.figure.axes[0]
    ((x,), (y,)) = axes.lines[1].get_data()
    assert (x, y) == pytest.approx((r, p))
    area = average_precision_score(targets, probabilities[:, 1])
    said = texts(root(plot))
    assert f"yes: AP {area:.3f}" in said
    assert f"base rate {targets.mean():.3f}" in said
    drawn_line = axes.lines[0]
    gained = np.diff(drawn_line.get_xdata()) @ drawn_line.get_ydata()[1:]
    assert gained == pytest.approx(area, abs=0.01)


@pytest.mark.parametrize("draw", [roc, precision_recall])
def test_a_missing_class_is_left_out_and_said(draw: Callable[..., Plot]) -> None:
    probabilities, targets = many(5, 307)
    targets[targets == 3] = 4
    plot = draw(probabilities, targets, "multi-class", ("a", "b", "c", "gone", "e"))
    said = " ".join(texts(root(plot)))
    assert "not defined here: gone" in said
    assert "mean of 4 classes" in said
    assert "gone" in plot.alt
    measure = roc_auc_score if draw is roc else average_precision_score
    truth = np.eye(5)[targets]
    mean = np.mean([measure(truth[:, c], probabilities[:, c]) for c in (0, 1, 2, 4)])
    assert f"{mean:.3f} over 4 classes" in plot.alt


def test_of_many_classes_the_best_and_the_worst_are_named() -> None:
    probabilities, targets = many(23, 997)
    names = [f"c{i}" for i in range(23)]
    said = texts(root(roc(probabilities, targets, "multi-class", names)))
    areas = {n: roc_auc_score(targets == i, probabilities[:, i]) for i, n in enumerate(names)}
    ranked = sorted(areas, key=areas.__getitem__)
    expected = {f"{n}: AUC {areas[n]:.3f}" for n in (*ranked[:3], *ranked[-3:])}
    assert {x for x in said if re.match(r"c\d+: AUC", x)} == expected
    assert "drawn: the 3 best and the 3 worst of 23" in said


def test_rates_at_a_threshold_are_scikit_learns() -> None:
    probabilities, targets = tags(5, 211)
    for place in (0.0, 0.31, float(probabilities[targets > 0][7]), 0.77):
        rates = at_thresholds(probabilities.ravel(), targets.ravel() > 0, np.array([place]))
        expected = precision_recall_fscore_support(
            targets, probabilities > place, average="micro", zero_division=0
        )
        assert [float(rates[k][0]) for k in ("precision", "recall", "F1")] == pytest.approx(
            expected[:3]
        )
    nothing = at_thresholds(probabilities.ravel(), targets.ravel() > 0, np.array([1.0]))
    assert np.isnan(nothing["precision"][0]) and nothing["F1"][0] == 0


def test_the_threshold_in_force_is_marked() -> None:
    probabilities, targets = two()
    plot = threshold(probabilities, targets, "binary", ("no", "yes"), [0.62, 0.38])
    p, r, f, _ = precision_recall_fscore_support(
        targets, probabilities[:, 1] > 0.38, average="binary"
    )
    svg, axes = root(plot), plot.figure.axes[0]
    for value in (p, r, f):
        spot = pixel(axes, 0.38, value)
        assert any(x == pytest.approx(spot, abs=0.11) for x in markers(svg))
    assert "threshold 0.38" in texts(svg)
    assert f"precision {p:.3f}, recall {r:.3f}, F1 {f:.3f}" in plot.alt


def test_classes_with_thresholds_of_their_own_get_a_mark_each() -> None:
    probabilities, targets = tags(3, 211)
    plot = threshold(probabilities, targets, "multi-label", ("a", "b", "c"), [0.2, 0.7, 0.4])
    assert "from 0.2 to 0.7" in plot.alt
    (marks,) = plot.figure.axes[0].collections
    assert [path[0, 0] for path in marks.get_segments()] == [0.2, 0.4, 0.7]


# --- spreads -------------------------------------------------------------------------------


def test_calibration_shows_the_bins_that_have_rows() -> None:
    plot = calibration(BINS)
    top, foot = plot.figure.axes
    line = top.lines[1]
    assert line.get_xdata().tolist() == [0.6, 0.9]
    assert line.get_ydata().tolist() == [0.7, 0.6]
    assert [bar.get_height() for bar in foot.patches] == [0, 3, 7]
    assert "mean gap between confidence and share right is 0.240" in plot.alt, "(.3 + 2.1) / 10"


def test_every_length_is_counted_and_the_cut_is_marked() -> None:
    tokens = np.array([0, 0, 1, 2, 2, 3, 5, 8, 13])
    plot = lengths(tokens, 5)
    axes = plot.figure.axes[0]
    said = " ".join(texts(root(plot)))
    assert "not shown: 2 texts without a token" in said
    assert "cut after 5 tokens; 2 texts (22.2%) longer" in said
    assert axes.lines[0].get_xdata()[0] == 5.5, "after the fifth"
    assert "22.2% are cut after 5" in plot.alt
    assert sum(axes.patches[0].get_data().values) == 7
    wide = lengths(np.array([1, 2, 3, 5, 1009]), None)
    assert wide.figure.axes[0].get_xscale() == "log"
    assert sum(wide.figure.axes[0].patches[0].get_data().values) == 5


def test_scores_are_spread_by_true_class() -> None:
    probabilities = np.array([[0.9, 0.1], [0.7, 0.3], [0.5, 0.5], [0.1, 0.9]], np.float32)
    plot = scores(probabilities, np.array([0, 0, 1, 1]), "binary", ("no", "yes"), [0.4, 0.6])
    axes = plot.figure.axes[0]
    with_it, without = (patch.get_data() for patch in axes.patches)
    assert with_it.edges[[12, 22]] == pytest.approx([0.48, 0.88])
    assert np.flatnonzero(with_it.values).tolist() == [12, 22], "0.5 and 0.9"
    assert np.flatnonzero(without.values).tolist() == [2, 7], "0.1 and 0.3"
    assert with_it.values[12] == 0.5, "half of the texts of the class"
    assert axes.lines[0].get_xdata()[0] == 0.6
    assert {"true class yes", "true class no"} <= set(texts(root(plot)))


# --- little data ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("task", "rows"),
    [("binary", 1), ("multi-class", 1), ("multi-label", 2), ("binary", 13)],
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

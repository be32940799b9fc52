"""The numbers in each picture: hand-solved, or scikit-learn's, at the right place."""

from __future__ import annotations

import re
from collections.abc import Callable

import numpy as np
import pytest
from sklearn.metrics import (
    auc,
    average_precision_score,
    precision_recall_fscore_support,
    roc_auc_score,
    roc_curve,
)

from drawn import SVG, markers, pixel, placed, points, root, texts
from heedful.face.plots.draw import (
    Plot,
    calibration,
    confusion,
    counts,
    curves,
    draw_all,
    lengths,
    per_class,
    precision_recall,
    roc,
    scores,
    threshold,
    to_svg,
)
from heedful.face.plots.threshold import at_thresholds
from made_scores import (
    BINS,
    PRIMES,
    history,
    many,
    scored,
    tags,
    two,
)

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
    assert "kept epoch (3), its validation in bold" in texts(svg)
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
    said = texts(root(plot))
    assert "validation" not in said
    assert "kept epoch (1), its training in bold" in said
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


def test_two_classes_leave_no_cell_empty_and_shares_are_explained() -> None:
    said = texts(root(confusion([[7, 0], [2, 5]], ("no", "yes"))))
    assert "0" in said and "0 %" in said
    assert "per cent and shade: share of the texts of the true class" in said
    many_said = texts(root(confusion(np.diag([3] * 5).tolist(), list("abcde"))))
    assert "0" not in many_said, "many zeros hide what is there"


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
    assert f"class yes: AUC {area:.3f}" in texts(svg)
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
    assert f"class yes: AP {area:.3f}" in said
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
    assert "cut after 5 tokens; 2 texts (22.2 %) longer" in said
    assert axes.lines[0].get_xdata()[0] == 5.5, "after the fifth"
    assert "22.2 % are cut after 5" in plot.alt
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
    said = texts(root(plot))
    assert {"true class yes", "true class no", "probability of class yes"} <= set(said)
    assert axes.get_title(loc="left") == "", "a class called 1 would read as a tick"


def test_the_threshold_curve_is_that_of_the_validation_texts() -> None:
    """On these thresholds are chosen; the curve of test texts would invite to choose by it."""
    names = ("no", "yes")
    tested = scored("binary", names, *two(rows=211))
    held = scored("binary", names, *two(rows=97, seed=3))
    record = {"decision": {"thresholds": [0.7, 0.3]}}
    by_name = {p.name: p for p in draw_all(tested, record, [], 0, None, held)}
    given = (held.probabilities, held.targets, "binary", held.labels.names, [0.7, 0.3])
    expected = threshold(*given, "validation texts")
    assert to_svg(by_name["threshold"]) == to_svg(expected)
    assert by_name["threshold"].title.endswith("validation texts")
    without = {p.name: p for p in draw_all(tested, record, [], 0, None)}
    assert to_svg(without["threshold"]) != to_svg(expected)

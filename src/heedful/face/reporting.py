"""`heedful report`: the page of a run, drawn from its folder alone."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from heedful.face.console import note, write_text
from heedful.face.plots.draw import Plot, draw_all, plot_style, to_png, to_svg
from heedful.face.plots.graph import network_svg
from heedful.face.report.page import Report, Selected, to_report
from heedful.learn.describe import describe
from heedful.learn.evaluation import evaluation_record
from heedful.learn.evaluations import evaluations, examples_of, figures_of, scores_of
from heedful.learn.files import finite, write_bytes
from heedful.learn.folder import load_model
from heedful.learn.layout import CHECKS, CONFIG, HISTORY, REPORT, VALIDATION
from heedful.learn.model import TextModel
from heedful.learn.run import read_json
from heedful.learn.scores import Scores, read_scores
from heedful.records import Explanation, HeedfulError


def run_report(run: str, html: str | None, png: str | None, data: str | None) -> None:
    """Write the page, and the plots as PNG files where asked for."""
    folder = Path(run)
    model = load_model(folder)
    record = _chosen(folder, data)
    # All that may be damaged is read before the drawing, which takes a second.
    history, checks = read_history(folder / HISTORY), _checks(folder / CHECKS)
    examples = _examples(folder, record)
    metrics = figures_of(folder)
    best = int(metrics.get("best_epoch") or 0)
    held = _validation(folder, model)
    scores = scores_of(folder, record) if record else held
    validation = _measured(scores, model) if scores and record is None else None
    most = model.config.text.max_tokens
    plots = draw_all(scores, record or validation, history, best, most, held)
    page = to_report(
        Report(
            name=folder.resolve().name,
            config=read_json(folder / CONFIG),
            metrics=metrics,
            record=record,
            checks=checks,
            examples=examples,
            plots=[(plot.name, plot.title, to_svg(plot)) for plot in plots],
            graph=network_svg(describe(model), model.task, model.labels.names),
            validation=validation,
        ),
        plot_style(),
    )
    target = html or str(folder / REPORT)
    write_text(target, page)
    if target != "-":
        note(f"{target}: {len(page.encode('utf-8', 'replace')) / 1e6:.1f} MB, one file to mail")
    if record is None:
        note(f"not evaluated yet: heedful evaluate {run} DATA measures it on texts of its own")
    if png:
        _write_pngs(Path(png), plots)


def _validation(folder: Path, model: TextModel) -> Scores | None:
    """What the run said of its validation texts; None where none are stored."""
    path = folder / VALIDATION
    scores = read_scores(path, model.labels) if path.exists() else None
    return scores if scores is not None and len(scores) else None


def _measured(scores: Scores, model: TextModel) -> dict[str, Any]:
    """The figures of an evaluation, for a page about a run that was not evaluated yet."""
    record, _ = evaluation_record(scores, model.decision)
    plain: dict[str, Any] = finite(record | {"rows": len(scores)})
    return plain


def _chosen(folder: Path, wanted: str | None) -> dict[str, Any] | None:
    """The evaluation asked for by file name or id; else the newest, or None."""
    records = evaluations(folder)
    if wanted is None:
        return records[-1] if records else None
    found = [r for r in records if wanted in (r["id"], ", ".join(r["data"]), *r["data"])]
    if not found:
        known = "; ".join(f"{', '.join(r['data'])} ({r['id']})" for r in records) or "none yet"
        raise HeedfulError(f"{folder} holds no evaluation {wanted!r}; there are: {known}")
    return found[-1]


def read_history(path: Path) -> list[dict[str, Any]]:
    """The epochs of a run; none where the file is missing.

    Raises:
        HeedfulError: the file is damaged.
    """
    if not path.exists():
        return []
    try:
        epochs = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    except (OSError, ValueError) as error:
        raise HeedfulError(f"{path} cannot be read: {error}") from None
    if not all(isinstance(epoch, dict) and {"epoch", "train"} <= set(epoch) for epoch in epochs):
        raise HeedfulError(f"{path} is damaged: a line is no epoch")
    return epochs


def _checks(path: Path) -> dict[str, Any] | None:
    """What was found in the training data; None where the file is missing."""
    found = read_json(path) if path.exists() else None
    if path.exists() and not isinstance(found, dict):
        raise HeedfulError(f"{path} is damaged: it holds no table")
    return found


def _examples(folder: Path, record: Mapping[str, Any] | None) -> list[Selected]:
    if record is None:
        return []
    found = examples_of(folder, record)
    try:
        return [
            Selected(
                tuple(item["why"]),
                item["source"],
                item["row"],
                Explanation.from_json(item["explanation"]),
            )
            for item in found
        ]
    except (KeyError, TypeError, ValueError) as error:
        raise HeedfulError(
            f"{folder}: evaluations/{record['id']}.json is damaged ({error!r}); run heedful "
            "evaluate again"
        ) from None


def _write_pngs(folder: Path, plots: Sequence[Plot]) -> None:
    for plot in plots:
        write_bytes(folder / f"{plot.name}.png", to_png(plot))
    note(f"{len(plots)} plots in {folder}")

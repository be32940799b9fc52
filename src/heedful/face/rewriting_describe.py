"""`heedful info` on a run that rewrites: layers, units, data, figures."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

from heedful.face.console import cell, metrics_table, show, stdout, write_json
from heedful.face.describe import check_graph, layers_table, write_graph
from heedful.face.plots.rewriter import rewriter_svg
from heedful.face.remembering import facts
from heedful.face.rewriting_evaluating import FIGURES
from heedful.learn.evaluations import figures_of
from heedful.learn.layout import CONFIG
from heedful.learn.run import read_json
from heedful.learn.sequence_describe import describe_sequence
from heedful.learn.sequence_folder import load_sequence


def run_sequence_info(run: str, json: str | None, graph: str | None = None) -> None:
    """Layers with shapes and parameters, settings, data and figures of a run.

    Raises:
        HeedfulError: no run, or a graph that is not to be an .svg file.
    """
    check_graph(graph)
    folder = Path(run)
    model = load_sequence(folder)
    layers, figures = describe_sequence(model), figures_of(folder)
    config, data = read_json(folder / CONFIG), facts(folder)
    if graph:
        write_graph(graph, rewriter_svg(layers))
    total = sum(layer.parameters for layer in layers)
    if json:
        rows = [asdict(layer) for layer in layers]
        write_json(json, {"layers": rows, "parameters": total, "config": config, **figures})
    if json == "-":
        return
    show(layers_table(layers, total), f"{run}: layers (B texts, T tokens read, U written)")
    if {"train_rows", "files"} <= set(data):
        stdout().print(
            cell(
                f"trained on {data['train_rows']:,} pairs of {', '.join(data['files'])}, preset "
                f"{config['preset']}, seed {config['train']['seed']}"
            )
        )
    if figures.get("validation"):
        show(metrics_table({"validation": figures["validation"]}), "told the truth so far")
    measured = _measured(figures)
    if measured:
        show(metrics_table(measured), "written")


def _measured(figures: dict[str, Any]) -> dict[str, dict[str, float]]:
    """Each evaluation as a column."""
    return {
        f"{', '.join(record['data'])}, {record['rows']:,} pairs": {
            name: record[key] for name, key in FIGURES
        }
        for record in figures.get("evaluations", [])
    }

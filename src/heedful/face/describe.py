"""`heedful info`: what a run is."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

from rich.table import Table

from heedful.face.console import cell, metrics_table, note, show, stdout, write_json, write_text
from heedful.face.plots.graph import network_svg
from heedful.face.plots.root import standalone
from heedful.face.remembering import facts
from heedful.learn.describe import Layer, describe
from heedful.learn.evaluations import figures_of
from heedful.learn.folder import load_model
from heedful.learn.layout import CONFIG
from heedful.learn.run import read_json
from heedful.records import HeedfulError


def run_info(run: str, json: str | None, graph: str | None = None) -> None:
    """Layers with shapes and parameters, settings, data and figures of a run.

    Raises:
        HeedfulError: no run, or a graph that is not to be an .svg file.
    """
    check_graph(graph)
    folder = Path(run)
    model = load_model(folder)
    data = facts(folder)
    layers = describe(model)
    config = read_json(folder / CONFIG)
    figures = figures_of(folder)
    if graph:
        write_graph(graph, network_svg(layers, model.task, model.labels.names))
    total = sum(layer.parameters for layer in layers)
    if json:
        layer_rows = [asdict(layer) for layer in layers]
        write_json(json, {"layers": layer_rows, "parameters": total, "config": config, **figures})
    if json == "-":
        return
    console = stdout()
    show(layers_table(layers, total), f"{run}: layers (B texts, T tokens)")
    console.print(cell(f"labels ({model.task}): {', '.join(model.labels.names)}"))
    if {"train_rows", "files"} <= set(data):
        console.print(
            f"trained on {data['train_rows']:,} texts of {', '.join(data['files'])}, preset "
            f"{config['preset']}, seed {config['train']['seed']}",
            markup=False,
        )
    if figures.get("validation"):
        show(metrics_table(_columns(figures)), "figures")


def check_graph(graph: str | None) -> None:
    """Refuse a file for the network that is not to be SVG, before anything is loaded.

    Raises:
        HeedfulError: another kind of file.
    """
    if graph is not None and Path(graph).suffix.lower() != ".svg":
        raise HeedfulError(f"--graph {graph}: the network is drawn as SVG; name a file.svg")


def write_graph(graph: str, svg: str) -> None:
    """Write the picture of a network as a file of its own."""
    write_text(graph, standalone(svg))
    note(f"{graph} written")


def layers_table(layers: list[Layer], total: int) -> Table:
    """The layers as a table, and their sum."""
    table = Table()
    for heading in ("stage", "what", "output shape"):
        table.add_column(heading)
    table.add_column("parameters", justify="right")
    for layer in layers:
        table.add_row(layer.stage, layer.what, layer.shape, f"{layer.parameters:,}")
    table.add_section()
    table.add_row("all", "", "", f"{total:,}")
    return table


def _columns(figures: dict[str, Any]) -> dict[str, dict[str, float]]:
    columns = {"validation": figures["validation"]}
    for record in figures.get("evaluations", []):
        # Two splits of one file differ in their number of texts.
        columns[f"{', '.join(record['data'])}, {record['rows']:,} texts"] = record
    return columns

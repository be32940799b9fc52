"""Accuracy against faithfulness: encoders x training options, on validation texts.

    python bench/frontier.py --data ../shared/data --work runs/frontier imdb mr trec

Every point is trained by `heedful train` on one part of the training rows and measured by
`heedful evaluate` and `heedful trust` on another: no test row is read, because presets are chosen
by what this prints. Points that lie in the work folder are not trained again. Prints a table,
writes bench/results/frontier.json and docs/img/frontier.svg.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from datetime import UTC, datetime
from itertools import combinations
from pathlib import Path

import numpy as np

ENCODERS = {
    "bilstm": ("model.encoder=bilstm", "model.hidden=64"),
    "conv3": ("model.encoder=conv", "model.window=3", "model.hidden=128"),
    "token": ("model.encoder=token",),
}
OPTIONS = ("conicity", "masked", "tying")
# At .5, the weight of the paper's LSTM, the convolution learns nothing on IMDB (validation accuracy
# .50 after two epochs) and the token-wise encoder little (.82 after two, where .05 gives .88).
CONICITY = {"bilstm": 0.5, "conv3": 0.05, "token": 0.05}
COMMON = (
    "model.embedding=128",
    "model.embedding_dropout=0.3",
    "model.attention=additive",
    "train.monitor=accuracy",
    "train.threads=1",
)
SETS = {
    "imdb": ("text.max_tokens=200", "train.epochs=4", "train.patience=1"),
    "mr": ("train.epochs=15", "train.patience=3"),
    "trec": ("train.epochs=25", "train.patience=5"),
}
METHODS = ("contribution", "attention")
ROOT = Path(__file__).resolve().parent.parent
COLOURS = {"bilstm": "#b35900", "conv3": "#1f5fa8", "token": "#3d7d3a"}
MARKS = {"bilstm": "o", "conv3": "s", "token": "^"}
LABELS = {"bilstm": "BiLSTM", "conv3": "convolution, width 3", "token": "token-wise"}
TITLES = {"imdb": "IMDB, first 200 tokens", "mr": "MR", "trec": "TREC"}
COLUMNS = ("beats_all", "share", "attention_flip", "input_flip", "tau", "comprehensiveness")


def setting(option: str, encoder: str) -> str:
    """What switches an option on."""
    if option == "conicity":
        return f"train.conicity={CONICITY[encoder]}"
    return "train.masked_training=0.5" if option == "masked" else "train.tying=0.1"


def points() -> dict[str, tuple[str, ...]]:
    """Name of a point to its settings: every encoder with every set of options."""
    found = {}
    for encoder, settings in ENCODERS.items():
        usable = [name for name in OPTIONS if (encoder, name) != ("token", "tying")]
        for size in range(len(usable) + 1):
            for chosen in combinations(usable, size):
                name = "+".join((encoder, *chosen))
                found[name] = (*settings, *(setting(option, encoder) for option in chosen))
    return found


def rows_of(data: Path, name: str) -> tuple[str, list[str]]:
    """The header of a data set's training rows and the rows, shuffled."""
    path = data / name / ("all.tsv" if name == "mr" else "train.tsv")
    header, *rows = path.read_text(encoding="utf-8").rstrip("\n").split("\n")
    order = np.random.default_rng(0).permutation(len(rows))
    return header, [rows[i] for i in order]


def divide(data: Path, name: str, work: Path) -> tuple[Path, Path]:
    """Files of the rows to train on and to measure on."""
    train, valid = work / f"{name}-train.tsv", work / f"{name}-valid.tsv"
    if not (train.exists() and valid.exists()):
        header, rows = rows_of(data, name)
        if name == "mr":  # it has no test split: the last tenth is never looked at here
            rows = rows[: int(0.9 * len(rows))]
        cut = len(rows) // 10
        for path, some in ((valid, rows[:cut]), (train, rows[cut:])):
            path.write_text("\n".join([header, *some]) + "\n", encoding="utf-8")
    return train, valid


def heedful(*arguments: object) -> None:
    """Run a command of heedful's; its own messages go to stderr."""
    command = [sys.executable, "-m", "heedful", *(str(a) for a in arguments)]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)


def measured(name: str, point: str, settings: tuple[str, ...], args: argparse.Namespace) -> dict:
    """Train and measure one point, unless that is done."""
    work: Path = args.work
    train, valid = divide(args.data, name, work)
    run, found = work / f"{name}-{point}", work / f"{name}-{point}.json"
    columns = ("--text", "text", "--label", "label")
    if not (run / "config.json").exists():
        sets = [part for s in (*COMMON, *settings, *SETS[name]) for part in ("--set", s)]
        options = ("--out", run, "--valid", valid, "--no-baseline", "--split", "all")
        heedful("train", train, *options, *columns, *sets)
    if args.train_only:
        return {}
    if not found.exists():
        score = work / f"{name}-{point}.score.json"
        heedful("evaluate", run, valid, "--split", "all", "--json", score)
        methods = [part for m in METHODS for part in ("--method", m)]
        trust = ("trust", run, valid, "--split", "all", "--limit", args.texts)
        heedful(*trust, *methods, "--json", found)
        record = json.loads(found.read_text())
        record["accuracy"] = json.loads(score.read_text())["accuracy"]
        del record["cards"]
        found.write_text(json.dumps(record))
    return json.loads(found.read_text())


def row_text(point: str, record: dict) -> str:
    """One Markdown row: accuracy, then each method's figures."""
    cells = [point, f"{record['accuracy']:.3f}", f"{record['attention']['conicity']['value']:.2f}"]
    for method in METHODS:
        figures = record["methods"][method]
        cells += [_short(figures[column]["value"]) for column in COLUMNS]
    return f"| {' | '.join(cells)} |"


def _short(value: float | None) -> str:
    return "n/a" if value is None else f"{value:.2f}"


def heading() -> str:
    """The Markdown head of a table."""
    cells = ["point", "accuracy", "conicity"]
    cells += [f"{method}: {column}" for method in METHODS for column in COLUMNS]
    return f"| {' | '.join(cells)} |\n|{'---|' * len(cells)}"


def best_points(results: dict[str, dict]) -> list[str]:
    """Points that no other beats in both accuracy and way to the best order."""

    def place(point: str) -> tuple[float, float]:
        record = results[point]
        return record["accuracy"], record["methods"]["contribution"]["share"]["value"] or 0.0

    def beaten(point: str) -> bool:
        x, y = place(point)
        return any(a >= x and b >= y and (a, b) != (x, y) for a, b in map(place, results))

    return sorted((point for point in results if not beaten(point)), key=place)


def draw(results: dict[str, dict[str, dict]], path: Path) -> None:
    """One panel a data set: accuracy across, way to the best order up."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(11, 4.2), layout="constrained")
    for axes, (name, found) in zip(
        figure.subplots(1, len(results), squeeze=False)[0], results.items(), strict=True
    ):
        for point, record in found.items():
            encoder, *options = point.split("+")
            for method, face in (("contribution", COLOURS[encoder]), ("attention", "none")):
                y = record["methods"][method]["share"]["value"]
                if y is None:  # a model that learnt nothing: no order moves it
                    continue
                at = (record["accuracy"], y)
                edge = COLOURS[encoder]
                axes.plot(*at, MARKS[encoder], color=edge, markerfacecolor=face, markersize=7)
                if options and method == "contribution":
                    short = "".join(option[0] for option in options)
                    axes.annotate(short, at, xytext=(4, 4), textcoords="offset points", fontsize=8)
        line = [found[point] for point in best_points(found)]
        x = [record["accuracy"] for record in line]
        y = [record["methods"]["contribution"]["share"]["value"] for record in line]
        axes.plot(x, y, color="0.6", linewidth=1, zorder=0)
        axes.set_title(TITLES[name])
        axes.set_xlabel("validation accuracy")
        axes.axhline(0, color="0.8", linewidth=1, zorder=0)
        axes.set_ylim(-0.15, 1.08)
        axes.spines[["top", "right"]].set_visible(False)
    figure.axes[0].set_ylabel("way from chance (0) to the best order (1)")
    marks = [
        figure.axes[0].plot([], [], MARKS[e], color=COLOURS[e], label=LABELS[e])[0]
        for e in ENCODERS
    ]
    marks += figure.axes[0].plot([], [], "o", color="0.3", label="contribution map")
    marks += figure.axes[0].plot([], [], "o", color="0.3", mfc="none", label="attention map")
    told = "c conicity, m masked training, t tying"
    figure.legend(handles=marks, loc="outside lower center", ncols=5, frameon=False, title=told)
    figure.savefig(path, metadata={"Date": None})


def main() -> None:
    """Train, measure, print, write, draw."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("sets", nargs="+", choices=list(SETS))
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--texts", type=int, default=150, help="validation texts a point")
    parser.add_argument("--only", nargs="*", help="points by name")
    parser.add_argument("--train-only", action="store_true")
    parser.add_argument("--trained", action="store_true", help="only points trained before")
    args = parser.parse_args()
    args.work.mkdir(parents=True, exist_ok=True)
    results: dict[str, dict[str, dict]] = {}
    for name in args.sets:
        if not args.train_only:
            print(f"\n{TITLES[name]}\n\n{heading()}")
        for point, settings in points().items():
            if args.only and point not in args.only:
                continue
            if args.trained and not (args.work / f"{name}-{point}" / "config.json").exists():
                continue
            record = measured(name, point, settings, args)
            if record:
                results.setdefault(name, {})[point] = record
                print(row_text(point, record), flush=True)
    if results and not args.only:
        kept = ("accuracy", "methods", "chance", "attention", "texts")
        short = {n: {p: {k: r[k] for k in kept} for p, r in f.items()} for n, f in results.items()}
        facts = {"date": datetime.now(UTC).date().isoformat(), "sets": short}
        (ROOT / "bench/results/frontier.json").write_text(json.dumps(facts, indent=1) + "\n")
        draw(results, ROOT / "docs/img/frontier.svg")


if __name__ == "__main__":
    main()

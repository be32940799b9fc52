"""Encoders side by side on short texts: accuracy, time and trust, on folds of training texts.

    python bench/encoders.py --data ../shared/data mr trec

Each network learns alone, without n-gram evidence, from folds of the training rows and is measured
on the fold left out; the epoch is chosen on a tenth of the rest. No test row is read, nor, of MR,
which has no test split, the last tenth. Prints a table a set and writes
bench/results/encoders.json.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from heedful import measure_trust
from heedful.config import Config
from heedful.learn.fit import fit
from heedful.records import Example
from heedful.settings import apply
from heedful.text.corpus import split
from heedful.text.labels import Labels

COMMON = {
    "text.min_frequency": 1,
    "model.embedding": 128,
    "model.embedding_dropout": 0.5,
    "model.word_dropout": 0.1,
    "model.head_dropout": 0.5,
    "train.schedule": "one-cycle",
    "train.average": 0.99,
    "train.epochs": 8,
    "train.patience": 0,
    "train.monitor": "accuracy",
    "train.learning_rate": 3e-3,
    "train.threads": 1,
}
NETWORKS: dict[str, dict[str, object]] = {
    "token": {"model.encoder": "token"},
    "conv": {"model.encoder": "conv", "model.window": "1,3,5", "model.hidden": 128},
    "bilstm": {"model.encoder": "bilstm", "model.hidden": 64},
    "transformer": {"model.encoder": "transformer", "model.hidden": 128},
}
# What else was tried of the transformer.
TRIED: dict[str, dict[str, object]] = {
    "rate .001": {"train.learning_rate": 1e-3},
    "two blocks": {"model.layers": 2},
    "two blocks, rate .001": {"model.layers": 2, "train.learning_rate": 1e-3},
    "drop-out .2 in the block": {"model.encoder_dropout": 0.2},
    "64 wide": {"model.hidden": 64},
    "one head": {"model.heads": 1},
}
NETWORKS |= {f"transformer, {name}": NETWORKS["transformer"] | more for name, more in TRIED.items()}
ROOT = Path(__file__).resolve().parent.parent


def rows_of(data: Path, name: str) -> list[Example]:
    """The rows that may be looked at, shuffled."""
    path = data / name / ("all.tsv" if name == "mr" else "train.tsv")
    lines = path.read_text(encoding="utf-8").rstrip("\n").split("\n")
    columns = lines[0].split("\t")
    text, label = columns.index("text"), columns.index("label")
    cells = [line.split("\t") for line in lines[1:]]
    examples = [Example(c[text], (c[label],), name, row) for row, c in enumerate(cells, start=1)]
    order = np.random.default_rng(0).permutation(len(examples))
    return [examples[i] for i in order[: int(0.9 * len(order)) if name == "mr" else None]]


def measured(rows: list[Example], fold: int, settings: dict[str, object], texts: int) -> dict:
    """One network, learnt without the fold `fold` of five and measured on it."""
    held, rest = rows[fold::5], [row for i, row in enumerate(rows) if i % 5 != fold]
    train, valid = split(rest, 0.1, 0)
    config, started = apply(Config(), COMMON | settings), time.process_time()
    model = fit(train, valid, Labels.infer(rows, False), config).model
    seconds = time.process_time() - started
    given = [one.main_label for one in model.predict([row.text for row in held])]
    right = np.mean([a == row.labels[0] for a, row in zip(given, held, strict=True)])
    found = {"accuracy": float(right), "seconds": seconds, "trusted": {}}
    judged = measure_trust(model, [row.text for row in held[:texts]]) if texts else []
    for method in ("contribution", "attention"):
        cards = [one[method] for one in judged if one]
        if cards:
            found["trusted"][method] = float(np.mean([card.trusted for card in cards]))
    return found


def row_text(name: str, found: list[dict]) -> str:
    """One Markdown row: means over the folds."""
    accuracies = [one["accuracy"] for one in found]
    cells = [name, f"{statistics.mean(accuracies):.4f}"]
    cells.append(", ".join(f"{value:.3f}" for value in accuracies))
    cells.append(f"{statistics.mean(one['seconds'] for one in found):.0f}")
    for method in ("contribution", "attention"):
        shares = [one["trusted"][method] for one in found if method in one["trusted"]]
        cells.append(f"{100 * statistics.mean(shares):.0f} %" if shares else "")
    return f"| {' | '.join(cells)} |"


def main() -> None:
    """Train, measure, print, write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("sets", nargs="+", choices=("mr", "trec"))
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--folds", type=int, default=3, help="how many of the five")
    parser.add_argument("--texts", type=int, default=100, help="texts a fold to measure trust on")
    parser.add_argument("--only", nargs="*", help="networks by name")
    parser.add_argument("--out", type=Path, default=ROOT / "bench/results/encoders.json")
    args = parser.parse_args()
    results: dict[str, dict[str, list[dict]]] = {}
    facts = {"date": datetime.now(UTC).date().isoformat(), "common": COMMON, "sets": results}
    for name in args.sets:
        rows = rows_of(args.data, name)
        print(f"\n{name}: {len(rows):,} rows\n")
        print("| network | accuracy | folds | s (processor) | contribution | attention |")
        print("|---|---|---|---|---|---|")
        for network, settings in NETWORKS.items():
            if args.only and network not in args.only:
                continue
            found = [measured(rows, fold, settings, args.texts) for fold in range(args.folds)]
            results.setdefault(name, {})[network] = found
            print(row_text(network, found), flush=True)
            args.out.write_text(json.dumps(facts, indent=1) + "\n")


if __name__ == "__main__":
    main()

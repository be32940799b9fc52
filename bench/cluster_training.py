"""Time of an epoch with one worker and with several, on reviews.

    python bench/cluster_training.py --data ../shared/data --texts 4000 --workers 1 2

Each run is a `heedful train`, or several that are started together as `torchrun` does it, with one
thread a worker and the same batch a worker: with W workers W times as many texts are in a batch.
`same batch` keeps the batch of one worker instead: each has a W-th of it. An epoch's seconds are
those of the run's own history, the median over all epochs but the first. The table goes to stdout,
the numbers to bench/results/cluster-training.json.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import random
import socket
import statistics
import subprocess
import sys
import tempfile
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

RESULTS = Path(__file__).parent / "results" / "cluster-training.json"
ENCODERS = ("conv", "bilstm")
BATCH, TOKENS = 64, 32_768


@dataclass(frozen=True)
class Row:
    """One row of the table."""

    encoder: str
    workers: int
    batch: str
    seconds: float
    tokens_per_second: float
    accuracy: float


def sliced(data: Path, texts: int, folder: Path) -> Path:
    """So many rows of the training part, by chance, with the header."""
    header, *rows = (
        (data / "imdb" / "train.tsv").read_text(encoding="utf-8").rstrip("\n").split("\n")
    )
    path = folder / "slice.tsv"
    chosen = random.Random(0).sample(rows, min(texts, len(rows)))
    path.write_text("\n".join([header, *chosen, ""]), encoding="utf-8")
    return path


def train(arguments: list[str], workers: int) -> None:
    """`heedful train` by so many processes on this machine."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
    processes = []
    for rank in range(workers):
        place = {"RANK": rank, "LOCAL_RANK": rank, "WORLD_SIZE": workers}
        place |= {"LOCAL_WORLD_SIZE": workers, "MASTER_PORT": port}
        own = {name: str(value) for name, value in place.items()}
        environment = os.environ | own | {"MASTER_ADDR": "127.0.0.1", "OMP_NUM_THREADS": "1"}
        command = [sys.executable, "-m", "heedful", "train", *arguments]
        processes.append(subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL))
    codes = [process.wait() for process in processes]  # wait for all
    if any(codes):
        raise SystemExit(f"heedful train {' '.join(arguments)} failed")


def measure(data: Path, encoder: str, workers: int, same: bool, epochs: int) -> Row:
    """Train once."""
    share = workers if same else 1
    settings = {
        "model.encoder": encoder,
        "train.threads": 1,
        "train.epochs": epochs,
        "train.batch_size": BATCH // share,
        "train.batch_tokens": TOKENS // share,
        "train.patience": 0,
        "evidence.orders": 0,
        "pretrain.on_training": False,
    }
    chosen = [part for k, v in settings.items() for part in ("--set", f"{k}={str(v).lower()}")]
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "run"
        train([str(data), "--out", str(out), "--no-baseline", *chosen], workers)
        history = [json.loads(line) for line in (out / "history.jsonl").read_text().splitlines()]
    later = history[1:] or history
    return Row(
        encoder,
        workers,
        "same" if same else "larger",
        statistics.median(epoch["seconds"] for epoch in later),
        statistics.median(epoch["tokens_per_second"] for epoch in later),
        history[-1]["valid"]["accuracy"],
    )


def table(rows: list[Row]) -> str:
    """Markdown."""
    lines = ["| encoder | workers | batch | seconds an epoch | tokens/s | accuracy |"]
    lines.append("|---|---|---|---|---|---|")
    for row in rows:
        lines.append(
            f"| {row.encoder} | {row.workers} | {row.batch} | {row.seconds:.2f} | "
            f"{row.tokens_per_second:,.0f} | {row.accuracy:.4f} |"
        )
    return "\n".join(lines)


def main() -> None:
    """All runs."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--texts", type=int, default=4000)
    parser.add_argument("--epochs", type=int, default=4)
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--encoders", nargs="+", default=list(ENCODERS))
    parser.add_argument("--output", type=Path, default=RESULTS)
    given = parser.parse_args()
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        data = sliced(given.data, given.texts, Path(folder))
        for encoder in given.encoders:
            for workers in given.workers:
                for same in (False, True) if workers > 1 else (False,):
                    rows.append(measure(data, encoder, workers, same, given.epochs))
                    print(rows[-1], file=sys.stderr)
    print(table(rows))
    facts = {
        "made": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": f"{platform.machine()}, {os.cpu_count()} cores",
        "texts": given.texts,
        "rows": [asdict(row) for row in rows],
    }
    given.output.write_text(json.dumps(facts, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()

"""English to Spanish with attention and without, on sentences that were never seen.

    python bench/translate.py --data DATA
    python bench/translate.py --data DATA --limit 5000 --set train.epochs=2

Held out are --held sources, drawn by a fixed seed from the distinct English sentences, with all of
their Spanish ones; no pair whose English is the same but for case and punctuation is trained on.
Each network is a `heedful train --preset translate` and a `heedful evaluate --any-target`, as a
user would start them; "without" is the same network with `sequence.scope=none`, whose decoder is
given the encoder's last states at every step. The held-out sentences are read once a network.
Writes bench/results/translate.json.
"""

from __future__ import annotations

import json
import random
import sys
import tempfile
from collections import defaultdict
from pathlib import Path
from typing import Any

import contest

NETWORKS = {"with attention": [], "without": ["--set", "sequence.scope=none"]}
COLUMNS = ["--source", "english", "--target", "spanish"]
HEAD = ("network", "source tokens", "sources", "BLEU", "chrF", "exact match")


def folded(text: str) -> str:
    """Without case and punctuation."""
    return " ".join("".join(c if c.isalnum() else " " for c in text.casefold()).split())


def split(path: Path, held: int, limit: int) -> tuple[list[str], list[str]]:
    """Lines to train on and lines held out."""
    by_source: dict[str, list[str]] = defaultdict(list)
    for line in path.read_text(encoding="utf-8").splitlines():
        by_source[line.partition("\t")[0]].append(line)
    sources = sorted(by_source)
    draw = random.Random(0)
    draw.shuffle(sources)
    apart = sources[:held]
    never = {folded(source) for source in apart}
    rest = [source for source in sources[held:] if folded(source) not in never]
    train = [line for source in rest for line in by_source[source]]
    draw.shuffle(train)
    return train[:limit] if limit else train, [line for s in apart for line in by_source[s]]


def write(path: Path, lines: list[str]) -> Path:
    """A file with a header."""
    path.write_text("\n".join(["english\tspanish", *lines]) + "\n", encoding="utf-8")
    return path


def measured(name: str, train: Path, held: Path, run: Path, flags: list[str]) -> dict[str, Any]:
    """Train and evaluate once."""
    python, figures = [sys.executable, "-m", "heedful"], run.with_suffix(".json")
    given = [*COLUMNS, "--preset", "translate", *NETWORKS[name], *flags]
    spent = contest.run([*python, "train", str(train), "--out", str(run), *given])
    if spent.status:
        raise SystemExit(f"training {name} failed")
    asked = [*COLUMNS, "--any-target", "--json", str(figures)]
    judging = contest.run([*python, "evaluate", str(run), str(held), *asked])
    if judging.status:
        raise SystemExit(f"evaluating {name} failed")
    history = [json.loads(line) for line in (run / "history.jsonl").read_text().splitlines()]
    return {
        "network": name,
        "train_seconds": round(spent.wall, 1),
        "train_cpu_seconds": round(spent.cpu, 1),
        "peak_mib": spent.peak_mib,
        "evaluate_seconds": round(judging.wall, 1),
        "epochs": len(history),
        "valid": history[-1]["valid"],
        "found": json.loads(figures.read_text()),
    }


def rows(results: list[dict[str, Any]]) -> list[list[str]]:
    """All sources, then by length."""
    lines = []
    for result in results:
        found = result["found"]
        for part in ({"from": 1, "to": None, **found}, *found["by_length"]):
            to = "" if part["to"] is None else part["to"]
            cells = [f"{part['bleu']:.1f}", f"{part['chrf']:.1f}", f"{part['exact_match']:.3f}"]
            span = "all" if part["from"] == 1 and not to else f"{part['from']} to {to}"
            lines.append([result["network"], span, f"{part['count']:,}", *cells])
    return lines


def main() -> None:
    """Read the arguments; run, print, write."""
    parser = contest.parser(__doc__ or "")
    parser.add_argument("--held", type=int, default=2000, help="sources held out")
    parser.add_argument("--networks", nargs="+", choices=NETWORKS, default=list(NETWORKS))
    parser.add_argument("--keep", type=Path, help="where the runs go; nowhere unless told")
    parser.add_argument("--set", action="append", default=[], help="more settings, key=value")
    options = parser.parse_args()
    flags = [part for setting in options.set for part in ("--set", setting)]
    train, held = split(options.data / "spa-eng" / "spa.txt", options.held, options.limit)
    results: list[dict[str, Any]] = []
    facts: dict[str, Any] = {"machine": contest.machine(), "train_pairs": len(train)}
    facts |= {"held_pairs": len(held), "results": results}
    with tempfile.TemporaryDirectory() as scratch:
        folder = options.keep or Path(scratch)
        folder.mkdir(parents=True, exist_ok=True)
        files = write(folder / "train.tsv", train), write(folder / "held-out.tsv", held)
        for name in options.networks:
            run = folder / name.replace(" ", "-")
            results.append(measured(name, *files, run, flags))
            contest.write(options, "translate", facts)
            print(contest.table(HEAD, rows(results[-1:])), file=sys.stderr, flush=True)
    print(contest.table(HEAD, rows(results)))


if __name__ == "__main__":
    main()

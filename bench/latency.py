"""Latency of single requests, texts a second, peak memory, model size: heedful and its peers.

    python bench/latency.py --data DATA
    python bench/latency.py --data DATA --contenders heedful:fast sklearn:bi --requests 500

Every contender is trained on IMDB and saved by one process, loaded and asked by another, so that
the memory is that of scoring alone. Latency is in process, a text at a time, after 100 requests
that do not count; texts a second are of many texts in one call. Long texts are IMDB's test
reviews, short ones their first 20 words. Model size is that of the saved files, with everything
that the library writes beside the weights. Writes bench/results/latency.json.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from pathlib import Path
from typing import Any

import contest
import sets
from contenders import PEERS

from heedful.presets import PRESETS

OURS = tuple(f"heedful:{name}" for name in ("fast", "default") if name in PRESETS)
DEFAULT = (*OURS, *(name for name in PEERS if name not in ("sklearn:uni", "fasttext:3")))
SHORT = 20  # words
RATIO_TO = "sklearn:bi"
HEAD = (
    "contender", "long: p50, ms", "p99, ms", "texts/s", f"÷ {RATIO_TO}", "short: p50, ms",
    "p99, ms", "texts/s", f"÷ {RATIO_TO}", "peak, MiB", "model, MiB",
)  # fmt: skip


def questions(texts: list[str], requests: int, copies: int) -> dict[str, dict[str, list[str]]]:
    """Texts for single requests and for one call with many, long and short."""
    short = [" ".join(text.split()[:SHORT]) for text in texts]
    return {
        "long": {"single": texts[:requests], "many": texts},
        "short": {"single": short[:requests], "many": short * copies},
    }


def measured(name: str, folder: Path, peers: Path) -> dict[str, Any]:
    """Train and save in one process, load and ask in another."""
    python = contest.python_of(name, peers)
    data, asked, out = (str(folder / x) for x in ("round.json", "asked.json", "out.json"))
    with tempfile.TemporaryDirectory(dir=folder) as home:
        model = str(Path(home) / "model")
        trained, _ = contest.play(python, "contend.py", "train", name, 0, data, model, out)
        if "failed" in trained:
            return {"contender": name, **trained}
        found, spent = contest.play(python, "contend.py", "respond", name, asked, model, out)
    return {"contender": name, "train": trained, **found, "peak_mib": spent.peak_mib}


def row(result: dict[str, Any], yardstick: dict[str, Any] | None) -> list[str]:
    """One row of the table."""
    if "failed" in result:
        return [result["contender"], result["failed"], *["–"] * (len(HEAD) - 2)]
    cells = [result["contender"]]
    for kind in ("long", "short"):
        found = result[kind]
        other = yardstick[kind]["texts_a_second"] if yardstick else None
        cells += [
            f"{1000 * found['p50']:.2f}",
            f"{1000 * found['p99']:.2f}",
            f"{found['texts_a_second']:,.0f}",
            contest.ratio(found["texts_a_second"], other),
        ]
    return [*cells, f"{result['peak_mib']:,}", f"{result['train']['size_bytes'] / 2**20:.1f}"]


def tabled(results: list[dict[str, Any]]) -> str:
    """The table."""
    good = [r for r in results if "failed" not in r]
    yardstick = next((r for r in good if r["contender"] == RATIO_TO), None)
    return contest.table(HEAD, [row(result, yardstick) for result in results])


def compare(options: argparse.Namespace) -> list[dict[str, Any]]:
    """All contenders."""
    results: list[dict[str, Any]] = []
    facts = {"machine": contest.machine(), "results": results}
    with tempfile.TemporaryDirectory() as name:
        folder, given = Path(name), sets.rounds(options.data, "imdb", options.limit)[0]
        given.save(folder / "round.json")
        asked = questions(given.test.texts, options.requests, options.copies)
        (folder / "asked.json").write_text(json.dumps(asked), encoding="utf-8")
        facts["texts"] = {kind: {k: len(v) for k, v in x.items()} for kind, x in asked.items()}
        for contender in options.contenders:
            results.append(measured(contender, folder, options.peers))
            contest.write(options, "latency", facts)
            print(tabled(results).splitlines()[-1], file=sys.stderr, flush=True)
    return results


def main() -> None:
    """Read the arguments; run, print, write."""
    parser = contest.parser(__doc__)
    parser.add_argument("--contenders", nargs="+", default=list(DEFAULT))
    parser.add_argument("--requests", type=int, default=2000, help="single requests of each kind")
    parser.add_argument("--copies", type=int, default=4, help="of the short texts, in one call")
    options = parser.parse_args()
    contest.prepare(options)
    results = compare(options)
    print(tabled(results))
    raise SystemExit(int(any("failed" in result for result in results)))


if __name__ == "__main__":
    main()

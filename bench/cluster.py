"""Scoring on Ray nodes started by hand on loopback: rows a second, and what a killed node costs.

    python bench/cluster.py --rows 1000000

Trains `fast` on the built-in reviews, writes --files Parquet files with --rows texts of 20 words
in all, and scores them: by the local engine on one processor, then by `heedful predict --engine ray
--address` on one node, on two nodes, and on two nodes of which the second is killed (SIGKILL to all
its processes) when a third of the rows is done. Each node has one processor. Whatever the cluster
writes must be equal to what the local engine does, in every column and every digit; otherwise this
ends with exit code 1. Seconds are of the whole command; "running" is from the first finished unit
on. Writes bench/results/cluster.json.
"""

from __future__ import annotations

import argparse
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import contest
import polars as pl
from ray_nodes import Nodes

from heedful.text.generate.reviews import generate

WORDS = 20
HEADING = ("engine", "nodes", "seconds", "rows/s", "running, rows/s", "identical")


def inputs(folder: Path, rows: int, files: int) -> list[Path]:
    """Texts of words drawn from the built-in reviews, odd ones among them, in several files."""
    words = [word for review in generate(2000, 0) for word in review.text.split()]
    drawn, found = random.Random(0), []
    odd = ("", "\u202e\U0001f469‍\U0001f469 e\u0301 漢字 \u0000 ﬁ", " ", "'\",;\t\r\n")
    for number in range(files):
        count = rows * (number + 1) // files - rows * number // files
        texts = [" ".join(drawn.choices(words, k=WORDS)) for _ in range(count)]
        texts[: len(odd)] = odd[: len(texts)]
        path = folder / f"texts-{number:03}.parquet"
        pl.DataFrame({"text": texts}).write_parquet(path)
        found.append(path)
    return found


class Watched:
    """A command, and when the first finished unit was there."""

    def __init__(self, output: Path, command: Sequence[str], environment: dict[str, str]) -> None:
        self._rows = output.with_name(f".{output.name}.parts") / "rows"
        self._counted: dict[str, int] = {}
        self.started = time.monotonic()
        self.process = subprocess.Popen(command, env=environment, text=True, stderr=subprocess.PIPE)

    def wait(self, act_at: int = 0, act: Callable[[], None] | None = None) -> dict[str, Any]:
        """Its seconds and rates; `act` is called when so many rows are done."""
        first: tuple[float, int] | None = None
        acted = False
        while self.process.poll() is None:
            done = self._done()
            first = first or ((time.monotonic(), done) if done else None)
            if act is not None and not acted and done >= act_at:
                act()
                acted = True
            time.sleep(0.5)
        ended = time.monotonic()
        said = self.process.stderr.read() if self.process.stderr else ""
        if self.process.returncode or (act is not None and not acted):
            raise SystemExit(f"exit code {self.process.returncode}, acted: {acted}\n{said}")
        return {"seconds": ended - self.started, "ended": ended, "first": first, "said": said}

    def _done(self) -> int:
        """Rows of all finished units; each file is looked at once."""
        for path in self._rows.glob("part-*.parquet") if self._rows.exists() else ():
            if path.name not in self._counted:
                # Moved to its place just now: counted before, or not at all.
                with suppress(pl.exceptions.PolarsError, OSError):
                    self._counted[path.name] = (
                        pl.scan_parquet(path).select(pl.len()).collect().item()
                    )
        return sum(self._counted.values())


def predict(run: Path, inputs: Sequence[str], output: Path, *more: str) -> list[str]:
    """The command."""
    given = [part for name in inputs for part in ("--input", name)]
    command = [sys.executable, "-m", "heedful", "predict", str(run), *given]
    return [*command, "--output", str(output), *more]


def local(run: Path, files: Sequence[Path], folder: Path) -> tuple[pl.DataFrame, dict[str, Any]]:
    """What the local engine writes on one processor, and how long it takes."""
    output = folder / "local.parquet"
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    watched = Watched(output, predict(run, [str(f) for f in files], output), environment)
    cores = os.sched_getaffinity(watched.process.pid)
    os.sched_setaffinity(watched.process.pid, {min(cores)})
    found = watched.wait()
    return pl.read_parquet(output), {"engine": "local", "nodes": 0, "seconds": found["seconds"]}


def on_nodes(
    run: Path, folder: Path, expected: pl.DataFrame, nodes: int, *, kill: bool
) -> dict[str, Any]:
    """What a cluster takes, and whether its output is the local one."""
    output = folder / f"nodes-{nodes}{'-killed' if kill else ''}"
    more = ("--engine", "ray", "--workers", str(nodes))
    killed: list[str] = []
    with Nodes() as started:
        for _ in range(nodes):
            last = started.start()

        def stop_last() -> None:
            nonlocal killed
            killed = started.kill(last)

        command = predict(run, [str(folder / "*.parquet")], output, *more)
        watched = Watched(output, [*command, "--address", started.address], started.environment)
        found = watched.wait(len(expected) // 3, stop_last if kill else None)
    same = pl.read_parquet(output).equals(expected)
    moment, done = found["first"] or (watched.started, 0)
    return {
        "engine": "ray, a node killed" if kill else "ray",
        "nodes": nodes,
        "killed": killed,
        "seconds": found["seconds"],
        "running": (len(expected) - done) / max(found["ended"] - moment, 1e-9),
        "identical": same,
        "said": found["said"].splitlines(),
    }


def line(found: dict[str, Any], rows: int) -> list[str]:
    """Of the table."""
    running, same = found.get("running"), found.get("identical")
    return [
        found["engine"],
        str(found["nodes"] or ""),
        f"{found['seconds']:.1f}",
        f"{rows / found['seconds']:,.0f}",
        "" if running is None else f"{running:,.0f}",
        "" if same is None else ("yes" if same else "NO"),
    ]


def main() -> None:
    """Everything, one after the other."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--files", type=int, default=10)
    parser.add_argument("--results", type=Path, default=contest.BENCH / "results")
    parser.set_defaults(data=Path("DATA"), peers=contest.PEERS)  # of the other benchmarks
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="heedful-cluster-") as name:
        folder, data = Path(name), Path(name) / "data"
        data.mkdir()
        run = folder / "run"
        train = ["train", "reviews", "--preset", "fast", "--out", str(run)]
        subprocess.run([sys.executable, "-m", "heedful", *train], check=True, capture_output=True)
        files = inputs(data, options.rows, options.files)
        expected, first = local(run, files, folder)
        found = [first]
        for nodes, kill in ((1, False), (2, False), (2, True)):
            print(f"{nodes} nodes{', one killed' if kill else ''}", file=sys.stderr)
            found.append(on_nodes(run, data, expected, nodes, kill=kill))
            print(*line(found[-1], options.rows), sep="  ", file=sys.stderr)
    print(contest.table(HEADING, [line(one, options.rows) for one in found]))
    facts = {"machine": contest.machine(), "rows": options.rows, "runs": found}
    contest.write(options, "cluster", facts)
    if not all(one.get("identical", True) for one in found):
        raise SystemExit(1)


if __name__ == "__main__":
    main()

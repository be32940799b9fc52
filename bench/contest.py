"""What the benchmarks against peers share: contenders as processes, the machine, tables, ratios.

Every contender runs as a process of its own, started the same way, one after the other: heedful
with the Python that runs the benchmark, the peers with the Python of their own environment
(`make bench-peers`). Peak memory is what the kernel says of the finished process, its children
included (the largest single one, not their sum); see watched.py.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

BENCH = Path(__file__).resolve().parent
PEERS = BENCH.parent / ".venv-peers" / "bin" / "python"


@dataclass(frozen=True)
class Spent:
    """What a finished process has used: wall and processor seconds, peak memory in MiB."""

    wall: float
    cpu: float
    peak_mib: int
    status: int


def run(command: Sequence[str], environment: Mapping[str, str] | None = None) -> Spent:
    """Run a process to its end; what it prints goes to stderr."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "spent.json"
        watched = [sys.executable, "-S", str(BENCH / "watched.py"), str(out), *command]
        subprocess.run(watched, env={**os.environ, **(environment or {})}, check=True)
        return Spent(**json.loads(out.read_text()))


def python_of(contender: str, peers: Path) -> str:
    """Who runs a contender: the own Python for heedful, the peers' for the rest."""
    return sys.executable if contender.partition(":")[0] == "heedful" else str(peers)


def play(python: str, script: str, *arguments: object) -> tuple[dict[str, Any], Spent]:
    """Run a script of this folder that writes its figures to the file named last.

    Returns its figures, {"failed": what} if it did not end well, and what it has used.
    """
    *given, out = (str(a) for a in arguments)
    spent = run([python, str(BENCH / script), *given, out])
    if spent.status:
        return {"failed": f"exit status {spent.status}"}, spent
    return json.loads(Path(out).read_text()), spent


# -- the command line ---------------------------------------------------------------------


def parser(about: str) -> argparse.ArgumentParser:
    """The options that all benchmarks against peers have."""
    result = argparse.ArgumentParser(description=about.splitlines()[0])
    result.add_argument("--data", type=Path, required=True, help="folder of the data sets")
    result.add_argument("--limit", type=int, default=0, help="texts of each part; 0 = all")
    result.add_argument("--cores", type=int, default=0, help="processor cores to use; 0 = all")
    result.add_argument("--peers", type=Path, default=PEERS, help="Python of the peers")
    result.add_argument("--results", type=Path, default=BENCH / "results", help="where JSON goes")
    return result


def prepare(options: argparse.Namespace) -> None:
    """Bind this process, and with it all contenders, to so many cores; check the peers."""
    if options.cores and hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[: options.cores])
    if not options.peers.exists():
        raise SystemExit("no Python of the peers found; run `make bench-peers` or name it: --peers")


def cores() -> int:
    """Processor cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


# -- facts --------------------------------------------------------------------------------


def _line(path: str, start: str) -> str:
    """What follows the first colon of the first line that begins so; "" without such a file."""
    try:
        lines = Path(path).read_text(encoding="utf-8").split("\n")
    except OSError:
        return ""
    return next((x.partition(":")[2].strip() for x in lines if x.startswith(start)), "")


def machine() -> dict[str, Any]:
    """What computes, and how busy it was before."""
    memory = _line("/proc/meminfo", "MemTotal").split()
    return {
        "processor": _line("/proc/cpuinfo", "model name") or platform.processor(),
        "architecture": platform.machine(),
        "system": platform.system(),
        "cores": cores(),
        "memory_gib": round(int(memory[0]) / 2**20, 1) if memory else None,
        "load_before": round(os.getloadavg()[0], 2),
    }


def command_line(options: argparse.Namespace) -> str:
    """The command without the paths of this machine."""
    told = " ".join(["python", "bench/" + Path(sys.argv[0]).name, *sys.argv[1:]])
    for path, name in ((options.data, "DATA"), (options.peers, "PEERS"), (options.results, "OUT")):
        told = told.replace(str(path), name)
    return told


def write(options: argparse.Namespace, name: str, facts: Mapping[str, Any]) -> None:
    """`name`.json among the results: machine, date, command, then the facts."""
    options.results.mkdir(parents=True, exist_ok=True)
    record = {
        "date": datetime.now(UTC).date().isoformat(),
        "command": command_line(options),
        "python": platform.python_version(),
        **facts,
    }
    (options.results / f"{name}.json").write_text(json.dumps(record, indent=1) + "\n")


# -- tables -------------------------------------------------------------------------------


def ratio(value: float | None, other: float | None) -> str:
    """`value / other` in plain words: "2.5 x", "n/a" where either is missing or nought."""
    return f"{value / other:.2f} x" if value and other else "n/a"


def mean_and_spread(values: Sequence[float], digits: int = 4) -> str:
    """ "mean" or "mean (lowest to highest)"."""
    mean = sum(values) / len(values)
    if len(values) == 1:
        return f"{mean:.{digits}f}"
    return f"{mean:.{digits}f} ({min(values):.{digits}f} to {max(values):.{digits}f})"


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Markdown."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
